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
#[ignore = "ten times the samples of the test above: some seconds"]
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

fn hash(text: &str) -> u64 {
    parse(text).canonical_hash(&full(), Invariance::Affine)
}

#[test]
fn rewards_that_train_alike_share_a_hash() {
    let shared = hash("g1+0.5*(g2+0.5*(g3+0.5*(g4+0.5)))");
    for same in [
        "g1+0.5*(g2+0.5*(g3+0.5*(g4-1)))",
        "0.125*g4 + 0.25*g3 + 0.5*g2 + g1",
        "(8*g1 + 4*g2 + 2*g3 + g4 - 3)/7",
        "g1 + 0.5*g2 + 0.25*g3 + 0.125*g4 + found - found",
    ] {
        assert_eq!(hash(same), shared, "{same}");
    }
    for other in ["g1", "-(g1+0.5*(g2+0.5*(g3+0.5*g4)))", "g1+0.5*g2+0.25*g3+0.13*g4"] {
        assert_ne!(hash(other), shared, "{other}");
    }
    assert_eq!(hash("1"), hash("0.1 + 0.2 - tanh(3)"));
    assert_eq!(hash("g1 - g1"), hash("2"));
    assert_eq!(hash("0.1*g1 + 0.2*g1 - 0.3*g1 + g2"), hash("g2"));
    assert_eq!(hash("(g1 + g2)*(g1 - g2)"), hash("g1*g1 - g2*g2"));
    assert_eq!(hash("(g1 + g2)/(g3 + 1)"), hash("g2/(1 + g3) + g1/(g3 + 1)"));
    assert_eq!(hash("min(g1, 2*g2)"), hash("3*max(0, 0) + min(4*g2, 2*g1)"));
    assert_eq!(hash("tanh(g1 + g2)"), hash("2*tanh(g2 + g1) - 1"));
}

#[test]
fn below_a_function_the_scale_matters() {
    assert_ne!(hash("tanh(g1)"), hash("tanh(2*g1)"));
    assert_ne!(hash("clip01(g1)"), hash("clip01(g1 - 0.5)"));
    assert_ne!(hash("ramp(g1, g2)"), hash("ramp(g2, g1)"));
    assert_ne!(hash("ramp(g1, g2)"), hash("ramp(g1, g2 + 1)"));
    assert_ne!(hash("g1/(g2 + 1)"), hash("g1/(2*g2 + 2)"));
    let faithful = full().with_division(Division::Faithful);
    let hash = |text: &str| parse(text).canonical_hash(&faithful, Invariance::Affine);
    assert_eq!(hash("g1/(g2 + 1)"), hash("g1/(2*g2 + 2)"));
    assert_ne!(hash("g1/g2"), hash("g1/g2 + 1"));
}

#[test]
fn without_invariance_values_count() {
    let hash = |text: &str| parse(text).canonical_hash(&full(), Invariance::Exact);
    assert_ne!(hash("g1"), hash("2*g1"));
    assert_ne!(hash("g1"), hash("g1 + 1"));
    assert_eq!(hash("g1 + g2 + 1"), hash("1 + g2 + g1"));
    assert_eq!(hash("1"), hash("2"));
}

/// A change here is a change of what logs and caches hold.
#[test]
fn canonical_hashes_stay_what_they_are() {
    assert_eq!(hash("g1"), GOLDEN[0], "{:#x}", hash("g1"));
    let long = hash("g1/(g2 + 1) - 0.5*min(g3, mean(fresh))");
    assert_eq!(long, GOLDEN[1], "{long:#x}");
}

/// By an independent script, from the definition.
const GOLDEN: [u64; 2] = [0xEF9D_C84C_A241_E302, 0x4828_3EEE_247C_8BEE];

#[test]
fn simple_forms_are_short() {
    let simple = |text: &str| {
        let simplified = parse(text).simplified(&full(), Invariance::Affine);
        simplified.text(&full())
    };
    assert_eq!(simple("(g1 + g2 + g3 + g4)/4"), "g1 + g2 + g3 + g4");
    assert_eq!(simple("g1+0.5*(g2+0.5*(g3+0.5*(g4+0.5)))"), "g1 + 0.5*g2 + 0.25*g3 + 0.125*g4");
    assert_eq!(simple("0.25*g2 + 0.25*g3 - 0.25*g4 + 2*g1 - 7"), "g1 + 0.125*(g2 + g3 - g4)");
    assert_eq!(simple("neg(neg(neg(g1 + g2)))"), "-(g1 + g2)");
    assert_eq!(simple("(g1 + g2)/(g3 + 1 + 0)"), "(g1 + g2)/(g3 + 1)");
    assert_eq!(simple("0.3333333*g1 + g2*1"), "0.333*g1 + g2");
    assert_eq!(simple("g1 - g1 + 3"), "0");
    let exact = parse("2*g1 + 1 + 1").simplified(&full(), Invariance::Exact);
    assert_eq!(exact.text(&full()), "2*g1 + 2");
}

#[test]
fn no_reward_of_the_prior_grows_when_simplified() {
    let vocabulary = full();
    let mut longest = 0;
    for ticket in 0..2_000 {
        let reward = Reward::random(&vocabulary, &mut Dice::new(11, ticket, 0));
        longest = longest.max(reward.simplified(&vocabulary, Invariance::Affine).nodes().len());
    }
    assert!(longest <= PRIOR_NODES_MAX, "{longest}");
}

#[test]
fn classes_of_the_authors_examples() {
    let class = |text: &str| parse(text).analyse(&full()).class;
    assert_eq!(class("g1*(g2+0.2)*g3"), Class::Unstable);
    assert_eq!(class("-(g1+0.5*g2)"), Class::Adversarial);
    assert_eq!(class("0.5*g1+0.8*g2"), Class::Stable);
    assert_eq!(class("g1/(g2+1)"), Class::Stable);
    assert_eq!(class("g1*g2/(g3+1)"), Class::Stable);
    assert_eq!(class("g1*g2"), Class::Unstable);
    assert_eq!(class("g1/g2"), Class::Unstable);
    assert_eq!(class("tanh(g1*g2) + g1"), Class::Unstable);
    assert_eq!(class("g1 + 0.5"), Class::Stable);
    assert_eq!(class("3"), Class::Stable);
}

#[test]
fn corners_say_where_the_outcome_counts() {
    let analysis = parse("g1*g2*g3").analyse(&full());
    assert_eq!((analysis.sign, analysis.veto), (0.25, 0.75));
    let plain = parse("g1 + 0.5*g2").analyse(&full());
    assert_eq!((plain.sign, plain.veto), (1.0, 0.0));
    assert_eq!(plain.description, "stable: a weighted sum");
    let wrong = parse("g2 - g1").analyse(&full());
    assert_eq!(wrong.sign, 0.0);
    assert_eq!(wrong.description, "adversarial: raising g1 lowers it in 100 % of the corners");
    let blind = parse("found + mean(fresh)").analyse(&full());
    assert_eq!(blind.sign, 0.0);
    assert!(blind.description.ends_with("it never looks at g1"), "{}", blind.description);
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

#[test]
fn the_papers_tokens_and_what_it_calls_valid() {
    let vocabulary = derl4();
    let tokens = tokens(&vocabulary);
    assert_eq!(tokens.len(), 19 + 4 + 1);
    assert_eq!(tokens.last().map(String::as_str), Some(END));
    let valid = validate("g1+0.5*(g2+0.5*(g3+0.5*(g4+0.5)))<end>g1 * *", &vocabulary);
    assert_eq!(valid.map(|reward| reward.nodes().len()), Ok(15));
    assert_eq!(validate("0.5 + 1", &vocabulary), Err(Invalid::NoPrimitive));
    let undefined = Err(Invalid::Undefined(Undefined::DivisionByZero));
    assert_eq!(validate("g1/(g1 - g2)", &vocabulary), undefined);
    for text in ["1e - 6*g1", "g1 * * g2", "(g1", "g5", ""] {
        assert!(matches!(validate(text, &vocabulary), Err(Invalid::Syntax(_))), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

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
    fn simplified_rewards_read_back_to_the_same_hash(seed: u64, faithful: bool, mutations in 0..20) {
        let division = if faithful { Division::Faithful } else { Division::Safe };
        let vocabulary = full().with_division(division);
        let mut dice = Dice::new(seed, 0, 0);
        let mut reward = uniform(&vocabulary, &mut dice);
        for _ in 0..mutations {
            reward = reward.mutated(&vocabulary, &mut dice);
        }
        for invariance in [Invariance::Affine, Invariance::Exact] {
            let hash = reward.canonical_hash(&vocabulary, invariance);
            let printed = Reward::parse(&reward.text(&vocabulary), &vocabulary).expect("it was printed");
            prop_assert_eq!(printed.canonical_hash(&vocabulary, invariance), hash);
            let simple = reward.simplified(&vocabulary, invariance);
            prop_assert!(simple.nodes().len() <= reward.nodes().len());
            let text = simple.text(&vocabulary);
            let read = Reward::parse(&text, &vocabulary);
            prop_assert_eq!(read.as_ref(), Ok(&simple), "{}", text);
            prop_assert_eq!(simple.canonical_hash(&vocabulary, invariance), hash, "{}", text);
        }
    }

    #[test]
    fn exact_simplification_keeps_values(seed: u64) {
        let vocabulary = full();
        let mut dice = Dice::new(seed, 1, 0);
        let reward = Reward::random(&vocabulary, &mut dice);
        let simple = reward.simplified(&vocabulary, Invariance::Exact);
        prop_assume!(!reward.canonical(&vocabulary, Invariance::Exact).is_constant());
        let (primitives, _, progress) = inputs(&mut dice);
        let trace = Trace { values: &[0.5, 0.0, 1.0, 0.25, 0.75, 1.0], signals: 2, horizon: 4 };
        let value = |reward| Evaluator::new(reward, Division::Safe).of_episode(&primitives, trace, progress);
        let (before, after) = (value(&reward), value(&simple));
        let (before, after) = (before.expect("safe"), after.expect("safe"));
        // Three digits of each coefficient; a condition may tip over, and a quotient magnifies.
        let steep = reward.nodes().iter().any(|node| matches!(node, Node::Call(Operator::Gate | Operator::Divide)));
        prop_assert!(steep || (before - after).abs() <= 0.02 * (1.0 + before.abs()), "{} {}", before, after);
    }

    #[test]
    fn analyses_are_shares(seed: u64) {
        let vocabulary = full();
        let analysis = uniform(&vocabulary, &mut Dice::new(seed, 0, 0)).analyse(&vocabulary);
        prop_assert!((0.0..=1.0).contains(&analysis.sign) && (0.0..=1.0).contains(&analysis.veto));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "[g1-4.e+*/() ,minmaxfresh-]{0,40}") {
        let _ = Reward::parse(&text, &full());
    }
}
