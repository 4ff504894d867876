//! Tables that formulas are fitted to: known formulas to be found again from samples, and files.
//!
//! Twenty-four that searches for formulas are compared on (Nguyen's and Feynman's), and two more of speed comparisons. Sources: Uy et al.
//! 2011 (Nguyen); Udrescu and Tegmark 2020, arXiv 1905.11481 (Feynman, with the ranges of their tables).

mod formulas;
mod frame;
mod json_lines;
#[cfg(feature = "parquet")]
mod parquet;
mod sample;

pub use formulas::{FORMULAS, Formula, SPEED};
pub use frame::{Frame, FrameError};
pub use sample::{Purpose, Sample};
