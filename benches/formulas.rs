//! How fast formulas are evaluated and searched, and which of the known formulas are found again.
//!
//! ```sh
//! cargo bench --bench formulas                 # throughput, and the three formulas of speed comparisons
//! cargo bench --bench formulas -- --table      # the twenty-four: `--seeds 10 --first 0 --seconds 10 --noise 0 --json FILE --rows DIR`
//! ```
//!
//! Seconds are processor seconds of this process in one thread. *Solved*: the preferred formula of the front has R² > 0.999999 on
//! 1,000 fresh rows without noise.

use std::sync::Arc;
use std::time::Instant;

use hatchery::engine::{Evaluator, Strategy};
use hatchery::kernels::Backend;
use hatchery::search::formula::{
    Config, Digits, Expression, Machine, Regression, Search, Selection, Table,
};
use hatchery::tasks::regression::{FORMULAS, Formula, Purpose, SPEED, Sample};
use serde_json::{Value, json};

/// Seconds of the processor that this process has used; of the clock where there is no `/proc`.
fn seconds_used(began: Instant) -> f64 {
    let of_task = |task: std::fs::DirEntry| -> Option<f64> {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        Some(text.split(' ').next()?.parse::<f64>().ok()? * 1e-9)
    };
    match std::fs::read_dir("/proc/self/task") {
        Ok(tasks) => tasks.flatten().filter_map(of_task).sum(),
        Err(_) => began.elapsed().as_secs_f64(),
    }
}

fn table(formula: &Formula, rows: usize, noise: f64, seed: u64, purpose: Purpose) -> Arc<Table> {
    let sample = Sample::draw(formula, rows, noise, seed, purpose);
    let names = formula.columns.iter().map(|name| (*name).to_owned());
    let columns = names.zip(sample.columns).map(|(name, values)| (name, None, values)).collect();
    let target = ("y".to_owned(), None, sample.target);
    Table::try_new(columns, vec![target], None).expect("samples are a table")
}

/// R² on fresh rows above which a formula is solved.
const SOLVED: f64 = 0.999_999;

/// What a search came to.
struct Found {
    seed: u64,
    solved: bool,
    /// Whether the formula of the shortest description is a solution, and whether any of the front is.
    described: bool,
    any: bool,
    seconds: f64,
    births: u64,
    evaluations: u64,
    text: String,
    r2: f64,
}

fn search(formula: &Formula, config: &Config, (seed, noise, seconds): (u64, f64, f64)) -> Found {
    let training = table(formula, formula.rows, noise, seed, Purpose::Training);
    let test = table(formula, 1000, 0.0, seed, Purpose::Test);
    let task = Regression::try_new(training, config.scaling, config.enough).expect("no units");
    let task = Arc::new(task);
    let mut search = Search::try_new(config.clone(), task.clone(), seed).expect("it is valid");
    let evaluator = Evaluator::new(Backend::cpu());
    let clock = Instant::now();
    let began = seconds_used(clock);
    for generation in 0.. {
        let population = search.ask(generation).expect("it proposes");
        if population.members.is_empty() || seconds_used(clock) - began > seconds {
            break;
        }
        let fitness = evaluator.evaluate(&*task, &population).expect("failures are no errors");
        search.tell(population, &fitness, &evaluator.backend).expect("it learns");
    }
    let ranked = search.front(0).ranked();
    let seconds = seconds_used(clock) - began;
    let yardstick = search.yardstick(1e-10);
    let choose = |selection: Selection| {
        let at = selection.choose(&ranked, &yardstick).expect("there are formulas");
        &ranked[at].entry.expression
    };
    let chosen = choose(config.select);
    let r2 = r_squared(chosen, &test);
    let described = r_squared(choose(Selection::DescriptionLength), &test);
    let least = ranked.iter().map(|one| r_squared(&one.entry.expression, &test));
    let any = least.fold(f64::NEG_INFINITY, f64::max);
    let target = &search.progress().targets[0];
    Found {
        seed,
        solved: r2 > SOLVED,
        described: described > SOLVED,
        any: any > SOLVED,
        seconds,
        births: target.births,
        evaluations: target.counters.evaluations,
        text: chosen.text(formula.columns, Digits::Significant(5)),
        r2,
    }
}

fn r_squared(expression: &Expression, test: &Arc<Table>) -> f64 {
    let predicted = Machine::new(test).predict(expression);
    let target = &test.targets()[0];
    let errors = predicted.iter().zip(target.values()).map(|(f, y)| (f64::from(*f) - y).powi(2));
    1.0 - errors.sum::<f64>() / test.rows() as f64 / target.variance
}

/// Passes over all formulas in one measurement: processor time is known to some milliseconds only.
const ROUNDS: usize = 60;

/// Nodes times rows a second of random formulas of 15 nodes over 200 rows.
fn raw() {
    use hatchery::search::formula::{Variation, Weights, default_operations};
    let formula = Formula::named("feynman-i-16-6").expect("it is listed");
    let table = table(formula, 200, 0.0, 0, Purpose::Training);
    for (name, unary) in [("+ - * /", false), ("all default operations", true)] {
        let operations = default_operations();
        let of =
            |args: usize| operations.as_slice().iter().copied().filter(move |o| o.args() == args);
        let variation = Variation::new(
            of(1).filter(|_| unary).collect(),
            of(2).collect(),
            3,
            30,
            0.25,
            &Weights::default(),
        );
        let formulas: Vec<Expression> = (0..2000)
            .map(|ticket| {
                let mut dice = hatchery::search::program::Dice::new(1, ticket, 0);
                Expression::try_new(variation.grow(15, &mut dice)).expect("one tree")
            })
            .collect();
        let nodes: usize = formulas.iter().map(|formula| formula.nodes().len()).sum();
        let mut machine = Machine::new(&table);
        let clock = Instant::now();
        let mut rates: Vec<f64> = (0..15)
            .map(|_| {
                let began = seconds_used(clock);
                for formula in formulas.iter().cycle().take(ROUNDS * formulas.len()) {
                    machine.load(formula);
                    std::hint::black_box(machine.sums(0));
                }
                (ROUNDS * nodes * 200) as f64 / (seconds_used(clock) - began)
            })
            .collect();
        rates.sort_by(f64::total_cmp);
        let median = rates[rates.len() / 2];
        println!("raw evaluation, {name}: {median:.3e} node-rows/s (200 rows, median of 15)");
    }
}

fn throughput() {
    let formula = Formula::named("feynman-i-16-6").expect("it is listed");
    for (name, steps) in [("without constants", 0), ("5 steps on every offspring", 5)] {
        let config = Config { steps, enough: 0.0, ..Config::default() };
        let rows = Formula { rows: 200, ..*formula };
        let found = search(&rows, &config, (0, 0.0, 3.0));
        println!(
            "search, {name}: {:.0} formulas/s, {:.0} evaluations/s (200 rows)",
            found.births as f64 / found.seconds,
            found.evaluations as f64 / found.seconds
        );
    }
}

fn rows(
    list: &[Formula],
    enough: f64,
    seeds: std::ops::Range<u64>,
    (noise, seconds): (f64, f64),
) -> Value {
    let config = Config { enough, ..Config::default() };
    let (mut solved_formulas, mut solved_runs, mut described, mut any) = (0, 0, 0, 0);
    let mut raw: Vec<Value> = Vec::new();
    let count = seeds.end - seeds.start;
    for formula in list {
        let all: Vec<Found> =
            seeds.clone().map(|seed| search(formula, &config, (seed, noise, seconds))).collect();
        let solved = all.iter().filter(|found| found.solved).count();
        solved_formulas += usize::from(2 * solved > all.len());
        solved_runs += solved;
        described += all.iter().filter(|found| found.described).count();
        any += all.iter().filter(|found| found.any).count();
        raw.extend(all.iter().map(|found| {
            json!({
                "formula": formula.name, "seed": found.seed, "noise": noise, "solved": found.solved,
                "solved_by_description": found.described, "solved_by_any": found.any,
                "true": formula.text, "cpu_seconds": found.seconds, "births": found.births, "r2": found.r2, "text": found.text,
            })
        }));
        let mut times: Vec<f64> = all.iter().map(|found| found.seconds).collect();
        times.sort_by(f64::total_cmp);
        let shown = all.iter().find(|found| found.solved).unwrap_or(&all[0]);
        println!(
            "{:18} {solved:2}/{count} median {:6.2} s  R2 {:.7}  {}",
            formula.name,
            times[times.len() / 2],
            shown.r2,
            shown.text
        );
    }
    let formulas = list.len();
    println!(
        "solved in most seeds: {solved_formulas} of {formulas}; runs {solved_runs} of {} ({described} by the shortest description, {any} by any formula of the front)",
        formulas as u64 * count
    );
    raw.into()
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let option = |name: &str, default: f64| {
        let at = words.iter().position(|word| word == name);
        at.and_then(|at| words.get(at + 1)?.parse().ok()).unwrap_or(default)
    };
    let (first, seeds) = (option("--first", 0.0) as u64, option("--seeds", 10.0) as u64);
    let noise = option("--noise", 0.0);
    let text =
        |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1));
    if let Some(folder) = text("--rows") {
        write_rows(folder, first..first + seeds, noise);
    }
    let json = text("--json");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread starts");
    pool.install(|| {
        if words.iter().any(|word| word == "--table") {
            let enough = Config::default().enough;
            let limits = (noise, option("--seconds", 10.0));
            let raw = rows(&FORMULAS, enough, first..first + seeds, limits);
            return json.into_iter().for_each(|path| write(path, &raw));
        }
        raw();
        throughput();
        // Until the fit is good enough to be solved, with something to spare.
        let raw = rows(&SPEED, 1e-7, first..first + seeds.min(2), (0.0, 5.0));
        json.into_iter().for_each(|path| write(path, &raw));
    });
}

/// The rows that searches see and are judged by, a file for each formula and seed: what other programs are given.
fn write_rows(folder: &str, seeds: std::ops::Range<u64>, noise: f64) {
    std::fs::create_dir_all(folder).unwrap_or_else(|error| {
        eprintln!("{folder} cannot be made: {error}");
        std::process::exit(1);
    });
    for formula in FORMULAS.iter().chain(&SPEED) {
        for seed in seeds.clone() {
            let of = |rows, noise, purpose| {
                let sample = Sample::draw(formula, rows, noise, seed, purpose);
                let mut columns = sample.columns;
                columns.push(sample.target);
                columns
            };
            let raw = json!({
                "formula": formula.name, "text": formula.text, "columns": formula.columns,
                "seed": seed, "noise": noise,
                "train": of(formula.rows, noise, Purpose::Training),
                "test": of(1000, 0.0, Purpose::Test),
            });
            write(&format!("{folder}/{}-{seed}.json", formula.name), &raw);
        }
    }
}

fn write(path: &str, raw: &Value) {
    let text = serde_json::to_string_pretty(raw).expect("numbers and texts") + "\n";
    if let Err(error) = std::fs::write(path, text) {
        eprintln!("{path} cannot be written: {error}");
        std::process::exit(1);
    }
}
