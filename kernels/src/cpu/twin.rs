//! The plain twin of every operation: each member's tensors written out, products in f64.

use proptest::prelude::*;

use super::*;
use crate::testing::assert_close;
use crate::{Backend, Distribution, Domain, NoiseAddress, NoiseStream};

const KINDS: [Perturbation; 7] = [
    Perturbation::None,
    Perturbation::LowRank { rank: 1 },
    Perturbation::LowRank { rank: 2 },
    Perturbation::LowRank { rank: 4 },
    Perturbation::LowRank { rank: 8 },
    Perturbation::Dense,
    Perturbation::Sparse,
];

/// A block and everything about it, made from a few sizes.
struct Case {
    lanes: Lanes,
    outputs: usize,
    inputs: usize,
    rows: usize,
    weights: Vec<f32>,
    bias: Vec<f32>,
    noise: LayerNoise,
    bias_noise: LayerNoise,
}

fn normals(layer: u32, count: usize) -> Vec<f32> {
    let mut values = vec![0.0; count];
    let at = NoiseAddress { generation: 0, pair: 0, layer, block: 0 };
    NoiseStream::new(3).domain(Domain::Data).fill_normals(at, &mut values);
    values
}

/// Noise of a tensor in generation 4; sparse tensors get uniform deviates, the others normal ones.
fn noise_of(perturbation: Perturbation, layer: u32, (rows, cols): (usize, usize)) -> TensorNoise {
    let stream = NoiseStream::new(9).domain(Domain::Perturb);
    let distribution = match perturbation {
        Perturbation::LowRank { rank: 2 } | Perturbation::Sparse => Distribution::Uniform,
        _ => Distribution::Normal,
    };
    TensorNoise { perturbation, distribution, stream, generation: 4, layer, rows, cols }
}

impl Case {
    fn new(
        kind: Perturbation,
        shape: (usize, usize),
        rows: usize,
        d: usize,
        halves: usize,
    ) -> Self {
        let (outputs, inputs) = shape;
        let mut signs = vec![1.0; d];
        signs.extend(vec![-1.0; d * (halves - 1)]);
        signs[d / 2] = 0.0;
        let mut noise = LayerNoise::default();
        noise.draw(&noise_of(kind, 0, shape), 5..5 + d as u32);
        let mut bias_noise = LayerNoise::default();
        let bias_kind = if kind == Perturbation::None { kind } else { Perturbation::Dense };
        bias_noise.draw(&noise_of(bias_kind, 1, (outputs, 1)), 5..5 + d as u32);
        Self {
            lanes: Lanes { directions: d, halves, signs, sigma: 0.3 },
            outputs,
            inputs,
            rows,
            weights: normals(0, outputs * inputs),
            bias: normals(1, outputs),
            noise,
            bias_noise,
        }
    }

    /// W of one lane, written out.
    fn member(&self, lane: usize) -> (Vec<f32>, Vec<f32>) {
        let (mut w, mut b) = (self.weights.clone(), self.bias.clone());
        let scale = self.lanes.signs[lane] * self.lanes.sigma;
        self.noise.add_to(lane % self.lanes.directions, scale, &mut w);
        self.bias_noise.add_to(lane % self.lanes.directions, scale, &mut b);
        (w, b)
    }

    fn linear(&self, x: Input<'_>) -> Vec<f32> {
        let call = PerturbedLinear {
            weights: &self.weights,
            packed: None,
            outputs: self.outputs,
            inputs: self.inputs,
            bias: Some((&self.bias, &self.bias_noise)),
            noise: &self.noise,
            lanes: &self.lanes,
            x,
            rows: self.rows,
        };
        let mut y = vec![f32::NAN; self.outputs * self.rows * self.lanes.len()];
        Backend::cpu().perturbed_linear(&call, &mut y).expect("shapes fit");
        y
    }

    fn linear_twin(&self, x: Input<'_>) -> Vec<f32> {
        let (lanes, rows) = (self.lanes.len(), self.rows);
        let mut y = vec![0.0; self.outputs * rows * lanes];
        for lane in 0..lanes {
            let (w, b) = self.member(lane);
            for (o, row) in (0..self.outputs).flat_map(|o| (0..rows).map(move |row| (o, row))) {
                let input = |i: usize| match x {
                    Input::PerLane(x) => x[(i * rows + row) * lanes + lane],
                    Input::PerDirection(x) => {
                        let d = self.lanes.directions;
                        x[(i * rows + row) * d + lane % d]
                    }
                    Input::Shared(x) => x[i * rows + row],
                };
                let products = (0..self.inputs)
                    .map(|i| f64::from(w[o * self.inputs + i]) * f64::from(input(i)));
                y[(o * rows + row) * lanes + lane] =
                    (products.sum::<f64>() + f64::from(b[o])) as f32;
            }
        }
        y
    }
}

/// Sums of about n terms of size 1 in f32: an absolute error of a few ε √n, taken as 1e-5 of a typical sum.
fn tolerance(inputs: usize) -> f32 {
    1e-5 * (1.0 + inputs as f32).sqrt()
}

#[test]
fn perturbed_linear_is_the_dense_product_of_every_member() {
    for kind in KINDS {
        for (shape, rows, d, halves) in [
            ((3, 5), 1, 1, 1),
            ((2, 32), 1, 32, 2),
            ((9, 4), 3, 7, 2),
            ((17, 21), 2, 23, 1),
            ((130, 140), 1, 9, 2),
        ] {
            let case = Case::new(kind, shape, rows, d, halves);
            let x = normals(2, shape.1 * rows * d * halves);
            let y = case.linear(Input::PerLane(&x));
            assert_close(&y, &case.linear_twin(Input::PerLane(&x)), tolerance(shape.1), 1e-5);
            let paired = &x[..shape.1 * rows * d];
            let y = case.linear(Input::PerDirection(paired));
            let twin = case.linear_twin(Input::PerDirection(paired));
            assert_close(&y, &twin, tolerance(shape.1), 1e-5);
            let shared = &x[..shape.1 * rows];
            let y = case.linear(Input::Shared(shared));
            assert_close(&y, &case.linear_twin(Input::Shared(shared)), tolerance(shape.1), 1e-5);
        }
    }
}

#[test]
fn transposed_linear_is_the_dense_product_of_every_member() {
    for kind in KINDS {
        for (shape, rows, d, halves) in
            [((6, 11), 1, 5, 2), ((33, 8), 2, 18, 1), ((140, 130), 1, 4, 2)]
        {
            let case = Case::new(kind, shape, rows, d, halves);
            let lanes = case.lanes.len();
            let x = normals(2, shape.0 * rows * lanes);
            let call = TransposedLinear {
                weights: &case.weights,
                packed: None,
                inputs: shape.0,
                outputs: shape.1,
                noise: &case.noise,
                lanes: &case.lanes,
                x: Input::PerLane(&x),
                rows,
            };
            let mut y = vec![f32::NAN; shape.1 * rows * lanes];
            Backend::cpu().transposed_linear(&call, &mut y).expect("shapes fit");
            let mut twin = vec![0.0; y.len()];
            for lane in 0..lanes {
                let (w, _) = case.member(lane);
                for (o, row) in (0..shape.1).flat_map(|o| (0..rows).map(move |row| (o, row))) {
                    let product = |i: usize| {
                        f64::from(w[i * shape.1 + o])
                            * f64::from(x[(i * rows + row) * lanes + lane])
                    };
                    twin[(o * rows + row) * lanes + lane] =
                        (0..shape.0).map(product).sum::<f64>() as f32;
                }
            }
            assert_close(&y, &twin, tolerance(shape.0), 1e-5);
        }
    }
}

#[test]
fn embedding_looks_up_the_members_own_table() {
    for kind in KINDS {
        let (entries, width, rows, d) = (7, 5, 3, 6);
        let case = Case::new(kind, (entries, width), rows, d, 2);
        let lanes = case.lanes.len();
        let indices: Vec<u32> = (0..rows * lanes).map(|c| (c * 5 % entries) as u32).collect();
        let call = EmbeddingCall {
            table: &case.weights,
            entries,
            width,
            noise: &case.noise,
            lanes: &case.lanes,
            indices: &indices,
            rows,
        };
        let mut y = vec![f32::NAN; width * rows * lanes];
        Backend::cpu().embedding(&call, &mut y).expect("shapes fit");
        let mut twin = vec![0.0; y.len()];
        for column in 0..rows * lanes {
            let (table, _) = case.member(column % lanes);
            for j in 0..width {
                twin[j * rows * lanes + column] = table[indices[column] as usize * width + j];
            }
        }
        assert_close(&y, &twin, 1e-5, 1e-5);
        let bad = vec![entries as u32; rows * lanes];
        assert!(
            Backend::cpu().embedding(&EmbeddingCall { indices: &bad, ..call }, &mut y).is_err()
        );
    }
}

#[test]
fn vectors_are_the_members_own() {
    let case = Case::new(Perturbation::Dense, (9, 1), 1, 5, 2);
    let call = VectorCall { values: &case.bias, noise: &case.bias_noise, lanes: &case.lanes };
    let mut y = vec![f32::NAN; 9 * 10];
    Backend::cpu().vector(&call, &mut y).expect("shapes fit");
    for lane in 0..10 {
        let (_, b) = case.member(lane);
        let own: Vec<f32> = (0..9).map(|e| y[e * 10 + lane]).collect();
        assert_close(&own, &b, 1e-6, 1e-6);
    }
}

/// Checklist row 4: the two members of a pair average to the mean output of a linear layer.
#[test]
fn pairs_average_to_the_mean_output() {
    for kind in KINDS {
        let d = 12;
        let case = Case::new(kind, (6, 10), 1, d, 2);
        let shared = normals(2, 10);
        let y = case.linear(Input::Shared(&shared));
        let none = Case::new(Perturbation::None, (6, 10), 1, d, 2).linear(Input::Shared(&shared));
        for direction in (0..d).filter(|&k| k != d / 2) {
            for o in 0..6 {
                let of = |lane| f64::from(y[o * 2 * d + lane]);
                let mean = 0.5 * (of(direction) + of(direction + d));
                assert!((mean - f64::from(none[o * 2 * d])).abs() < 1e-5);
            }
        }
    }
}

#[test]
fn mismatched_shapes_are_refused_by_name() {
    let case = Case::new(Perturbation::Dense, (3, 4), 1, 2, 2);
    let x = vec![0.0; 15];
    let call = PerturbedLinear {
        weights: &case.weights,
        packed: None,
        outputs: 3,
        inputs: 4,
        bias: None,
        noise: &case.noise,
        lanes: &case.lanes,
        x: Input::PerLane(&x),
        rows: 1,
    };
    let error = Backend::cpu().perturbed_linear(&call, &mut [0.0; 12]).expect_err("x is short");
    assert_eq!(error.to_string(), "perturbed_linear: x has 15 elements, expected 16");
}

fn gradient_of(noise: TensorNoise, weights: &[f32]) -> Vec<f32> {
    let call = GradientCall { noise, signs: false, precision: Precision::F32, weights };
    let mut out = vec![0.0; noise.rows * noise.cols];
    Backend::cpu().gradient(&call, &mut out).expect("shapes fit");
    out
}

#[test]
fn gradient_is_the_weighted_sum_of_the_noise() {
    for perturbation in &KINDS[1..] {
        for distribution in [Distribution::Normal, Distribution::Uniform] {
            for (shape, directions) in
                [((5, 3), 9), ((7, 1), 300), ((131, 130), 37), ((16, 64), 517)]
            {
                let noise = TensorNoise { distribution, ..noise_of(*perturbation, 2, shape) };
                let weights = normals(8, directions);
                let found = gradient_of(noise, &weights);
                let mut drawn = LayerNoise::default();
                drawn.draw(&noise, 0..directions as u32);
                let mut twin = vec![0.0; shape.0 * shape.1];
                for (d, weight) in weights.iter().enumerate() {
                    drawn.add_to(d, *weight, &mut twin);
                }
                assert_close(&found, &twin, tolerance(directions) * 3.0, 1e-5);
            }
        }
    }
}

#[test]
fn sign_update_uses_the_signs_of_the_factors() {
    let weights = [2.0, 0.5];
    let noise = noise_of(Perturbation::LowRank { rank: 1 }, 0, (4, 3));
    let precision = Precision::F32;
    let call = GradientCall { noise, signs: true, precision, weights: &weights };
    let mut out = vec![0.0; 12];
    Backend::cpu().gradient(&call, &mut out).expect("shapes fit");
    assert!(out.iter().all(|v| [1.5, 2.5].contains(&v.abs())), "{out:?}");
}

/// Each product of two factors of relative error 2⁻⁹ is off by at most 2⁻⁸ of its size; errors of n terms add like √n.
#[test]
fn products_in_bf16_differ_by_the_rounding_of_their_factors() {
    for (shape, rows, d, halves) in
        [((3, 5), 1, 1, 1), ((9, 4), 3, 7, 2), ((17, 21), 2, 23, 1), ((16, 64), 1, 40, 2)]
    {
        let case = Case::new(Perturbation::LowRank { rank: 1 }, shape, rows, d, halves);
        let x = normals(2, shape.1 * rows * d * halves);
        let (w, precision) = (&case.weights, Precision::Bf16);
        let packed = Packed::new(w, shape.0, shape.1, false, precision);
        let call = PerturbedLinear {
            weights: w,
            packed: Some(&packed),
            outputs: shape.0,
            inputs: shape.1,
            bias: Some((&case.bias, &case.bias_noise)),
            noise: &case.noise,
            lanes: &case.lanes,
            x: Input::PerLane(&x),
            rows,
        };
        let mut y = vec![f32::NAN; shape.0 * rows * d * halves];
        Backend::cpu().perturbed_linear(&call, &mut y).expect("shapes fit");
        let single = case.linear(Input::PerLane(&x));
        let bound = 4.0 * (shape.1 as f32).sqrt() / 256.0;
        assert_close(&y, &single, bound, 0.0);
        assert!(y != single, "something was rounded");
        for (perturbation, directions) in
            [(Perturbation::LowRank { rank: 1 }, 333), (Perturbation::LowRank { rank: 3 }, 101)]
        {
            let weights = normals(8, directions);
            let noise = noise_of(perturbation, 2, shape);
            let call = GradientCall { noise, signs: false, precision, weights: &weights };
            let mut out = vec![0.0; shape.0 * shape.1];
            Backend::cpu().gradient(&call, &mut out).expect("shapes fit");
            let bound = 6.0 * (directions as f32).sqrt() / 256.0;
            assert_close(&out, &gradient_of(noise, &weights), bound, 0.0);
        }
    }
}

#[test]
fn gradient_bits_do_not_depend_on_threads() {
    let weights = normals(8, 3000);
    for (perturbation, shape) in [
        (Perturbation::LowRank { rank: 2 }, (150, 120)),
        (Perturbation::LowRank { rank: 1 }, (32, 4)),
        (Perturbation::Dense, (40, 40)),
    ] {
        let with = |threads| {
            let pool =
                rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| gradient_of(noise_of(perturbation, 2, shape), &weights))
        };
        let one = with(1);
        assert_eq!(one, with(2));
        assert_eq!(one, with(3));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A lane's bits are the same in a block of any size.
    #[test]
    fn a_lane_does_not_depend_on_its_block(
        outputs in 1_usize..40,
        inputs in 1_usize..40,
        large: bool,
        kind in 0_usize..KINDS.len(),
        first in 0_u32..20,
        directions in 1_usize..20,
    ) {
        let (outputs, inputs) = if large { (outputs + 128, inputs + 128) } else { (outputs, inputs) };
        let whole = 40_usize;
        let weights = normals(0, outputs * inputs);
        let run = |from: u32, d: usize| {
            let mut noise = LayerNoise::default();
            noise.draw(&noise_of(KINDS[kind], 0, (outputs, inputs)), from..from + d as u32);
            let mut signs = vec![1.0; d];
            signs.extend(vec![-1.0; d]);
            let lanes = Lanes { directions: d, halves: 2, signs, sigma: 0.1 };
            // Input of a lane is a function of its direction alone.
            let mut x = Vec::new();
            for i in 0..inputs {
                for lane in 0..2 * d {
                    x.push(((i * 31 + (from as usize + lane % d) * 17) % 23) as f32 * 0.1 - 1.0);
                }
            }
            let call = PerturbedLinear {
                weights: &weights, packed: None, outputs, inputs, bias: None, noise: &noise, lanes: &lanes,
                x: Input::PerLane(&x), rows: 1,
            };
            let mut y = vec![0.0; outputs * 2 * d];
            Backend::cpu().perturbed_linear(&call, &mut y).expect("shapes fit");
            y
        };
        let all = run(0, whole);
        let part = run(first, directions);
        for o in 0..outputs {
            for lane in 0..2 * directions {
                let (half, d) = (lane / directions, lane % directions);
                let same = all[o * 2 * whole + half * whole + first as usize + d];
                prop_assert_eq!(part[o * 2 * directions + lane].to_bits(), same.to_bits());
            }
        }
    }
}
