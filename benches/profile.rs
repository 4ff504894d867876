//! Where the time of a generation goes: each part timed alone, for three shapes.
//!
//! ```sh
//! cargo bench --bench profile
//! ```
//!
//! Parts are medians over repetitions on all threads, in microseconds a generation; their sum may differ from the whole by a few
//! per cent, since caches are warmer when a part runs alone. `bound` is what the operations of a part would take at
//! the rate of products whose data lie in the nearest caches, which is measured first.

use std::time::Instant;

use hatchery::engine::shaping::{Shaping, shape};
use hatchery::engine::{Evaluator, Perturbed, Strategy, Task};
use hatchery::kernels::{
    Backend, Domain, GradientCall, Input, Lanes, LayerNoise, NoiseAddress, NoiseStream, Packed,
    Perturbation, PerturbedLinear, Precision,
};
use hatchery::search::Eggroll;
use hatchery::search::eggroll::{Config, Variant};
use hatchery::tasks::control::{CartPole, Config as Episodes, Environment, Policy, Start};
use hatchery::tasks::model::mlp::{self, Mlp, Scratch};
use hatchery::tasks::model::{MemberBlock, head};
use rayon::prelude::*;

#[allow(dead_code, reason = "the other bench uses the rest")]
#[path = "population_scaling/stack.rs"]
mod stack;

use stack::{Shape, Stack};

fn main() {
    let threads = rayon::current_num_threads();
    let rate = fma_rate();
    println!(
        "{threads} threads, {:.0} GFLOP/s of products in cache each; microseconds a generation",
        rate / 1e9
    );
    let peak = rate * threads as f64;
    for (name, rank) in [("256", 1), ("3x256", 4)] {
        stack_profile(name, rank, 8192, peak);
    }
    cartpole_profile(peak);
}

/// Median time of some repetitions, microseconds.
fn median_us(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..31)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Floating-point operations a second of one thread in the register tiles of a layer, all data in the nearest caches: within
/// 2 % of what the processor can do.
fn fma_rate() -> f64 {
    const SIDE: usize = 64;
    let (weights, x) = (vec![0.5; SIDE * SIDE], vec![0.5; SIDE * SIDE]);
    let packed = Packed::new(&weights, SIDE, SIDE, false, Precision::F32);
    let signs = vec![1.0; SIDE];
    let call = PerturbedLinear {
        weights: &weights,
        packed: Some(&packed),
        outputs: SIDE,
        inputs: SIDE,
        bias: None,
        noise: &LayerNoise::default(),
        lanes: &Lanes { directions: SIDE / 2, halves: 2, signs, sigma: 0.0 },
        x: Input::PerLane(&x),
        rows: 1,
    };
    let mut y = vec![0.0; SIDE * SIDE];
    let us = median_us(|| {
        for _ in 0..200 {
            Backend::cpu().perturbed_linear(&call, &mut y).expect("shapes fit");
        }
    });
    200.0 * 2.0 * (SIDE * SIDE * SIDE) as f64 / us * 1e6
}

/// One line of a profile.
struct Part {
    name: &'static str,
    us: f64,
    /// Floating-point operations, where they are what bounds it.
    flops: f64,
}

fn show(title: &str, whole_us: f64, members: f64, peak: f64, parts: &[Part]) {
    println!("\n{title}: {whole_us:.0} us, {:.0} k members/s", members / whole_us * 1e3);
    for Part { name, us, flops } in parts {
        let bound = match flops {
            0.0 => String::new(),
            flops => format!("   bound {:>8.0} us", flops / peak * 1e6),
        };
        println!("  {name:<36} {us:>9.0} us {:>5.1} %{bound}", 100.0 * us / whole_us);
    }
    let sum: f64 = parts.iter().map(|part| part.us).sum();
    let rest = whole_us - sum;
    println!("  {:<36} {rest:>9.0} us {:>5.1} %", "loop and the rest", 100.0 * rest / whole_us);
}

fn strategy(start: hatchery::engine::Params, pairs: u32, rank: u32) -> Eggroll {
    let config = Config { pairs, rank, learning_rate: 1e-6, ..Config::default() };
    Eggroll::try_new(Variant::Eggroll, config, start, 1).expect("it is valid")
}

/// Whole generations, and what is common to all shapes: shaping, update, optimiser.
fn common<T: Task<Population = Perturbed>>(
    task: &T,
    search: &mut Eggroll,
    evaluator: &Evaluator,
) -> (f64, [Part; 4]) {
    let mut generation = 0;
    let whole = median_us(|| {
        let population = search.ask(generation).expect("it asks");
        let fitness = evaluator.evaluate(task, &population).expect("it evaluates");
        search.tell(population, &fitness, &evaluator.backend).expect("it tells");
        generation += 1;
    });
    let population = search.ask(generation).expect("it asks");
    let fitness = evaluator.evaluate(task, &population).expect("it evaluates");
    let shaping = median_us(|| {
        std::hint::black_box(shape(Shaping::CentredRanks, 0, &fitness.values));
    });
    let weights = vec![1.0; population.directions as usize];
    let specs = population.theta.layout.specs();
    let mut out = vec![0.0; population.theta.values.len()];
    let update = median_us(|| {
        for (tensor, spec) in specs.iter().enumerate() {
            let noise = population.tensor_noise(tensor);
            let precision = Precision::F32;
            let call = GradientCall { noise, signs: false, precision, weights: &weights };
            evaluator.backend.gradient(&call, &mut out[..spec.len()]).expect("shapes fit");
        }
    });
    let (mut numbers, mut flops) = (0, 0.0);
    for (tensor, spec) in specs.iter().enumerate() {
        match population.tensor_noise(tensor).perturbation {
            Perturbation::LowRank { rank } => {
                numbers += rank as usize * (spec.rows + spec.cols);
                flops += 2.0 * f64::from(rank) * spec.len() as f64 * weights.len() as f64;
            }
            _ => numbers += spec.len(),
        }
    }
    let drawn = update_noise_us(numbers, weights.len()).min(update);
    let tell = median_us(|| {
        let population = search.ask(generation).expect("it asks");
        search.tell(population, &fitness, &evaluator.backend).expect("it tells");
    });
    let parts = [
        Part { name: "shaping", us: shaping, flops: 0.0 },
        Part { name: "update: noise again", us: drawn, flops: 0.0 },
        Part { name: "update: products", us: update - drawn, flops },
        Part { name: "optimiser and metrics", us: (tell - update - shaping).max(0.0), flops: 0.0 },
    ];
    (whole, parts)
}

/// Time to draw so many numbers for each direction.
fn update_noise_us(numbers: usize, directions: usize) -> f64 {
    let stream = NoiseStream::new(1).domain(Domain::Perturb);
    median_us(|| {
        (0..directions).into_par_iter().with_min_len(16).for_each_init(
            || vec![0.0; numbers],
            |values, pair| {
                let at = NoiseAddress { pair: pair as u32, ..NoiseAddress::default() };
                stream.fill_normals(at, values);
                std::hint::black_box(values);
            },
        );
    })
}

fn stack_profile(name: &str, rank: u32, members: usize, peak: f64) {
    let shape = Shape::parse(name).expect("it is a shape");
    let stack = Stack::new(&shape, members, 1);
    let mut search = strategy((*stack.params).clone(), (members / 2) as u32, rank);
    let evaluator = Evaluator::new(Backend::cpu());
    let (whole, rest) = common(&stack, &mut search, &evaluator);
    let population = search.ask(0).expect("it asks");
    let evaluate = median_us(|| {
        evaluator.evaluate(&stack, &population).expect("it evaluates");
    });
    let product = median_us(|| stack.infer(members));
    let noise = median_us(|| {
        (0..members).into_par_iter().step_by(stack.lanes).for_each(|first| {
            std::hint::black_box(MemberBlock::new(&population, first..first + stack.lanes));
        });
    });
    let flops = 2.0 * (shape.weights() * members) as f64;
    let mut parts = vec![
        Part { name: "noise", us: noise, flops: 0.0 },
        Part { name: "product with the mean weights", us: product, flops },
        Part { name: "correction", us: (evaluate - product - noise).max(0.0), flops: 0.0 },
    ];
    parts.extend(rest);
    let title = format!("{name}, rank {rank}, {members} members, one row each");
    show(&title, whole, members as f64, peak, &parts);
}

/// CartPole, 4-32-2, 256 members: a trained population, whose episodes last 500 steps.
fn cartpole_profile(peak: f64) {
    const SEED: u64 = 1;
    const MEMBERS: usize = 256;
    const STEPS: usize = 500;
    let model = mlp::Config::default();
    let task = Policy::new(CartPole, Episodes::default(), &model, SEED);
    let config = Config { pairs: 128, sigma: 0.3, learning_rate: 0.1, ..Config::default() };
    let mut search =
        Eggroll::try_new(Variant::Eggroll, config, task.init(SEED), SEED).expect("it is valid");
    let evaluator = Evaluator::new(Backend::cpu());
    for generation in 0..60 {
        let population = search.ask(generation).expect("it asks");
        let fitness = evaluator.evaluate(&task, &population).expect("it evaluates");
        search.tell(population, &fitness, &evaluator.backend).expect("it tells");
    }
    let trained = search.params().clone();
    let mut search = strategy(trained.clone(), 128, 1);
    let (whole, rest) = common(&task, &mut search, &evaluator);
    let population = search.ask(0).expect("it asks");
    let fitness = evaluator.evaluate(&task, &population).expect("it evaluates");
    let steps: f64 = fitness.values.iter().map(|v| f64::from(*v)).sum();
    let batch = task.batch_hint(&population, &Backend::cpu());
    let batches = MEMBERS / batch;
    let each = |work: &(dyn Fn(usize) + Sync)| {
        median_us(|| (0..batches).into_par_iter().for_each(|b| work(b * batch)))
    };
    let noise = each(&|first| {
        std::hint::black_box(MemberBlock::new(&population, first..first + batch));
    });
    let network = Mlp::new(4, 2, &model, Vec::new());
    let passes = |population: &Perturbed| {
        each(&|first| {
            let block = MemberBlock::new(population, first..first + batch);
            let (x, mut scratch) = (vec![0.1; 4 * batch], Scratch::default());
            for _ in 0..STEPS {
                let input = Input::PerLane(&x);
                let y = network.forward(&block, input, 1, &evaluator.backend, &mut scratch);
                std::hint::black_box(y.expect("shapes fit"));
            }
        })
    };
    let with_noise = passes(&population);
    let mean = Perturbed::mean(std::sync::Arc::new(trained), MEMBERS as u32);
    let product = passes(&mean);
    let environment = each(&|_| {
        let start = Start { stream: NoiseStream::new(1), at: NoiseAddress::default() };
        let mut lanes = CartPole.reset(&vec![start; batch]);
        let (mut observations, logits) = (vec![0.0; 4 * batch], vec![0.0; 2 * batch]);
        let (mut actions, mut rewards) = (vec![0.0; batch], vec![0.0; batch]);
        let mut terminated = vec![false; batch];
        for _ in 0..STEPS {
            CartPole.observe(&lanes, &mut observations);
            head::greedy(&logits, batch, &mut actions);
            CartPole.step(&mut lanes, &actions, &mut rewards, &mut terminated);
        }
        std::hint::black_box(&lanes);
    });
    let flops = 2.0 * (4 * 32 + 32 * 2) as f64 * (MEMBERS * STEPS) as f64;
    let mut parts = vec![
        Part { name: "noise", us: noise, flops: 0.0 },
        Part { name: "product with the mean weights, tanh", us: product, flops },
        Part { name: "correction", us: (with_noise - noise - product).max(0.0), flops: 0.0 },
        Part { name: "environment, observations, actions", us: environment, flops: 0.0 },
    ];
    parts.extend(rest);
    let title = format!(
        "cartpole, 4-32-2, rank 1, {MEMBERS} members, {:.1} M useful environment steps/s",
        steps / whole
    );
    show(&title, whole, MEMBERS as f64, peak, &parts);
}
