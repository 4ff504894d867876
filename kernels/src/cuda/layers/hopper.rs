//! Wide layers in bf16 on Hopper: what `perturbed_linear_hopper.cu` can do, and how it is launched.

use super::{Form, Pass};
use crate::KernelError;
use crate::cpu::Precision;
use crate::cuda::ring::{Ring, TILE_W, TILE_X};
use crate::cuda::{Argument, Device, Shape, Source};

/// Inputs and outputs from which on a layer is wide: with fewer inputs what comes after a product takes longer than it.
const INPUTS_MIN: usize = 256;
const OUTPUTS_MIN: usize = 256;
/// Bytes of a tile's part of a vector of noise, and of all that a block has room for.
const FACTOR_BYTES: usize = (TILE_W + 8) * 2;
const NOISE_BYTES: usize = 64 * FACTOR_BYTES;

/// A layer as its kernel sees it. Depends on the layer alone, so that sums do not depend on batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hopper {
    /// Directions that a tile has a part in, at most.
    directions: usize,
    /// Vectors of noise of each that are in shared memory at a time.
    fit: usize,
    ring: Ring,
}

impl Hopper {
    /// None if the device or the kernel is not made for this.
    pub(super) fn of(
        device: &Device,
        pass: &Pass<'_>,
        form: Form,
        [inputs, outputs]: [usize; 2],
    ) -> Option<Self> {
        let members = pass.members;
        let wide = inputs >= INPUTS_MIN && outputs >= OUTPUTS_MIN;
        let known = matches!(form.kind.0, "LOW_RANK" | "NO_NOISE") && !form.shared_input;
        if members.precision != Precision::Bf16 || !wide || !known {
            return None;
        }
        Self::new(members.halves * pass.rows, form.factors(), Ring::of(device)?)
    }

    fn new(per_direction: usize, factors: usize, ring: Ring) -> Option<Self> {
        let aligned = TILE_X.is_multiple_of(per_direction) || per_direction.is_multiple_of(TILE_X);
        let directions = match aligned {
            true => TILE_X.div_ceil(per_direction),
            false => (TILE_X - 1) / per_direction + 2,
        };
        let fit = NOISE_BYTES / (directions * FACTOR_BYTES);
        (fit > 0).then(|| Self { directions, fit: fit.min(factors.max(1)), ring })
    }

    /// A source to look at and to test: pairs with a row each.
    pub(super) fn sample(pass: &Pass<'_>, form: Form) -> Option<Source> {
        let bf16 = pass.members.precision == Precision::Bf16;
        let hopper = Self::new(2, form.factors(), Ring::SAMPLE).filter(|_| bf16);
        hopper.map(|hopper| hopper.source(pass, form))
    }

    /// The source of the layer's kernel.
    pub(super) fn source(self, pass: &Pass<'_>, form: Form) -> Source {
        let text = include_str!("../perturbed_linear_hopper.cu");
        let of = pass.source(Source::new("perturbed_linear_hopper", text), form);
        self.ring.source(of).define("DIRECTIONS", self.directions).define("FIT", self.fit)
    }

    /// Maps of x `(columns, inputs)` and of W `(outputs, inputs)`, both with rows of `stride` numbers; none where the device has none.
    pub(super) fn maps(
        self,
        device: &Device,
        [x, w]: [Argument; 2],
        stride: usize,
        [columns, outputs]: [usize; 2],
    ) -> Result<Option<[Argument; 2]>, KernelError> {
        let x = self.ring.map(device, x, [columns, stride], stride, self.ring.x_rows())?;
        let w = self.ring.map(device, w, [outputs, stride], stride, self.ring.w_rows())?;
        Ok(x.zip(w).map(|(x, w)| [x, w]))
    }

    pub(super) fn shape(self, device: &Device, columns: usize, outputs: usize) -> Shape {
        self.ring.shape(device, [columns, outputs], 1, NOISE_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tile_has_a_part_in_fits_into_its_memory() {
        let of = |per_direction, factors| {
            let hopper = Hopper::new(per_direction, factors, Ring::SAMPLE);
            hopper.map(|hopper| (hopper.directions, hopper.fit))
        };
        assert_eq!(of(2, 1), Some((64, 1)));
        assert_eq!(of(2, 4), Some((64, 1)));
        assert_eq!(of(64, 4), Some((2, 4)));
        assert_eq!(of(1024, 100), Some((1, 64)));
        assert_eq!(of(3, 1), Some((44, 1)));
        // Single members with a row each.
        assert_eq!(of(1, 1), None);
    }
}
