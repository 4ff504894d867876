//! MINs: a network that was taught to draw designs of a given score is asked for the best visible score.
//!
//! critic:  mean C(G(z, y), y) − mean C(x, y) + 10 mean (|∇ₓC(x̂, y)| − 1)²      generator:  −mean C(G(z, y), y)
//!
//! x̂ lies between a row and a drawn design. The slope of n = |∇ₓC| in the weights is that of (C(x̂ + r u) − C(x̂ − r u))/2r with u = ∇ₓC/n held fixed,
//! exact up to r². Sources: Kumar and Levine, arXiv 1912.13464; Gulrajani et al., arXiv 1704.00028. Constants of the published baseline (latent 32, a step of
//! the generator after ten of the critic, 200 epochs), with 2 × 256 units instead of its 1,024, as with all networks here, and without its reweighing of rows.

use hatchery::surrogates::network::{Activation, Mlp, Tape};
use hatchery::surrogates::searcher::{Problem, Searcher};
use hatchery::surrogates::space::Design;
use hatchery::surrogates::{Draws, SurrogateError, statistics};

use super::{BATCH, Encoded, designs_of, gather, normals};
use crate::arena::Arena;

/// Numbers that a design is drawn from.
const LATENT: usize = 32;
/// Epochs on the visible rows.
const EPOCHS: u32 = 200;
/// Steps of the critic for each of the generator.
const CRITIC_STEPS: usize = 10;
/// Weight of the term that keeps the slopes of the critic at 1.
const PENALTY: f32 = 10.0;
/// r
const RADIUS: f32 = 0.01;
/// Step size.
const STEP_SIZE: f32 = 2e-4;

/// See the [module](self).
pub(crate) struct Mins {
    visible: Encoded,
    /// Scores of the rows in deviations from their mean.
    y: Vec<f32>,
}

impl Mins {
    /// On a task.
    pub(crate) fn of(arena: &Arena) -> Self {
        let (mean, deviation) =
            (statistics::mean(&arena.scores), statistics::population_sd(&arena.scores));
        let y = arena.scores.iter().map(|score| ((score - mean) / deviation.max(1e-12)) as f32);
        Self { visible: Encoded::visible(arena), y: y.collect() }
    }
}

impl Searcher for Mins {
    fn name(&self) -> &str {
        "mins"
    }

    fn search(&self, problem: &Problem<'_>) -> Result<Vec<Design>, SurrogateError> {
        let (x, width) = (&self.visible.x, self.visible.width());
        let mut draws = Draws::new(problem.seed, "MINs");
        let mut generator = Part::new(LATENT + 1, width, &mut draws);
        let mut critic = Part::new(width + 1, 1, &mut draws);
        let mut steps = 0;
        for _ in 0..EPOCHS {
            if problem.stop.is_raised() {
                break;
            }
            for rows in draws.order(self.y.len()).chunks(BATCH) {
                let (real, y) = (gather(x, width, rows), gather(&self.y, 1, rows));
                let drawn = generator.of(&beside(&normals(&mut draws, rows.len() * LATENT), &y));
                let shares: Vec<f32> = rows.iter().map(|_| draws.uniform() as f32).collect();
                let gradient = critic_gradient(&critic, [&real, &drawn], &y, &shares);
                critic.step(&gradient);
                steps += 1;
                if steps % CRITIC_STEPS == 0 {
                    let z = beside(&normals(&mut draws, rows.len() * LATENT), &y);
                    let gradient = generator_gradient(&generator, &critic, &z, &y);
                    generator.step(&gradient);
                }
            }
        }
        let best = self.y.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let z = normals(&mut draws, problem.answers * LATENT);
        let answers = generator.of(&beside(&z, &vec![best; problem.answers]));
        Ok(designs_of(problem, &self.visible.encoding, &answers))
    }
}

/// A network and how it is trained: Adam without momentum, which adversaries do not bear.
struct Part {
    mlp: Mlp,
    weights: Vec<f32>,
    squares: Vec<f32>,
    steps: i32,
}

impl Part {
    fn new(inputs: usize, outputs: usize, draws: &mut Draws) -> Self {
        let activation = Activation::LeakyRelu;
        let mlp = Mlp { inputs, hidden: vec![256; 2], outputs, activation };
        let weights: Vec<f32> = mlp.first_weights(draws);
        Self { squares: vec![0.0; weights.len()], weights, mlp, steps: 0 }
    }

    fn of(&self, x: &[f32]) -> Vec<f32> {
        self.mlp.forward(&self.weights, x, &mut Tape::default()).to_vec()
    }

    /// Adds the gradient of Σ `slope` · outputs in the weights; returns that in the inputs.
    fn add(&self, x: &[f32], slope: &[f32], sum: &mut [f32]) -> Vec<f32> {
        let mut tape = Tape::default();
        self.mlp.forward(&self.weights, x, &mut tape);
        let (mut gradient, mut inputs) = (vec![0.0; sum.len()], vec![0.0; x.len()]);
        let (own, to_inputs) = (Some(&mut gradient[..]), Some(&mut inputs[..]));
        self.mlp.backward(&self.weights, x, &mut tape, slope, own, to_inputs);
        sum.iter_mut().zip(&gradient).for_each(|(sum, g)| *sum += g);
        inputs
    }

    fn step(&mut self, gradient: &[f32]) {
        self.steps += 1;
        let scale = 1.0 - 0.9_f32.powi(self.steps);
        for ((w, v), g) in self.weights.iter_mut().zip(&mut self.squares).zip(gradient) {
            *v = 0.9 * *v + 0.1 * g * g;
            *w -= STEP_SIZE * g / ((*v / scale).sqrt() + 1e-8);
        }
    }
}

fn critic_gradient(
    critic: &Part,
    [real, drawn]: [&[f32]; 2],
    y: &[f32],
    shares: &[f32],
) -> Vec<f32> {
    let rows = y.len();
    let width = real.len() / rows;
    let share = 1.0 / rows as f32;
    let mut gradient = vec![0.0; critic.weights.len()];
    critic.add(&beside(drawn, y), &vec![share; rows], &mut gradient);
    critic.add(&beside(real, y), &vec![-share; rows], &mut gradient);
    let between: Vec<f32> = (0..rows * width)
        .map(|at| drawn[at] + shares[at / width] * (real[at] - drawn[at]))
        .collect();
    let between = beside(&between, y);
    let mut slopes = critic.add(&between, &vec![1.0; rows], &mut vec![0.0; gradient.len()]);
    let mut pull = vec![0.0; rows];
    for (row, pull) in slopes.chunks_exact_mut(width + 1).zip(&mut pull) {
        // The score is a condition and no part of the design.
        row[width] = 0.0;
        let norm = row.iter().map(|g| g * g).sum::<f32>().sqrt().max(1e-12);
        row.iter_mut().for_each(|g| *g *= RADIUS / norm);
        *pull = share * PENALTY * 2.0 * (norm - 1.0) / (2.0 * RADIUS);
    }
    for sign in [1.0, -1.0] {
        let moved: Vec<f32> = between.iter().zip(&slopes).map(|(x, u)| x + sign * u).collect();
        let slope: Vec<f32> = pull.iter().map(|pull| sign * pull).collect();
        critic.add(&moved, &slope, &mut gradient);
    }
    gradient
}

fn generator_gradient(generator: &Part, critic: &Part, z: &[f32], y: &[f32]) -> Vec<f32> {
    let rows = y.len();
    let drawn = beside(&generator.of(z), y);
    let slope = vec![-1.0 / rows as f32; rows];
    let slopes = critic.add(&drawn, &slope, &mut vec![0.0; critic.weights.len()]);
    let slopes: Vec<f32> = slopes
        .chunks_exact(drawn.len() / rows)
        .flat_map(|row| &row[..row.len() - 1])
        .copied()
        .collect();
    let mut gradient = vec![0.0; generator.weights.len()];
    generator.add(z, &slopes, &mut gradient);
    gradient
}

/// Rows with one more number each.
fn beside(x: &[f32], y: &[f32]) -> Vec<f32> {
    let width = x.len() / y.len();
    x.chunks_exact(width).zip(y).flat_map(|(row, y)| row.iter().chain([y])).copied().collect()
}

/// Panics unless the gradient of the critic is that of differences.
pub(super) fn self_test() {
    let mut draws = Draws::new(0, "self-test of a critic");
    let mut critic = Part::new(4, 1, &mut draws);
    // Slopes of leaky units jump, and differences of a loss of slopes with them.
    critic.mlp.activation = Activation::Tanh;
    let mut some = |count| normals(&mut draws, count);
    let (real, drawn, y) = (some(8 * 3), some(8 * 3), some(8));
    let shares = [0.5; 8];
    let gradient = critic_gradient(&critic, [&real, &drawn], &y, &shares);
    let norm = gradient.iter().map(|g| g * g).sum::<f32>().sqrt();
    let loss = |along: f32| {
        let moved = critic.weights.iter().zip(&gradient).map(|(w, g)| w + along * g / norm);
        let critic = Part {
            weights: moved.collect(),
            squares: Vec::new(),
            mlp: critic.mlp.clone(),
            steps: 0,
        };
        let mean = |x: &[f32]| critic.of(&beside(x, &y)).iter().sum::<f32>() / 8.0;
        let between: Vec<f32> = real.iter().zip(&drawn).map(|(r, d)| 0.5 * (r + d)).collect();
        let mut none = vec![0.0; critic.weights.len()];
        let slopes = critic.add(&beside(&between, &y), &[1.0; 8], &mut none);
        let norm = |row: &[f32]| row[..3].iter().map(|g| g * g).sum::<f32>().sqrt();
        let off: f32 = slopes.chunks_exact(4).map(|row| (norm(row) - 1.0).powi(2)).sum();
        mean(&drawn) - mean(&real) + PENALTY * off / 8.0
    };
    let found = (loss(1e-3) - loss(-1e-3)) / 2e-3;
    assert!((found - norm).abs() < 0.05 * norm, "{found}, {norm}");
}
