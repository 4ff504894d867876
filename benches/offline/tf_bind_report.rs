//! The table of TF-Bind-8 beside what is expected.

use hatchery::surrogates::statistics;

use super::methods::OURS;
use super::record::Record;
use super::store::Store;
use super::tf_bind::TASK;

/// Mean and deviation over four seeds of an independent program in NumPy, two cores: best, 80th percentile, median, mean, first choice, predicted less
/// true, rank correlation on hidden rows, N, seconds of training. NaN where nothing is stated.
pub(crate) type Expected = [(f64, f64); 9];

const NONE: (f64, f64) = (f64::NAN, f64::NAN);

const fn exact(value: f64) -> (f64, f64) {
    (value, f64::NAN)
}

/// Searcher, arm, and what is expected.
pub(crate) const ROWS: [(&str, &str, Expected); 10] = [
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
    (OURS, "-", [NONE; 9]),
];

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
        if expected.iter().any(|(mean, _)| !mean.is_nan()) {
            println!("{:15} {:8} {:>3} {}", "", "expected", "", expected.map(cell).join(" "));
        }
    }
}

fn cell((mean, deviation): (f64, f64)) -> String {
    match (mean.is_nan(), deviation.is_nan()) {
        (true, _) => format!("{:>13}", ""),
        (false, true) => format!("{mean:>13.3}"),
        (false, false) => format!("{mean:>6.3} ±{deviation:>5.3}"),
    }
}
