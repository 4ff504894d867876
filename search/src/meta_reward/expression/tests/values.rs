use super::*;

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
