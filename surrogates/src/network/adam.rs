//! Adam over a flat slice of weights, as Keras has it.
//!
//! m ← β₁ m + (1 − β₁) g      v ← β₂ v + (1 − β₂) g²      w ← w − α √(1 − β₂ᵗ)/(1 − β₁ᵗ) · m/(√v + ε)      β = 0.9, 0.999, ε = 10⁻⁷
//!
//! Source: Kingma and Ba, arXiv 1412.6980, section 2 (the rearranged form, whose ε is not the one of algorithm 1). Weight decay is decoupled: w ← w − α λ w.

use hatchery_kernels::simd::{Kernel, dispatch};
use rayon::prelude::*;

use super::Real;

/// Weights that one thread moves at a time.
const BLOCK: usize = 1 << 14;

/// Moments and clock.
#[derive(Clone, Debug)]
pub struct Adam<T> {
    step_size: f64,
    decay: f64,
    steps: u32,
    m: Vec<T>,
    v: Vec<T>,
}

impl<T: Real> Adam<T> {
    /// For so many weights, with moments 0; `decay` is the decoupled weight decay, 0 for none.
    pub fn new(weights: usize, step_size: f64, decay: f64) -> Self {
        let zeros = vec![T::default(); weights];
        Self { step_size, decay, steps: 0, m: zeros.clone(), v: zeros }
    }

    /// Moves `weights` against `gradient`.
    ///
    /// # Panics
    /// If lengths differ from that at the start.
    pub fn step(&mut self, weights: &mut [T], gradient: &[T]) {
        assert!(weights.len() == self.m.len() && gradient.len() == self.m.len(), "weights of Adam");
        self.steps += 1;
        let t = f64::from(self.steps);
        let scale = self.step_size * (1.0 - 0.999_f64.powf(t)).sqrt() / (1.0 - 0.9_f64.powf(t));
        let (scale, keep) = (T::of(scale), T::of(1.0 - self.step_size * self.decay));
        let blocks = weights.par_chunks_mut(BLOCK).zip(gradient.par_chunks(BLOCK));
        let moments = self.m.par_chunks_mut(BLOCK).zip(self.v.par_chunks_mut(BLOCK));
        let move_block =
            |((w, g), (m, v)): Blocks<'_, T>| dispatch(Move { w, g, m, v, scale, keep });
        if gradient.len() > BLOCK {
            blocks.zip(moments).for_each(move_block);
        } else {
            move_block(((weights, gradient), (&mut self.m, &mut self.v)));
        }
    }
}

type Blocks<'a, T> = ((&'a mut [T], &'a [T]), (&'a mut [T], &'a mut [T]));

struct Move<'a, T> {
    w: &'a mut [T],
    g: &'a [T],
    m: &'a mut [T],
    v: &'a mut [T],
    scale: T,
    keep: T,
}

impl<T: Real> Kernel for Move<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (b1, b2, epsilon) = (T::of(0.9), T::of(0.999), T::of(1e-7));
        let (c1, c2) = (T::of(0.1), T::of(0.001));
        let moments = self.m.iter_mut().zip(self.v);
        for ((w, g), (m, v)) in self.w.iter_mut().zip(self.g).zip(moments) {
            *m = b1 * *m + c1 * *g;
            *v = b2 * *v + c2 * (*g * *g);
            *w = self.keep * *w - self.scale * *m / (v.sqrt() + epsilon);
        }
    }
}
