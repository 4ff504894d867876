use super::*;
use crate::program::interpret::tests::compare;
use crate::program::{Graph, start};

fn signature() -> Signature {
    Signature::optimizer(false)
}

fn mutator(change: impl FnOnce(&mut Config)) -> Mutator {
    let mut config = Config::default();
    change(&mut config);
    Mutator::new(signature(), config)
}

/// Lines of descent from every start program, restarted when they get long: 60 000 children.
#[test]
fn every_child_is_valid() {
    let mutator = mutator(|_| {});
    for name in start::names() {
        let ancestor = start::named(name, &signature()).expect("it exists");
        for line in 0..100 {
            let mut program = ancestor.clone();
            let mut dice = Dice::new(line, 1, 0);
            for _ in 0..100 {
                program = mutator.mutate(&program, &mut dice).0;
                program.check(&signature()).expect("valid");
                assert!(program.constants.len() <= 3 * program.statements.len());
            }
        }
    }
}

/// What a program returns is no statement, so no mutation can come to it.
#[test]
fn every_child_returns_the_same_three() {
    let mutator = mutator(|_| {});
    let mut program = start::named("adamw", &signature()).expect("it exists");
    for ticket in 0..500 {
        program = mutator.mutate(&program, &mut Dice::new(4, ticket, 0)).0;
        let text = program.text(&signature(), &crate::program::Names::of(&signature()));
        assert!(text.ends_with("    return update, v1, v2\n"), "{text}");
    }
}

/// What mutations make runs as by the book, sums and leaves included.
#[test]
fn evolved_programs_run_as_by_the_book() {
    let mutator = mutator(|config| config.delete = 0.3);
    let ancestor = start::named("lion", &signature()).expect("it exists");
    for line in 0..300 {
        let mut dice = Dice::new(7, line, 0);
        let mut program = ancestor.clone();
        for _ in 0..25 {
            program = mutator.mutate(&program, &mut dice).0;
        }
        let text = || program.text(&signature(), &crate::program::Names::of(&signature()));
        compare(&program, &[3, 1030, 1], 3)
            .unwrap_or_else(|e| panic!("line {line}: {e}\n{}", text()));
        if let Ok(graph) = Graph::of(&program, &signature()) {
            let again = graph.program(&signature());
            assert_eq!(Graph::of(&again, &signature()).as_ref(), Ok(&graph), "{}", text());
        }
    }
}

/// Chi-square with two degrees of freedom; 13.8 is exceeded by chance once in a thousand seeds.
#[test]
fn kinds_have_their_weights() {
    let mutator = mutator(|_| {});
    let parent = start::named("adamw", &signature()).expect("it exists");
    let mut counts = [0.0_f64; 3];
    const DRAWS: u64 = 100_000;
    for ticket in 0..DRAWS {
        let (_, mutation) = mutator.mutate(&parent, &mut Dice::new(3, ticket, 0));
        counts[match mutation {
            Mutation::Insert => 0,
            Mutation::Delete => 1,
            Mutation::Rewire | Mutation::Constant => 2,
            Mutation::None => panic!("there is always something to do"),
        }] += 1.0;
    }
    let expected = DRAWS as f64 / 3.0;
    let chi_square: f64 = counts.iter().map(|count| (count - expected).powi(2) / expected).sum();
    assert!(chi_square < 13.8, "{counts:?}");
}

/// log₂ of the factor is standard normal (Kolmogorov–Smirnov, 1.95/√n is exceeded once in a thousand seeds), and the share of
/// replacements is what was asked for.
#[test]
fn constants_are_multiplied_and_replaced() {
    let only = |replace: f64| {
        mutator(move |config| {
            config.constants_only = true;
            config.replace_constant = replace;
        })
    };
    let parent = start::named("sgd", &signature()).expect("it exists");
    let value = f64::from(parent.constants[0]);
    let draw = |mutator: &Mutator, ticket| {
        let (child, mutation) = mutator.mutate(&parent, &mut Dice::new(5, ticket, 0));
        assert_eq!(mutation, Mutation::Constant);
        f64::from(child.constants[0])
    };
    let multiplied = only(0.0);
    const DRAWS: usize = 4000;
    let mut logs: Vec<f64> =
        (0..DRAWS as u64).map(|ticket| (draw(&multiplied, ticket) / value).log2()).collect();
    logs.sort_by(f64::total_cmp);
    let normal =
        |x: f64| 0.5 * (1.0 + f64::from(hatchery_kernels::math::erf((x * 0.5_f64.sqrt()) as f32)));
    let distance =
        logs.iter().enumerate().map(|(i, x)| (normal(*x) - i as f64 / DRAWS as f64).abs());
    assert!(distance.fold(0.0, f64::max) < 1.95 / (DRAWS as f64).sqrt());
    let mixed = only(0.3);
    let negative = (0..DRAWS as u64).filter(|ticket| draw(&mixed, *ticket) < 0.0).count();
    // Half of the replacements are negative; four standard errors are 0.023.
    assert!((negative as f64 / DRAWS as f64 - 0.15).abs() < 0.023, "{negative}");
}

#[test]
fn nothing_is_inserted_into_a_long_program() {
    let mutator = mutator(|config| config.length_max = 9);
    let mut program = start::named("adamw", &signature()).expect("it exists");
    for ticket in 0..200 {
        program = mutator.mutate(&program, &mut Dice::new(1, ticket, 0)).0;
        assert!(program.statements.len() <= 9);
    }
}

#[test]
fn a_grown_program_is_valid_and_long() {
    let grown = mutator(|_| {}).grow(
        &start::named("empty", &signature()).expect("it exists"),
        40,
        &mut Dice::new(9, 0, 0),
    );
    grown.check(&signature()).expect("valid");
    assert_eq!(grown.statements.len(), 41);
}

/// Different graphs never meet in one hash: a million pairs among the children of one line.
#[test]
fn hashes_of_different_graphs_differ() {
    let mutator = mutator(|_| {});
    let parent = start::named("adamw", &signature()).expect("it exists");
    let mut seen = std::collections::HashMap::new();
    let mut program = parent;
    for ticket in 0..20_000 {
        program = mutator.mutate(&program, &mut Dice::new(11, ticket, 0)).0;
        if let Ok(graph) = Graph::of(&program, &signature()) {
            let known = seen.entry(graph.hash).or_insert_with(|| graph.clone());
            assert_eq!(*known, graph);
        }
    }
    assert!(seen.len() > 1000);
}
