//! What makes actions likely, and the gradient of their log-probability, by hand.

use std::ops::Range;

use hatchery_engine::world::{Controls, Features};
use hatchery_engine::{Layout, ParamSpec};
use hatchery_kernels::math::exp;
use hatchery_kernels::{Dice, Domain};

use super::config::PolicyKind;
use super::episode::Episode;
use super::gru::{Back, Memory, Recurrent};
use super::vectors::{add_slopes, add_sparse_product, add_sparse_slopes, bend, layer, under_tanh};
use super::weight::Weight;

/// First log-deviation of continuous actions: e^-0.5 = 0.61.
const LOG_DEVIATION: f32 = -0.5;
/// Deviations stay between e^-3 and e^1.
const LOG_DEVIATION_RANGE: [f32; 2] = [-3.0, 1.0];
/// Purpose of the dice of first weights.
const WEIGHTS: u32 = 128;

/// A policy without its weights. Weights lie in one slice; layouts are of the variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// softmax over legal actions of w·φ(s, a). Weights: (features,).
    Linear {
        /// Features of an action.
        features: usize,
    },
    /// softmax of v·tanh(W φ(s, a) + b). Weights: W (features, hidden), b (hidden,), v (hidden,).
    Mlp {
        /// Features of an action.
        features: usize,
        /// Width.
        hidden: usize,
    },
    /// Normal deviates around a perceptron with two layers of tanh; deviations depend on no state. Weights: W₁ (observations,
    /// hidden), b₁, W₂ (hidden, hidden), b₂, W₃ (hidden, dimension), b₃, then a log-deviation for each number.
    Gaussian {
        /// Numbers of an observation.
        observations: usize,
        /// Numbers of an action.
        dimension: usize,
        /// Width of both layers.
        hidden: usize,
    },
    /// With a memory of the episode, for both kinds of action.
    Recurrent(Recurrent),
}

/// Buffers of forward and backward passes.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    layers: [Vec<f32>; 3],
    slopes: [Vec<f32>; 2],
    pulls: Vec<f32>,
    back: Back,
}

impl Scratch {
    pub(super) fn output(&self, at: usize) -> f32 {
        self.layers[2][at]
    }
}

impl Policy {
    /// The policy for a world with such controls.
    pub fn new(controls: Controls, kind: PolicyKind, hidden: usize) -> Self {
        match (controls, kind) {
            (Controls::Listed { features }, PolicyKind::Linear) => Self::Linear { features },
            (Controls::Listed { features }, PolicyKind::Mlp) => Self::Mlp { features, hidden },
            (_, PolicyKind::Gru) => Self::Recurrent(Recurrent { controls, hidden }),
            (Controls::Continuous { observations, dimension }, _) => {
                Self::Gaussian { observations, dimension, hidden }
            }
        }
    }

    /// Number of weights.
    pub fn weights(&self) -> usize {
        match *self {
            Self::Linear { features } => features,
            Self::Mlp { features, hidden } => (features + 2) * hidden,
            Self::Gaussian { observations, dimension, hidden } => {
                (observations + 1 + hidden + 1 + dimension) * hidden + 2 * dimension
            }
            Self::Recurrent(policy) => policy.weights(),
        }
    }

    /// Names and shapes of the parts of the weights, in their order.
    pub fn layout(&self) -> Layout {
        Layout::new(match *self {
            Self::Linear { features } => vec![ParamSpec::vector("weight", features)],
            Self::Mlp { features, hidden } => vec![
                ParamSpec::embedding("hidden.weight", features, hidden),
                ParamSpec::vector("hidden.bias", hidden),
                ParamSpec::vector("output.weight", hidden),
            ],
            Self::Gaussian { observations, dimension, hidden } => vec![
                ParamSpec::embedding("first.weight", observations, hidden),
                ParamSpec::vector("first.bias", hidden),
                ParamSpec::embedding("second.weight", hidden, hidden),
                ParamSpec::vector("second.bias", hidden),
                ParamSpec::embedding("output.weight", hidden, dimension),
                ParamSpec::vector("output.bias", dimension),
                ParamSpec::vector("log_deviation", dimension),
            ],
            Self::Recurrent(policy) => policy.specs(),
        })
    }

    /// First weights of a seed: none for a linear policy, so that all actions are equally likely; else normal deviates over the root
    /// of the number of inputs, with a last layer of a tenth of that.
    pub fn init(&self, seed: u64) -> Vec<f32> {
        let mut theta = vec![0.0; self.weights()];
        let mut dice = Dice::of(Domain::Init, seed, 0, WEIGHTS);
        let mut draw = |range: &mut [f32], inputs: usize, scale: f64| {
            let scale = scale / (inputs as f64).sqrt();
            range.iter_mut().for_each(|weight| *weight = (dice.normal() * scale) as f32);
        };
        match *self {
            Self::Linear { .. } => {}
            Self::Mlp { features, hidden } => {
                // A row of features has few that are not zero, of size 1.
                draw(&mut theta[..features * hidden], 4, 1.0);
                draw(&mut theta[(features + 1) * hidden..], hidden, 0.1);
            }
            Self::Gaussian { observations, dimension, hidden } => {
                let [_, one, two, three] = starts(observations, hidden, dimension);
                draw(&mut theta[..observations * hidden], observations, 1.0);
                draw(&mut theta[one..one + hidden * hidden], hidden, 1.0);
                draw(&mut theta[two..two + hidden * dimension], hidden, 0.1);
                theta[three..].fill(LOG_DEVIATION);
            }
            Self::Recurrent(policy) => {
                for (range, inputs, scale) in policy.drawn() {
                    draw(&mut theta[range], inputs, scale);
                }
                // Those of continuous actions; the others have none.
                if let Controls::Continuous { dimension, .. } = policy.controls {
                    let deviations = theta.len() - dimension;
                    theta[deviations..].fill(LOG_DEVIATION);
                }
            }
        }
        theta
    }

    /// An episode begins.
    pub(super) fn begin(&self, memory: &mut Memory) {
        match self {
            Self::Recurrent(policy) => policy.begin(memory),
            _ => memory.units.clear(),
        }
    }

    /// Scores of the actions of one state, the rows `rows`, appended to `scores`.
    pub(super) fn scores(
        &self,
        theta: &[f32],
        features: &Features,
        rows: Range<usize>,
        scores: &mut Vec<f32>,
        memory: &mut Memory,
        scratch: &mut Scratch,
    ) {
        if let Self::Recurrent(policy) = self {
            return policy.scores(theta, features, rows, memory, scores);
        }
        for row in rows {
            scores.push(self.score(theta, features.row(row), scratch));
        }
    }

    /// One of the actions that were scored last was chosen.
    pub(super) fn remember_row(&self, number: usize, memory: &mut Memory) {
        if let Self::Recurrent(policy) = self {
            policy.remember_row(number, memory);
        }
    }

    /// These numbers were done.
    pub(super) fn remember_numbers(&self, numbers: &[f32], memory: &mut Memory) {
        if let Self::Recurrent(policy) = self {
            policy.remember_numbers(numbers, memory);
        }
    }

    #[inline]
    fn score(&self, theta: &[f32], row: (&[u32], &[f32]), scratch: &mut Scratch) -> f32 {
        let (indices, values) = row;
        match *self {
            Self::Linear { .. } => {
                indices.iter().zip(values).map(|(&at, value)| theta[at as usize] * value).sum()
            }
            Self::Mlp { features, hidden } => {
                let layer = &mut scratch.layers[0];
                layer.clear();
                layer.extend_from_slice(&theta[features * hidden..(features + 1) * hidden]);
                add_sparse_product(&theta[..features * hidden], row, layer);
                bend(layer);
                let out = &theta[(features + 1) * hidden..];
                layer.iter().zip(out).map(|(unit, weight)| unit * weight).sum()
            }
            Self::Gaussian { .. } | Self::Recurrent(_) => {
                unreachable!("a row alone has a score where nothing else is looked at")
            }
        }
    }

    /// Mean of a continuous action, into the scratch.
    pub(super) fn mean(
        &self,
        theta: &[f32],
        observation: &[f32],
        memory: &mut Memory,
        scratch: &mut Scratch,
    ) {
        match self {
            Self::Recurrent(policy) => {
                policy.mean(theta, observation, memory, &mut scratch.layers[2]);
            }
            Self::Gaussian { observations, dimension, hidden } => {
                let starts = starts(*observations, *hidden, *dimension);
                let [one, two, three, deviations] = starts;
                let from = memory.units.len();
                memory.units.resize(from + 2 * hidden, 0.0);
                let (first, second) = memory.units[from..].split_at_mut(*hidden);
                layer(&theta[one..two], observation, first, true);
                layer(&theta[two..three], first, second, true);
                let output = &mut scratch.layers[2];
                output.resize(*dimension, 0.0);
                layer(&theta[three..deviations], second, output, false);
            }
            _ => unreachable!("a policy of listed actions has no mean"),
        }
    }

    /// Adds the gradient of the log-probability of all that was done in an episode, and of the entropy of its choices, times their weights. This
    /// policy has just played it with these weights.
    pub(super) fn add_gradient(
        &self,
        theta: &[f32],
        episode: &Episode,
        weight: Weight,
        gradient: &mut [f32],
        scratch: &mut Scratch,
    ) {
        match self {
            Self::Linear { .. } | Self::Mlp { .. } => {}
            Self::Gaussian { .. } => {
                return self.add_gradient_of_numbers(theta, episode, weight, gradient, scratch);
            }
            Self::Recurrent(policy) => {
                return policy.add_gradient(theta, episode, weight, gradient, &mut scratch.back);
            }
        }
        let mut pulls = std::mem::take(&mut scratch.pulls);
        let mut first = 0;
        for (&end, &taken) in episode.ends.iter().zip(&episode.taken) {
            let rows = first..end as usize;
            weight.pulls(&episode.chances[rows.clone()], taken as usize - first, &mut pulls);
            for (row, &pull) in rows.zip(&pulls) {
                if pull != 0.0 {
                    self.add_score(theta, episode.features.row(row), pull, gradient, scratch);
                }
            }
            first = end as usize;
        }
        scratch.pulls = pulls;
    }

    /// Adds `pull` times the gradient of a score.
    #[inline]
    fn add_score(
        &self,
        theta: &[f32],
        row: (&[u32], &[f32]),
        pull: f32,
        gradient: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let (indices, values) = row;
        match *self {
            Self::Linear { .. } => {
                for (&at, value) in indices.iter().zip(values) {
                    gradient[at as usize] += pull * value;
                }
            }
            Self::Mlp { features, hidden } => {
                self.score(theta, row, scratch);
                let units = &scratch.layers[0];
                let slopes = &mut scratch.slopes[0];
                slopes.clear();
                let out = (features + 1) * hidden;
                for (unit, at) in units.iter().zip(out..) {
                    gradient[at] += pull * unit;
                    slopes.push(pull * theta[at] * (1.0 - unit * unit));
                }
                let bias = &mut gradient[features * hidden..out];
                bias.iter_mut().zip(slopes.iter()).for_each(|(sum, slope)| *sum += slope);
                add_sparse_slopes(row, slopes, &mut gradient[..features * hidden]);
            }
            Self::Gaussian { .. } | Self::Recurrent(_) => {
                unreachable!("a row alone has a score where nothing else is looked at")
            }
        }
    }

    fn add_gradient_of_numbers(
        &self,
        theta: &[f32],
        episode: &Episode,
        weight: Weight,
        gradient: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let Weight { done: weight, entropy } = weight;
        let Self::Gaussian { observations, dimension, hidden } = *self else { return };
        let [one, two, three, deviations] = starts(observations, hidden, dimension);
        let steps = episode.seen.chunks_exact(observations);
        let units = episode.memory.units.chunks_exact(2 * hidden);
        for ((seen, done), units) in steps.zip(episode.done.chunks_exact(dimension)).zip(units) {
            let (first, second) = units.split_at(hidden);
            let output = &mut scratch.layers[2];
            output.resize(dimension, 0.0);
            layer(&theta[three..deviations], second, output, false);
            for (at, (mean, &number)) in output.iter_mut().zip(done).enumerate() {
                let deviation = deviation(theta, dimension, at);
                let off = (number - *mean) / deviation;
                // The entropy of a normal deviate grows with ln σ.
                gradient[deviations + at] += weight * (off * off - 1.0) + entropy;
                // From here on the output holds slopes.
                *mean = weight * off / deviation;
            }
            let [near, far] = &mut scratch.slopes;
            near.resize(hidden, 0.0);
            far.resize(hidden, 0.0);
            back(&theta[three..deviations], second, output, &mut gradient[three..deviations], near);
            under_tanh(near, second);
            back(&theta[two..three], first, near, &mut gradient[two..three], far);
            under_tanh(far, first);
            back(&theta[one..two], seen, far, &mut gradient[one..two], &mut []);
        }
    }
}

/// Deviation of number `at` of a continuous action, from the last weights.
pub(super) fn deviation(theta: &[f32], dimension: usize, at: usize) -> f32 {
    let [low, high] = LOG_DEVIATION_RANGE;
    exp(theta[theta.len() - dimension + at].clamp(low, high))
}

/// Where W₁, W₂, W₃ and the log-deviations of a Gaussian policy begin; a bias follows its matrix.
fn starts(observations: usize, hidden: usize, dimension: usize) -> [usize; 4] {
    let one = (observations + 1) * hidden;
    let two = one + (hidden + 1) * hidden;
    [0, one, two, two + (hidden + 1) * dimension]
}

/// From the slopes of the outputs to those of the weights, W and b, which are added, and of the inputs, which are written where they are wanted.
fn back(weights: &[f32], x: &[f32], slopes: &[f32], gradient: &mut [f32], into: &mut [f32]) {
    into.fill(0.0);
    let matrix = x.len() * slopes.len();
    let (by_weights, by_bias) = gradient.split_at_mut(matrix);
    add_slopes(&weights[..matrix], x, slopes, by_weights, into);
    by_bias.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += slope);
}
