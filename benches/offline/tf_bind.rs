//! TF-Bind-8 of SIX6 as in the reference run: networks of 256 by plain ascent, all visible rows, twenty epochs; and what a linear model does beside them.

use std::time::Instant;

use hatchery::surrogates::model::{Climbable, Ensemble, Merit};
use hatchery::surrogates::network::Head;
use hatchery::surrogates::searcher::{Ascent, Exhaustive, Searcher};
use hatchery::surrogates::space::Design;
use hatchery::surrogates::statistics;

use super::arena::Arena;
use super::args::Args;
use super::arms::Arm;
use super::measures::Measures;
use super::methods::{judge, propose, reference};
use super::networks::{Family, Training, norms};
use super::record::{Figures, Record};
use super::store::Store;

const TASK: &str = "tf-bind-8";
const ANSWERS: usize = 128;

/// Mean and deviation over four seeds of an independent program in NumPy, two cores: best, 80th percentile, median, mean, first choice, predicted less
/// true, rank correlation on hidden rows, N, seconds of training. NaN where nothing is stated.
type Expected = [(f64, f64); 9];

const NONE: (f64, f64) = (f64::NAN, f64::NAN);

const fn exact(value: f64) -> (f64, f64) {
    (value, f64::NAN)
}

/// Searcher, arm, and what is expected.
const ROWS: [(&str, &str, Expected); 9] = [
    ("random", "-", [(0.937, 0.039), NONE, exact(0.440), NONE, NONE, NONE, NONE, NONE, NONE]),
    (
        "published",
        "plain",
        [
            (0.952, 0.025),
            (0.794, 0.019),
            (0.637, 0.030),
            (0.638, 0.021),
            (0.475, 0.090),
            exact(0.141),
            (0.499, 0.004),
            exact(6.4),
            exact(6.7),
        ],
    ),
    (
        "published",
        "ignite2",
        [
            (0.962, 0.022),
            (0.794, 0.022),
            (0.629, 0.029),
            (0.634, 0.020),
            (0.507, 0.083),
            exact(0.138),
            (0.498, 0.004),
            exact(3.9),
            exact(18.8),
        ],
    ),
    (
        "published",
        "ignite",
        [
            (0.961, 0.024),
            (0.784, 0.008),
            (0.617, 0.009),
            (0.623, 0.009),
            (0.503, 0.095),
            exact(0.086),
            (0.481, 0.006),
            exact(2.55),
            exact(19.6),
        ],
    ),
    ("ascent", "plain", [NONE; 9]),
    ("ascent", "ignite2", [NONE; 9]),
    ("ascent", "ignite", [NONE; 9]),
    (
        "exhaustive",
        "plain",
        [
            (0.979, 0.003),
            NONE,
            (0.869, 0.004),
            NONE,
            (0.960, 0.013),
            NONE,
            exact(0.499),
            NONE,
            NONE,
        ],
    ),
    (
        "pairwise-ridge",
        "-",
        [
            exact(0.979),
            NONE,
            exact(0.882),
            exact(0.878),
            exact(0.949),
            NONE,
            exact(0.512),
            NONE,
            exact(1.0),
        ],
    ),
];

/// Runs the cells that are not there yet, on all threads, one after the other: seconds are compared.
///
/// # Errors
/// What is wrong, as a sentence.
pub(crate) fn run(args: &Args, store: &Store) -> Result<(), String> {
    let epochs = args.epochs.unwrap_or(20);
    let head = args.head(Head::NormalLearned)?;
    let training = Training { epochs, epochs_conservative: 2, width: 256, head };
    let rows = args.rows.unwrap_or(0);
    let name = args.head.as_deref().unwrap_or("learned");
    store.agree(TASK, &serde_json::json!({ "epochs": epochs, "rows": rows, "head": name }))?;
    let has =
        |searcher: &str, arm: &str, seed| store.has(&Record::cell(TASK, TASK, searcher, arm, seed));
    for seed in args.seeds(if args.quick { 1 } else { 4 }) {
        if ROWS.iter().all(|(searcher, arm, _)| has(searcher, arm, seed)) {
            continue;
        }
        let arena = Arena::named(TASK, args.data.as_deref(), seed, rows)?;
        let keep = |record: Record| {
            eprintln!("seed {seed}: {} {}", record.searcher, record.arm);
            store.push(&record.name(TASK), &record)
        };
        if !has("random", "-", seed) {
            let mut record = Record::new(&arena, "random", "-");
            let designs = super::rank::model_free(&arena, "random", ANSWERS);
            record.measures = Measures::of(&arena, &designs, None);
            keep(record)?;
        }
        // Tables have no seed: one fit says it all.
        if !has("pairwise-ridge", "-", seed) && seed == args.first {
            keep(reference(&arena, "pairwise-ridge", ANSWERS))?;
        }
        for arm in [Arm::Plain, Arm::Ignite2, Arm::Ignite] {
            if has("published", arm.name(), seed) {
                continue;
            }
            let trained = training.train(&arena, Family::Single, arm, None);
            let trained = trained.map_err(|error| error.to_string())?;
            let norm = statistics::mean(&norms(&arena, &trained.ensemble));
            let figures = Figures { norm: Some(norm), ..Figures::of(&arena, &trained.ensemble) };
            for name in ["published", "ascent", "exhaustive"] {
                if name == "exhaustive" && arm != Arm::Plain {
                    continue;
                }
                let mut record = Record::new(&arena, name, arm.name());
                (record.figures, record.train_seconds) = (figures, trained.seconds);
                let clock = Instant::now();
                if name == "published" {
                    let (designs, promised) = published(&arena, &trained.ensemble);
                    record.measures = Measures::of(&arena, &designs, Some(&promised));
                } else {
                    let search: &dyn Searcher =
                        if name == "ascent" { &Ascent::plain() } else { &Exhaustive };
                    let merit = Merit::default();
                    let found = propose(&arena, &trained.ensemble, merit, search, ANSWERS);
                    judge(&mut record, &arena, &trained.ensemble, found);
                }
                record.search_seconds = clock.elapsed().as_secs_f64();
                keep(record)?;
            }
        }
    }
    Ok(())
}

/// Two hundred plain steps from the best visible designs, as published: nothing is bounded, designs may come twice, and what is promised and ranked by is
/// the prediction at the point that was reached, not that of the design it is rounded to.
fn published(arena: &Arena, ensemble: &Ensemble) -> (Vec<Design>, Vec<f64>) {
    let encode = |design: &Design| -> Vec<f32> {
        arena.encoding.encode(design).into_iter().map(|v| v as f32).collect()
    };
    let mut x: Vec<f32> = arena.start[..ANSWERS].iter().flat_map(encode).collect();
    let features = arena.encoding.features();
    let factor = 0.01 * (features as f64).sqrt() / ensemble.score_deviation();
    let (mut values, mut slopes) = (vec![0.0; ANSWERS], vec![0.0; x.len()]);
    for _ in 0..200 {
        ensemble.slopes(&x, &mut values, &mut slopes);
        x.iter_mut().zip(&slopes).for_each(|(x, slope)| *x += factor as f32 * slope);
    }
    ensemble.values(&x, &mut values);
    let mut order: Vec<usize> = (0..ANSWERS).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    let decode = |at: &usize| {
        let row: Vec<f64> = x[at * features..][..features].iter().map(|v| f64::from(*v)).collect();
        arena.encoding.decode(&row)
    };
    (order.iter().map(decode).collect(), order.iter().map(|at| values[*at]).collect())
}

/// Prints what was found under what is expected.
pub(crate) fn print(store: &Store) {
    let records = store.all::<Record>(&format!("{TASK}/"));
    if records.is_empty() {
        return;
    }
    println!(
        "\nTF-Bind-8, SIX6, normalised by the pool; mean ± deviation over seeds, and below what an independent program in NumPy found.\n"
    );
    println!(
        "{:15} {:8} {:>3} {:>13} {:>13} {:>13} {:>13} {:>13} {:>13} {:>13} {:>13} {:>13} {:>5} {:>7}",
        "searcher",
        "arm",
        "n",
        "best",
        "p80",
        "median",
        "mean",
        "first",
        "over",
        "correlation",
        "N",
        "train s",
        "dist",
        "srch s"
    );
    for (searcher, arm, expected) in &ROWS {
        let of = records.iter().filter(|r| r.searcher == *searcher && r.arm == *arm);
        let of: Vec<&Record> = of.collect();
        if of.is_empty() {
            continue;
        }
        let columns: [fn(&Record) -> Option<f64>; 9] = [
            |r| r.measures.map(|m| m.pool.best),
            |r| r.measures.map(|m| m.pool.p80),
            |r| r.measures.map(|m| m.pool.median),
            |r| r.measures.map(|m| m.pool.mean),
            |r| r.measures.map(|m| m.pool.first),
            |r| r.measures.and_then(|m| m.over),
            |r| r.figures.correlation,
            |r| r.figures.norm,
            |r| Some(r.train_seconds),
        ];
        let found = columns.map(|column| {
            let values: Vec<f64> = of.iter().filter_map(|r| column(r)).collect();
            (statistics::mean(&values), statistics::sample_sd(&values))
        });
        let distinct = of.iter().filter_map(|r| Some(r.measures?.distinct as f64));
        let distinct = statistics::mean(&distinct.collect::<Vec<f64>>());
        let search = of.iter().map(|r| r.search_seconds).collect::<Vec<f64>>();
        let search = statistics::mean(&search);
        let cells = found.map(cell).join(" ");
        println!("{searcher:15} {arm:8} {:>3} {cells} {distinct:>5.0} {search:>7.2}", of.len());
        println!("{:15} {:8} {:>3} {}", "", "expected", "", expected.map(cell).join(" "));
    }
}

fn cell((mean, deviation): (f64, f64)) -> String {
    match (mean.is_nan(), deviation.is_nan()) {
        (true, _) => format!("{:>13}", ""),
        (false, true) => format!("{mean:>13.3}"),
        (false, false) => format!("{mean:>6.3} ±{deviation:>5.3}"),
    }
}
