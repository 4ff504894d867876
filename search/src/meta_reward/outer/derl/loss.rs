//! The gradient of the loss of the module's text.

use super::config::{DerlConfig, Estimator, Ratio};
use crate::meta_reward::outer::meta_policy::{Chances, MetaPolicy, Sample};

/// What a negative advantage can pull at most, in advantages.
pub(super) const DUAL_CLIP: f64 = 3.0;
pub(super) const DISTANCE_MAX: f64 = 10.0;

/// What is learnt from in one step.
#[derive(Clone, Debug)]
pub(super) struct Lesson {
    /// What the policy has written, or could have, with its advantages.
    pub(super) samples: Vec<(Sample, f64)>,
    /// Rewards of the group, those included that the policy could not write.
    pub(super) group: usize,
    /// The best rewards so far, if they teach.
    pub(super) queue: Vec<Sample>,
    /// Weight of the entropy.
    pub(super) entropy: f64,
}

impl Lesson {
    /// Weights of the policy gradient and of the queue's likelihood.
    pub(super) fn shares(&self, config: &DerlConfig) -> [f64; 2] {
        match config.estimator {
            Estimator::Pqt if self.queue.is_empty() => [1.0 - config.queue_weight, 0.0],
            Estimator::Pqt => [1.0 - config.queue_weight, config.queue_weight],
            _ => [1.0, 0.0],
        }
    }

    /// The gradient, (weights,), and the mean entropy of a token.
    pub(super) fn gradient(&self, policy: &MetaPolicy, config: &DerlConfig) -> (Vec<f32>, f64) {
        let mut gradient = vec![0.0_f32; policy.weights().len()];
        let tokens: usize = self.samples.iter().map(|(sample, _)| sample.tokens.len()).sum();
        let (tokens, mut spread) = (tokens as f64, 0.0);
        let [by_group, by_queue] = self.shares(config);
        for (sample, advantage) in &self.samples {
            let scale = by_group / self.group as f64;
            policy.backward(sample, &mut gradient, |chances, slopes| {
                let pulls = pulls(sample, chances, *advantage, config);
                for (at, (token, chances)) in sample.tokens.iter().zip(chances).enumerate() {
                    let now = chances.now[usize::from(*token)].ln();
                    // Of KL₃ by ln π: 1 − exp(d), and nothing where d is cut off.
                    let slope = |reference: f64| {
                        let distance = reference - now;
                        if distance > DISTANCE_MAX { 0.0 } else { 1.0 - libm::exp(distance) }
                    };
                    let away = config.kl_step * slope(sample.logs[at])
                        + config.kl_prior * slope(chances.prior[usize::from(*token)].ln());
                    let width = chances.now.len();
                    let slopes = &mut slopes[at * width..][..width];
                    add_log(slopes, &chances.now, *token, away / tokens - scale * pulls[at]);
                    let own = entropy(&chances.now);
                    spread += own / tokens;
                    add_entropy(slopes, &chances.now, own, self.entropy / tokens);
                }
            });
        }
        for sample in self.queue.iter().filter(|_| by_queue > 0.0) {
            let scale = by_queue / self.queue.len() as f64;
            policy.backward(sample, &mut gradient, |chances, slopes| {
                for (at, (token, chances)) in sample.tokens.iter().zip(chances).enumerate() {
                    let width = chances.now.len();
                    add_log(&mut slopes[at * width..][..width], &chances.now, *token, -scale);
                }
            });
        }
        (gradient, spread)
    }
}

/// How strongly each token of a sample is pulled up: the slopes of its part of the loss by ln π, negated.
fn pulls(sample: &Sample, chances: &[Chances], advantage: f64, config: &DerlConfig) -> Vec<f64> {
    let tokens = sample.tokens.iter().zip(chances).zip(&sample.logs);
    let logs: Vec<f64> =
        tokens.map(|((token, c), before)| c.now[usize::from(*token)].ln() - before).collect();
    if config.estimator == Estimator::Reinforce {
        return vec![advantage; logs.len()];
    }
    match config.ratio {
        Ratio::Sequence => {
            let whole = libm::exp(logs.iter().sum());
            vec![clipped_slope(whole, advantage, config.clip); logs.len()]
        }
        Ratio::Token => {
            let length = logs.len() as f64;
            let slope = |log| clipped_slope(libm::exp(log), advantage, config.clip) / length;
            logs.into_iter().map(slope).collect()
        }
    }
}

/// The slope of min(r A, clip(r) A) by ln r, with the second clip of negative advantages.
fn clipped_slope(ratio: f64, advantage: f64, clip: f64) -> f64 {
    let is_cut =
        if advantage >= 0.0 { ratio > 1.0 + clip } else { ratio < 1.0 - clip || ratio > DUAL_CLIP };
    if is_cut { 0.0 } else { ratio * advantage }
}

/// Adds `scale` times the slopes of ln π(token) by the logits.
fn add_log(slopes: &mut [f64], chances: &[f64], token: u16, scale: f64) {
    slopes.iter_mut().zip(chances).for_each(|(slope, chance)| *slope -= scale * chance);
    slopes[usize::from(token)] += scale;
}

fn entropy(chances: &[f64]) -> f64 {
    chances.iter().filter(|chance| **chance > 0.0).map(|chance| -chance * chance.ln()).sum()
}

/// Adds `scale` times the slopes of −H by the logits, H being `own`.
fn add_entropy(slopes: &mut [f64], chances: &[f64], own: f64, scale: f64) {
    for (slope, &chance) in slopes.iter_mut().zip(chances).filter(|(_, chance)| **chance > 0.0) {
        *slope += scale * chance * (chance.ln() + own);
    }
}
