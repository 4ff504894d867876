//! Nonlinearities between layers.

use hatchery_kernels::cuda::Stage;
use hatchery_kernels::math;
use hatchery_kernels::simd::{Kernel, dispatch};
use serde::{Deserialize, Serialize};

/// The function applied to every hidden value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// Hyperbolic tangent.
    #[default]
    Tanh,
    /// `max(x, 0)`.
    Relu,
    /// `x Φ(x)` with the Gaussian distribution function Φ.
    Gelu,
    /// ReLU of a layer norm without parameters (ε = 1e-5), the activation of parallelised Q-networks.
    Pqn,
}

/// Added to the variance in a layer norm.
pub const LAYER_NORM_EPSILON: f32 = 1e-5;

impl Activation {
    /// The function as a device takes it.
    pub fn stages(self) -> &'static [Stage] {
        match self {
            Self::Tanh => &[Stage::Tanh],
            Self::Relu => &[Stage::Relu],
            Self::Gelu => &[Stage::Gelu],
            Self::Pqn => &[Stage::Normalise, Stage::Relu],
        }
    }

    /// Applies the function to `x` of shape `(features, columns)` in place.
    pub fn apply(self, x: &mut [f32], columns: usize) {
        match self {
            Self::Tanh => dispatch(Tanh(x)),
            Self::Relu => dispatch(Relu(x)),
            Self::Gelu => dispatch(Gelu(x)),
            Self::Pqn => {
                normalise(x, columns);
                dispatch(Relu(x));
            }
        }
    }
}

struct Tanh<'a>(&'a mut [f32]);

impl Kernel for Tanh<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for x in self.0 {
            *x = math::tanh(*x);
        }
    }
}

struct Relu<'a>(&'a mut [f32]);

impl Kernel for Relu<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for x in self.0 {
            *x = x.max(0.0);
        }
    }
}

struct Gelu<'a>(&'a mut [f32]);

impl Kernel for Gelu<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for x in self.0 {
            *x = math::gelu(*x);
        }
    }
}

/// Layer norm without parameters: every column of `x`, shape `(features, columns)`, gets mean 0 and variance 1.
pub fn normalise(x: &mut [f32], columns: usize) {
    dispatch(Normalise { x, columns });
}

struct Normalise<'a> {
    x: &'a mut [f32],
    columns: usize,
}

impl Kernel for Normalise<'_> {
    type Output = ();

    /// Sixteen columns at a time, so that sums stay in registers; each column is summed in feature order.
    #[inline(always)]
    fn run(self) {
        const WIDTH: usize = 16;
        let Self { x, columns } = self;
        let features = x.len() / columns.max(1);
        let share = 1.0 / features as f32;
        let mut first = 0;
        while first < columns {
            let width = WIDTH.min(columns - first);
            let mut mean = [0.0_f32; WIDTH];
            for row in x.chunks_exact(columns) {
                for (sum, v) in mean.iter_mut().zip(&row[first..first + width]) {
                    *sum += v;
                }
            }
            for m in &mut mean {
                *m *= share;
            }
            let mut variance = [0.0_f32; WIDTH];
            for row in x.chunks_exact(columns) {
                for ((sum, v), m) in variance.iter_mut().zip(&row[first..first + width]).zip(&mean)
                {
                    *sum = (v - m).mul_add(v - m, *sum);
                }
            }
            for v in &mut variance {
                *v = 1.0 / (*v * share + LAYER_NORM_EPSILON).sqrt();
            }
            for row in x.chunks_exact_mut(columns) {
                for ((v, m), s) in row[first..first + width].iter_mut().zip(&mean).zip(&variance) {
                    *v = (*v - m) * s;
                }
            }
            first += width;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_formulas() {
        let apply = |activation: Activation, x: f32| {
            let mut column = [x];
            activation.apply(&mut column, 1);
            column[0]
        };
        assert!((apply(Activation::Tanh, 0.7) - 0.7_f32.tanh()).abs() < 1e-6);
        assert_eq!((apply(Activation::Relu, -0.7), apply(Activation::Relu, 0.7)), (0.0, 0.7));
        // x Φ(x) at 1: Φ(1) = 0.841344746.
        assert!((apply(Activation::Gelu, 1.0) - 0.841_344_7).abs() < 1e-6);
    }

    #[test]
    fn pqn_is_relu_of_the_normalised_column() {
        // Two columns of three features: (1, 2, 3) and (10, 10, 10).
        let mut x = [1.0, 10.0, 2.0, 10.0, 3.0, 10.0];
        Activation::Pqn.apply(&mut x, 2);
        let one = 1.0 / (2.0_f32 / 3.0 + 1e-5).sqrt();
        for (found, expected) in x.iter().zip([0.0, 0.0, 0.0, 0.0, one, 0.0]) {
            assert!((found - expected).abs() < 1e-6, "{x:?}");
        }
    }

    #[test]
    fn a_column_does_not_depend_on_its_neighbours() {
        let columns = 37;
        let mut wide: Vec<f32> = (0..5 * columns).map(|k| ((k * 37 % 101) as f32).sin()).collect();
        let narrow: Vec<f32> = (0..5).map(|f| wide[f * columns + 20]).collect();
        normalise(&mut wide, columns);
        let mut alone = narrow;
        normalise(&mut alone, 1);
        let same: Vec<f32> = (0..5).map(|f| wide[f * columns + 20]).collect();
        assert_eq!(same, alone);
    }
}
