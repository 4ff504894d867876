use super::*;
use crate::meta_reward::expression::Operators;
use hatchery_engine::world::{Primitive, PrimitiveSet};

fn vocabulary() -> Vocabulary {
    let primitives = ["g1", "g2", "g3", "g4"].map(|name| Primitive::unit(name, "a number"));
    let set = PrimitiveSet { name: "all", primitives: &["g1", "g2", "g3", "g4"], signals: &[] };
    Vocabulary::try_new(&primitives, &[], &set, Operators::Derl4).unwrap()
}

/// The loss of the module's text, for one epoch.
fn loss(derl: &Derl, advantages: &[f32], entropy: f64) -> f64 {
    let tokens: usize = derl.samples.iter().map(|sample| sample.productions.len()).sum();
    let mut loss = 0.0;
    for (sample, &advantage) in derl.samples.iter().zip(advantages) {
        let advantage = f64::from(advantage);
        let clipped = |ratio: f64| {
            let cut = ratio.clamp(1.0 - derl.config.clip, 1.0 + derl.config.clip);
            let least = (ratio * advantage).min(cut * advantage);
            if advantage < 0.0 { least.max(DUAL_CLIP * advantage) } else { least }
        };
        let (mut log, mut tokenwise) = (0.0, 0.0);
        derl.policy.replay(sample, |at, next, token| {
            let now = next.chances[token].ln();
            log += now - sample.logs[at];
            tokenwise += clipped((now - sample.logs[at]).exp());
            let distance = |reference: f64| {
                let d = (reference - now).min(DISTANCE_MAX);
                d.exp() - d - 1.0
            };
            let own: f64 = next.chances.iter().filter(|c| **c > 0.0).map(|c| -c * c.ln()).sum();
            loss += (derl.config.kl_step * distance(sample.logs[at])
                + derl.config.kl_prior * distance(next.prior[token].ln())
                - entropy * own)
                / tokens as f64;
        });
        loss -= match derl.config.ratio {
            Ratio::Sequence => clipped(log.exp()),
            Ratio::Token => tokenwise / sample.productions.len() as f64,
        } / derl.samples.len() as f64;
    }
    loss
}

#[test]
fn the_gradient_is_that_of_the_loss() {
    for ratio in [Ratio::Sequence, Ratio::Token] {
        let config = DerlConfig { ratio, kl_prior: 0.05, kl_step: 0.2, ..DerlConfig::default() };
        let mut derl = Derl::new(vocabulary(), config, 3, 10);
        derl.propose(0, 6).expect("proposes");
        // Away from where it was sampled, so that ratios and distances count.
        let mut dice = Dice::new(1, 0, 0);
        derl.policy.weights_mut().iter_mut().for_each(|w| *w += 0.04 * dice.normal() as f32);
        let advantages = [1.0, -0.5, 0.25, -1.5, 2.0, 0.0];
        let (gradient, _) = derl.gradient(&advantages, 0.1);
        let mut checked = 0;
        for (at, &expected) in gradient.iter().enumerate() {
            if expected.abs() < 1e-3 {
                continue;
            }
            let mut by = |step: f32| {
                derl.policy.weights_mut()[at] += step;
                let value = loss(&derl, &advantages, 0.1);
                derl.policy.weights_mut()[at] -= step;
                value
            };
            let slope = (by(1e-3) - by(-1e-3)) / 2e-3;
            assert!(
                (slope - f64::from(expected)).abs() < 1e-4 + 1e-3 * slope.abs(),
                "{at}: {slope} {expected}"
            );
            checked += 1;
        }
        assert!(checked > 20, "{checked}");
    }
}

#[test]
fn it_learns_what_pays() {
    // Rewards without g2 reach 1, others 0: nothing is trained.
    let vocabulary = vocabulary();
    let mut derl = Derl::new(vocabulary.clone(), DerlConfig::default(), 5, 60);
    let mut share = Vec::new();
    for step in 0..60 {
        let rewards = derl.propose(step, 16).expect("proposes");
        let values: Vec<f32> =
            rewards.iter().map(|reward| if reward.mentions(1) { 0.0 } else { 1.0 }).collect();
        share.push(values.iter().sum::<f32>() / 16.0);
        derl.learn(step, &rewards, &values, &mut Metrics::default()).expect("learns");
    }
    let mean = |range: std::ops::Range<usize>| share[range].iter().sum::<f32>() / 10.0;
    assert!(mean(50..60) > 0.95 && share[0] < 0.8, "{share:?}");
    assert!(!derl.consensus().unwrap().mentions(1));
}

#[test]
fn equal_values_teach_nothing() {
    let mut derl = Derl::new(vocabulary(), DerlConfig::default(), 5, 60);
    let rewards = derl.propose(0, 8).expect("proposes");
    derl.learn(
        0,
        &rewards,
        &[0.5, 0.5, 0.501, 0.5, 0.5, 0.5, 0.5, f32::NAN],
        &mut Metrics::default(),
    )
    .expect("learns");
    assert!(derl.policy.weights().iter().all(|weight| *weight == 0.0));
}

#[test]
fn a_restored_proposer_goes_on_to_the_bit() {
    let (mut one, mut two) = (
        Derl::new(vocabulary(), DerlConfig::default(), 5, 60),
        Derl::new(vocabulary(), DerlConfig::default(), 5, 60),
    );
    let values = [0.0, 0.9, 0.3, 0.0];
    let rewards = one.propose(0, 4).expect("proposes");
    one.learn(0, &rewards, &values, &mut Metrics::default()).expect("learns");
    two.restore(one.state()).unwrap();
    for step in 1..3 {
        let (a, b) =
            (one.propose(step, 4).expect("proposes"), two.propose(step, 4).expect("proposes"));
        assert_eq!(a, b);
        one.learn(step, &a, &values, &mut Metrics::default()).expect("learns");
        two.learn(step, &b, &values, &mut Metrics::default()).expect("learns");
    }
    assert_eq!(one.policy.weights(), two.policy.weights());
}
