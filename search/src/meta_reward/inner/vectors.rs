//! Small products and curves, on the widest vectors there are, with the same bits on all.
//!
//! Loops are plain on purpose: not everything of the standard library is inlined into code for wider vectors.

#![allow(clippy::manual_memcpy, clippy::needless_range_loop, reason = "see above")]

use hatchery_kernels::math::{exp, sigmoid, tanh};
use hatchery_kernels::simd::{Kernel, dispatch};

/// Numbers that are computed side by side; a sum over outputs is kept in as many parts, added up in order at the end.
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
        let Self { weights, x, y } = self;
        assert_eq!(weights.len(), x.len() * y.len(), "weights of a layer");
        let mut first = 0;
        while y.len() - first >= 4 * LANES {
            add_columns::<{ 4 * LANES }>(weights, x, y, first);
            first += 4 * LANES;
        }
        while y.len() - first >= 2 * LANES {
            add_columns::<{ 2 * LANES }>(weights, x, y, first);
            first += 2 * LANES;
        }
        while y.len() - first >= LANES {
            add_columns::<LANES>(weights, x, y, first);
            first += LANES;
        }
        while first < y.len() {
            add_columns::<1>(weights, x, y, first);
            first += 1;
        }
    }
}

/// `N` outputs from `first` on. They stay in registers over all inputs: sums that go through memory wait for it at every input.
#[inline(always)]
fn add_columns<const N: usize>(weights: &[f32], x: &[f32], y: &mut [f32], first: usize) {
    let outputs = y.len();
    let mut sums: [f32; N] = lanes(y, first);
    for at in 0..x.len() {
        let row: [f32; N] = lanes(weights, at * outputs + first);
        for lane in 0..N {
            sums[lane] = x[at].mul_add(row[lane], sums[lane]);
        }
    }
    put(sums, y, first);
}

/// y ← x W + b, or its tanh: `weights` are W (inputs, outputs), then b (outputs,).
pub(super) fn layer(weights: &[f32], x: &[f32], y: &mut [f32], is_bent: bool) {
    dispatch(Layer { weights, x, y, is_bent });
}

struct Layer<'a> {
    weights: &'a [f32],
    x: &'a [f32],
    y: &'a mut [f32],
    is_bent: bool,
}

impl Kernel for Layer<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Self { weights, x, y, is_bent } = self;
        let (weights, bias) = weights.split_at(x.len() * y.len());
        assert_eq!(y.len(), bias.len(), "bias of a layer");
        for at in 0..y.len() {
            y[at] = bias[at];
        }
        AddProduct { weights, x, y: &mut *y }.run();
        if is_bent {
            Bend { x: y }.run();
        }
    }
}

/// From the slopes s of y = x W: ∂W += x sᵀ and ∂x += W s, with W (inputs, outputs). Where ∂x is not wanted, `by_x` is empty.
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
        let Self { weights, x, slopes, by_weights, by_x } = self;
        assert_eq!(weights.len(), x.len() * slopes.len(), "weights of a layer");
        assert_eq!(weights.len(), by_weights.len(), "slopes of the weights of a layer");
        assert!(by_x.is_empty() || by_x.len() == x.len(), "slopes of the inputs of a layer");
        let outputs = slopes.len();
        if outputs < LANES {
            for at in 0..x.len() {
                for output in 0..outputs {
                    let weight = at * outputs + output;
                    by_weights[weight] = x[at].mul_add(slopes[output], by_weights[weight]);
                }
            }
            for at in 0..by_x.len() {
                let mut sum = 0.0;
                for output in 0..outputs {
                    sum += weights[at * outputs + output] * slopes[output];
                }
                by_x[at] += sum;
            }
            return;
        }
        for at in 0..x.len() {
            add_scaled(x[at], slopes, &mut by_weights[at * outputs..(at + 1) * outputs]);
        }
        for at in 0..by_x.len() {
            by_x[at] += dot(&weights[at * outputs..(at + 1) * outputs], slopes);
        }
    }
}

/// y += Σₖ valueₖ W[atₖ], with W (rows, outputs): a product with a sparse row.
pub(super) fn add_sparse_product(weights: &[f32], row: (&[u32], &[f32]), y: &mut [f32]) {
    dispatch(AddSparseProduct { weights, row, y });
}

struct AddSparseProduct<'a> {
    weights: &'a [f32],
    row: (&'a [u32], &'a [f32]),
    y: &'a mut [f32],
}

impl Kernel for AddSparseProduct<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Self { weights, row: (indices, values), y } = self;
        let outputs = y.len();
        for k in 0..indices.len() {
            let from = indices[k] as usize * outputs;
            add_scaled(values[k], &weights[from..from + outputs], y);
        }
    }
}

/// From the slopes s of the sums of [`add_sparse_product`]: ∂W[atₖ] += valueₖ s.
pub(super) fn add_sparse_slopes(row: (&[u32], &[f32]), slopes: &[f32], by_weights: &mut [f32]) {
    dispatch(AddSparseSlopes { row, slopes, by_weights });
}

struct AddSparseSlopes<'a> {
    row: (&'a [u32], &'a [f32]),
    slopes: &'a [f32],
    by_weights: &'a mut [f32],
}

impl Kernel for AddSparseSlopes<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Self { row: (indices, values), slopes, by_weights } = self;
        let outputs = slopes.len();
        for k in 0..indices.len() {
            let from = indices[k] as usize * outputs;
            add_scaled(values[k], slopes, &mut by_weights[from..from + outputs]);
        }
    }
}

/// y += a x.
#[inline(always)]
fn add_scaled(a: f32, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "as many numbers");
    let mut first = 0;
    while y.len() - first >= LANES {
        let (part, mut sums) = (lanes::<LANES>(x, first), lanes::<LANES>(y, first));
        for lane in 0..LANES {
            sums[lane] = a.mul_add(part[lane], sums[lane]);
        }
        put(sums, y, first);
        first += LANES;
    }
    while first < y.len() {
        y[first] = a.mul_add(x[first], y[first]);
        first += 1;
    }
}

#[inline(always)]
fn dot(x: &[f32], y: &[f32]) -> f32 {
    assert_eq!(x.len(), y.len(), "as many numbers");
    let mut sums = [0.0_f32; LANES];
    let mut first = 0;
    while x.len() - first >= LANES {
        let (left, right) = (lanes::<LANES>(x, first), lanes::<LANES>(y, first));
        for lane in 0..LANES {
            sums[lane] = left[lane].mul_add(right[lane], sums[lane]);
        }
        first += LANES;
    }
    let rest = x.len() - first;
    for lane in 0..LANES {
        if lane < rest {
            sums[lane] = x[first + lane].mul_add(y[first + lane], sums[lane]);
        }
    }
    let mut sum = sums[0];
    for lane in 1..LANES {
        sum += sums[lane];
    }
    sum
}

/// The numbers from `first` on.
#[inline(always)]
fn lanes<const N: usize>(x: &[f32], first: usize) -> [f32; N] {
    let x = &x[first..first + N];
    let mut lanes = [0.0; N];
    for lane in 0..N {
        lanes[lane] = x[lane];
    }
    lanes
}

/// Puts them there.
#[inline(always)]
fn put<const N: usize>(lanes: [f32; N], x: &mut [f32], first: usize) {
    let x = &mut x[first..first + N];
    for lane in 0..N {
        x[lane] = lanes[lane];
    }
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

/// From slopes of tanh u to those of u.
pub(super) fn under_tanh(slopes: &mut [f32], units: &[f32]) {
    slopes.iter_mut().zip(units).for_each(|(slope, unit)| *slope *= 1.0 - unit * unit);
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

/// Turns scores into chances: the softmax of scores over the temperature.
pub(super) fn soften(scores: &mut [f32], temperature: f32) {
    dispatch(Soften { scores, temperature });
}

struct Soften<'a> {
    scores: &'a mut [f32],
    temperature: f32,
}

impl Kernel for Soften<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Self { scores, temperature } = self;
        let mut largest = f32::NEG_INFINITY;
        for score in scores.iter_mut() {
            *score /= temperature;
            largest = largest.max(*score);
        }
        for score in scores.iter_mut() {
            *score = exp(*score - largest);
        }
        let mut sum = 0.0;
        for score in scores.iter() {
            sum += *score;
        }
        for chance in scores.iter_mut() {
            *chance /= sum;
        }
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
        // Every width of a block, rests, less than a vector, a single output.
        for (inputs, outputs) in [(3, 16), (5, 21), (4, 3), (3, 57), (6, 1)] {
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
            // A layer begins at its bias, and may bend.
            let layered = [&weights[..], &s[..]].concat();
            for is_bent in [false, true] {
                let mut out = vec![0.0; outputs];
                layer(&layered, &x, &mut out, is_bent);
                for o in 0..outputs {
                    let sum = y[o] + s[o];
                    near(out[o], if is_bent { sum.tanh() } else { sum });
                }
            }
            // The same slopes of the weights where those of the inputs are not wanted.
            let mut alone = vec![0.0; inputs * outputs];
            add_slopes(&weights, &x, &s, &mut alone, &mut []);
            assert_eq!(alone, by_weights);
            // The same from a sparse row that is all of x, in another order, with one input twice.
            let mut indices: Vec<u32> = (0..inputs as u32).rev().collect();
            let mut values: Vec<f32> = x.iter().rev().copied().collect();
            (indices, values) = ([&[0], &indices[..]].concat(), [&[0.0], &values[..]].concat());
            let (mut sparse_y, mut sparse) = (vec![0.0; outputs], vec![0.0; inputs * outputs]);
            add_sparse_product(&weights, (&indices, &values), &mut sparse_y);
            add_sparse_slopes((&indices, &values), &s, &mut sparse);
            sparse_y.iter().zip(&y).for_each(|(a, b)| near(*a, *b));
            sparse.iter().zip(&by_weights).for_each(|(a, b)| near(*a, *b));
        }
    }

    #[test]
    fn scores_soften_to_chances_whatever_their_size() {
        for offset in [0.0, 1e4, -1e4] {
            let mut scores = [offset + 1.0, offset + 3.0, offset - 200.0];
            soften(&mut scores, 2.0);
            let [one, three, least] = scores;
            assert!((one + three + least - 1.0).abs() < 1e-6, "{scores:?}");
            assert!((three / one - 1f32.exp()).abs() < 1e-3 && least < 1e-30, "{scores:?}");
        }
    }
}
