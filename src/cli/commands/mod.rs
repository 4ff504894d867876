//! One file per command.

pub(super) mod completions;
pub(super) mod design;
pub(super) mod doctor;
pub(super) mod eval;
pub(super) mod export;
pub(super) mod fit;
pub(super) mod list;
pub(super) mod predict;
pub(super) mod program;
pub(super) mod report;
pub(super) mod resume;
pub(super) mod reward;
pub(super) mod run;
pub(super) mod sample;
mod session;
pub(super) mod show;
pub(super) mod verify;
