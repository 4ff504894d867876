//! Back through all steps of an episode, the last first.

use super::super::vectors::{add_slopes, add_sparse_slopes, under_tanh};
use super::cell::Slopes;
use super::{Memory, Places, Recurrent};
use crate::meta_reward::inner::episode::Episode;
use crate::meta_reward::inner::weight::Weight;

/// Buffers of the way back.
#[derive(Clone, Debug, Default)]
pub(in crate::meta_reward::inner) struct Back {
    /// By h after the step at hand, then before it, (hidden,).
    state: Vec<f32>,
    /// By x of the step, (inputs of the cell,).
    x: Vec<f32>,
    /// By e of what was done in the step, from the step after it, (hidden,).
    previous: Vec<f32>,
    /// By the sums under the tanh of each row of the step, (rows, hidden), and of all rows together.
    rows: Vec<f32>,
    all: Vec<f32>,
    sums: [Vec<f32>; 2],
    /// By the mean of the action, (dimension,).
    mean: Vec<f32>,
    /// By the scores of the step, (rows,).
    pulls: Vec<f32>,
}

impl Recurrent {
    /// Adds the gradient of the log-probability of all that was done in an episode, and of the entropy of its choices, times their weights.
    /// This policy has just played it with these weights at temperature 1.
    pub(in crate::meta_reward::inner) fn add_gradient(
        &self,
        theta: &[f32],
        episode: &Episode,
        weight: Weight,
        gradient: &mut [f32],
        back: &mut Back,
    ) {
        let (h, places, memory) = (self.hidden, self.places(), &episode.memory);
        for (buffer, length) in [
            (&mut back.state, h),
            (&mut back.previous, h),
            (&mut back.all, h),
            (&mut back.x, h + self.previous()),
        ] {
            buffer.clear();
            buffer.resize(length, 0.0);
        }
        let dimension = self.dimension();
        for step in (0..episode.steps()).rev() {
            back.all.fill(0.0);
            if dimension == 0 {
                self.pull_rows(theta, &places, episode, step, weight, gradient, back);
            } else {
                self.pull_numbers(theta, &places, episode, step, weight, gradient, back);
            }
            // U, from the state after the step of the cell.
            let state = &memory.record.states[(step + 1) * h..][..h];
            let from_state = places.from_state.clone();
            let by_weights = &mut gradient[from_state.clone()];
            add_slopes(&theta[from_state], state, &back.all, by_weights, &mut back.state);
            let (before, cell) = gradient.split_at_mut(places.inputs.start);
            let (inputs, states) = cell.split_at_mut(places.inputs.len());
            let states = &mut states[..places.states.len()];
            let slopes = Slopes { inputs, states, by_sums: &mut back.sums };
            let cell = self.cell(theta, &places);
            cell.back(&memory.record, step, &mut back.state, &mut back.x, slopes);
            if dimension == 0 {
                self.embed_rows(episode, step, before, back);
            } else {
                self.embed_numbers(episode, step, before, back);
            }
        }
    }

    /// Rows of the listed actions of a step.
    fn rows(episode: &Episode, step: usize) -> std::ops::Range<usize> {
        let first = if step == 0 { 0 } else { episode.ends[step - 1] as usize };
        first..episode.ends[step] as usize
    }

    /// From the chances of listed actions to v, and to the sums under the tanh.
    #[allow(clippy::too_many_arguments, reason = "one step of an episode, and where its slopes go")]
    fn pull_rows(
        &self,
        theta: &[f32],
        places: &Places,
        episode: &Episode,
        step: usize,
        weight: Weight,
        gradient: &mut [f32],
        back: &mut Back,
    ) {
        let h = self.hidden;
        let Memory { units, .. } = &episode.memory;
        let v = &theta[places.output.clone()];
        let by_v = &mut gradient[places.output.clone()];
        back.rows.clear();
        let rows = Self::rows(episode, step);
        let taken = episode.taken[step] as usize - rows.start;
        weight.pulls(&episode.chances[rows.clone()], taken, &mut back.pulls);
        for (row, &pull) in rows.zip(&back.pulls) {
            let units = &units[row * h..][..h];
            for at in 0..h {
                by_v[at] += pull * units[at];
                let slope = pull * v[at] * (1.0 - units[at] * units[at]);
                back.all[at] += slope;
                back.rows.push(slope);
            }
        }
    }

    /// From x and the sums to e of each row, and so to W and b, which `gradient` begins with.
    fn embed_rows(&self, episode: &Episode, step: usize, gradient: &mut [f32], back: &mut Back) {
        let h = self.hidden;
        let (table, bias) = gradient.split_at_mut(self.inputs() * h);
        let rows = Self::rows(episode, step);
        let share = 1.0 / rows.len() as f32;
        let (by_mean, by_previous) = back.x.split_at(h);
        for (row, slopes) in rows.zip(back.rows.chunks_exact_mut(h)) {
            let is_taken = row == episode.taken[step] as usize;
            for at in 0..h {
                slopes[at] += share * by_mean[at];
                if is_taken {
                    slopes[at] += back.previous[at];
                }
                bias[at] += slopes[at];
            }
            add_sparse_slopes(episode.features.row(row), slopes, table);
        }
        back.previous.copy_from_slice(by_previous);
    }

    /// From the density of continuous actions to the log-deviations, V, d, and the sums under the tanh.
    #[allow(clippy::too_many_arguments, reason = "one step of an episode, and where its slopes go")]
    fn pull_numbers(
        &self,
        theta: &[f32],
        places: &Places,
        episode: &Episode,
        step: usize,
        weight: Weight,
        gradient: &mut [f32],
        back: &mut Back,
    ) {
        let Weight { done: weight, entropy } = weight;
        let (h, dimension) = (self.hidden, self.dimension());
        let units = &episode.memory.units[step * h..][..h];
        let done = &episode.done[step * dimension..][..dimension];
        let (weights, bias) = theta[places.output.clone()].split_at(h * dimension);
        let (_, from_output) = gradient.split_at_mut(places.output.start);
        let (by_weights, rest) = from_output.split_at_mut(h * dimension);
        let (by_bias, by_deviation) = rest.split_at_mut(dimension);
        back.mean.clear();
        for at in 0..dimension {
            let products = (0..h).map(|unit| units[unit] * weights[unit * dimension + at]);
            let mean = bias[at] + products.sum::<f32>();
            let deviation = super::super::policy::deviation(theta, dimension, at);
            let off = (done[at] - mean) / deviation;
            // The entropy of a normal deviate grows with ln σ.
            by_deviation[at] += weight * (off * off - 1.0) + entropy;
            by_bias[at] += weight * off / deviation;
            back.mean.push(weight * off / deviation);
        }
        add_slopes(weights, units, &back.mean, by_weights, &mut back.all);
        under_tanh(&mut back.all, units);
    }

    /// From x and the sums to e, and so to W and b, which `gradient` begins with. What was done is what it was: nothing goes back there.
    fn embed_numbers(&self, episode: &Episode, step: usize, gradient: &mut [f32], back: &mut Back) {
        let (h, inputs) = (self.hidden, self.inputs());
        let seen = &episode.seen[step * inputs..][..inputs];
        back.all.iter_mut().zip(&back.x).for_each(|(slope, by_x)| *slope += by_x);
        let (weights, bias) = gradient.split_at_mut(inputs * h);
        for (sums, &seen) in weights.chunks_exact_mut(h).zip(seen) {
            sums.iter_mut().zip(&back.all).for_each(|(sum, slope)| *sum += slope * seen);
        }
        bias.iter_mut().zip(&back.all).for_each(|(sum, slope)| *sum += slope);
    }
}
