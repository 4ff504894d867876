//! What formulas promise, over random ones.

use std::sync::Arc;

use hatchery_engine::{Budget, Evaluator, RunPlan, StopReason, Strategy as _, run};
use hatchery_kernels::Backend;
use hatchery_tasks::regression::{Formula, Purpose, Sample};

use super::constants::{Fit, fit};
use super::*;
use crate::program::{Dice, Graph, Operation, Signature};

fn variation(operations: &[Operation]) -> Variation {
    Variation {
        unary: operations.iter().copied().filter(|op| op.args() == 1).collect(),
        binary: operations.iter().copied().filter(|op| op.args() == 2).collect(),
        columns: 3,
        nodes_max: 25,
        constant_chance: 0.3,
        weights: Weights::default().all(),
    }
}

/// Every operation that works row by row.
fn all_operations() -> Vec<Operation> {
    Operation::all().filter(|op| Node::Call(*op).is_allowed()).collect()
}

fn random(count: u64, operations: &[Operation]) -> impl Iterator<Item = (Expression, Dice)> {
    let variation = variation(operations);
    (0..count).map(move |ticket| {
        let mut dice = Dice::new(11, ticket, 0);
        let nodes = 1 + dice.below(20);
        (Expression::try_new(variation.grow(nodes, &mut dice)).expect("a tree grows"), dice)
    })
}

const NAMES: [&str; 3] = ["x", "y", "z"];

/// Rows with numbers around 1, three columns and a target.
fn table(rows: usize) -> Arc<Table> {
    let mut dice = Dice::new(5, 0, 1);
    let mut column = |name: &str| {
        let values = (0..rows).map(|_| 0.3 + 2.0 * dice.unit()).collect();
        (name.to_owned(), None, values)
    };
    let columns = NAMES.iter().map(|name| column(name)).collect();
    let target = column("target");
    Table::try_new(columns, vec![target], None).expect("a table")
}

fn of_formula(formula: &str, seed: u64) -> Arc<Table> {
    let formula = Formula::named(formula).expect("it is listed");
    let sample = Sample::draw(formula, formula.rows, 0.0, seed, Purpose::Training);
    let names = formula.columns.iter().map(|name| (*name).to_owned());
    let columns = names.zip(sample.columns).map(|(name, values)| (name, None, values)).collect();
    Table::try_new(columns, vec![("target".into(), None, sample.target)], None).expect("a table")
}

fn bits(values: &[f32]) -> Vec<u32> {
    // All NaN are one.
    values.iter().map(|v| if v.is_nan() { u32::MAX } else { v.to_bits() }).collect()
}

#[test]
fn text_reads_back_to_the_same_values() {
    let table = table(40);
    let mut machine = Machine::new(&table);
    for (expression, _) in random(3000, &all_operations()) {
        let text = expression.text(&NAMES, Digits::Exact);
        let again = Expression::parse(&text, &NAMES).unwrap_or_else(|e| panic!("{text}: {e}"));
        let (first, second) = (machine.predict(&expression), machine.predict(&again));
        assert_eq!(bits(&first), bits(&second), "{text}");
    }
}

#[test]
fn formulas_are_programs_and_back() {
    let signature = Signature::formula(&NAMES, "f");
    for (expression, _) in random(3000, &all_operations()) {
        let program = expression.program(&signature);
        program.check(&signature).expect("it is a program");
        let again = Expression::from_program(&program, &signature).expect("it is a formula");
        let graph = |e: &Expression| Graph::of(&e.program(&signature), &signature).map(|g| g.hash);
        assert_eq!(graph(&expression), graph(&again));
        if !matches!(expression.nodes()[..], [.., Node::Constant(0.0), Node::Call(Operation::Add)])
        {
            assert_eq!(expression, again);
        }
    }
    let text = "c = x * y\nf = interp(c, z, 0.25) + c";
    let (program, _) = crate::program::parse(text, &signature).expect("a program");
    let expression = Expression::from_program(&program, &signature).expect("a formula");
    assert_eq!(expression.text(&NAMES, Digits::Exact), "(1 - 0.25) * (x * y) + 0.25 * z + x * y");
    let (program, _) = crate::program::parse("f = x / global_norm(x)", &signature).expect("it is");
    let error = Expression::from_program(&program, &signature).expect_err("it sums over rows");
    assert_eq!(error.to_string(), "a formula works row by row; 'global_norm' does not");
}

#[test]
fn the_place_of_a_mistake_is_told() {
    let error = Expression::parse("sin(x) + frob(y)", &NAMES).expect_err("no such operation");
    assert!(
        error.to_string().starts_with("line 1, column 10: there is no operation 'frob'"),
        "{error}"
    );
}

#[test]
fn simpler_formulas_have_the_same_values_and_are_no_larger() {
    let table = table(40);
    let mut machine = Machine::new(&table);
    let operations = default_operations();
    let (mut shorter, mut compared, mut wrong) = (0, 0, 0);
    for (expression, _) in random(5000, operations.as_slice()) {
        let simple = expression.simplified(true);
        Expression::try_new(simple.nodes().to_vec()).expect("one tree");
        let doubled = simple.nodes().len() > expression.nodes().len();
        assert!(!doubled || simple.constants().any(|c| c == 2.0), "{expression:?}");
        shorter += usize::from(simple.nodes().len() < expression.nodes().len());
        assert_eq!(simple, simple.simplified(true), "{}", expression.text(&NAMES, Digits::Exact));
        let (first, second) = (machine.predict(&expression), machine.predict(&simple));
        for (a, b) in first.iter().zip(&second).filter(|(a, _)| a.is_finite()) {
            compared += 1;
            wrong += usize::from((a - b).abs() > 1e-3 * a.abs().max(1.0) || b.is_nan());
        }
    }
    // Formulas that magnify roundings, as the sine of something huge, are few.
    assert!(wrong * 50 < compared, "{wrong} of {compared} values differ");
    assert!(shorter > 1000, "{shorter}");
    for (from, to) in [
        ("2 * x * 3", "x * 6"),
        ("(x + 1) * 1 - 1", "x"),
        ("exp(x + 1) / exp(1)", "exp(x)"),
        ("x - -y", "x + y"),
        ("(x * 2) / (y * 4)", "x / y * 0.5"),
        ("x + x", "x * 2"),
        ("x * x", "x^2"),
        ("(y - y) * x + z / z", "1"),
        ("sqrt(4 * x)", "sqrt(x) * 2"),
    ] {
        let simple = Expression::parse(from, &NAMES).expect("a formula").simplified(true);
        let (simple, to) = (simple.text(&NAMES, Digits::Significant(6)), to);
        assert_eq!(simple, to, "{from}");
    }
}

#[test]
fn children_are_whole_trees_of_the_size_allowed() {
    let operations = default_operations();
    let variation = variation(operations.as_slice());
    let mut kinds = std::collections::BTreeMap::new();
    let parents: Vec<(Expression, Dice)> = random(300, operations.as_slice()).collect();
    for (number, (parent, dice)) in parents.iter().enumerate() {
        let mut dice = dice.clone();
        for _ in 0..100 {
            let (nodes, change) = variation.mutate(parent, &mut dice);
            assert!(nodes.len() <= 25, "{change:?}");
            Expression::try_new(nodes).unwrap_or_else(|e| panic!("{change:?}: {e}"));
            *kinds.entry(format!("{change:?}")).or_insert(0) += 1;
            let other = &parents[(number + 7) % parents.len()].0;
            if let Some(nodes) = variation.cross(parent, other, &mut dice) {
                assert!(nodes.len() <= 25);
                Expression::try_new(nodes).expect("one tree");
            }
        }
    }
    // All ten kinds have happened.
    assert!(kinds.len() >= 10, "{kinds:?}");
}

/// Central differences in steps of 1/1000 against the way back, for each operation as the outermost but one.
#[test]
fn derivatives_agree_with_differences() {
    let table = table(30);
    let rows = 0..30;
    let mut machine = Machine::new(&table);
    let (mut compared, mut wrong) = (0, Vec::new());
    for (expression, _) in random(4000, &all_operations()) {
        let constants: Vec<usize> = (0..expression.nodes().len())
            .filter(|&at| matches!(expression.nodes()[at], Node::Constant(_)))
            .collect();
        let at_changed = |node: usize, by: f32| {
            let mut changed = expression.clone();
            if let Node::Constant(value) = changed.nodes()[node] {
                changed.nodes_mut()[node] = Node::Constant(value + by);
            }
            Machine::new(&table).predict(&changed)
        };
        for node in constants {
            let (h, middle) = (1e-2, machine.predict(&expression));
            let [far_up, up, down, far_down] =
                [2.0 * h, h, -h, -2.0 * h].map(|by| at_changed(node, by));
            machine.load(&expression);
            machine.forward(rows.clone());
            machine.reverse(rows.clone());
            let (factor, column) = machine.derivative(node, &rows);
            for row in 0..30 {
                let near = (up[row] - down[row]) / (2.0 * h);
                let far = (far_up[row] - far_down[row]) / (4.0 * h);
                // Where both differences agree and nothing is huge, they are the derivative.
                let smooth = (near - far).abs() <= 1e-2 * near.abs() + 1e-4;
                if !(smooth && middle[row].abs() < 100.0 && near.abs() < 100.0 && near.abs() > 1e-2)
                {
                    continue;
                }
                let found = factor
                    * match column {
                        hatchery_kernels::cpu::elementwise::Operand::Scalar(value) => value,
                        hatchery_kernels::cpu::elementwise::Operand::Block(block) => block[row],
                    };
                compared += 1;
                if (found - near).abs() > 3e-2 * near.abs() + 1e-3 {
                    let text = expression.text(&NAMES, Digits::Exact);
                    wrong.push(format!("{text}: node {node} row {row}: {found} and {near}"));
                }
            }
        }
    }
    assert!(compared > 20_000, "{compared}");
    // Few formulas are so steep somewhere that roundings make differences, both of them, wrong.
    assert!(wrong.len() * 1000 < compared, "{} of {compared}: {:?}", wrong.len(), wrong.first());
}

#[test]
fn constants_are_found_whatever_the_number_of_rows() {
    for rows in [20, 200, 1000] {
        let x: Vec<f64> = (0..rows).map(|row| 3.0 * f64::from(row) / f64::from(rows)).collect();
        let y: Vec<f64> = x.iter().map(|x| 2.5 * (-1.3 * x).exp() + 0.7 * x).collect();
        let weights = Some((0..rows).map(|row| f64::from(1 + row % 3)).collect());
        for weights in [None, weights] {
            let columns = vec![("x".to_owned(), None, x.clone())];
            let targets = vec![("y".to_owned(), None, y.clone())];
            let table = Table::try_new(columns, targets, weights).expect("a table");
            let mut machine = Machine::new(&table);
            for scaling in [false, true] {
                let text = if scaling {
                    "exp(-0.5 * x) + 0.4 * x"
                } else {
                    "exp(-0.5 * x) * 1.5 + 0.4 * x"
                };
                let mut formula = Expression::parse(text, &["x"]).expect("a formula");
                let fitted = fit(
                    &mut machine,
                    &mut formula,
                    Fit { target: 0, scaling, steps: 40, enough: 1e-13, whole_stay: false },
                );
                let score = fitted.score.expect("it is finite");
                let loss = if scaling { score.scaled } else { score.plain };
                assert!(loss < 1e-11, "{rows} rows, scaling {scaling}: {loss:e} {formula:?}");
            }
        }
    }
}

#[test]
fn a_formula_that_is_not_finite_somewhere_has_no_loss() {
    let table = table(40);
    let task = Regression::try_new(table, true, 0.0).expect("no units");
    for text in ["log(x - 1)", "1 / (x - x)", "exp(exp(exp(x * 3)))"] {
        let expression = Expression::parse(text, &NAMES).expect("a formula");
        let candidates = vec![Candidate::new(0, expression, 5)];
        let population = hatchery_engine::Explicit { generation: 0, members: candidates };
        let fitness =
            Evaluator::new(Backend::cpu()).evaluate(&task, &population).expect("may fail");
        assert!(fitness.values[0].is_nan(), "{text}");
        assert_eq!(population.members[0].known().outcome, Outcome::Failed(Failure::NotFinite));
    }
}

fn entry(text: &str, complexity: u32, loss: f64) -> Entry {
    let expression = Expression::parse(text, &NAMES).expect("a formula");
    Entry { expression, complexity, loss, ticket: 0 }
}

#[test]
fn no_formula_of_a_front_is_dominated_and_the_best_is_preferred() {
    let mut front = Front::default();
    let texts = ["x", "y", "z", "sin(x)", "sin(y)", "x + y", "x * y", "x / y"];
    for (number, text) in texts.iter().enumerate() {
        let loss = [0.5, 0.4, 0.45, 0.41, 0.3, 0.01, 0.02, 0.5][number];
        front.offer(entry(text, [1, 1, 1, 2, 2, 3, 3, 4][number], loss), 2);
    }
    assert_eq!(front.entries().count(), 2 + 2 + 2 + 1);
    let pareto: Vec<f64> = front.pareto().iter().map(|entry| entry.loss).collect();
    assert_eq!(pareto, [0.4, 0.3, 0.01]);
    let ranked = front.ranked();
    assert!((ranked[2].score - (0.3_f64 / 0.01).ln()).abs() < 1e-12);
    let yardstick = Yardstick { rows: 20, symbols: 10, exact: 0.0 };
    assert_eq!(Selection::Best.choose(&ranked, &yardstick), Some(2));
    // The same shape with better numbers takes the place of the other.
    assert!(front.offer(entry("x * 2", 3, 0.009), 2));
    assert!(front.offer(entry("x * 3", 3, 0.008), 2));
    assert_eq!(front.entries().filter(|entry| entry.complexity == 3).count(), 2);
    assert!(!front.offer(entry("x * 4", 3, 0.0085), 2));
}

fn search(table: &Arc<Table>, config: Config, seed: u64) -> Search {
    let task =
        Regression::try_new(table.clone(), config.scaling, config.enough).expect("few units");
    Search::try_new(config, Arc::new(task), seed).expect("a valid configuration")
}

fn go(search: &mut Search, generations: u32) -> StopReason {
    let task = search.task().clone();
    let budget = Budget { generations: Some(generations), ..Budget::default() };
    let plan = RunPlan { budget, ..RunPlan::default() };
    let report = run(search, &*task, &Evaluator::new(Backend::cpu()), &plan, &mut []);
    report.expect("nothing fails").stopped_by
}

fn small() -> Config {
    let small = Config { islands: 4, population: 40, window: 16, ..Config::default() };
    Config { enough: 1e-11, adaptive_parsimony: 100.0, ..small }
}

/// An exact fit always, and its simple form for most seeds: a search may come to a longer formula of the same values first.
#[test]
fn coulombs_law_is_found() {
    let mut simple = 0;
    for seed in 0..5 {
        let table = of_formula("speed-coulomb", 0);
        let mut search = search(&table, small(), seed);
        assert_eq!(go(&mut search, 400), StopReason::Finished);
        let front = search.front(0);
        let ranked = front.ranked();
        let yardstick = search.yardstick(1e-11);
        let at = Selection::Best.choose(&ranked, &yardstick).expect("there are formulas");
        let best = &ranked[at];
        assert!(best.entry.loss < 1e-11);
        simple += u32::from(best.entry.complexity <= 13);
    }
    assert!(simple >= 3, "{simple} of 5");
}

#[test]
fn any_number_of_threads_finds_the_same_formulas() {
    let table = of_formula("speed-wave", 0);
    let states: Vec<State> = [1, 2, 4]
        .into_iter()
        .map(|threads| {
            let pool =
                rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| {
                let mut search = search(&table, small(), 3);
                go(&mut search, 30);
                search.state().expect("it has a state")
            })
        })
        .collect();
    assert_eq!(states[0], states[1]);
    assert_eq!(states[0], states[2]);
}

#[test]
fn a_resumed_search_equals_an_unbroken_one() {
    let table = of_formula("nguyen-7", 0);
    let mut unbroken = search(&table, small(), 3);
    go(&mut unbroken, 40);
    let mut first = search(&table, small(), 3);
    go(&mut first, 20);
    let mut second = search(&table, small(), 3);
    second.restore(first.state().expect("it has a state")).expect("the same shape");
    go(&mut second, 20);
    assert_eq!(unbroken.state().expect("a state"), second.state().expect("a state"));
}

#[test]
fn every_island_receives_births_and_migrants_arrive() {
    let table = of_formula("nguyen-7", 0);
    let mut search = search(&table, small(), 4);
    go(&mut search, 40);
    let target = &search.progress().targets[0];
    assert_eq!(target.counters.island_births, vec![40 + 39 * 16; 4]);
    assert!(target.counters.migrants > 0 && target.counters.migrants_front > 0);
    assert_eq!(target.births, 4 * (40 + 39 * 16));
}

#[test]
fn after_the_last_fit_no_step_makes_a_formula_better() {
    let table = of_formula("nguyen-5", 0);
    let mut search = search(&table, small(), 4);
    go(&mut search, 30);
    let front = search.front(0);
    let least = search.progress().targets[0].front.least();
    assert!(front.least() <= least);
    let mut machine = Machine::new(&table);
    for entry in front.pareto() {
        let mut expression = entry.expression.clone();
        let one = Fit { target: 0, scaling: false, steps: 1, enough: 0.0, whole_stay: true };
        fit(&mut machine, &mut expression, one);
        machine.load(&expression);
        let loss = machine.exact_loss(0, 0.0, 1.0);
        assert!(loss > entry.loss * (1.0 - 1e-6) || loss > entry.loss - 1e-12, "{entry:?} {loss}");
    }
}

/// Rows of m, g and z, with units, and the energy m g z.
fn energies() -> Arc<Table> {
    let mut dice = Dice::new(5, 0, 1);
    let mut column = |name: &str, unit: &str| {
        let values: Vec<f64> = (0..50).map(|_| 1.0 + 4.0 * dice.unit()).collect();
        (name.to_owned(), Some(unit.parse().expect("a unit")), values)
    };
    let columns = vec![column("m", "kg"), column("g", "m/s^2"), column("z", "m")];
    let energy = (0..50).map(|row| columns.iter().map(|(_, _, values)| values[row]).product());
    let target = ("energy".to_owned(), Some("J".parse().expect("a unit")), energy.collect());
    Table::try_new(columns, vec![target], None).expect("a table")
}

#[test]
fn with_units_only_formulas_whose_units_fit_are_kept() {
    let table = energies();
    let mut search = search(&table, Config { enough: 0.0, ..small() }, 4);
    go(&mut search, 40);
    let target = &search.progress().targets[0];
    assert!(target.counters.penalised > 0);
    let dimensions = search.task().dimensions(0).expect("there are units").clone();
    for entry in target.front.entries() {
        assert!(dimensions.allow(&entry.expression, false), "{entry:?}");
    }
    let exact = target.front.pareto().into_iter().find(|entry| entry.loss < 1e-12);
    assert_eq!(exact.expect("it was found").complexity, 5);
}

#[test]
fn each_target_has_a_front_of_its_own() {
    let x: Vec<f64> = (0..60).map(|row| 0.1 + f64::from(row) / 30.0).collect();
    let first = x.iter().map(|x| x.sin() + 1.0).collect();
    let second = x.iter().map(|x| x * x).collect();
    let targets = vec![("a".to_owned(), None, first), ("b".to_owned(), None, second)];
    let table = Table::try_new(vec![("x".to_owned(), None, x)], targets, None).expect("a table");
    let mut search = search(&table, small(), 4);
    assert_eq!(go(&mut search, 100), StopReason::Finished);
    let texts = [0, 1].map(|target| {
        let ranked = search.front(target).ranked();
        let yardstick = search.yardstick(1e-11);
        let at = Selection::Best.choose(&ranked, &yardstick).expect("there are formulas");
        ranked[at].entry.expression.text(&["x"], Digits::Significant(4))
    });
    assert_eq!(texts, ["sin(x) + 1", "x^2"]);
}

#[test]
fn settings_that_make_no_sense_are_refused_by_name() {
    let table = table(20);
    let task = Arc::new(Regression::try_new(table, true, 0.0).expect("no units"));
    let operations = crate::program::Operations::of(&[Operation::Sin]);
    for (config, key) in [
        (Config { islands: 0, ..Config::default() }, "islands"),
        (Config { tournament: 1000, ..Config::default() }, "tournament"),
        (Config { crossover: 1.5, ..Config::default() }, "crossover"),
        (Config { operations, ..Config::default() }, "operations"),
        (Config { parsimony: f64::NAN, ..Config::default() }, "parsimony"),
    ] {
        let error = Search::try_new(config, task.clone(), 0).expect_err("it makes no sense");
        assert_eq!(error.key, key);
    }
}

/// The front of one formula of a search over that table, after the last fit.
fn front_of(table: &Arc<Table>, text: &str, config: Config) -> String {
    let mut search = search(table, Config { scaling: false, ..config }, 0);
    let names: Vec<String> = table.columns().iter().map(|column| column.name.clone()).collect();
    let expression = Expression::parse(text, &names).expect("a formula");
    let mut machine = Machine::new(table);
    machine.load(&expression);
    let loss = machine.exact_loss(0, 0.0, 1.0);
    let complexity = expression.nodes().len() as u32;
    let mut state = search.state().expect("it has a state");
    state.targets[0].front.offer(Entry { expression, complexity, loss, ticket: 0 }, 1);
    search.restore(state).expect("the same shape");
    let front = search.front(0);
    front.pareto()[0].expression.text(&names, Digits::Significant(3))
}

/// 200 rows of x and x² + x, with normal noise of a standard deviation of `noise`.
fn parabola(noise: f64) -> Arc<Table> {
    let mut dice = Dice::new(9, 0, 1);
    let x: Vec<f64> = (0..200).map(|row| f64::from(row) / 100.0 - 1.0).collect();
    let y = x.iter().map(|x| x * x + x + noise * dice.normal()).collect();
    let columns = vec![("x".to_owned(), None, x)];
    Table::try_new(columns, vec![("y".to_owned(), None, y)], None).expect("a table")
}

#[test]
fn what_the_data_do_not_ask_for_is_trimmed() {
    let ugly = "x^2 * 1.01 + (x + 0.02) * cos(x * 0.001)";
    for noise in [0.0, 0.01] {
        let text = front_of(&parabola(noise), ugly, Config::default());
        assert!(["x * x + x", "x + x * x", "x^2 + x", "x + x^2"].contains(&&*text), "{text}");
    }
    // A part that the data do ask for stays, though it is small.
    let text = front_of(&parabola(0.0), "x^2 * 1.01 + x + sin(x * 40) * 0.1", Config::default());
    assert!(!text.contains("sin"), "{text}");
    let text = front_of(&parabola(0.0), ugly, Config { trim: false, ..Config::default() });
    assert!(text.contains("cos"), "{text}");
}

#[test]
fn a_constant_that_is_no_whole_number_is_not_rounded() {
    let x: Vec<f64> = (0..200).map(|row| f64::from(row) / 50.0).collect();
    let y = x.iter().map(|x| 2.02 * x).collect();
    let columns = vec![("x".to_owned(), None, x)];
    let table = Table::try_new(columns, vec![("y".to_owned(), None, y)], None).expect("a table");
    assert_eq!(front_of(&table, "x * 1.9", Config::default()), "x * 2.02");
}

#[test]
fn the_shortest_description_is_not_that_of_noise() {
    let mut front = Front::default();
    // Ten nodes follow the noise of twenty rows.
    for (text, size, loss) in
        [("x", 1, 0.5), ("x * y", 3, 1e-4), ("x * y + sin(x * 20.5)", 8, 4e-5)]
    {
        front.offer(entry(text, size, loss), 1);
    }
    let ranked = front.ranked();
    let choose = |selection: Selection, rows| {
        selection.choose(&ranked, &Yardstick { rows, symbols: 12, exact: 1e-10 })
    };
    assert_eq!(choose(Selection::Best, 20), Some(2));
    assert_eq!(choose(Selection::Accuracy, 20), Some(2));
    assert_eq!(choose(Selection::DescriptionLength, 20), Some(1));
    // Of a thousand rows it is no noise.
    assert_eq!(choose(Selection::DescriptionLength, 1000), Some(2));
    assert_eq!(Selection::Best.choose(&[], &Yardstick { rows: 1, symbols: 1, exact: 0.0 }), None);
}
