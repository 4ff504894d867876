//! Small products and curves, on the widest vectors there are, with the same bits on all.

use hatchery_kernels::math::{sigmoid, tanh};
use hatchery_kernels::simd::{Kernel, dispatch};

/// Lanes that a sum is kept in; they are added up in order at the end.
const LANES: usize = 8;

/// y += x W, with W (inputs, outputs).
pub(super) fn add_product(weights: &[f32], x: &[f32], y: &mut [f32]) {
    dispatch(AddProduct { weights, x, y });
}

struct AddProduct<'a> {
    weights: &'a [f32],
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Kernel for AddProduct<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        for (row, &x) in self.weights.chunks_exact(self.y.len()).zip(self.x) {
            for (sum, weight) in self.y.iter_mut().zip(row) {
                *sum = weight.mul_add(x, *sum);
            }
        }
    }
}

/// From the slopes s of y = x W: ∂W += x sᵀ and ∂x += W s, with W (inputs, outputs).
pub(super) fn add_slopes(
    weights: &[f32],
    x: &[f32],
    slopes: &[f32],
    by_weights: &mut [f32],
    by_x: &mut [f32],
) {
    dispatch(AddSlopes { weights, x, slopes, by_weights, by_x });
}

struct AddSlopes<'a> {
    weights: &'a [f32],
    x: &'a [f32],
    slopes: &'a [f32],
    by_weights: &'a mut [f32],
    by_x: &'a mut [f32],
}

impl Kernel for AddSlopes<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let outputs = self.slopes.len();
        let rows =
            self.weights.chunks_exact(outputs).zip(self.by_weights.chunks_exact_mut(outputs));
        for ((row, sums), (&x, by_x)) in rows.zip(self.x.iter().zip(self.by_x)) {
            for (sum, slope) in sums.iter_mut().zip(self.slopes) {
                *sum = slope.mul_add(x, *sum);
            }
            *by_x += dot(row, self.slopes);
        }
    }
}

#[inline(always)]
fn dot(x: &[f32], y: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (x, x_rest) = x.as_chunks::<LANES>();
    let (y, y_rest) = y.as_chunks::<LANES>();
    for (x, y) in x.iter().zip(y) {
        for lane in 0..LANES {
            sums[lane] = x[lane].mul_add(y[lane], sums[lane]);
        }
    }
    for (sum, (x, y)) in sums.iter_mut().zip(x_rest.iter().zip(y_rest)) {
        *sum = x.mul_add(*y, *sum);
    }
    sums.iter().sum()
}

/// tanh of each number.
pub(super) fn bend(x: &mut [f32]) {
    dispatch(Bend { x });
}

struct Bend<'a> {
    x: &'a mut [f32],
}

impl Kernel for Bend<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        self.x.iter_mut().for_each(|x| *x = tanh(*x));
    }
}

/// 1 / (1 + e⁻ˣ) of each number.
pub(super) fn squash(x: &mut [f32]) {
    dispatch(Squash { x });
}

struct Squash<'a> {
    x: &'a mut [f32],
}

impl Kernel for Squash<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        self.x.iter_mut().for_each(|x| *x = sigmoid(*x));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hatchery_kernels::Dice;

    #[test]
    fn products_and_slopes_are_those_of_plain_loops() {
        let mut dice = Dice::new(1, 2, 3);
        let mut draw = |count: usize| Vec::from_iter((0..count).map(|_| dice.normal() as f32));
        // Whole vectors, a rest, and less than a vector.
        for (inputs, outputs) in [(3, 16), (5, 21), (4, 3)] {
            let (weights, x, s) = (draw(inputs * outputs), draw(inputs), draw(outputs));
            let mut y = vec![0.0; outputs];
            let (mut by_weights, mut by_x) = (vec![0.0; inputs * outputs], vec![0.0; inputs]);
            add_product(&weights, &x, &mut y);
            add_slopes(&weights, &x, &s, &mut by_weights, &mut by_x);
            let near = |a: f32, b: f32| assert!((a - b).abs() < 1e-5, "{a} {b}");
            for o in 0..outputs {
                near(y[o], (0..inputs).map(|i| x[i] * weights[i * outputs + o]).sum());
                (0..inputs).for_each(|i| near(by_weights[i * outputs + o], x[i] * s[o]));
            }
            for i in 0..inputs {
                near(by_x[i], (0..outputs).map(|o| weights[i * outputs + o] * s[o]).sum());
            }
        }
    }
}
