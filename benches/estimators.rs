//! When does one-sided sampling with leave-one-out weights beat antithetic pairs? Not a timing: a table.
//!
//! ```text
//! antithetic       Ĝ = 1/(2Kσ) Σₖ (f(σEₖ) - f(-σEₖ)) Eₖ       K = N/2 directions
//! leave-one-out    Ĝ = 1/(Nσ) Σᵢ (f(σEᵢ) - f̄₋ᵢ) Eᵢ            N directions
//! ```
//!
//! Both spend N evaluations around the centre 0 of an (m, n) matrix; the error is |Ĝ - G|²/|G|², where G is the true
//! gradient. The estimates are the library's own: one step of SGD with step size 1 and unbiased scaling.
//!
//! Theory for an affine fitness, κ = mn + 1 + 2(m + n + 1)/r: `κ/K` for pairs, `κ/N + (mn + 1)/(N(N - 1))` for
//! leave-one-out (arXiv 2609.10980, theorem 7.1 and section 9); the expected cosine of pairs is about
//! `1/√(1 + κ/K)`. The program ends with exit code 1 if a measured mean is more than five standard errors away.

use std::fmt;
use std::process::ExitCode;

use hatchery::engine::write_member;
use hatchery::kernels::{Domain, LayerNoise, NoiseAddress, NoiseStream};
use hatchery::prelude::*;
use hatchery::tasks::classify::{Classifier, Config as Images, digits};

/// Noise scale; it cancels out of everything but the curvature, which is given relative to it.
const SIGMA: f32 = 0.1;
/// Trials of a row, each with directions of its own.
const TRIALS: u64 = 1000;
/// Standard errors beyond which theory is contradicted; five are met by chance once in two million.
const Z_MAX: f64 = 5.0;
/// Shape of the matrix where no other is given.
const SHAPE: Shape = Shape { outputs: 12, inputs: 10, rank: 1, evaluations: 256 };

#[derive(Clone, Copy)]
struct Shape {
    outputs: usize,
    inputs: usize,
    rank: u32,
    evaluations: u32,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { outputs, inputs, rank, evaluations } = self;
        write!(f, "{:>7}  {rank:2}  {evaluations:5}", format!("{outputs}x{inputs}"))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Estimator {
    Antithetic,
    LeaveOneOut,
}

impl Estimator {
    fn name(self) -> &'static str {
        match self {
            Self::Antithetic => "antithetic",
            Self::LeaveOneOut => "leave-one-out",
        }
    }

    fn sampling(self) -> Sampling {
        match self {
            Self::Antithetic => Sampling::Antithetic,
            Self::LeaveOneOut => Sampling::OneSided,
        }
    }

    /// Relative squared error on an affine fitness.
    fn predicted_error(self, shape: Shape) -> f64 {
        let evaluations = f64::from(shape.evaluations);
        let (m, n) = (shape.outputs as f64, shape.inputs as f64);
        let kappa = m * n + 1.0 + 2.0 * (m + n + 1.0) / f64::from(shape.rank);
        match self {
            Self::Antithetic => 2.0 * kappa / evaluations,
            Self::LeaveOneOut => {
                kappa / evaluations + (m * n + 1.0) / (evaluations * (evaluations - 1.0))
            }
        }
    }

    /// Ĝ for fitness `f(x, member)` at the centre 0.
    fn estimate(self, shape: Shape, trial: u64, f: impl Fn(&[f32], usize) -> f64) -> Vec<f32> {
        let spec = ParamSpec::matrix("w", shape.outputs, shape.inputs);
        let centre = Params::zeros(Layout::new(vec![spec]).into());
        let config = eggroll::Config {
            pairs: shape.evaluations / 2,
            sigma: SIGMA,
            rank: shape.rank,
            learning_rate: 1.0,
            optimiser: Optimiser::Sgd,
            scaling: eggroll::Scaling::Unbiased,
            sampling: self.sampling(),
            shaping: match self {
                Self::Antithetic => Shaping::Raw,
                Self::LeaveOneOut => Shaping::LeaveOneOut,
            },
            ..eggroll::Config::default()
        };
        let mut x = centre.clone();
        let variant = eggroll::Variant::Eggroll;
        let mut search = Eggroll::try_new(variant, config, centre, trial).expect("it is valid");
        let population = search.ask(0).expect("it asks");
        let mut noise = LayerNoise::default();
        let score = |member| {
            write_member(&population, member, &mut noise, &mut x);
            f(&x.values, member) as f32
        };
        let fitness = Fitness::new((0..population.len()).map(score).collect(), None);
        search.tell(population, &fitness, &Backend::cpu()).expect("it tells");
        search.state().expect("read").theta
    }
}

/// Mean and its standard error.
#[derive(Clone, Copy)]
struct Mean {
    value: f64,
    error: f64,
}

impl Mean {
    fn of(samples: &[f64]) -> Self {
        let count = samples.len() as f64;
        let value = samples.iter().sum::<f64>() / count;
        let square = samples.iter().map(|x| (x - value).powi(2)).sum::<f64>() / (count - 1.0);
        Self { value, error: (square / count).sqrt() }
    }
}

impl fmt::Display for Mean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:7.4} ± {:.4}", self.value, self.error)
    }
}

/// Error and cosine of the estimates of a gradient of length 1, over all trials.
fn measure(
    estimator: Estimator,
    shape: Shape,
    trials: u64,
    f: impl Fn(&[f32], usize, u64) -> f64,
) -> (Mean, Mean) {
    let gradient = unit(shape);
    let mut errors = Vec::new();
    let mut cosines = Vec::new();
    for trial in 0..trials {
        let affine = |x: &[f32]| dot(x, &gradient) + 1.0;
        let estimate = estimator.estimate(shape, trial, |x, m| affine(x) + f(x, m, trial));
        let square = dot(&estimate, &estimate);
        let along = dot(&estimate, &gradient);
        errors.push(square - 2.0 * along + 1.0);
        cosines.push(along / square.sqrt());
    }
    (Mean::of(&errors), Mean::of(&cosines))
}

/// A fixed gradient without structure, of length 1.
fn unit(shape: Shape) -> Vec<f32> {
    let mut g = vec![0.0; shape.outputs * shape.inputs];
    let at = NoiseAddress { generation: 0, pair: 0, layer: 0, block: 0 };
    NoiseStream::new(0).domain(Domain::Init).fill_normals(at, &mut g);
    let norm = dot(&g, &g).sqrt();
    g.iter().map(|v| (f64::from(*v) / norm) as f32).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

const BOTH: [Estimator; 2] = [Estimator::Antithetic, Estimator::LeaveOneOut];

/// Prints the table and says whether theory holds.
fn affine() -> bool {
    println!("a. Affine fitness, against theory: leave-one-out has half the error of pairs");
    println!(
        "  shape   r      N  estimator      error predicted     measured        z   cosine predicted     measured"
    );
    let mut holds = true;
    let big = Shape { outputs: 16, inputs: 24, rank: 1, evaluations: 16384 };
    let shapes = [
        (SHAPE, TRIALS),
        (Shape { rank: 4, ..SHAPE }, TRIALS),
        (Shape { evaluations: 32, ..SHAPE }, TRIALS),
        (big, 10),
        (Shape { rank: 16, ..big }, 10),
    ];
    for (shape, trials) in shapes {
        for estimator in BOTH {
            let predicted = estimator.predicted_error(shape);
            let (error, cosine) = measure(estimator, shape, trials, |_, _, _| 0.0);
            let z = (error.value - predicted) / error.error;
            let expected = 1.0 / (1.0 + predicted).sqrt();
            holds &= z.abs() < Z_MAX;
            let name = estimator.name();
            println!(
                "{shape}  {name:13}  {predicted:15.4}  {error}  {z:5.2}  {expected:16.4}  {cosine}"
            );
        }
    }
    println!();
    holds
}

/// One row per strength: error and cosine of both estimators, and which is better.
fn compare(strength: f64, f: impl Fn(&[f32], usize, u64) -> f64) {
    let [(pairs, pairs_cosine), (one, one_cosine)] =
        BOTH.map(|estimator| measure(estimator, SHAPE, TRIALS, &f));
    let apart = (pairs.value - one.value).abs() > 3.0 * pairs.error.hypot(one.error);
    let better = match (apart, one.value < pairs.value) {
        (false, _) => "neither",
        (true, true) => "leave-one-out",
        (true, false) => "antithetic",
    };
    println!(
        "{strength:8.2}  {pairs}  {one}  {:10.3}  {:13.3}  {better}",
        pairs_cosine.value, one_cosine.value
    );
}

fn heading(title: &str, strength: &str) {
    println!("{title}");
    println!(
        "{strength:>8}  error antithetic  error leave-one-out  cos. pairs  cos. one-sided  better"
    );
}

/// The even part of the fitness: pairs cancel it, one-sided samples carry it as noise.
fn quadratic() {
    heading(
        "b. Quadratic fitness; curvature = deviation of the even part over that of the odd part",
        "curv.",
    );
    // For r = 1, |E|² = |a|²|b|²: its variance is m(m+2)n(n+2) - m²n².
    let (m, n) = (SHAPE.outputs as f64, SHAPE.inputs as f64);
    let deviation = (m * (m + 2.0) * n * (n + 2.0) - (m * n).powi(2)).sqrt();
    for strength in [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0] {
        // Odd part: σ<G, E> with deviation σ. Even part: -c/2 |x|² with deviation c/2 σ² · deviation.
        let c = strength * 2.0 / (f64::from(SIGMA) * deviation);
        compare(strength, |x, _, _| -0.5 * c * dot(x, x));
    }
    println!();
}

/// Who shares a draw of the evaluation's own noise: a starting state, a minibatch.
#[derive(Clone, Copy)]
enum Shared {
    Member,
    Pair,
    Generation,
}

fn noisy() {
    let kinds = [
        (
            Shared::Member,
            "each evaluation has its own: leave-one-out stays ahead, by less and less",
        ),
        (Shared::Pair, "members 2k and 2k + 1 share it: only pairs cancel it"),
        (Shared::Generation, "all members share it: both cancel it"),
    ];
    for (shared, what) in kinds {
        heading(&format!("c. Noisy affine fitness; {what}"), "noise");
        for strength in [0.0, 0.5, 1.0, 2.0, 4.0] {
            let scale = strength * f64::from(SIGMA);
            compare(strength, |_, member, trial| {
                let pair = match shared {
                    Shared::Member => member,
                    Shared::Pair => member / 2,
                    Shared::Generation => 0,
                };
                let mut drawn = [0.0];
                let at = NoiseAddress { generation: 0, pair: pair as u32, layer: 0, block: 0 };
                NoiseStream::new(trial).domain(Domain::Data).fill_normals(at, &mut drawn);
                scale * f64::from(drawn[0])
            });
        }
        println!();
    }
}

/// Real data: all members of a generation see the same images, so noise is shared; the even part grows with sigma.
fn handwritten() {
    const GENERATIONS: u32 = 100;
    const SEEDS: u64 = 5;
    println!("d. Digits, cross-entropy, 256 members, {GENERATIONS} generations, {SEEDS} seeds");
    println!("   sigma  estimator        population's loss    accuracy of the centre");
    let (train, test) = digits::load().expect("the table is embedded");
    let model = mlp::Config { hidden: vec![32], ..mlp::Config::default() };
    let judge = Classifier::new(test, Images::default(), &model, 0);
    let evaluator = Evaluator::new(Backend::cpu());
    let rows = [0.01, 0.03, 0.1].into_iter().flat_map(|sigma| BOTH.map(|e| (sigma, e)));
    for (sigma, estimator) in rows {
        let (mut losses, mut accuracy) = (Vec::new(), Vec::new());
        for seed in 0..SEEDS {
            let task = Classifier::new(train.clone(), Images::default(), &model, seed);
            let config = eggroll::Config {
                sigma,
                sampling: estimator.sampling(),
                shaping: Shaping::ZScore,
                ..eggroll::Config::default()
            };
            let variant = eggroll::Variant::Eggroll;
            let mut search =
                Eggroll::try_new(variant, config, task.init(seed), seed).expect("it is valid");
            let budget = Budget { generations: Some(GENERATIONS), ..Budget::default() };
            let plan = RunPlan { budget, ..RunPlan::default() };
            let report = run(&mut search, &task, &evaluator, &plan, &mut []).expect("it runs");
            losses.push(-report.mean_fitness);
            let centre = search.centre().expect("it has one").clone();
            let learned = Perturbed::mean(centre.into(), 1);
            accuracy.push(judge.accuracy(&learned, &evaluator.backend).expect("shapes fit"));
        }
        let (loss, accuracy) = (Mean::of(&losses), Mean::of(&accuracy));
        println!("{sigma:8.2}  {:13}  {loss}  {accuracy}", estimator.name());
    }
    println!("Z-scored one-sided weights are leave-one-out weights but for one factor.");
}

fn main() -> ExitCode {
    let Shape { outputs, inputs, rank, evaluations } = SHAPE;
    println!(
        "Errors are |Ĝ - G|²/|G|², mean ± standard error over {TRIALS} trials (10 for 16x24)."
    );
    println!(
        "{outputs}x{inputs} matrix, rank {rank}, {evaluations} evaluations unless given; strengths are relative to"
    );
    println!("the odd part of the fitness within one sigma.\n");
    let holds = affine();
    quadratic();
    noisy();
    handwritten();
    if holds {
        ExitCode::SUCCESS
    } else {
        eprintln!("an affine row is more than {Z_MAX} standard errors from theory");
        ExitCode::FAILURE
    }
}
