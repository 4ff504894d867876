//! The part on a GPU: layers, policies and whole generations, with what noise costs. Everything is timed by the clock of the
//! host around many repetitions after a warm-up, medians; forward passes are recorded launches, generations are not.
//!
//! * `plain`: the pass with the mean weights. `stored` and `drawn`: the pass with low-rank noise that is read, or drawn where it is
//!   used. `make`: drawing all of it into memory once, which a stored pass needs before.
//! * `port.`: `drawn` by the kernels that all devices have, without those for this one.
//! * `even`: how often a number must be drawn, in one pass or several, before making it once is faster; `-` if a pass that draws
//!   is no slower than one that reads. [`STORED_FROM_DRAWS`] is the rule of the engine, to be set by this column.
//! * `gen`: a whole generation as the engine does it, with either kind of noise: launches are made anew, noise is that of the
//!   generation, one number of fitness per member comes to the host and its utilities are made from there on the device, then
//!   the update contraction and a step of SGD. Arrays are given back and taken again, as in the engine. Inputs lie on the device
//!   before: how a task makes them is not timed. Norms and the copy of θ that the engine's step makes beside are not in it.
//!
//! Weights are perturbed. Biases are added, and are neither perturbed nor updated.

use std::time::Instant;

use hatchery::engine::shaping::{self, Shaping};
use hatchery::kernels::cuda::{
    Argument, Centred, Contraction, Cuda, Device, Draw, Head, Inputs, Members, Memory, Network,
    NoiseLayout, NoiseSource, Pass, Prepared, Rollout, Rule, STORED_FROM_DRAWS, Shape, Source,
    Stage, Starts, Tensor,
};
use hatchery::kernels::{
    Distribution, Domain, KernelError, NoiseAddress, NoiseStream, Perturbation, Precision,
    TensorNoise,
};
use hatchery::tasks::control::{CartPole, Environment};
use serde_json::{Value, json};

use super::args::Args;

/// Seconds of one measurement.
const SECONDS: f64 = 0.3;
/// Measurements of which the median is taken.
const ROUNDS: usize = 7;

/// What is measured: layers of a width, and how many members with how many rows.
struct Setting {
    width: usize,
    layers: usize,
    members: usize,
    rows: usize,
    rank: u32,
}

pub(super) fn run(args: &Args) -> Result<Value, KernelError> {
    let cuda = Cuda::open(Some(0))?;
    let device = &cuda.devices()[0];
    println!("{} ({} multiprocessors)", device.name(), device.multiprocessors());
    let settings = if args.quick {
        vec![
            Setting { width: 256, layers: 1, members: 256, rows: 1, rank: 1 },
            Setting { width: 64, layers: 2, members: 64, rows: 4, rank: 2 },
            Setting { width: 64, layers: 1, members: 4, rows: 512, rank: 1 },
        ]
    } else {
        vec![
            Setting { width: 8192, layers: 1, members: 1024, rows: 1, rank: 1 },
            Setting { width: 8192, layers: 1, members: 4096, rows: 1, rank: 1 },
            Setting { width: 8192, layers: 1, members: 16_384, rows: 1, rank: 1 },
            Setting { width: 8192, layers: 1, members: 65_536, rows: 1, rank: 1 },
            Setting { width: 8192, layers: 1, members: 4096, rows: 1, rank: 4 },
            Setting { width: 8192, layers: 1, members: 256, rows: 32, rank: 1 },
            Setting { width: 8192, layers: 1, members: 2048, rows: 32, rank: 1 },
            Setting { width: 8192, layers: 1, members: 32, rows: 512, rank: 4 },
            Setting { width: 2048, layers: 1, members: 16_384, rows: 1, rank: 1 },
            Setting { width: 2048, layers: 1, members: 128, rows: 512, rank: 1 },
            Setting { width: 1024, layers: 1, members: 1 << 17, rows: 1, rank: 1 },
            Setting { width: 512, layers: 1, members: 1 << 18, rows: 1, rank: 1 },
            Setting { width: 256, layers: 1, members: 1 << 20, rows: 1, rank: 1 },
            Setting { width: 256, layers: 3, members: 1 << 20, rows: 1, rank: 1 },
            Setting { width: 256, layers: 3, members: 1 << 20, rows: 1, rank: 4 },
        ]
    };
    println!("{}", heading());
    let mut layers = Vec::new();
    for setting in settings {
        match measure_layers(device, &setting) {
            Ok(line) => layers.push(line),
            // The next setting may fit.
            Err(error @ KernelError::DeviceMemory { .. }) => println!("{error}"),
            Err(error) => return Err(error),
        }
    }
    let even = median_even(&layers);
    match even {
        Some(draws) => println!(
            "stored noise pays from {draws:.1} draws of a number on (median); the rule says {STORED_FROM_DRAWS}"
        ),
        None => println!(
            "drawing noise is never slower than reading it; the rule stores it from {STORED_FROM_DRAWS} draws on"
        ),
    }
    let episodes = measure_cartpole(device, if args.quick { 8 } else { 18 })?;
    Ok(json!({
        "device": device.name(), "layers": layers, "cartpole": episodes,
        "stored_from_draws": { "rule": STORED_FROM_DRAWS, "measured": even },
    }))
}

/// The median of the draws at which both kinds of noise are even, over the settings that have such a number.
fn median_even(layers: &[Value]) -> Option<f64> {
    let mut even: Vec<f64> = layers.iter().filter_map(|line| line["even_draws"].as_f64()).collect();
    even.sort_by(f64::total_cmp);
    even.get(even.len() / 2).copied()
}

fn heading() -> String {
    format!(
        "{:>8} {:>9} {:>4} {:>4} | {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>10} {:>10} | {:>8} {:>8} {:>6} {:>5} {:>6} {:>10} {:>6}",
        "layer",
        "members",
        "rows",
        "rank",
        "plain us",
        "stored us",
        "drawn us",
        "port. us",
        "make us",
        "update us",
        "gen st us",
        "gen dr us",
        "stored %",
        "drawn %",
        "draws",
        "even",
        "rule",
        "M memb/s",
        "gen %"
    )
}

/// Microseconds of a repetition of `work`, whose launches are recorded.
fn recorded(
    device: &Device,
    work: impl Fn() -> Result<(), KernelError>,
) -> Result<f64, KernelError> {
    work()?;
    let recorded = device.record(&work)?;
    timed(device, || recorded.replay())
}

/// Microseconds of a repetition of `work`.
fn timed(
    device: &Device,
    mut work: impl FnMut() -> Result<(), KernelError>,
) -> Result<f64, KernelError> {
    work()?;
    device.synchronize()?;
    let start = Instant::now();
    work()?;
    device.synchronize()?;
    let once = start.elapsed().as_secs_f64();
    let repetitions = (SECONDS / ROUNDS as f64 / once).clamp(1.0, 10_000.0) as usize;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..repetitions {
            work()?;
        }
        device.synchronize()?;
        times.push(start.elapsed().as_secs_f64() / repetitions as f64);
    }
    times.sort_by(f64::total_cmp);
    Ok(1e6 * times[ROUNDS / 2])
}

/// Square layers with ReLU between them, their parameters on the device.
struct Model<'a> {
    setting: &'a Setting,
    network: Network,
    theta: Memory<f32>,
}

impl<'a> Model<'a> {
    fn new(device: &Device, setting: &'a Setting) -> Result<Self, KernelError> {
        let &Setting { width, layers, .. } = setting;
        let mut stages = Vec::new();
        for layer in 0..layers {
            let (weight, bias) = (2 * layer, 2 * layer + 1);
            stages.push(Stage::Linear { inputs: width, outputs: width, weight, bias });
            if layer + 1 < layers {
                stages.push(Stage::Relu);
            }
        }
        let mut theta = vec![0.0; layers * (width * width + width)];
        NoiseStream::new(1).domain(Domain::Init).fill_normals(NoiseAddress::default(), &mut theta);
        let scale = (2.0 / width as f32).sqrt();
        theta.iter_mut().for_each(|w| *w *= scale);
        let network = Network { inputs: width, stages };
        Ok(Self { setting, network, theta: device.upload(&theta)? })
    }

    /// Elements of a tensor: first and count.
    fn range(&self, tensor: usize) -> (usize, usize) {
        let width = self.setting.width;
        let first = tensor / 2 * (width * width + width) + tensor % 2 * width * width;
        (first, if tensor.is_multiple_of(2) { width * width } else { width })
    }

    fn noise(&self, tensor: usize, generation: u32, perturbed: bool) -> TensorNoise {
        let width = self.setting.width;
        TensorNoise {
            perturbation: match (perturbed, tensor % 2) {
                (true, 0) => Perturbation::LowRank { rank: self.setting.rank },
                _ => Perturbation::None,
            },
            distribution: Distribution::Normal,
            stream: NoiseStream::new(3),
            generation,
            layer: tensor as u32,
            rows: width,
            cols: if tensor.is_multiple_of(2) { width } else { 1 },
        }
    }

    fn members(&self, generation: u32, perturbed: bool) -> Members<'_> {
        let tensor = |tensor: usize| Tensor {
            values: Centred::Device(&self.theta, self.range(tensor).0),
            noise: self.noise(tensor, generation, perturbed),
        };
        Members {
            tensors: (0..2 * self.setting.layers).map(tensor).collect(),
            directions: 0..(self.setting.members / 2) as u32,
            halves: 2,
            sigma: 0.01,
            baseline_group: 0,
            precision: Precision::Bf16,
        }
    }

    fn pass<'p>(&'p self, members: &'p Members<'p>, noise: NoiseSource) -> Pass<'p> {
        let rows = self.setting.rows;
        Pass { network: &self.network, members, rows, shared_input: false, noise }
    }

    /// Microseconds of drawing the factors of all layers into memory.
    fn making(&self, device: &Device) -> Result<f64, KernelError> {
        let &Setting { width, layers, members, rank, .. } = self.setting;
        // Widths are whole blocks of numbers: B, then A.
        let elements = 2 * rank as usize * width;
        let slab = device.allocate::<f32>(elements * members / 2)?;
        let draw = |layer: usize| Draw {
            stream: NoiseStream::new(3),
            distribution: Distribution::Normal,
            at: NoiseAddress { layer: 2 * layer as u32, ..NoiseAddress::default() },
            directions: 0..(members / 2) as u32,
            elements,
            layout: NoiseLayout::ElementsLast,
            stride: elements,
        };
        recorded(device, || {
            (0..layers).try_for_each(|layer| device.draw_noise(&draw(layer), &slab, 0))
        })
    }
}

fn measure_layers(device: &Device, setting: &Setting) -> Result<Value, KernelError> {
    let model = Model::new(device, setting)?;
    let &Setting { width, layers, members, rows, rank } = setting;
    let forward = |perturbed, noise| {
        let population = model.members(0, perturbed);
        let prepared = device.prepare(&model.pass(&population, noise))?;
        prepared.fill_input(7)?;
        recorded(device, || prepared.run_layers())
    };
    let plain = forward(false, NoiseSource::Drawn)?;
    let stored = forward(true, NoiseSource::Stored)?;
    let drawn = forward(true, NoiseSource::Drawn)?;
    device.set_portable(true);
    let portable = forward(true, NoiseSource::Drawn);
    device.set_portable(false);
    let portable = portable?;
    let make = model.making(device)?;
    let mut generations = Generations::new(device, &model)?;
    let update = timed(device, || generations.update())?;
    let [gen_stored, gen_drawn] = [NoiseSource::Stored, NoiseSource::Drawn]
        .map(|noise| timed(device, || generations.next(noise)));
    let (gen_stored, gen_drawn) = (gen_stored?, gen_drawn?);
    let population = model.members(0, true);
    let draws = NoiseSource::draws_per_pass(&model.network, &population, rows);
    let even = (drawn > stored).then(|| draws * make / (drawn - stored));
    let rule = NoiseSource::choose(&model.network, &population, rows, 1);
    let (generation, name) = match rule {
        NoiseSource::Stored => (gen_stored, "stored"),
        NoiseSource::Drawn => (gen_drawn, "drawn"),
    };
    let limit = 1.0 / (1.0 + f64::from(rank) / (2.0 * rows as f64));
    let rate = members as f64 / drawn.min(stored);
    println!(
        "{:>8} {members:>9} {rows:>4} {rank:>4} | {plain:>9.1} {stored:>9.1} {drawn:>9.1} {portable:>9.1} {make:>9.1} {update:>9.1} {gen_stored:>10.1} {gen_drawn:>10.1} | {:>8.1} {:>8.1} {draws:>6.1} {:>5} {name:>6} {rate:>10.2} {:>6.1}",
        if layers == 1 { format!("{width}") } else { format!("{layers}x{width}") },
        100.0 * plain / stored,
        100.0 * plain / drawn,
        even.map_or("-".to_owned(), |draws| format!("{draws:.1}")),
        100.0 * plain / generation,
    );
    let flops = 2.0 * (members * rows * layers * width * width) as f64;
    Ok(json!({
        "width": width, "layers": layers, "members": members, "rows": rows, "rank": rank,
        "plain_us": plain, "stored_us": stored, "drawn_us": drawn, "portable_us": portable, "make_us": make, "update_us": update,
        "generation_us": generation, "generation_stored_us": gen_stored, "generation_drawn_us": gen_drawn,
        "draws_per_pass": draws, "even_draws": even, "rule": name, "bias_noise": false,
        "plain_tflops": flops / plain / 1e6,
        "million_member_forwards_per_s": rate, "generation_of_plain": plain / generation, "arithmetic_limit": limit,
    }))
}

/// Whole generations: fresh noise, forward pass, fitness, shaping, contraction, step. Their inputs stay.
struct Generations<'a> {
    device: &'a Device,
    model: &'a Model<'a>,
    inputs: Inputs,
    gradient: Memory<f32>,
    weights: Memory<f32>,
    number: u32,
}

impl<'a> Generations<'a> {
    fn new(device: &'a Device, model: &'a Model<'a>) -> Result<Self, KernelError> {
        let setting = model.setting;
        let gradient = device.zeros(model.theta.len())?;
        let weights: Vec<f32> = (0..setting.members / 2).map(|d| (d as f32).sin()).collect();
        let weights = device.upload(&weights)?;
        let population = model.members(0, false);
        let prepared = device.prepare(&model.pass(&population, NoiseSource::Drawn))?;
        prepared.fill_input(7)?;
        Ok(Self { device, model, inputs: prepared.inputs(), gradient, weights, number: 0 })
    }

    fn next(&mut self, noise: NoiseSource) -> Result<(), KernelError> {
        self.number += 1;
        let population = self.model.members(self.number, true);
        let pass = self.model.pass(&population, noise);
        let prepared = self.device.prepare_on(&pass, Some(&self.inputs))?;
        prepared.run_layers()?;
        let fitness = self.fitness(&prepared)?;
        let utility = shaping::on_device(Shaping::ZScore, 0, fitness.len()).expect("it has one");
        let utilities = self.device.utilities(utility, &fitness)?;
        self.weights = self.device.fold(&utilities, 2, 0, 1.0)?;
        self.update()
    }

    /// One number per member, from the outputs on the device.
    fn fitness(&self, prepared: &Prepared<'_>) -> Result<Vec<f32>, KernelError> {
        let &Setting { width, members, rows, .. } = self.model.setting;
        let (y, stride) = prepared.raw_output();
        let fitness = self.device.allocate::<f32>(members)?;
        let arguments = [
            y,
            Argument::U32(stride as u32),
            Argument::U32(members as u32),
            Argument::U32(rows as u32),
            Argument::U32(width as u32),
            fitness.argument(),
        ];
        let source = Source::new("fitness", include_str!("fitness.cu"));
        let shape = Shape::items(members, 4);
        let shape = Shape { block: [128, 1, 1], ..shape };
        // SAFETY: the arguments are those of the kernel; outputs are bf16, and there is one number of fitness for each member.
        unsafe { self.device.launch(&source, "linear_fitness", shape, &arguments)? };
        fitness.download()
    }

    fn update(&mut self) -> Result<(), KernelError> {
        self.gradient.zero()?;
        for layer in 0..self.model.setting.layers {
            let noise = self.model.noise(2 * layer, self.number, true);
            let precision = Precision::Bf16;
            let call = Contraction { noise, signs: false, precision, weights: &self.weights };
            self.device.add_gradient(&call, &self.gradient, self.model.range(2 * layer).0)?;
        }
        self.device.update(Rule::Sgd { decay: 0.0 }, 1e-9, &self.model.theta, &self.gradient, &[])
    }
}

/// Steps of the environment a second, for a policy of one hidden layer of 32: one that balances the pole to the end, and one that
/// drops it at once, so that fresh episodes and noise weigh most.
fn measure_cartpole(device: &Device, log_members: u32) -> Result<Value, KernelError> {
    let mut lines = Vec::new();
    for balances in [true, false] {
        for exponent in (log_members.saturating_sub(4)..=log_members).step_by(2) {
            lines.push(measure_episodes(device, 1 << exponent, balances)?);
        }
    }
    Ok(json!(lines))
}

fn measure_episodes(device: &Device, members: usize, balances: bool) -> Result<Value, KernelError> {
    let shapes = [(32, 4), (32, 1), (2, 32), (2, 1)];
    let mut values: Vec<Vec<f32>> =
        shapes.iter().map(|(rows, cols)| vec![0.0; rows * cols]).collect();
    if balances {
        // The first hidden unit leans to where the pole falls, and decides alone.
        values[0][..4].copy_from_slice(&[0.2, 0.5, 4.0, 1.5]);
        (values[2][0], values[2][32]) = (-3.0, 3.0);
    }
    let network = Network {
        inputs: 4,
        stages: vec![
            Stage::Linear { inputs: 4, outputs: 32, weight: 0, bias: 1 },
            Stage::Tanh,
            Stage::Linear { inputs: 32, outputs: 2, weight: 2, bias: 3 },
        ],
    };
    let tensor = |k: usize| {
        let (rows, cols) = shapes[k];
        let perturbation = match cols {
            1 => Perturbation::Dense,
            _ => Perturbation::LowRank { rank: 1 },
        };
        let (stream, layer) = (NoiseStream::new(6), k as u32);
        let distribution = Distribution::Normal;
        let noise =
            TensorNoise { perturbation, distribution, stream, generation: 0, layer, rows, cols };
        Tensor { values: Centred::Host(&values[k]), noise }
    };
    let population = Members {
        tensors: (0..4).map(tensor).collect(),
        directions: 0..(members / 2) as u32,
        halves: 2,
        sigma: if balances { 0.02 } else { 0.3 },
        baseline_group: 0,
        precision: Precision::F32,
    };
    let environment = CartPole;
    let rollout = Rollout {
        environment: environment.cuda().expect("it has one"),
        network: &network,
        head: Head::Greedy,
        scales: &environment.scales(),
        steps_max: environment.steps_max(),
        episodes: 1,
        data: NoiseStream::new(7),
        generation: 0,
        starts: Starts::Pair,
    };
    // Each step has a reward of 1.
    let steps: f64 = device.rollout(&rollout, &population)?.iter().sum();
    let us = timed(device, || device.rollout(&rollout, &population).map(|_| ()))?;
    let (rate, mean) = (steps / us, steps / members as f64);
    println!(
        "cartpole {members:>8} members, {mean:>5.1} steps each: {us:>8.0} us, {rate:>8.1} M steps/s"
    );
    Ok(json!({
        "members": members, "steps_each": mean, "us": us, "million_steps_per_s": rate,
    }))
}
