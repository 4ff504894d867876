use hatchery_engine::world::{Primitive, PrimitiveSet, Reducer, Trace};
use hatchery_kernels::Dice;
use proptest::prelude::*;

use super::*;

const PRIMITIVES: [Primitive; 5] = [
    Primitive::unit("g1", "outcome"),
    Primitive::unit("g2", "first third"),
    Primitive::unit("g3", "middle third"),
    Primitive::unit("g4", "last third"),
    Primitive::unit("found", "target seen"),
];
const SIGNALS: [Primitive; 2] =
    [Primitive::unit("fresh", "a new action"), Primitive::unit("undo", "the action undoes one")];
const DERL4: PrimitiveSet =
    PrimitiveSet { name: "derl4", primitives: &["g1", "g2", "g3", "g4"], signals: &[] };
const FULL: PrimitiveSet = PrimitiveSet {
    name: "full",
    primitives: &["g1", "g2", "g3", "g4", "found"],
    signals: &["fresh", "undo"],
};

fn vocabulary(operators: Operators) -> Vocabulary {
    let set = if operators == Operators::Full { &FULL } else { &DERL4 };
    Vocabulary::try_new(&PRIMITIVES, &SIGNALS, set, operators).expect("a vocabulary")
}

fn derl4() -> Vocabulary {
    vocabulary(Operators::Derl4)
}

fn full() -> Vocabulary {
    vocabulary(Operators::Full)
}

fn parse(text: &str) -> Reward {
    Reward::parse(text, &full()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Any sequence of legal productions, each with the same chance: rewards as odd as they come.
fn uniform(vocabulary: &Vocabulary, dice: &mut Dice) -> Reward {
    let mut grammar = Grammar::new(vocabulary);
    let mut mask = vec![false; vocabulary.productions().len()];
    while !grammar.finished() {
        grammar.legal(&mut mask);
        let legal: Vec<usize> = (0..mask.len()).filter(|at| mask[*at]).collect();
        assert!(!legal.is_empty(), "stuck after {:?}", grammar.nodes());
        grammar.push(legal[dice.below(legal.len())]).expect("it is legal");
    }
    grammar.take().expect("it is finished")
}

fn inputs(dice: &mut Dice) -> ([f32; 5], Vec<f32>, f32) {
    let mut number = || match dice.below(4) {
        0 => 0.0,
        1 => 1.0,
        _ => dice.unit() as f32,
    };
    (std::array::from_fn(|_| number()), (0..14).map(|_| number()).collect(), number())
}

#[test]
fn values_by_hand() {
    let value = |text: &str, division| {
        let primitives = [1.0, 0.5, 0.25, 0.0, 1.0];
        let inputs = Inputs { primitives: &primitives, reduced: &[0.75], progress: 0.25 };
        parse(text).evaluate(&inputs, division)
    };
    let safe = |text| value(text, Division::Safe).expect("a value");
    assert_eq!(safe("g1 + 0.5*(g2 + 0.5*(g3 + 0.5*(g4 + 0.5)))"), 1.375);
    assert_eq!(safe("1 - g2 - g3"), 0.25);
    assert_eq!(safe("1 - (g2 - g3)"), 0.75);
    assert_eq!(safe("-g2*g3 + mean(fresh)"), 0.625);
    assert_eq!(safe("g1/g4"), 0.0);
    assert_eq!(safe("g2/2"), 0.5 * 2.0 / (4.0 + 1e-4));
    assert_eq!(safe("ramp(g1, g4) + gate(g1, g2) + gate(g2, g1)"), 1.25);
    assert_eq!(safe("min(g1, max(g2, g3)) + clip01(3*g1) + clip01(neg(g1))"), 1.5);
    assert_eq!(safe("tanh(g4)"), 0.0);
    assert_eq!(value("g1/(g2*2)", Division::Faithful), Ok(1.0));
    assert_eq!(value("1/g4", Division::Faithful), Err(Undefined::DivisionByZero));
    assert_eq!(value("min(1/g4, 1)", Division::Faithful), Err(Undefined::DivisionByZero));
    assert_eq!(value("3e38*10*g4", Division::Safe), Err(Undefined::NotFinite));
    assert_eq!(value("mean(fresh) + mean(undo)", Division::Safe), Err(Undefined::Missing));
}

#[test]
fn a_value_that_is_no_number_never_hides() {
    let inputs = Inputs { primitives: &[f32::NAN; 5], reduced: &[], progress: 0.0 };
    for text in ["g1", "min(g1, 1)", "gate(g1, 1)", "clip01(g1)"] {
        assert_eq!(parse(text).evaluate(&inputs, Division::Safe), Err(Undefined::NotFinite));
        let evaluator = Evaluator::new(&parse(text), Division::Safe);
        assert_eq!(evaluator.value(&inputs), Err(Undefined::NotFinite));
    }
}

#[test]
fn compiled_rewards_have_the_bits_of_the_tree() {
    let vocabulary = full();
    for ticket in 0..5_000 {
        let mut dice = Dice::new(3, ticket, 0);
        let reward = uniform(&vocabulary, &mut dice);
        let (primitives, reduced, progress) = inputs(&mut dice);
        let inputs = Inputs { primitives: &primitives, reduced: &reduced, progress };
        for division in [Division::Safe, Division::Faithful] {
            let tree = reward.evaluate(&inputs, division).ok().map(f32::to_bits);
            let compiled = Evaluator::new(&reward, division);
            assert_eq!(compiled.value(&inputs).ok().map(f32::to_bits), tree, "{reward:?}");
            let mut out = [7.0; 2];
            let twice = [primitives, primitives].concat();
            let count = compiled.fill(
                &twice,
                &[reduced.clone(), reduced.clone()].concat(),
                progress,
                &mut out,
            );
            assert_eq!(count, if tree.is_some() { 0 } else { 2 });
            assert_eq!(out.map(f32::to_bits), [tree.unwrap_or(0); 2]);
        }
    }
}

#[test]
fn signals_are_reduced_on_demand() {
    let reward = parse("g1 + mean(fresh) - last(undo) + max(fresh) + mean(fresh)");
    let needed = [(Reducer::Mean, 0), (Reducer::Last, 1), (Reducer::Max, 0)];
    assert_eq!(reward.reductions(), needed);
    let trace = Trace { values: &[0.5, 0.0, 1.0, 0.25], signals: 2, horizon: 4 };
    let evaluator = Evaluator::new(&reward, Division::Safe);
    assert_eq!(evaluator.of_episode(&[1.0; 5], trace, 0.0), Ok(1.0 + 0.75 - 0.25 + 1.0 + 0.75));
    let reduced: Vec<f32> = needed.iter().map(|(r, s)| trace.reduce(*r, *s)).collect();
    let inputs = Inputs { primitives: &[1.0; 5], reduced: &reduced, progress: 0.0 };
    assert_eq!(evaluator.value(&inputs), Ok(3.25));
}

#[test]
fn rejections_name_the_column_and_what_to_do() {
    let error = |text: &str| Reward::parse(text, &full()).expect_err(text);
    let cases = [
        ("g1 + 1e - 6", 8, "exponent"),
        ("g1 * * g2", 6, "found '*'"),
        ("(g1 + g2", 1, "never closed"),
        ("g1 + g2)", 8, "closes nothing"),
        ("g1 + fuond", 6, "did you mean 'found'"),
        ("g1 + xyzzy", 6, "there are g1, g2"),
        ("g1 g2", 4, "expected an operator"),
        ("0.5(g1)", 4, "expected an operator"),
        ("", 1, "found the end"),
        ("g1 +", 5, "found the end"),
        ("g1 + fresh", 6, "mean(fresh)"),
        ("g1 + mean(frehs)", 11, "did you mean 'fresh'"),
        ("tahn(g1)", 1, "did you mean 'tanh'"),
        ("g1 + g2(g3)", 6, "is a primitive"),
        ("min(g1)", 1, "takes 2 operands, found 1"),
        ("gate(g1)", 1, "takes 2 operands, found 1"),
        ("g1 & g2", 4, "no meaning"),
        ("g1 + 1e99", 6, "too large"),
        ("g1 + .", 6, "no number"),
        ("größe", 3, "no meaning"),
    ];
    for (text, column, words) in cases {
        let found = error(text);
        assert_eq!(found.column, column, "{text}: {found}");
        assert!(found.message.contains(words), "{text}: {found}");
    }
    let deep = format!("{}g1{}", "(".repeat(1000), ")".repeat(1000));
    assert!(error(&deep).message.contains("too deep"));
    assert!(error(&"tanh(".repeat(40)).column > 1);
    let nested = format!("{}g1{}", "tanh(".repeat(40), ")".repeat(40));
    assert!(error(&nested).message.contains("flatter"));
    assert!(error(&vec!["g1"; 200].join("+")).message.contains("at most 255 nodes"));
    assert!(error(&"g1+".repeat(5000)).message.contains("characters"));
    let plain = Reward::parse("min(g1, g2)", &derl4()).expect_err("no such operator");
    assert_eq!(plain.column, 1);
    assert!(plain.message.contains("use + - * /"), "{plain}");
    assert!(
        Reward::parse("found", &derl4()).expect_err("not chosen").message.contains("chosen set")
    );
}

#[test]
fn text_has_the_fewest_parentheses() {
    for text in [
        "g1 - 0.5*g2 + g3/(g4 + 1)",
        "g1 - g2 - g3 - g4",
        "-g1*(g2 - g3)",
        "g1/(g2*g3)",
        "g1*g2/g3",
        "-(g1 + 0.5*g2)",
        "gate(mean(fresh), max(g1, g2)) + ramp(g1, tanh(-g2))",
        "1e-7*g1",
        "g1*-0.5",
    ] {
        assert_eq!(parse(text).text(&full()), text);
    }
    assert_eq!(parse("g1 - (g2 - (g3 + g4))").text(&full()), "g1 - g2 + g3 + g4");
    assert_eq!(parse("(g1*(g2*(g3)))").text(&full()), "g1*g2*g3");
    assert_eq!(parse("g1 + -0.5*g2").text(&full()), "g1 - 0.5*g2");
    let without_negation = Reward::parse("-(g1 + g2)", &derl4()).expect("a reward");
    assert_eq!(without_negation.text(&derl4()), "-(g1 + g2)");
}

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
#[ignore = "ten times the samples of the test above: half a minute"]
fn a_million_samples_are_valid() {
    for operators in [Operators::Derl4, Operators::Full] {
        let vocabulary = vocabulary(operators);
        for ticket in 0..500_000 {
            let mut dice = Dice::new(2, ticket, operators as u32);
            let reward = uniform(&vocabulary, &mut dice);
            let (primitives, reduced, progress) = inputs(&mut dice);
            let inputs = Inputs { primitives: &primitives, reduced: &reduced, progress };
            assert!(reward.evaluate(&inputs, Division::Safe).is_ok(), "{reward:?}");
        }
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
fn vocabularies_are_checked_and_read_back() {
    for operators in [Operators::Derl4, Operators::Linear, Operators::Full] {
        let vocabulary = vocabulary(operators);
        let text = serde_json::to_string(&vocabulary).expect("it is data");
        assert_eq!(serde_json::from_str::<Vocabulary>(&text).expect("it was written"), vocabulary);
        for (number, node) in vocabulary.productions().iter().enumerate() {
            assert_eq!(vocabulary.production(*node), Some(number));
        }
    }
    let near = derl4().production(Node::Constant(0.28)).expect("a constant");
    assert_eq!(derl4().productions()[near], Node::Constant(0.3));
    let refused = |primitives: &[Primitive], names: &'static [&'static str]| {
        let set = PrimitiveSet { name: "s", primitives: names, signals: &[] };
        Vocabulary::try_new(primitives, &[], &set, Operators::Derl4).expect_err("refused")
    };
    assert_eq!(refused(&PRIMITIVES, &[]), VocabularyError::Empty);
    assert!(refused(&PRIMITIVES, &["g9"]).to_string().contains("g1, g2"));
    assert!(refused(&[Primitive::unit("min", "")], &["min"]).to_string().contains("function"));
    assert!(refused(&[Primitive::unit("1a", "")], &["1a"]).to_string().contains("letter"));
    assert!(derl4().with_limits(Limits { depth: 31, ..Limits::default() }).is_err());
    assert!(serde_json::from_str::<Reward>(r#"[{"call":"add"}]"#).is_err());
}

#[test]
fn rewards_of_one_weight_a_primitive() {
    let vocabulary = derl4();
    let text =
        |weights: &[f32]| Reward::linear(weights, &vocabulary).expect("finite").text(&vocabulary);
    assert_eq!(text(&[1.0, -0.5, 0.0, 2.0]), "g1 - 0.5*g2 + 2*g4");
    assert_eq!(text(&[0.0; 4]), "0");
    assert_eq!(Reward::average(&vocabulary).text(&vocabulary), "(g1 + g2 + g3 + g4)/4");
    assert_eq!(Reward::outcome().text(&vocabulary), "g1");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn print_parse_print_is_stable(seed: u64) {
        let vocabulary = full();
        let reward = uniform(&vocabulary, &mut Dice::new(seed, 0, 0));
        let read = Reward::parse(&reward.text(&vocabulary), &vocabulary);
        prop_assert!(read.is_ok(), "{}: {:?}", reward.text(&vocabulary), read);
        let read = read.expect("checked");
        let again = Reward::parse(&read.text(&vocabulary), &vocabulary);
        prop_assert_eq!(again, Ok(read));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "[g1-4.e+*/() ,minmaxfresh-]{0,40}") {
        let _ = Reward::parse(&text, &full());
    }
}
