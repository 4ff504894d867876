//! From the last layer of a policy to actions.

use hatchery_kernels::math;
use hatchery_kernels::simd::{Kernel, dispatch};

/// Picks the action with the largest logit in each column; the first one on ties.
///
/// `logits` is `(choices, columns)`; `actions` receives one whole number per column.
pub fn greedy(logits: &[f32], columns: usize, actions: &mut [f32]) {
    actions.fill(0.0);
    let mut best = logits[..columns].to_vec();
    for (choice, row) in logits.chunks_exact(columns).enumerate().skip(1) {
        for ((logit, best), action) in row.iter().zip(&mut best).zip(actions.iter_mut()) {
            if logit > best {
                *best = *logit;
                *action = choice as f32;
            }
        }
    }
}

/// Draws an action from the categorical distribution `softmax(logits)` of each column.
///
/// `logits` is `(choices, columns)`; `uniforms` has one number in [0, 1) per column; `scratch` is kept between calls.
pub fn categorical(
    logits: &[f32],
    columns: usize,
    uniforms: &[f64],
    scratch: &mut Vec<f32>,
    actions: &mut [f32],
) {
    scratch.resize(logits.len() + 2 * columns, 0.0);
    dispatch(Categorical { logits, columns, uniforms, scratch, actions });
}

struct Categorical<'a> {
    logits: &'a [f32],
    columns: usize,
    uniforms: &'a [f64],
    scratch: &'a mut [f32],
    actions: &'a mut [f32],
}

impl Kernel for Categorical<'_> {
    type Output = ();

    /// The action is the number of choices whose cumulated weight is not above `uniform · total`.
    #[inline(always)]
    fn run(self) {
        let Self { logits, columns, uniforms, scratch, actions } = self;
        let (weights, rest) = scratch.split_at_mut(logits.len());
        let (largest, total) = rest.split_at_mut(columns);
        largest.copy_from_slice(&logits[..columns]);
        for row in logits.chunks_exact(columns) {
            largest.iter_mut().zip(row).for_each(|(m, z)| *m = m.max(*z));
        }
        total.fill(0.0);
        for (row, weights) in logits.chunks_exact(columns).zip(weights.chunks_exact_mut(columns)) {
            let parts =
                row.iter().zip(largest.iter()).zip(weights.iter_mut().zip(total.iter_mut()));
            for ((z, m), (weight, total)) in parts {
                *weight = math::exp(z - m);
                *total += *weight;
            }
        }
        for (threshold, uniform) in total.iter_mut().zip(uniforms) {
            *threshold *= *uniform as f32;
        }
        actions.fill(0.0);
        let cumulated = largest;
        cumulated.fill(0.0);
        let choices = logits.len() / columns;
        for weights in weights.chunks_exact(columns).take(choices - 1) {
            let parts =
                weights.iter().zip(cumulated.iter_mut()).zip(total.iter().zip(actions.iter_mut()));
            for ((weight, sum), (threshold, action)) in parts {
                *sum += weight;
                *action += if *sum <= *threshold { 1.0 } else { 0.0 };
            }
        }
    }
}

/// Turns outputs into bounded actions: `low + (high - low) (tanh(mean + std · normal) + 1) / 2`.
///
/// `means` is `(size, columns)`; `deviations` holds the log standard deviation in the
/// same shape, `normals` one standard normal each; without them the action is that of the mean.
pub fn gaussian(
    means: &[f32],
    noise: Option<(&[f32], &[f32])>,
    (low, high): (f32, f32),
    actions: &mut [f32],
) {
    let half = 0.5 * (high - low);
    for (index, (action, &mean)) in actions.iter_mut().zip(means).enumerate() {
        let offset =
            noise.map_or(0.0, |(log_std, normals)| math::exp(log_std[index]) * normals[index]);
        *action = half.mul_add(math::tanh(mean + offset) + 1.0, low);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greedy_takes_the_first_of_the_largest() {
        // Three choices, three columns.
        let logits = [1.0, 5.0, 2.0, 3.0, 5.0, 1.0, 2.0, 4.0, 9.0];
        let mut actions = [9.0; 3];
        greedy(&logits, 3, &mut actions);
        assert_eq!(actions, [1.0, 0.0, 2.0]);
    }

    #[test]
    fn categorical_frequencies_are_the_softmax() {
        // softmax(0, ln 3) = (1/4, 3/4); an even grid of uniforms must hit them exactly.
        let columns = 1000;
        let mut logits = vec![0.0; columns];
        logits.extend(vec![3.0_f32.ln(); columns]);
        let uniforms: Vec<f64> = (0..columns).map(|k| (k as f64 + 0.5) / columns as f64).collect();
        let mut actions = vec![0.0; columns];
        categorical(&logits, columns, &uniforms, &mut Vec::new(), &mut actions);
        assert_eq!(actions.iter().filter(|a| **a == 0.0).count(), 250);
    }

    #[test]
    fn gaussian_actions_stay_in_their_bounds() {
        let mut actions = [0.0; 3];
        gaussian(&[0.0, 100.0, -100.0], None, (-2.0, 2.0), &mut actions);
        assert!(actions[0] == 0.0 && (2.0 - actions[1]).abs() < 1e-5 && actions[1] <= 2.0);
        assert_eq!(actions[2], -actions[1]);
        let noise = ([0.0_f32, 2.0_f32.ln(), 0.0], [0.0_f32, 1.0, 0.0]);
        gaussian(&[0.0, 0.5, 0.0], Some((&noise.0, &noise.1)), (-1.0, 1.0), &mut actions);
        assert!((actions[1] - 2.5_f32.tanh()).abs() < 1e-6);
    }
}
