//! A matrix laid out for the register tiles, once per generation.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::simd::bf16_of;

/// Outputs of a panel: those that one register tile makes.
pub(crate) const PANEL: usize = 8;

/// In what the products of layers and updates are made. Sums are always f32, and so are the parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// Single precision.
    #[default]
    F32,
    /// Factors rounded to bf16, two products a lane: twice the rate where the processor has `dpbf16`, correct and slow
    /// elsewhere. Inputs that all members share, vectors and low-rank corrections stay f32.
    Bf16,
}

/// The weights of a layer in panels of eight outputs, each `(inputs, 8)`; a last panel is filled up with zeros.
///
/// A tile walks through its panel from front to back, so that every line of the cache is used whole and in order. With
/// [`Precision::Bf16`] a panel is `(inputs / 2, 8)`: each number's bits are two bf16, the even input in the lower half.
#[derive(Clone, Debug, PartialEq)]
pub struct Packed {
    pub(crate) outputs: usize,
    pub(crate) inputs: usize,
    pub(crate) precision: Precision,
    panels: Vec<f32>,
}

impl Packed {
    /// Packs `weights`, `(outputs, inputs)` row-major, or `(inputs, outputs)` if `transposed`.
    ///
    /// # Panics
    /// If `weights` has not `outputs · inputs` elements.
    pub fn new(
        weights: &[f32],
        outputs: usize,
        inputs: usize,
        transposed: bool,
        precision: Precision,
    ) -> Self {
        assert_eq!(weights.len(), outputs * inputs, "elements of a matrix to be packed");
        let mut panels = vec![0.0; outputs.div_ceil(PANEL) * PANEL * inputs];
        let (by_output, by_input) = if transposed { (1, outputs) } else { (inputs, 1) };
        for (p, panel) in panels.chunks_exact_mut((PANEL * inputs).max(1)).enumerate() {
            let first = p * PANEL;
            let count = PANEL.min(outputs - first);
            for (i, column) in panel.as_chunks_mut::<PANEL>().0.iter_mut().enumerate() {
                let from = first * by_output + i * by_input;
                for (o, value) in column.iter_mut().take(count).enumerate() {
                    *value = weights[from + o * by_output];
                }
            }
        }
        if precision == Precision::Bf16 {
            panels = panels.chunks(PANEL * inputs.max(1)).flat_map(pairs).collect();
        }
        Self { outputs, inputs, precision, panels }
    }

    /// Rows of a panel.
    #[inline(always)]
    pub(crate) fn depth(&self) -> usize {
        match self.precision {
            Precision::F32 => self.inputs,
            Precision::Bf16 => self.inputs.div_ceil(2),
        }
    }

    /// Panel `p`, `(depth, 8)`.
    #[inline(always)]
    pub(crate) fn panel(&self, p: usize) -> &[f32] {
        let length = PANEL * self.depth();
        &self.panels[p * length..(p + 1) * length]
    }
}

/// Two rows of a panel as one of bf16 pairs; a last single row is paired with zeros.
fn pairs(panel: &[f32]) -> Vec<f32> {
    let rows = panel.chunks(2 * PANEL).flat_map(|rows| {
        (0..PANEL).map(|o| {
            let high = rows.get(PANEL + o).map_or(0, |&value| bf16_of(value));
            f32::from_bits(high & 0xFFFF_0000 | bf16_of(rows[o]) >> 16)
        })
    });
    rows.collect()
}

/// The packed matrices of a set of tensors, each made when it is first asked for. Clones share what has been made.
///
/// The tensors must not change for as long as this lives: a new generation takes a new cache.
#[derive(Clone, Debug, Default)]
pub struct PackedCache {
    /// `[as stored, transposed]` of each tensor.
    slots: Arc<Vec<[OnceLock<Packed>; 2]>>,
    precision: Precision,
}

impl PackedCache {
    /// An empty cache for so many tensors.
    pub fn new(tensors: usize, precision: Precision) -> Self {
        let slots = (0..tensors).map(|_| [const { OnceLock::new() }; 2]).collect();
        Self { slots: Arc::new(slots), precision }
    }

    /// In what products are made.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The packed form of tensor `index`, whose values are `weights`, as [`Packed::new`] makes it.
    ///
    /// # Panics
    /// If there is no such tensor, or as [`Packed::new`].
    pub fn get(
        &self,
        index: usize,
        weights: &[f32],
        (outputs, inputs): (usize, usize),
        transposed: bool,
    ) -> &Packed {
        let slot = &self.slots[index][usize::from(transposed)];
        slot.get_or_init(|| Packed::new(weights, outputs, inputs, transposed, self.precision))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_hold_the_weights_and_zeros() {
        let weights: Vec<f32> = (1..=33).map(|k| k as f32).collect();
        let packed = Packed::new(&weights, 11, 3, false, Precision::F32);
        for o in 0..16 {
            for i in 0..3 {
                let expected = if o < 11 { weights[o * 3 + i] } else { 0.0 };
                assert_eq!(packed.panel(o / 8)[i * 8 + o % 8], expected, "output {o} input {i}");
            }
        }
        let stored: Vec<f32> = (0..33).map(|k| weights[(k % 11) * 3 + k / 11]).collect();
        assert_eq!(packed, Packed::new(&stored, 11, 3, true, Precision::F32));
        let pairs = Packed::new(&weights, 11, 3, false, Precision::Bf16);
        assert_eq!(pairs.panel(0).len(), 16);
        assert_eq!(pairs.panel(0)[0].to_bits(), 2.0_f32.to_bits() | 1.0_f32.to_bits() >> 16);
        assert_eq!(pairs.panel(0)[8].to_bits(), 3.0_f32.to_bits() >> 16);
    }

    #[test]
    fn a_cache_packs_once() {
        let cache = PackedCache::new(1, Precision::F32);
        let first = cache.get(0, &[1.0, 2.0], (2, 1), false) as *const Packed;
        let clone = cache.clone();
        assert_eq!(first, clone.get(0, &[9.0, 9.0], (2, 1), false) as *const Packed);
        assert_eq!(clone.get(0, &[1.0, 2.0], (1, 2), true).inputs, 2);
    }
}
