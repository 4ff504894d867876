//! The process groups of all programs that run.

use std::sync::{Mutex, PoisonError};

use super::sys;

static GROUPS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Kills all programs that run, for a process that is about to leave without unwinding.
pub fn kill_all() {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner).drain(..).for_each(sys::kill_group);
}

pub(super) fn add(group: u32) {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner).push(group);
}

/// Kills a group; false if that was done before. Once: after it has been waited for, its number may belong to another.
pub(super) fn kill(group: u32) -> bool {
    let mut groups = GROUPS.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(at) = groups.iter().position(|known| *known == group) else { return false };
    groups.swap_remove(at);
    sys::kill_group(group);
    true
}
