//! The arithmetic: noise, the linear layer of a block of members, the update contraction.
//!
//! Throughput is in normal deviates a second for noise, in members a second for the others. One thread: what more of
//! them add is seen in `generation`.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hatchery::kernels::{
    Backend, Distribution, Domain, GradientCall, Input, Lanes, LayerNoise, NoiseAddress,
    NoiseStream, Packed, Perturbation, PerturbedLinear, Precision, TensorNoise,
};

const STREAM: NoiseStream = NoiseStream::new(1).domain(Domain::Perturb);

fn normals(count: usize) -> Vec<f32> {
    let mut out = vec![0.0; count];
    let at = NoiseAddress { generation: 0, pair: 0, layer: 99, block: 0 };
    STREAM.fill_normals(at, &mut out);
    out
}

/// Noise of a tensor of the first layer.
fn tensor(perturbation: Perturbation, rows: usize, cols: usize) -> TensorNoise {
    let (distribution, generation, layer) = (Distribution::Normal, 0, 0);
    TensorNoise { perturbation, distribution, stream: STREAM, generation, layer, rows, cols }
}

/// One direction after the other, and blocks of directions as the layers want them.
fn noise(c: &mut Criterion) {
    let mut group = c.benchmark_group("noise");
    let length = 4096;
    group.throughput(Throughput::Elements(length as u64));
    let mut out = vec![0.0; length];
    group.bench_function(BenchmarkId::from_parameter(format!("stream/n{length}")), |b| {
        let at = NoiseAddress { generation: 0, pair: 0, layer: 0, block: 0 };
        b.iter(|| STREAM.fill_normals(black_box(at), &mut out));
    });
    for distribution in [Distribution::Normal, Distribution::Uniform] {
        for (side, rank, directions) in [(64, 1, 128), (256, 4, 128)] {
            group.throughput(Throughput::Elements((2 * side * rank * directions) as u64));
            let id = format!("{distribution:?}/o{side}_i{side}_r{rank}_d{directions}");
            group.bench_function(BenchmarkId::from_parameter(id.to_lowercase()), |b| {
                let mut drawn = LayerNoise::default();
                let kind = Perturbation::LowRank { rank: rank as u32 };
                let noise = TensorNoise { distribution, ..tensor(kind, side, side) };
                b.iter(|| drawn.draw(black_box(&noise), 0..directions as u32));
            });
        }
    }
    group.finish();
}

/// A layer of so many members, each with its own input; noise is drawn beforehand.
fn perturbed_linear(c: &mut Criterion) {
    let mut group = c.benchmark_group("perturbed_linear");
    let shapes =
        [(2, 32, 1, 1, 256), (64, 64, 1, 1, 256), (256, 256, 1, 1, 256), (256, 256, 4, 8, 64)];
    for (outputs, inputs, rank, rows, members) in shapes {
        let directions = members / 2;
        let mut drawn = LayerNoise::default();
        let kind = Perturbation::LowRank { rank };
        drawn.draw(&tensor(kind, outputs, inputs), 0..directions as u32);
        let signs = (0..members).map(|lane| if lane < directions { 1.0 } else { -1.0 }).collect();
        let lanes = Lanes { directions, halves: 2, signs, sigma: 0.1 };
        let (weights, x) = (normals(outputs * inputs), normals(inputs * rows * members));
        let packed = Packed::new(&weights, outputs, inputs, false, Precision::F32);
        let call = PerturbedLinear {
            weights: &weights,
            packed: Some(&packed),
            outputs,
            inputs,
            bias: None,
            noise: &drawn,
            lanes: &lanes,
            x: Input::PerLane(&x),
            rows,
        };
        let mut y = vec![0.0; outputs * rows * members];
        group.throughput(Throughput::Elements(members as u64));
        let id = format!("o{outputs}_i{inputs}_r{rank}_rows{rows}_m{members}");
        group.bench_function(BenchmarkId::from_parameter(id), |b| {
            let backend = Backend::cpu();
            b.iter(|| backend.perturbed_linear(black_box(&call), &mut y).expect("shapes fit"));
        });
    }
    group.finish();
}

/// The sum over all directions, noise drawn again within; a direction is two members.
fn gradient(c: &mut Criterion) {
    let mut group = c.benchmark_group("gradient");
    let low_rank = |rank| Perturbation::LowRank { rank };
    let shapes = [
        ("low_rank", low_rank(1), 64, 64, 1024),
        ("low_rank", low_rank(1), 256, 256, 1024),
        ("low_rank", low_rank(4), 256, 256, 1024),
        ("dense", Perturbation::Dense, 64, 64, 1024),
        ("sparse", Perturbation::Sparse, 64, 64, 1024),
    ];
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread");
    for (name, kind, outputs, inputs, directions) in shapes {
        let weights = normals(directions);
        let noise = tensor(kind, outputs, inputs);
        let call =
            GradientCall { noise, signs: false, precision: Precision::F32, weights: &weights };
        let mut out = vec![0.0; outputs * inputs];
        group.throughput(Throughput::Elements(2 * directions as u64));
        let rank = match kind {
            Perturbation::LowRank { rank } => format!("_r{rank}"),
            _ => String::new(),
        };
        let id = format!("{name}/o{outputs}_i{inputs}{rank}_d{directions}");
        group.bench_function(BenchmarkId::from_parameter(id), |b| {
            let backend = Backend::cpu();
            pool.install(|| {
                b.iter(|| backend.gradient(black_box(&call), &mut out).expect("shapes fit"));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, noise, perturbed_linear, gradient);
criterion_main!(benches);
