//! Worlds whose outcome is too sparse to learn from: what rewards are searched for.
//!
//! | module | what is to be done | policy decides | steps |
//! |---|---|---|---|
//! | [`countdown`] | combine numbers to hit a target | listed actions | 2 or 3 |
//! | [`keydoor`] | fetch a key, open a door, reach a goal | listed actions | 4 S² |
//! | [`lab`] | find a substance, treat it in order, report | listed actions | 30 |
//! | [`pointmaze`] | reach a goal round a wall | two numbers | 200 |
//! | [`sparsecar`] | swing out of a valley | a number | 200 |
//! | [`tidy`] | find a thing, treat it, put it where it belongs | listed actions | 30 |
//!
//! Each has a `Config` (what is written in a file), whose `check` says what is wrong with it and whose `world` builds it. Episodes
//! are functions of dice and actions; starts of the splits share no number.

mod action;
pub mod countdown;
pub mod keydoor;
pub mod lab;
mod named;
pub mod pointmaze;
pub mod rooms;
pub mod sparsecar;
#[cfg(test)]
mod testing;
pub mod tidy;

pub use countdown::Countdown;
pub use keydoor::KeyDoor;
pub use named::{WORLDS, WithWorld, with_world};
pub use pointmaze::PointMaze;
pub use rooms::Rooms;
pub use sparsecar::SparseCar;
