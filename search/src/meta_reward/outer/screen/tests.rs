use super::*;
use crate::meta_reward::outer::synthetic::{Plan, Synthetic};
use crate::meta_reward::outer::{Aging, AgingConfig, Derl, DerlConfig, Form, Random, RandomConfig};

const PLAN: Plan = Plan { steps: 20, group: 8, trainings: 2 };

fn filled(hidden: &Synthetic, rewards: u64) -> Archive {
    let mut archive = Archive::default();
    for ticket in 0..rewards {
        let reward = Reward::random(&hidden.vocabulary, &mut Dice::new(1, ticket, 0));
        archive.add(&reward, linear(&reward, &hidden.vocabulary) as f32, &hidden.vocabulary);
    }
    archive
}

/// A value that is linear in the weights: of g2 for, of g3 against.
fn linear(reward: &Reward, vocabulary: &Vocabulary) -> f64 {
    let canonical = reward.canonical(vocabulary, Invariance::Affine);
    let leaves: Vec<_> = vocabulary.chosen().collect();
    let weight = |at: usize| canonical.weight(leaves[at]) / canonical.norm().max(1e-9);
    0.5 + 0.3 * weight(1) - 0.3 * weight(2)
}

#[test]
fn the_model_finds_what_is_linear() {
    let hidden = Synthetic::new(0);
    let model = ValueModel::fit(&filled(&hidden, 300), &hidden.vocabulary).expect("it has values");
    let value = |text: &str| {
        let reward = Reward::parse(text, &hidden.vocabulary).expect("it is a reward");
        (model.predict(&reward), linear(&reward, &hidden.vocabulary))
    };
    for text in ["g1 + g2", "g2 - g3", "g1 + 0.5*g3", "g4 + 0.1*g2"] {
        let ((mean, deviation), truth) = value(text);
        assert!((mean - truth).abs() < 0.05 && deviation < 0.05, "{text}: {mean} {deviation}");
    }
}

#[test]
fn the_model_is_less_sure_of_what_it_has_not_seen() {
    let hidden = Synthetic::new(0);
    let parse = |text: &str| Reward::parse(text, &hidden.vocabulary).expect("it is a reward");
    let mut archive = Archive::default();
    for (text, value) in [("g1 + g2", 0.0), ("g1 + 0.5*g2", 0.9), ("g2 + 0.2*g1", 0.0)] {
        for _ in 0..4 {
            archive.add(&parse(text), value, &hidden.vocabulary);
        }
    }
    let model = ValueModel::fit(&archive, &hidden.vocabulary).expect("it has values");
    let deviation = |text: &str| model.predict(&parse(text)).1;
    assert!(deviation("g1 + 0.6*g2") < 0.5 * deviation("g1 + g7"));
    assert!(ValueModel::fit(&Archive::default(), &hidden.vocabulary).is_none());
}

#[test]
fn drawn_models_scatter_as_the_prediction_says() {
    let hidden = Synthetic::new(0);
    let model = ValueModel::fit(&filled(&hidden, 40), &hidden.vocabulary).expect("it has values");
    let reward = Reward::parse("g1 + g5 - g7", &hidden.vocabulary).expect("it is a reward");
    let point = model.point(&reward);
    let draws: Vec<f64> =
        (0..4000).map(|ticket| model.draw(1.0, &mut Dice::new(3, ticket, 0)).dot(&point)).collect();
    let mean = draws.iter().sum::<f64>() / 4000.0;
    let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / 3999.0;
    let mean_of_all =
        model.predict(&reward).0 - model.draw(0.0, &mut Dice::new(3, 0, 0)).dot(&point);
    let (expected, deviation) = model.predict(&reward);
    let expected = expected - mean_of_all;
    // The prediction has the uncertainty of the mean value in it, one part in 40 values. Four standard errors: 1 in 16,000 seeds.
    let whole = deviation * deviation;
    assert!((mean - expected).abs() < 4.0 * deviation / 4000_f64.sqrt(), "{mean} {expected}");
    assert!(variance < whole * 1.1 && variance > whole * 0.5, "{variance} {whole}");
}

#[test]
fn screening_helps_every_method() {
    let mut sums = [0.0; 4];
    for seed in 0..6 {
        let hidden = Synthetic::new(seed);
        let vocabulary = || hidden.vocabulary.clone();
        for (at, screen) in [1, 8].into_iter().enumerate() {
            let config = ScreenConfig { screen, ..ScreenConfig::default() };
            let random = Random::new(vocabulary(), &RandomConfig::default(), seed);
            let aging = Aging::new(vocabulary(), AgingConfig::default(), seed);
            let late = |means: &[f64]| means[15..].iter().sum::<f64>();
            let random = Screened::new(random, vocabulary(), config.clone(), seed);
            sums[at] += late(&hidden.search(random, PLAN).expect("it goes on").means);
            let aging = Screened::new(aging, vocabulary(), config, seed);
            sums[2 + at] += late(&hidden.search(aging, PLAN).expect("it goes on").means);
        }
    }
    assert!(sums[1] > 2.0 * sums[0] && sums[3] > 1.2 * sums[2], "{sums:?}");
}

#[test]
fn one_proposal_for_each_place_is_no_screening() {
    let hidden = Synthetic::new(1);
    let mut bare = Random::new(hidden.vocabulary.clone(), &RandomConfig::default(), 3);
    let inner = Random::new(hidden.vocabulary.clone(), &RandomConfig::default(), 3);
    let mut screened = Screened::new(inner, hidden.vocabulary.clone(), ScreenConfig::default(), 3);
    for step in 0..3 {
        let rewards = screened.propose(step, 6).expect("proposes");
        assert_eq!(rewards, bare.propose(step, 6).expect("proposes"));
        screened.learn(step, &rewards, &[0.5; 6], &mut Metrics::default()).expect("learns");
    }
}

#[test]
fn a_screened_search_goes_on_to_the_bit() {
    let hidden = Synthetic::new(2);
    for (choice, policy) in
        [(Choice::Thompson, Form::Tree), (Choice::Ucb, Form::Slots), (Choice::Ucb, Form::Tokens)]
    {
        let config = ScreenConfig { screen: 3, choice, ..ScreenConfig::default() };
        let make = || {
            let derl = DerlConfig { policy, mix: 0.25, ..DerlConfig::default() };
            let derl = Derl::new(hidden.vocabulary.clone(), derl, 5, 10);
            Screened::new(derl, hidden.vocabulary.clone(), config.clone(), 5)
        };
        let step = |screened: &mut Screened<Derl>, step: u32| {
            let rewards = screened.propose(step, 4).expect("proposes");
            assert!(rewards.len() <= 4);
            let values: Vec<f32> = rewards.iter().map(|r| hidden.truth(r) as f32).collect();
            screened.learn(step, &rewards, &values, &mut Metrics::default()).expect("learns");
            rewards
        };
        let (mut one, mut two) = (make(), make());
        (0..3).for_each(|at| drop(step(&mut one, at)));
        let text = serde_json::to_string(&one.state()).expect("it is plain data");
        two.restore(serde_json::from_str(&text).expect("it was written")).expect("it fits");
        for at in 3..6 {
            assert_eq!(step(&mut one, at), step(&mut two, at));
        }
    }
}
