//! # Hatchery tasks
//!
//! | module | tasks |
//! |---|---|
//! | [`control`] | CartPole, Acrobot, MountainCar, MountainCarContinuous, Pendulum, a key-and-door grid world |
//! | [`classify`] | the UCI handwritten digits |
//! | [`designs`] | offline design: data sets with an exact oracle |
//! | [`external`] | a user's program in any language |
//! | [`language`] | predicting the next byte, with an integer model |
//! | [`regression`] | formulas to be found again |
//! | [`worlds`] | worlds whose outcome is too sparse to learn from: what rewards are searched for |
//! | [`toys`] | "always two", a regression, sphere, Rosenbrock, Rastrigin |
//! | [`model`] | networks whose members never exist in memory |

#![forbid(unsafe_code)]

pub mod classify;
pub mod control;
pub mod designs;
pub mod external;
pub mod language;
pub mod model;
pub mod proxy;
pub mod regression;
pub mod text;
pub mod toys;
pub mod worlds;
