//! From the last layer of a policy to actions.

use hatchery_kernels::math;

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
/// `logits` is `(choices, columns)`; `uniforms` has one number in [0, 1) per column.
pub fn categorical(logits: &[f32], columns: usize, uniforms: &[f64], actions: &mut [f32]) {
    for (column, (action, uniform)) in actions.iter_mut().zip(uniforms).enumerate() {
        let of = |choice: usize| logits[choice * columns + column];
        let choices = logits.len() / columns;
        let largest = (0..choices).map(of).fold(f32::NEG_INFINITY, f32::max);
        let weight = |choice: usize| math::exp(of(choice) - largest);
        let total: f32 = (0..choices).map(weight).sum();
        let mut left = *uniform as f32 * total;
        let mut chosen = choices - 1;
        for choice in 0..choices {
            left -= weight(choice);
            if left < 0.0 {
                chosen = choice;
                break;
            }
        }
        *action = chosen as f32;
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
        categorical(&logits, columns, &uniforms, &mut actions);
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
