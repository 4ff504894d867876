use super::*;
use crate::meta_reward::expression::{Grammar, Invariance, Operators, PRIOR_NODES_MAX, validate};
use crate::meta_reward::outer::synthetic::Synthetic;
use hatchery_engine::world::{Primitive, PrimitiveSet};

const START: Start = Start { nodes: PRIOR_NODES_MAX, examples: 100, seed: 4 };

fn full() -> Vocabulary {
    let primitives = ["g1", "g2", "g3"].map(|name| Primitive::unit(name, "a number"));
    let signals = [Primitive::unit("hit", "a number")];
    let set = PrimitiveSet { name: "all", primitives: &["g1", "g2", "g3"], signals: &["hit"] };
    Vocabulary::try_new(&primitives, &signals, &set, Operators::Full).expect("names are right")
}

#[test]
fn an_untrained_policy_is_the_prior_exactly() {
    for vocabulary in [Synthetic::new(0).vocabulary, full()] {
        for form in [Form::Tree, Form::Gru] {
            let policy = MetaPolicy::new(form, vocabulary.clone(), START);
            for ticket in 0..50 {
                let (_, sample) = policy.sample(&mut Dice::new(7, ticket, 0));
                let mut prior = vec![0.0; vocabulary.productions().len()];
                let mut grammar = Grammar::new(&vocabulary);
                let mut gradient = vec![0.0; policy.weights().len()];
                policy.backward(&sample, &mut gradient, |all, _| {
                    for (chances, &token) in all.iter().zip(&sample.tokens) {
                        grammar.prior(&mut prior);
                        assert_eq!(chances.prior, prior);
                        for (now, prior) in chances.now.iter().zip(&prior) {
                            assert!((now - prior).abs() < 1e-12, "{form:?}");
                        }
                        grammar.push(usize::from(token)).expect("it is legal");
                    }
                });
            }
        }
    }
}

#[test]
fn a_reward_is_read_as_it_was_written() {
    for form in [Form::Slots, Form::Tree, Form::Gru] {
        let mut policy = MetaPolicy::new(form, Synthetic::new(0).vocabulary, START);
        let mut dice = Dice::new(1, 0, 0);
        policy.weights_mut().iter_mut().for_each(|w| *w += 0.3 * dice.normal() as f32);
        for ticket in 0..300 {
            let (reward, sample) = policy.sample(&mut Dice::new(2, ticket, 0));
            assert_eq!(policy.read(&reward.expect("it is valid")), Some(sample), "{form:?}");
        }
    }
}

#[test]
fn text_is_read_as_it_is_printed() {
    let policy = MetaPolicy::new(Form::Tokens, Synthetic::new(0).vocabulary, START);
    let MetaPolicy::Text(text) = &policy else { unreachable!("it was asked for") };
    for ticket in 0..300 {
        let reward = Reward::random(text.vocabulary(), &mut Dice::new(2, ticket, 0));
        let Some(sample) = policy.read(&reward) else { continue };
        let (mut draft, mut chances) = (Vec::new(), Chances::default());
        for &token in &sample.tokens {
            writer::Writer::next(text, &mut draft, &mut chances).expect("it goes on");
            writer::Writer::push(text, &mut draft, usize::from(token));
        }
        let hash = |r: Reward| r.canonical_hash(text.vocabulary(), Invariance::Exact);
        match writer::Writer::finish(text, draft) {
            Some(written) => assert_eq!(hash(written), hash(reward)),
            None => assert!(validate(&reward.text(text.vocabulary()), text.vocabulary()).is_err()),
        }
    }
}

#[test]
fn sums_mention_the_outcome_in_four_of_five_and_are_never_empty() {
    let vocabulary = Synthetic::new(0).vocabulary;
    let policy = MetaPolicy::new(Form::Slots, vocabulary.clone(), START);
    let mut outcomes = 0;
    for ticket in 0..3000 {
        let reward = policy.sample(&mut Dice::new(2, ticket, 0)).0.expect("it is valid");
        outcomes += usize::from(reward.mentions(0));
        assert!(reward.weights(&vocabulary).is_some());
    }
    // 5/6 of 3000 is 2500, with a deviation of 20.
    assert!((2400..2600).contains(&outcomes), "{outcomes}");
    let mut policy = MetaPolicy::new(Form::Slots, vocabulary, START);
    policy.weights_mut().iter_mut().step_by(6).for_each(|weight| *weight = 50.0);
    assert!(policy.mode().is_some_and(|reward| reward.nodes().len() <= 3));
}

#[test]
fn what_a_policy_cannot_write_it_does_not_read() {
    let vocabulary = Synthetic::new(0).vocabulary;
    let read = |form, text: &str| {
        let policy = MetaPolicy::new(form, vocabulary.clone(), START);
        policy.read(&Reward::parse(text, &vocabulary).expect("it is a reward")).is_some()
    };
    assert!(read(Form::Slots, "g1 + 0.3*g2 - 0.5*g4"));
    assert!(!read(Form::Slots, "g1 + 0.4*g2") && !read(Form::Slots, "g1*g2"));
    // A constant that is not in the table counts as its neighbour.
    assert!(read(Form::Tree, "g1 + 0.4*g2") && read(Form::Gru, "g1/(g2 + 0.21)"));
    assert!(!read(Form::Tree, "2*3") && !read(Form::Gru, "g1 - g1"));
    assert!(read(Form::Tokens, "g1/(g2 + 0.21)"));
}

#[test]
fn mutants_differ_and_can_mostly_be_written() {
    for form in [Form::Slots, Form::Tree, Form::Gru, Form::Tokens] {
        let policy = MetaPolicy::new(form, Synthetic::new(0).vocabulary, START);
        let (mut mutants, mut read) = (0, 0);
        for ticket in 0..300 {
            let mut dice = Dice::new(2, ticket, 0);
            let Some(parent) = policy.sample(&mut dice).0 else { continue };
            let child = policy.mutated(&parent, &mut dice);
            mutants += 1;
            read += usize::from(policy.read(&child).is_some());
            assert_ne!(child, parent);
        }
        assert!(mutants > 50 && 10 * read > 7 * mutants, "{form:?}: {read} of {mutants}");
    }
}
