//! Small problems on which a search is seen to work within seconds.

mod always_two;
mod functions;
mod regression;

pub use always_two::AlwaysTwo;
pub use functions::{Function, FunctionName};
pub use regression::Regression;
