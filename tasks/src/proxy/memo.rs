//! What follows from a seed, kept for the seeds that were used last.
//!
//! A search trains thousands of programs with the same few seeds; initial weights, batches and noise need not be drawn again.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

/// Seeds that are remembered.
const SEEDS: usize = 64;

/// Values by seed.
#[derive(Debug)]
pub(super) struct Memo<T>(RwLock<VecDeque<(u64, Arc<T>)>>);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T> Memo<T> {
    /// The value of a seed, made if it is not known; the one that was made first is forgotten first.
    pub(super) fn get(&self, seed: u64, make: impl FnOnce() -> T) -> Arc<T> {
        let find = |known: &VecDeque<(u64, Arc<T>)>| {
            known.iter().rev().find(|(of, _)| *of == seed).map(|(_, value)| value.clone())
        };
        if let Some(value) = find(&self.0.read().unwrap_or_else(PoisonError::into_inner)) {
            return value;
        }
        let made = Arc::new(make());
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been as fast.
        if let Some(value) = find(&known) {
            return value;
        }
        if known.len() == SEEDS {
            known.pop_front();
        }
        known.push_back((seed, made.clone()));
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_and_the_first_is_forgotten_first() {
        let memo = Memo::default();
        let mut made = 0;
        let mut ask = |seed| {
            *memo.get(seed, || {
                made += 1;
                seed * 10
            })
        };
        assert_eq!((ask(1), ask(2), ask(1)), (10, 20, 10));
        for seed in 3..=SEEDS as u64 + 1 {
            ask(seed);
        }
        ask(2);
        ask(1);
        assert_eq!(made, SEEDS + 2);
    }
}
