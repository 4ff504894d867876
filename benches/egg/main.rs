//! Member-tokens a second of a generation of the integer language model, at the size of the preset `egg-parity`, and the share of what
//! this machine can multiply: a product of bytes out of the first cache, in the same run, on as many threads.
//!
//! With `--cuda` the forward pass of the published size on GPUs: 6 layers of 256, 100 tokens, 2^18 members, or as many as `--members` says;
//! copies to and from the device included, the update, which the processor makes, not.
//!
//! With `--learning` what each change of the algorithm is worth: see `learning.rs`.
//!
//! A table, not an estimate: all numbers are the best of several runs, since other work on a machine only adds time.

#![allow(missing_docs, clippy::print_stdout, reason = "a table")]

mod learning;

use std::sync::Arc;
use std::time::Instant;

use hatchery::engine::{Evaluator, Int8Perturbed, Strategy};
use hatchery::kernels::Backend;
use hatchery::kernels::cuda::Cuda;
use hatchery::kernels::int8::{
    Instructions, Int8Linear, Int8Scratch, PackedInt8, ZeroMean, int8_linear,
};
use hatchery::search::egg::{Config, Egg};
use hatchery::tasks::language::{ByteLm, Corpus, Model};

const TOKENS: usize = 64;
const RUNS: u32 = 8;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let asked = |flag: &str| words.iter().any(|word| word == flag);
    match (asked("--cuda"), asked("--learning")) {
        (true, _) => on_devices(&words),
        (_, true) => learning::run(&words),
        _ => on_the_processor(),
    }
}

fn task(model: Model, tokens: usize) -> ByteLm {
    let text = Corpus::read(Corpus::BUILT_IN).expect("it is built in");
    ByteLm::try_new(model, Corpus::of(text, 0.05, 0.05), tokens, 2).expect("long enough")
}

/// The published size on all GPUs: member-tokens a second. What twice the tokens take longer is the device alone: copies and
/// everything else that a batch costs are in both.
fn on_devices(words: &[String]) {
    const TOKENS: usize = 100;
    let named = words.iter().skip_while(|word| *word != "--members").nth(1);
    let members: u32 = named.map_or(1 << 18, |word| word.parse().expect("a number of members"));
    let model = Model { width: 256, depth: 6, zero: ZeroMean::One };
    let cuda = Cuda::open(None).expect("a device");
    let config = Config { pairs: members / 2, ..Config::default() };
    let mut egg = Egg::try_new(config, model.init(1), model.state_len(), 1).expect("valid");
    let evaluator = Evaluator::new(Backend::Cuda(cuda.clone()));
    let mut best = |tokens: usize| {
        let task = task(model, tokens);
        let mut best = f64::INFINITY;
        // The first run compiles. The update is left out: all runs are of the same members.
        for generation in 0..4 {
            let population: Int8Perturbed = egg.ask(generation).expect("asked");
            let began = Instant::now();
            evaluator.evaluate(&task, &population).expect("evaluated");
            best = best.min(began.elapsed().as_secs_f64());
        }
        best
    };
    let (once, twice) = (best(TOKENS), best(2 * TOKENS));
    let read = f64::from(members) * TOKENS as f64;
    let products = model.products_per_token() as f64;
    println!("device                {} x {}", cuda.devices().len(), cuda.devices()[0].name());
    println!("members               {members}");
    println!("forward, {TOKENS} tokens   {once:.3} s, {:.2} M member-tokens/s", read / once * 1e-6);
    println!("forward, {} tokens   {twice:.3} s", 2 * TOKENS);
    println!("the device alone      {:.2} M member-tokens/s", read / (twice - once) * 1e-6);
    println!("products of weights   {:.1} T/s", read / (twice - once) * products * 1e-12);
}

fn on_the_processor() {
    let model = Model { width: 64, depth: 2, zero: ZeroMean::Reference };
    let task = task(model, TOKENS);
    let config = Config::default();
    let members = config.members() as usize;
    let mut egg = Egg::try_new(config, model.init(1), model.state_len(), 1).expect("valid");
    let evaluator = Evaluator::new(Backend::cpu());
    let (mut forward, mut whole) = (f64::INFINITY, f64::INFINITY);
    for generation in 0..RUNS {
        let began = Instant::now();
        let population: Int8Perturbed = egg.ask(generation).expect("asked");
        let fitness = evaluator.evaluate(&task, &population).expect("evaluated");
        forward = forward.min(began.elapsed().as_secs_f64());
        egg.tell(population, &fitness, &evaluator.backend).expect("told");
        whole = whole.min(began.elapsed().as_secs_f64());
    }
    let tokens = (members * TOKENS) as f64;
    let products = tokens * model.products_per_token() as f64;
    let peak = peak();
    println!("instructions          {:?}", Instructions::best());
    println!("threads               {}", rayon::current_num_threads());
    println!("forward               {:.0} member-tokens/s", tokens / forward);
    println!("whole generation      {:.0} member-tokens/s", tokens / whole);
    println!("products of weights   {:.1} G/s", products / forward * 1e-9);
    println!("layer out of cache    {:.1} G/s", peak * 1e-9);
    println!("share of it           {:.0} %", 100.0 * products / forward / peak);
}

/// Products a second of a layer 256 → 64 without noise, whose weights and rows stay in the first caches, on all threads.
fn peak() -> f64 {
    const ROUNDS: usize = 2000;
    let (inputs, outputs, rows) = (256, 64, 64);
    let weights: Vec<i8> = (0..inputs * outputs).map(|i| (i % 31) as i8 - 15).collect();
    let weights = Arc::new(PackedInt8::new(&weights, outputs, inputs));
    let one = || {
        let (x, mut out) = (vec![3; rows * inputs], vec![0; rows * outputs]);
        let mut scratch = Int8Scratch::default();
        for _ in 0..ROUNDS {
            let call = Int8Linear {
                weights: &weights,
                rows: &x,
                noise: &[],
                rows_per_member: 1,
                sigma_shift: 4,
            };
            int8_linear(&call, &mut scratch, &mut out);
        }
    };
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let began = Instant::now();
        rayon::broadcast(|_| one());
        best = best.min(began.elapsed().as_secs_f64());
    }
    (rayon::current_num_threads() * ROUNDS * inputs * outputs * rows) as f64 / best
}
