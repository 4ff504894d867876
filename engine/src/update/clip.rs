//! Clipping by global norm.
//!
//! ```text
//! g ← g · min(1, c / ‖g‖)
//! ```
//!
//! where `‖g‖` is the Euclidean norm over all parameters of all tensors and `c` the bound.
//!
//! Source: Pascanu et al., *On the difficulty of training recurrent neural networks* (2013),
//! arXiv:1211.5063, algorithm 1; `optax.clip_by_global_norm`. Departure: the factor is smaller by
//! 2⁻²³, so that the clipped norm is below the bound even after rounding.

use hatchery_kernels::cuda::NORM_CHUNK;
use rayon::prelude::*;

/// Running sums that are kept apart, so that the additions need not wait for each other. The count
/// is fixed: the bits of a norm must not depend on the machine.
const PARTIAL_SUMS: usize = 8;
/// Values below which threads do not pay.
const SERIAL_MAX: usize = 1 << 17;

/// The Euclidean norm of `values`, summed in `f64` in a fixed order: chunks of 4096 values, then the sums of the chunks.
pub fn global_norm(values: &[f32]) -> f64 {
    let sums: Vec<f64> = if values.len() <= SERIAL_MAX {
        values.chunks(NORM_CHUNK).map(sum_of_squares).collect()
    } else {
        values.par_chunks(NORM_CHUNK).map(sum_of_squares).collect()
    };
    sums.iter().sum::<f64>().sqrt()
}

fn sum_of_squares(values: &[f32]) -> f64 {
    let mut sums = [0.0_f64; PARTIAL_SUMS];
    for chunk in values.chunks(PARTIAL_SUMS) {
        for (sum, &value) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(value) * f64::from(value);
        }
    }
    sums.iter().sum()
}

/// What a gradient of norm `norm` must be multiplied by for its norm to be at most `bound`; `None` if it is already, or not
/// finite.
pub fn clip_factor(norm: f64, bound: f32) -> Option<f64> {
    let bound = f64::from(bound);
    (norm.is_finite() && norm > bound).then(|| bound / norm * (1.0 - f64::from(f32::EPSILON)))
}

/// Scales `gradient` in place so that its norm is at most `bound`, and returns the norm that it had.
/// A shorter gradient keeps its bits; one whose norm is not finite is left alone, for the caller to
/// report.
///
/// ```
/// use hatchery_engine::update::clip_by_global_norm;
///
/// let mut gradient = [30.0, -40.0];
/// assert_eq!(clip_by_global_norm(&mut gradient, 1.0), 50.0);
/// assert!((gradient[0] - 0.6).abs() < 1e-6 && (gradient[1] + 0.8).abs() < 1e-6);
/// ```
///
/// # Panics
/// If `bound` is not above 0.
pub fn clip_by_global_norm(gradient: &mut [f32], bound: f32) -> f64 {
    assert!(bound > 0.0, "the bound of a norm must be above 0, but it is {bound}");
    let norm = global_norm(gradient);
    if let Some(factor) = clip_factor(norm, bound) {
        for g in gradient {
            *g = (f64::from(*g) * factor) as f32;
        }
    }
    norm
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_norm_within_the_bound_changes_no_bit() {
        let mut gradient = [0.1, -0.2, 0.3];
        let norm = clip_by_global_norm(&mut gradient, 0.375);
        assert!((norm - 0.14_f64.sqrt()).abs() < 1e-7);
        assert_eq!(gradient, [0.1, -0.2, 0.3]);
        let mut nothing: [f32; 0] = [];
        assert_eq!(clip_by_global_norm(&mut nothing, 1.0), 0.0);
    }

    #[test]
    fn a_gradient_that_is_not_finite_is_left_alone() {
        let mut gradient = [1.0, f32::INFINITY];
        assert_eq!(clip_by_global_norm(&mut gradient, 1.0), f64::INFINITY);
        assert_eq!(gradient, [1.0, f32::INFINITY]);
        assert!(clip_by_global_norm(&mut [f32::NAN, 5.0], 1.0).is_nan());
    }

    #[test]
    fn huge_gradients_do_not_overflow() {
        let mut gradient = [f32::MAX; 100];
        let norm = clip_by_global_norm(&mut gradient, 1.0);
        assert!((norm / (10.0 * f64::from(f32::MAX)) - 1.0).abs() < 1e-12);
        assert!((gradient[0] - 0.1).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn clipped_norm_stays_below_the_bound_and_keeps_the_direction(
            gradient in prop::collection::vec(-1e3..1e3_f32, 1..200), bound in 1e-3..10.0_f32,
        ) {
            let mut clipped = gradient.clone();
            let before = clip_by_global_norm(&mut clipped, bound);
            let after = global_norm(&clipped);
            prop_assert!(after <= f64::from(bound));
            let expected = before.min(f64::from(bound));
            prop_assert!(after >= expected * (1.0 - 4e-7));
            for (a, b) in clipped.iter().zip(&gradient) {
                let expected = f64::from(*b) * after / before;
                prop_assert!((f64::from(*a) - expected).abs() <= 1e-6 * expected.abs());
            }
        }
    }
}
