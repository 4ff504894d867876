//! One layer on the CPU and on a device.

use proptest::prelude::*;

use super::*;
use crate::cpu::{self, Input, Lanes, LayerNoise, Packed, PerturbedLinear, TensorNoise};
use crate::cuda::Stage;
use crate::cuda::{Centred, testing};
use crate::{Distribution, NoiseStream, math};

#[derive(Clone, Debug)]
struct Case {
    inputs: usize,
    outputs: usize,
    directions: usize,
    halves: usize,
    rows: usize,
    perturbation: Perturbation,
    distribution: Distribution,
    bias_noise: bool,
    source: NoiseSource,
    precision: Precision,
    shared: bool,
    activation: Option<Stage>,
}

fn values(count: usize, phase: f32) -> Vec<f32> {
    (0..count).map(|k| (k as f32 * 0.37 + phase).sin()).collect()
}

/// Outputs `(columns, outputs)` of the CPU and of the device.
fn both(case: &Case) -> Option<(Vec<f32>, Vec<f32>)> {
    let device = testing::device()?;
    let Case { inputs, outputs, directions, halves, rows, precision, .. } = *case;
    let noise = |perturbation, layer, rows, cols| TensorNoise {
        perturbation,
        distribution: case.distribution,
        stream: NoiseStream::new(8),
        generation: 3,
        layer,
        rows,
        cols,
    };
    let of_weight = noise(case.perturbation, 4, outputs, inputs);
    let of_bias = if case.bias_noise { Perturbation::Dense } else { Perturbation::None };
    let of_bias = noise(of_bias, 5, outputs, 1);
    let (weights, bias) = (values(outputs * inputs, 0.1), values(outputs, 0.7));
    let first = 6;
    let range = first..first + directions as u32;
    let lanes_count = directions * halves;
    let input_rows = if case.shared { rows } else { lanes_count * rows };
    let x = values(input_rows * inputs, 1.3);

    let signs = (0..lanes_count).map(|l| if l < directions { 1.0 } else { -1.0 }).collect();
    let lanes = Lanes { directions, halves, signs, sigma: 0.4 };
    let (mut weight_noise, mut bias_noise) = (LayerNoise::default(), LayerNoise::default());
    weight_noise.draw(&of_weight, range.clone());
    bias_noise.draw(&of_bias, range.clone());
    // From (columns, inputs), member after member, to (inputs, rows, lanes), half after half.
    let column =
        |row: usize, lane: usize| ((lane % directions) * halves + lane / directions) * rows + row;
    let mut turned = vec![0.0; x.len()];
    for i in 0..inputs {
        for row in 0..rows {
            if case.shared {
                turned[i * rows + row] = x[row * inputs + i];
                continue;
            }
            for lane in 0..lanes_count {
                turned[(i * rows + row) * lanes_count + lane] = x[column(row, lane) * inputs + i];
            }
        }
    }
    let packed = Packed::new(&weights, outputs, inputs, false, precision);
    let call = PerturbedLinear {
        weights: &weights,
        packed: if case.shared { None } else { Some(&packed) },
        outputs,
        inputs,
        bias: Some((&bias, &bias_noise)),
        noise: &weight_noise,
        lanes: &lanes,
        x: if case.shared { Input::Shared(&turned) } else { Input::PerLane(&turned) },
        rows,
    };
    let mut y = vec![0.0; outputs * rows * lanes_count];
    cpu::perturbed_linear(&call, &mut y).expect("computed");
    let mut expected = vec![0.0; y.len()];
    for o in 0..outputs {
        for row in 0..rows {
            for lane in 0..lanes_count {
                let value = y[(o * rows + row) * lanes_count + lane];
                expected[column(row, lane) * outputs + o] = match case.activation {
                    Some(Stage::Tanh) => math::tanh(value),
                    Some(Stage::Relu) => value.max(0.0),
                    Some(Stage::Gelu) => math::gelu(value),
                    _ => value,
                };
            }
        }
    }

    let mut stages = vec![Stage::Linear { inputs, outputs, weight: 0, bias: 1 }];
    stages.extend(case.activation);
    let network = Network { inputs, stages };
    let members = Members {
        tensors: vec![
            Tensor { values: Centred::Host(&weights), noise: of_weight },
            Tensor { values: Centred::Host(&bias), noise: of_bias },
        ],
        directions: range,
        halves,
        sigma: 0.4,
        baseline_group: 0,
        precision,
    };
    let pass = Pass {
        network: &network,
        members: &members,
        rows,
        shared_input: case.shared,
        noise: case.source,
    };
    let prepared = device.prepare(&pass).expect("prepared");
    prepared.write(&x).expect("written");
    prepared.run().expect("run");
    Some((expected, prepared.output().download().expect("read")))
}

/// Few forms, because each is compiled, and many shapes.
fn case() -> impl Strategy<Value = Case> {
    use NoiseSource::{Drawn, Stored};
    use Perturbation::{Dense, LowRank, None as Nothing, Sparse};
    let (normal, uniform) = (Distribution::Normal, Distribution::Uniform);
    let forms = [
        (LowRank { rank: 1 }, normal, true, Drawn, false, Some(Stage::Tanh)),
        (LowRank { rank: 1 }, normal, true, Stored, false, None),
        (LowRank { rank: 4 }, uniform, false, Drawn, false, Some(Stage::Relu)),
        (LowRank { rank: 6 }, normal, true, Stored, true, Some(Stage::Gelu)),
        (LowRank { rank: 3 }, normal, true, Drawn, true, None),
        (Dense, normal, true, Stored, false, Some(Stage::Tanh)),
        (Dense, uniform, false, Drawn, true, None),
        (Sparse, normal, true, Drawn, false, None),
        (Nothing, normal, false, Drawn, false, Some(Stage::Relu)),
    ];
    let narrow = (prop_oneof![Just(1_usize), 2_usize..200], 1_usize..200, 1_usize..40);
    let wide = (200_usize..700, 1_usize..30, 1_usize..12);
    let high = (1_usize..30, 200_usize..700, 1_usize..12);
    let sizes = prop_oneof![4 => narrow, 1 => wide, 1 => high];
    let shape = (sizes, 1_usize..3, 1_usize..4);
    (shape, 0..forms.len()).prop_map(move |(shape, form)| {
        let ((inputs, outputs, directions), halves, rows) = shape;
        let (perturbation, distribution, bias_noise, source, shared, activation) = forms[form];
        Case {
            inputs,
            outputs,
            directions,
            halves,
            rows,
            perturbation,
            distribution,
            bias_noise,
            source,
            precision: Precision::F32,
            shared,
            activation,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: testing::cases(16), ..ProptestConfig::default() })]

    #[test]
    fn a_layer_has_the_bits_of_the_cpu(case in case()) {
        if let Some((expected, found)) = both(&case) {
            prop_assert_eq!(expected.len(), found.len());
            for (a, b) in expected.iter().zip(&found) {
                // The product of shared inputs is a library's, with another order of sums.
                let near = case.shared && (a - b).abs() <= 1e-4 * (1.0 + a.abs());
                prop_assert!(a.to_bits() == b.to_bits() || near, "{} {}", a, b);
            }
        }
    }

    /// bf16 has eight bits and the outputs are rounded too. The error of a sum is that of its terms, and tanh makes only
    /// large outputs small: they are compared with the largest before it.
    #[test]
    fn a_layer_in_bf16_is_near_that_of_the_cpu(case in case()) {
        let case = Case { precision: Precision::Bf16, shared: false, ..case };
        let linear = Case { activation: None, ..case.clone() };
        if let Some(((before, _), (expected, found))) = both(&linear).zip(both(&case)) {
            let scale = before.iter().fold(1.0_f32, |m, v| m.max(v.abs()));
            for (a, b) in expected.iter().zip(&found) {
                prop_assert!((a - b).abs() <= 0.02 * scale, "{} {} of {}", a, b, scale);
            }
        }
    }
}

/// Outputs of low-rank layers with pairs or without, in f32 to the bit and in bf16 within 2 % of the largest.
fn check_low_rank(rank: u32, inputs: usize, outputs: usize, directions: usize, rows: usize) {
    // What is drawn in these tests is read in the others: compiling is most of the time.
    let (halves, distribution) = (1 + directions % 2, Distribution::Normal);
    for precision in [Precision::F32, Precision::Bf16] {
        let case = Case {
            inputs,
            outputs,
            directions,
            halves,
            rows,
            perturbation: Perturbation::LowRank { rank },
            distribution,
            bias_noise: false,
            source: NoiseSource::Drawn,
            precision,
            shared: false,
            activation: None,
        };
        let Some((expected, found)) = both(&case) else { return };
        let scale = expected.iter().fold(1.0_f32, |m, v| m.max(v.abs()));
        let tolerance = if precision == Precision::F32 { 0.0 } else { 0.02 * scale };
        for (at, (a, b)) in expected.iter().zip(&found).enumerate() {
            assert!((a - b).abs() <= tolerance, "{case:?} at {at}: {a} {b} of {scale}");
        }
    }
}

/// Wide layers in bf16, by the kernel of the device at hand and by the one that all devices have. Directions that share a tile
/// and directions with several tiles, ends that fill no tile, vectors of noise that do not fit at once.
#[test]
fn wide_layers_in_bf16_are_near_those_of_the_cpu() {
    use NoiseSource::{Drawn, Stored};
    use Perturbation::{LowRank, None as Nothing};
    let shapes = [
        (LowRank { rank: 1 }, true, Drawn, (264, 300, 70, 2, 1), Some(Stage::Relu)),
        (LowRank { rank: 1 }, false, Stored, (520, 257, 3, 2, 50), None),
        (LowRank { rank: 4 }, true, Stored, (256, 256, 64, 2, 1), None),
        (LowRank { rank: 3 }, false, Drawn, (300, 515, 2, 1, 100), Some(Stage::Tanh)),
        (Nothing, false, Drawn, (1001, 300, 65, 2, 1), None),
    ];
    for (perturbation, bias_noise, source, shape, activation) in shapes {
        let (inputs, outputs, directions, halves, rows) = shape;
        let case = Case {
            inputs,
            outputs,
            directions,
            halves,
            rows,
            perturbation,
            distribution: Distribution::Normal,
            bias_noise,
            source,
            precision: Precision::Bf16,
            shared: false,
            activation,
        };
        let Some(device) = testing::device() else { return };
        let linear = both(&Case { activation: None, ..case.clone() });
        let scale = linear.expect("a device").0.iter().fold(1.0_f32, |m, v| m.max(v.abs()));
        for portable in [false, true] {
            device.set_portable(portable);
            let (expected, found) = both(&case).expect("a device");
            device.set_portable(false);
            for (at, (a, b)) in expected.iter().zip(&found).enumerate() {
                let near = (a - b).abs() <= 0.02 * scale;
                assert!(near, "{case:?}, portable {portable}, at {at}: {a} {b} of {scale}");
            }
        }
    }
}

/// More factors than threads of a block have numbers for: they are summed span by span.
#[test]
fn ranks_beyond_a_block_are_summed_in_spans() {
    check_low_rank(65, 40, 9, 3, 2);
    check_low_rank(130, 24, 20, 2, 1);
    check_low_rank(400, 40, 7, 2, 1);
}

/// More inputs than shared memory holds: factors come chunk by chunk.
#[test]
fn long_inputs_come_in_chunks() {
    check_low_rank(4, 5001, 3, 2, 3);
    check_low_rank(6, 8192, 5, 3, 1);
}

/// Teams of one, two, four and eight warps, with directions that fill their last block and that do not.
#[test]
fn any_width_has_its_team() {
    for (inputs, directions) in [(255, 17), (257, 8), (600, 5), (1025, 3), (2049, 2)] {
        check_low_rank(4, inputs, 2, directions, 1);
    }
}

#[test]
fn a_pass_goes_on_with_the_inputs_of_another() {
    let Some(device) = testing::device() else { return };
    let (weights, bias) = (values(12, 0.1), values(3, 0.7));
    let stages = vec![Stage::Linear { inputs: 4, outputs: 3, weight: 0, bias: 1 }];
    let network = Network { inputs: 4, stages };
    let noise = |perturbation, cols| TensorNoise {
        perturbation,
        distribution: Distribution::Normal,
        stream: NoiseStream::new(8),
        generation: 0,
        layer: 0,
        rows: 3,
        cols,
    };
    let members = |directions, precision| Members {
        tensors: vec![
            Tensor {
                values: Centred::Host(&weights),
                noise: noise(Perturbation::LowRank { rank: 1 }, 4),
            },
            Tensor { values: Centred::Host(&bias), noise: noise(Perturbation::None, 1) },
        ],
        directions,
        halves: 2,
        sigma: 0.4,
        baseline_group: 0,
        precision,
    };
    let (first, wider, other) = (
        members(0..5, Precision::F32),
        members(0..6, Precision::F32),
        members(0..5, Precision::Bf16),
    );
    let pass = |members| Pass {
        network: &network,
        members,
        rows: 1,
        shared_input: false,
        noise: NoiseSource::Drawn,
    };
    let one = device.prepare(&pass(&first)).expect("prepared");
    one.write(&values(40, 1.3)).expect("written");
    one.run().expect("run");
    let two = device.prepare_on(&pass(&first), Some(&one.inputs())).expect("prepared");
    two.run().expect("run");
    assert_eq!(one.output().download().expect("read"), two.output().download().expect("read"));
    assert!(device.prepare_on(&pass(&wider), Some(&one.inputs())).is_err());
    assert!(device.prepare_on(&pass(&other), Some(&one.inputs())).is_err());
}
