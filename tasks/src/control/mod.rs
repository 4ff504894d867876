//! Control tasks: a policy plays whole episodes, its return is its fitness.

pub mod acrobot;
pub mod cartpole;
mod device;
pub mod door_key;
pub mod environment;
pub mod mountain_car;
pub mod mountain_car_continuous;
pub mod pendulum;
pub mod rollout;

pub use acrobot::Acrobot;
pub use cartpole::CartPole;
pub use door_key::DoorKey;
pub use environment::{Actions, Environment, Start};
pub use mountain_car::MountainCar;
pub use mountain_car_continuous::MountainCarContinuous;
pub use pendulum::Pendulum;
pub use rollout::{Config, Policy, SharedStarts};
