use rayon::prelude::*;

use super::*;

#[test]
fn generated_rewards_are_valid_whatever_is_chosen() {
    for operators in [Operators::Derl4, Operators::Linear, Operators::Full] {
        let vocabulary = vocabulary(operators);
        for ticket in 0..34_000 {
            let mut dice = Dice::new(1, ticket, operators as u32);
            let reward = uniform(&vocabulary, &mut dice);
            let limits = vocabulary.limits();
            assert!(reward.nodes().len() <= limits.nodes && reward.depth() <= limits.depth);
            assert!(reward.nodes().iter().any(|node| node.is_grounded()));
            assert_eq!(vocabulary.check(&reward), Ok(()));
            let (primitives, reduced, progress) = inputs(&mut dice);
            let inputs = Inputs { primitives: &primitives, reduced: &reduced, progress };
            assert!(reward.evaluate(&inputs, Division::Safe).is_ok(), "{reward:?}");
        }
    }
}

#[test]
fn a_million_samples_are_valid() {
    for operators in [Operators::Derl4, Operators::Full] {
        let vocabulary = vocabulary(operators);
        (0..500_000).into_par_iter().for_each(|ticket| {
            let mut dice = Dice::new(2, ticket, operators as u32);
            let reward = uniform(&vocabulary, &mut dice);
            let (primitives, reduced, progress) = inputs(&mut dice);
            let inputs = Inputs { primitives: &primitives, reduced: &reduced, progress };
            assert!(reward.evaluate(&inputs, Division::Safe).is_ok(), "{reward:?}");
        });
    }
}

#[test]
fn a_poor_vocabulary_never_gets_stuck() {
    let one = PrimitiveSet { name: "one", primitives: &["g1"], signals: &[] };
    for limits in [
        Limits { nodes: 31, depth: 2, divisions: 2 },
        Limits { nodes: 5, depth: 6, divisions: 2 },
        Limits { nodes: 3, depth: 1, divisions: 0 },
    ] {
        let vocabulary = Vocabulary::try_new(&PRIMITIVES, &SIGNALS, &one, Operators::Full)
            .and_then(|vocabulary| vocabulary.with_limits(limits))
            .expect("a vocabulary");
        for ticket in 0..5_000 {
            let mut dice = Dice::new(4, ticket, 0);
            let reward = uniform(&vocabulary, &mut dice);
            assert_eq!(vocabulary.check(&reward), Ok(()));
            Reward::random(&vocabulary, &mut dice);
        }
    }
}

#[test]
fn what_is_forbidden_cannot_be_written() {
    let (full, derl4) = (full(), derl4());
    for text in [
        "2",
        "g1 + 0.5*2",
        "tanh(2)*g1",
        "neg(neg(g1))",
        "g1 - g1",
        "g1/g1",
        "(g1 + g2) - (g1 + g2)",
        "g4*(g1*g2 + g3)/(g1*g2 + g3)/(g4*(g1*g2 + g3)/(g1*g2 + g3))",
        "g1/(g2/(g3/(g4 + 1)))",
        "tanh(tanh(tanh(tanh(tanh(tanh(tanh(g1)))))))",
    ] {
        assert!(full.check(&parse(text)).is_err(), "{text}");
    }
    for text in ["g1", "g1 - g2", "(g1 + g2) - (g2 + g1)", "g1 + 0.123*g2", "g1/(g2/(g3 + 1))"] {
        assert_eq!(full.check(&parse(text)), Ok(()), "{text}");
    }
    assert_eq!(derl4.check(&parse("tanh(g1)")), Err(Illegal { node: 0 }));
    assert_eq!(derl4.check(&parse("g1 + found")), Err(Illegal { node: 2 }));
    let linear = vocabulary(Operators::Linear);
    assert_eq!(linear.check(&parse("g1 + 0.5*g2")), Ok(()));
    assert!(linear.check(&parse("g1*g2")).is_err());
    assert!(linear.check(&parse("0.5*(g1 + g2)")).is_err());
}

#[test]
fn the_context_says_where_the_next_token_stands() {
    let vocabulary = full();
    let mut grammar = Grammar::new(&vocabulary);
    for node in [
        Node::Call(Operator::Divide),
        Node::Primitive(1),
        Node::Call(Operator::Add),
        Node::Constant(0.5),
    ] {
        grammar.push_node(node).expect("legal");
    }
    let context = grammar.context().expect("not finished");
    assert_eq!(context.open, 1);
    assert_eq!(context.depth, 2);
    assert_eq!(context.remaining, 31 - 4 - 1);
    assert_eq!(context.parent, Some(Operator::Add));
    assert_eq!(context.operand, 1);
    assert_eq!(context.sibling, Some(Node::Constant(0.5)));
    assert_eq!(context.last, Some(Node::Constant(0.5)));
    assert_eq!((context.grounded, context.outcome, context.divisions), (true, false, 1));
    grammar.push_node(Node::Primitive(0)).expect("legal");
    assert!(grammar.finished() && grammar.context().is_none());
    assert_eq!(
        grammar.take().map(|reward| reward.text(&vocabulary)).as_deref(),
        Some("g2/(0.5 + g1)")
    );
}

/// Shares over 20 000 samples: standard errors are below 0.0036, the bounds further away than five of them.
#[test]
fn the_prior_is_short_and_looks_at_the_outcome() {
    for operators in [Operators::Derl4, Operators::Linear, Operators::Full] {
        let vocabulary = vocabulary(operators);
        let (mut outcomes, mut positive, mut negative) = (0, 0, 0);
        let mut sizes = [0; PRIOR_NODES_MAX + 1];
        for ticket in 0..20_000 {
            let mut dice = Dice::new(5, ticket, 0);
            let reward = Reward::random(&vocabulary, &mut dice);
            sizes[reward.nodes().len()] += 1;
            outcomes += usize::from(reward.mentions(0));
            for node in reward.nodes() {
                match node {
                    Node::Constant(value) if *value > 0.0 => positive += 1,
                    Node::Constant(_) => negative += 1,
                    _ => {}
                }
            }
        }
        assert_eq!(sizes[..3], [0; 3], "{operators:?}");
        assert!(sizes[7..].iter().sum::<usize>() > 2_000, "{operators:?}: {sizes:?}");
        assert!(outcomes > 16_400, "{operators:?}: {outcomes}");
        let ratio = f64::from(positive) / f64::from(negative);
        assert!((1.9..2.1).contains(&ratio), "{operators:?}: {ratio}");
    }
}

#[test]
fn a_prior_sums_to_one_over_what_is_legal() {
    let vocabulary = full();
    let productions = vocabulary.productions().len();
    let (mut weights, mut mask) = (vec![0.0; productions], vec![false; productions]);
    for ticket in 0..500 {
        let mut dice = Dice::new(6, ticket, 0);
        let mut grammar = Grammar::new(&vocabulary);
        while !grammar.finished() {
            grammar.legal(&mut mask);
            grammar.prior(&mut weights);
            assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            assert!(weights.iter().zip(&mask).all(|(weight, legal)| *legal || *weight == 0.0));
            grammar.push(dice.weighted(&weights)).expect("legal");
        }
    }
}

#[test]
fn children_could_have_been_generated() {
    for operators in [Operators::Derl4, Operators::Linear, Operators::Full] {
        let vocabulary = vocabulary(operators);
        for ticket in 0..2_000 {
            let mut dice = Dice::new(8, ticket, 0);
            let [mut a, b] = [0; 2].map(|_| Reward::random(&vocabulary, &mut dice));
            for _ in 0..5 {
                let child = a.mutated(&vocabulary, &mut dice);
                assert_eq!(vocabulary.check(&child), Ok(()));
                assert_ne!(child, a);
                a = child;
            }
            let crossed = a.crossed(&b, &vocabulary, &mut dice);
            assert_eq!(vocabulary.check(&crossed), Ok(()));
        }
    }
    // A parent that could not be generated itself has children that can.
    let odd =
        parse("g1+0.5*(g2+0.5*(g3+0.5*(g4+0.5))) + tanh(tanh(tanh(tanh(tanh(tanh(tanh(g1)))))))");
    let child = odd.mutated(&full(), &mut Dice::new(9, 0, 0));
    assert_eq!(full().check(&child), Ok(()));
}

#[test]
fn mutations_step_swap_and_regrow() {
    let (vocabulary, parent) = (full(), parse("g1 + 0.3*g2"));
    let (mut stepped, mut longer, mut swapped) = (0, 0, 0);
    for ticket in 0..1_000 {
        let child = parent.mutated(&vocabulary, &mut Dice::new(10, ticket, 0));
        let differs = child.nodes().iter().zip(parent.nodes()).filter(|(a, b)| a != b).count();
        match child.nodes().len() {
            5 if child.nodes()[3].is_constant() && child.nodes()[3] != parent.nodes()[3] => {
                stepped += 1
            }
            5 if differs == 1 => swapped += 1,
            _ => longer += 1,
        }
    }
    assert!(stepped > 250 && swapped > 200 && longer > 100, "{stepped} {swapped} {longer}");
}
