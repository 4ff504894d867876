use super::loss::{DISTANCE_MAX, DUAL_CLIP};
use super::*;
use crate::meta_reward::expression::{Operators, PRIOR_NODES_MAX};
use crate::meta_reward::outer::Form;
use crate::meta_reward::outer::synthetic::Synthetic;
use hatchery_engine::world::{Primitive, PrimitiveSet};

fn vocabulary() -> Vocabulary {
    let primitives = ["g1", "g2", "g3", "g4"].map(|name| Primitive::unit(name, "a number"));
    let set = PrimitiveSet { name: "all", primitives: &["g1", "g2", "g3", "g4"], signals: &[] };
    Vocabulary::try_new(&primitives, &[], &set, Operators::Derl4).expect("names are right")
}

/// Place of a token, chances now and of the prior, the token.
type Visit<'a> = &'a mut dyn FnMut(usize, &[f64], &[f64], usize);

/// The loss of the module's text, for one epoch.
fn loss(derl: &Derl, lesson: &Lesson) -> f64 {
    let tokens: usize = lesson.samples.iter().map(|(sample, _)| sample.tokens.len()).sum();
    let [by_group, by_queue] = lesson.shares(&derl.config);
    let mut loss = 0.0;
    let each = |sample: &Sample, visit: Visit<'_>| {
        derl.policy.backward(sample, &mut vec![0.0; derl.policy.weights().len()], |all, _| {
            for (at, (&token, chances)) in sample.tokens.iter().zip(all).enumerate() {
                visit(at, &chances.now, &chances.prior, usize::from(token));
            }
        });
    };
    for (sample, advantage) in &lesson.samples {
        let clipped = |ratio: f64| {
            let cut = ratio.clamp(1.0 - derl.config.clip, 1.0 + derl.config.clip);
            let least = (ratio * advantage).min(cut * advantage);
            if *advantage < 0.0 { least.max(DUAL_CLIP * advantage) } else { least }
        };
        let (mut log, mut tokenwise) = (0.0, 0.0);
        each(sample, &mut |at, now, prior, token| {
            let own: f64 = now.iter().filter(|c| **c > 0.0).map(|c| -c * c.ln()).sum();
            let now = now[token].ln();
            log += now - sample.logs[at];
            tokenwise += clipped((now - sample.logs[at]).exp());
            let distance = |reference: f64| {
                let d = (reference - now).min(DISTANCE_MAX);
                d.exp() - d - 1.0
            };
            loss += (derl.config.kl_step * distance(sample.logs[at])
                + derl.config.kl_prior * distance(prior[token].ln())
                - lesson.entropy * own)
                / tokens as f64;
        });
        let gain = match (derl.config.estimator, derl.config.ratio) {
            (Estimator::Reinforce, _) => log * advantage,
            (_, Ratio::Sequence) => clipped(log.exp()),
            (_, Ratio::Token) => tokenwise / sample.tokens.len() as f64,
        };
        loss -= by_group * gain / lesson.group as f64;
    }
    for sample in lesson.queue.iter().filter(|_| by_queue > 0.0) {
        each(sample, &mut |_, now, _, token| {
            loss -= by_queue * now[token].ln() / lesson.queue.len() as f64;
        });
    }
    loss
}

/// Compares some entries of the gradient with differences of the loss; how many.
fn check_gradient(config: DerlConfig) -> usize {
    let mut derl = Derl::new(vocabulary(), config, 3, 10);
    derl.propose(0, 6).expect("proposes");
    let advantages = [1.0, -0.5, 0.25, -1.5, 2.0, 0.0];
    let proposed = derl.proposed.iter().map(|p| p.sample.clone().expect("it was sampled"));
    let samples: Vec<(Sample, f64)> = proposed.zip(advantages).collect();
    let queue = samples[..2].iter().map(|(sample, _)| sample.clone()).collect();
    let lesson = Lesson { samples, group: 7, queue, entropy: 0.1 };
    // Away from where it was sampled, so that ratios and distances count.
    let mut dice = Dice::new(1, 0, 0);
    derl.policy.weights_mut().iter_mut().for_each(|w| *w += 0.04 * dice.normal() as f32);
    let (gradient, _) = lesson.gradient(&derl.policy, &derl.config);
    let large: Vec<usize> = (0..gradient.len()).filter(|&at| gradient[at].abs() > 1e-3).collect();
    let every = large.len().div_ceil(300);
    for &at in large.iter().step_by(every) {
        let weight = derl.policy.weights()[at];
        let [high, low] = [weight + 1e-3, weight - 1e-3];
        let [above, below] = [high, low].map(|weight| {
            derl.policy.weights_mut()[at] = weight;
            loss(&derl, &lesson)
        });
        derl.policy.weights_mut()[at] = weight;
        let slope = (above - below) / f64::from(high - low);
        let found = f64::from(gradient[at]);
        let name = format!("{:?}, weight {at}", derl.config);
        assert!((slope - found).abs() < 1e-4 * (1.0 + slope.abs()), "{name}: {slope} {found}");
    }
    large.len().div_ceil(every)
}

#[test]
fn the_gradient_is_that_of_the_loss() {
    let base = DerlConfig { kl_prior: 0.05, kl_step: 0.2, ..DerlConfig::default() };
    for policy in [Form::Slots, Form::Tree, Form::Gru, Form::Tokens] {
        for (ratio, estimator) in [
            (Ratio::Sequence, Estimator::Grpo),
            (Ratio::Token, Estimator::Grpo),
            (Ratio::Sequence, Estimator::Reinforce),
            (Ratio::Sequence, Estimator::Pqt),
        ] {
            let checked = check_gradient(DerlConfig { policy, ratio, estimator, ..base.clone() });
            let least = if policy == Form::Slots { 15 } else { 40 };
            assert!(checked >= least, "{policy:?} {ratio:?} {estimator:?}: {checked}");
        }
    }
}

#[test]
fn it_learns_what_pays() {
    // Rewards without g2 reach about 1, the shorter the more, others 0: nothing is trained.
    for estimator in [Estimator::Grpo, Estimator::Reinforce, Estimator::DrGrpo, Estimator::Pqt] {
        let config = DerlConfig { policy: Form::Tree, estimator, ..DerlConfig::default() };
        let mut derl = Derl::new(vocabulary(), config, 5, 60);
        let mut share = Vec::new();
        for step in 0..60 {
            let rewards = derl.propose(step, 16).expect("proposes");
            let value =
                |r: &Reward| if r.mentions(1) { 0.0 } else { 1.0 - 0.01 * r.nodes().len() as f32 };
            let values: Vec<f32> = rewards.iter().map(value).collect();
            share.push(values.iter().filter(|value| **value > 0.0).count() as f32 / 16.0);
            derl.learn(step, &rewards, &values, &mut Metrics::default()).expect("learns");
        }
        let mean = |range: std::ops::Range<usize>| share[range].iter().sum::<f32>() / 10.0;
        assert!(mean(50..60) > 0.95 && share[0] < 0.8, "{estimator:?}: {share:?}");
        assert!(!derl.consensus().expect("it has one").mentions(1));
    }
}

#[test]
fn equal_values_teach_nothing() {
    let config = DerlConfig { estimator: Estimator::Grpo, ..DerlConfig::default() };
    let mut derl = Derl::new(vocabulary(), config, 5, 60);
    let before = derl.policy.weights().to_vec();
    let rewards = derl.propose(0, 8).expect("proposes");
    let values = [0.5, 0.5, 0.501, 0.5, 0.5, 0.5, 0.5, f32::NAN];
    derl.learn(0, &rewards, &values, &mut Metrics::default()).expect("learns");
    assert_eq!(derl.policy.weights(), before);
}

#[test]
fn a_failed_training_is_as_bad_as_one_that_reaches_nothing() {
    for estimator in [Estimator::Grpo, Estimator::Reinforce, Estimator::Risk, Estimator::Pqt] {
        let config = DerlConfig { estimator, ..DerlConfig::default() };
        let mut derl = Derl::new(vocabulary(), config, 5, 60);
        let rewards = derl.propose(0, 4).expect("proposes");
        let failed = derl.proposed[1].sample.clone().expect("it was sampled");
        let values = [0.9, f32::NAN, 0.3, f32::INFINITY];
        derl.learn(0, &rewards, &values, &mut Metrics::default()).expect("learns");
        assert!(derl.policy.weights().iter().all(|weight| weight.is_finite()));
        let log = |sample: &Sample| sample.logs.iter().sum::<f64>();
        let now = derl.policy.read(&rewards[1]).expect("it can be written");
        assert!(log(&now) < log(&failed) || estimator == Estimator::Risk, "{estimator:?}");
    }
}

#[test]
fn mutants_of_the_best_join_the_group() {
    for policy in [Form::Slots, Form::Tree, Form::Gru, Form::Tokens] {
        let config = DerlConfig { policy, mix: 0.5, ..DerlConfig::default() };
        let mut derl = Derl::new(vocabulary(), config, 5, 60);
        let rewards = derl.propose(0, 40).expect("proposes");
        let best = rewards[0].clone();
        let values: Vec<f32> = rewards.iter().map(|r| if *r == best { 0.9 } else { 0.0 }).collect();
        derl.learn(0, &rewards, &values, &mut Metrics::default()).expect("learns");
        assert_eq!(derl.queue(), [&best]);
        let group = derl.propose(1, 8).expect("proposes");
        let mut mutants = 0;
        for proposed in &derl.proposed[..4] {
            let reward = proposed.reward.as_ref().expect("mutants are valid");
            assert_ne!(*reward, best);
            mutants += usize::from(proposed.sample.is_some());
        }
        assert!(mutants >= 2, "{policy:?}: most can be written");
        let values = vec![0.5; group.len()];
        derl.learn(1, &group, &values, &mut Metrics::default()).expect("learns");
    }
}

#[test]
fn what_was_screened_out_teaches_nothing() {
    let make = || Derl::new(vocabulary(), DerlConfig::default(), 5, 60);
    let (mut one, mut two) = (make(), make());
    let rewards = one.propose(0, 6).expect("proposes");
    two.propose(0, 6).expect("proposes");
    two.proposed.retain(|p| [&rewards[1], &rewards[4]].contains(&p.reward.as_ref().unwrap()));
    let kept = [rewards[1].clone(), rewards[4].clone()];
    for derl in [&mut one, &mut two] {
        derl.learn(0, &kept, &[0.1, 0.9], &mut Metrics::default()).expect("learns");
    }
    assert_eq!(one.policy.weights(), two.policy.weights());
    assert!(one.policy.weights().iter().any(|weight| *weight != 0.0));
}

#[test]
fn a_restored_proposer_goes_on_to_the_bit() {
    for policy in [Form::Slots, Form::Tree, Form::Gru, Form::Tokens] {
        let config = DerlConfig {
            policy,
            estimator: Estimator::Pqt,
            baseline: Baseline::Ema,
            mix: 0.25,
            ..DerlConfig::default()
        };
        let make = || Derl::new(vocabulary(), config.clone(), 5, 60);
        let (mut one, mut two) = (make(), make());
        let step = |derl: &mut Derl, step: u32| {
            let rewards = derl.propose(step, 6).expect("proposes");
            let values: Vec<f32> =
                rewards.iter().map(|r| (r.nodes().len() % 4) as f32 / 4.0).collect();
            derl.learn(step, &rewards, &values, &mut Metrics::default()).expect("learns");
            rewards
        };
        for at in 0..3 {
            step(&mut one, at);
        }
        let text = serde_json::to_string(&one.state()).expect("it is plain data");
        two.restore(serde_json::from_str(&text).expect("it was written")).expect("it fits");
        for at in 3..6 {
            assert_eq!(step(&mut one, at), step(&mut two, at), "{policy:?}");
        }
        assert_eq!(one.policy.weights(), two.policy.weights());
        assert!(one.updates > 0);
        let other = Derl::new(Synthetic::new(0).vocabulary, config, 5, 60).restore(one.state());
        assert!(matches!(other, Err(StrategyError::StateMismatch { what: "weights", .. })));
    }
}

/// As in the paper, most of what is valid works: it reaches 0.8 to 0.9 if it mentions the outcome. Shares of invalid rewards.
fn invalid_shares(policy: Form, seed: u64) -> Vec<f64> {
    let config = DerlConfig { policy, ..DerlConfig::default() };
    let mut derl = Derl::new(vocabulary(), config, seed, 60);
    let mut dice = Dice::new(seed, 0, 9);
    let mut share = |step| {
        let rewards = derl.propose(step, 8).expect("proposes");
        let mut value =
            |r: &Reward| if r.mentions(0) { 0.8 + 0.1 * dice.unit() as f32 } else { 0.0 };
        let values: Vec<f32> = rewards.iter().map(&mut value).collect();
        let mut metrics = Metrics::default();
        derl.learn(step, &rewards, &values, &mut metrics).expect("learns");
        metrics.get("invalid_share").expect("it is measured")
    };
    (0..60).map(&mut share).collect()
}

#[test]
fn without_a_grammar_fewer_and_fewer_are_invalid() {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mut early, mut late) = (0.0, 0.0);
    for seed in 0..5 {
        let shares = invalid_shares(Form::Tokens, seed);
        early += mean(&shares[..10]) / 5.0;
        late += mean(&shares[50..]) / 5.0;
    }
    assert!(early > 0.2 && late < 0.5 * early, "{early} {late}");
    for policy in [Form::Slots, Form::Tree, Form::Gru] {
        assert_eq!(mean(&invalid_shares(policy, 1)), 0.0);
    }
}

#[test]
fn more_examples_leave_less_to_learn() {
    let share = |examples| {
        let config = DerlConfig { policy: Form::Tokens, examples, ..DerlConfig::default() };
        let mut derl = Derl::new(vocabulary(), config, 3, 10);
        derl.propose(0, 2000).expect("proposes").len() as f64 / 2000.0
    };
    let (few, many) = (share(1), share(1000));
    // Of 2000 the standard error is 0.011.
    assert!(few + 0.06 < many && many < 1.0, "{few} {many}");
}

#[test]
fn a_group_without_a_valid_reward_is_not_written_twice() {
    let config = DerlConfig { policy: Form::Tokens, examples: 1, ..DerlConfig::default() };
    let mut derl = Derl::new(vocabulary(), config, 3, 10);
    derl.propose(7, 8).expect("proposes");
    let first: Vec<Option<Sample>> = derl.proposed.iter().map(|p| p.sample.clone()).collect();
    derl.propose(7, 8).expect("proposes");
    let second: Vec<Option<Sample>> = derl.proposed.iter().map(|p| p.sample.clone()).collect();
    assert_ne!(first, second);
    assert_eq!(derl.invalid[1], 16, "both count in the share");
}

#[test]
fn longer_searches_have_smaller_steps() {
    let rates = |config: DerlConfig| [4, 16, 64].map(|steps| config.rate(steps));
    assert_eq!(rates(DerlConfig::default()), [0.3, 0.3, 0.075]);
    let given = DerlConfig { learning_rate: Some(0.1), ..DerlConfig::default() };
    assert_eq!(rates(given), [0.1; 3], "what is asked for is not changed");
}

#[test]
fn what_makes_no_sense_is_refused_by_its_key() {
    let base = DerlConfig::default;
    for (key, config) in [
        ("nodes", DerlConfig { nodes: 2, ..base() }),
        ("examples", DerlConfig { examples: 0, ..base() }),
        ("queue", DerlConfig { queue: 0, ..base() }),
        ("epochs", DerlConfig { epochs: 0, ..base() }),
        ("learning_rate", DerlConfig { learning_rate: Some(0.0), ..base() }),
        ("baseline_decay", DerlConfig { baseline_decay: 1.5, ..base() }),
        ("queue_weight", DerlConfig { queue_weight: -0.1, ..base() }),
        ("mix", DerlConfig { mix: f64::NAN, ..base() }),
        ("clip", DerlConfig { clip: 2.0, ..base() }),
        ("entropy", DerlConfig { entropy: -1.0, ..base() }),
    ] {
        assert_eq!(config.check().expect_err(key).key, key);
    }
    assert_eq!(base().check(), Ok(()));
    assert!(base().nodes >= PRIOR_NODES_MAX);
    let words = r#"{"policy":"gru","estimator":"dr-grpo","baseline":"leave-one-out"}"#;
    let config: DerlConfig = serde_json::from_str(words).expect("it is written so");
    assert_eq!((config.policy, config.estimator), (Form::Gru, Estimator::DrGrpo));
}
