//! The tables of arms of the same networks: outcomes of all cells, paired differences to the plain arm, means over tasks.

use std::collections::BTreeMap;

use hatchery::surrogates::statistics;

use super::analysis::{bca, holm, over_groups, sign_flips};
use super::arms::Arm;
use super::record::Record;
use super::store::Store;

/// Tasks below which nothing is said of all tasks: with few of them drawing tasks gives intervals that are too narrow.
const TASKS_MIN: usize = 6;

/// Cells by task, searcher and arm.
type Groups = BTreeMap<(String, String, String), Vec<Record>>;

/// Prints all of it.
pub(crate) fn print(store: &Store, experiment: &str) {
    let mut groups = Groups::new();
    for record in store.all::<Record>(&format!("{experiment}/")) {
        let key = (record.task.clone(), record.searcher.clone(), record.arm.clone());
        groups.entry(key).or_default().push(record);
    }
    if groups.is_empty() {
        return;
    }
    println!("\n{experiment}");
    outcomes(&groups);
    differences(&groups);
}

/// The mean of what is there; a dash of nothing.
pub(crate) fn mean_of<'a>(
    records: &'a [Record],
    f: impl Fn(&'a Record) -> Option<f64>,
    digits: usize,
) -> String {
    let values: Vec<f64> = records.iter().filter_map(f).collect();
    if values.is_empty() {
        return "-".into();
    }
    format!("{:.digits$}", statistics::mean(&values))
}

fn median(record: &Record) -> Option<f64> {
    record.measures.map(|m| m.optimum.median)
}

fn rank_of(arm: &str) -> usize {
    Arm::ALL.iter().position(|(name, _)| *name == arm).unwrap_or(Arm::ALL.len())
}

/// Means of all outcomes.
fn outcomes(groups: &Groups) {
    println!(
        "\nOutcomes, means over seeds; scores from the pool's smallest (0) to the best possible (1)."
    );
    println!(
        "median p: from the pool's smallest to its largest. lift: (median - random)/(1 - random). over: predicted - true, on the scale of the pool."
    );
    println!(
        "corr, top: rank correlation on hidden rows and the best tenth of them. N, N prop: gradient norm of the mean prediction on data and on proposals.\n"
    );
    println!(
        "{:12} {:15} {:16} {:>3} {:>6} {:>6} {:>6} {:>8} {:>6} {:>6} {:>6} {:>6} {:>6} {:>5} {:>5} {:>7} {:>6} {:>6} {:>6} {:>6} {:>7} {:>7} {:>7}",
        "task",
        "searcher",
        "arm",
        "n",
        "best",
        "p80",
        "median",
        "median p",
        "mean",
        "first",
        "best16",
        "lift",
        "dist",
        "infe",
        "fail",
        "over",
        "corr",
        "top",
        "N",
        "N prop",
        "lambda",
        "train s",
        "srch s"
    );
    let mut keys: Vec<&(String, String, String)> = groups.keys().collect();
    keys.sort_by_key(|(task, searcher, arm)| (task, searcher, rank_of(arm)));
    for key in keys {
        let (task, searcher, arm) = key;
        let records = &groups[key];
        let random = groups.get(&(task.clone(), "random".into(), "-".into()));
        let random = random.map(|r| r.iter().filter_map(median).collect::<Vec<f64>>());
        let random = random.map(|values| statistics::mean(&values));
        let m = |f: fn(&Record) -> Option<f64>| mean_of(records, f, 3);
        let lift = |r: &Record| Some((median(r)? - random?) / (1.0 - random?));
        println!(
            "{task:12} {searcher:15} {arm:16} {:>3} {:>6} {:>6} {:>6} {:>8} {:>6} {:>6} {:>6} {:>6} {:>6} {:>5} {:>5} {:>7} {:>6} {:>6} {:>6} {:>6} {:>7} {:>7} {:>7}",
            records.len(),
            m(|r| r.measures.map(|m| m.optimum.best)),
            m(|r| r.measures.map(|m| m.optimum.p80)),
            m(median),
            m(|r| r.measures.map(|m| m.pool.median)),
            m(|r| r.measures.map(|m| m.optimum.mean)),
            m(|r| r.measures.map(|m| m.optimum.first)),
            m(|r| r.measures.map(|m| m.optimum.best16)),
            mean_of(records, lift, 3),
            mean_of(records, |r| r.measures.map(|m| m.distinct as f64), 0),
            mean_of(records, |r| r.measures.map(|m| m.infeasible as f64), 0),
            records.iter().filter(|r| r.failure.is_some()).count(),
            m(|r| r.measures.and_then(|m| m.over)),
            m(|r| r.figures.correlation),
            m(|r| r.figures.correlation_top),
            mean_of(records, |r| r.figures.norm, 2),
            mean_of(records, |r| r.figures.norm_proposals, 2),
            m(|r| r.figures.multiplier),
            mean_of(records, |r| Some(r.train_seconds), 1),
            mean_of(records, |r| Some(r.search_seconds), 1),
        );
    }
}

/// The differences of an arm to plain, by seeds that both have.
struct Paired {
    task: String,
    searcher: String,
    arm: String,
    plain: f64,
    differences: Vec<f64>,
}

fn paired(groups: &Groups) -> Vec<Paired> {
    let mut found = Vec::new();
    let mut keys: Vec<_> = groups.keys().collect();
    keys.sort_by_key(|(task, searcher, arm)| (task, searcher, rank_of(arm)));
    for key in keys {
        let (task, searcher, arm) = key;
        let plain = groups.get(&(task.clone(), searcher.clone(), Arm::Plain.name().into()));
        let (Some(plain), true) = (plain, arm != "-" && arm != Arm::Plain.name()) else { continue };
        let of = |seed| plain.iter().find(|record| record.seed == seed).and_then(median);
        let pairs = groups[key].iter().filter_map(|r| Some((of(r.seed)?, median(r)?)));
        let pairs: Vec<(f64, f64)> = pairs.collect();
        if pairs.is_empty() {
            continue;
        }
        found.push(Paired {
            task: task.clone(),
            searcher: searcher.clone(),
            arm: arm.clone(),
            plain: pairs.iter().map(|(plain, _)| plain).sum::<f64>() / pairs.len() as f64,
            differences: pairs.iter().map(|(plain, other)| other - plain).collect(),
        });
    }
    found
}

/// The primary outcome, cell by cell and over tasks.
fn differences(groups: &Groups) {
    let cells = paired(groups);
    if cells.is_empty() {
        return;
    }
    println!(
        "\nPrimary outcome: median of the 128, from the pool's smallest (0) to the best possible (1); difference to plain, paired by seed."
    );
    println!(
        "Interval: BCa bootstrap over seeds, 95 %. p: sign flips, Holm over all {} cells. \"not shown\": the interval contains 0 or p (Holm) > 0.05.\n",
        cells.len()
    );
    println!(
        "{:12} {:12} {:16} {:>3} {:>7} {:>8} {:>8} {:>8} {:>7} {:>8} {:>7} {:>7}",
        "task",
        "searcher",
        "arm",
        "n",
        "plain",
        "diff",
        "low",
        "high",
        "sd",
        "rel %",
        "p",
        "p Holm"
    );
    let p: Vec<f64> = cells.iter().map(|cell| sign_flips(&cell.differences)).collect();
    for ((cell, p), corrected) in cells.iter().zip(&p).zip(holm(&p)) {
        let Paired { task, searcher, arm, plain, differences } = cell;
        let found = bca(differences);
        let shown = !found.has_zero() && corrected <= 0.05;
        let verdict = match (shown, found.mean > 0.0) {
            (false, _) => "not shown",
            (true, true) => "better",
            (true, false) => "worse",
        };
        let relative = match *plain > 0.0 {
            true => format!("{:+.1}", 100.0 * found.mean / plain),
            false => "-".to_owned(),
        };
        println!(
            "{task:12} {searcher:12} {arm:16} {:>3} {plain:>7.3} {:>+8.4} {:>+8.4} {:>+8.4} {:>7.4} {relative:>8} {p:>7.4} {corrected:>7.4} {verdict}",
            differences.len(),
            found.mean,
            found.low,
            found.high,
            statistics::sample_sd(differences),
        );
    }
    over_tasks(&cells);
}

fn over_tasks(cells: &[Paired]) {
    println!("\nOver tasks: mean of the differences of tasks; interval by drawing tasks, 95 %.\n");
    println!(
        "{:12} {:16} {:>5} {:>8} {:>8} {:>8}",
        "searcher", "arm", "tasks", "diff", "low", "high"
    );
    let mut by: BTreeMap<(&str, usize), BTreeMap<&str, Vec<f64>>> = BTreeMap::new();
    for cell in cells {
        for searcher in [cell.searcher.as_str(), "~ all"] {
            let tasks = by.entry((searcher, rank_of(&cell.arm))).or_default();
            tasks.entry(&cell.task).or_default().extend(&cell.differences);
        }
    }
    for ((searcher, arm), tasks) in by {
        let groups: Vec<Vec<f64>> = tasks.into_values().collect();
        let found = over_groups(&groups);
        let verdict = match (groups.len() < TASKS_MIN, found.has_zero()) {
            (true, _) => "too few tasks",
            (false, true) => "not shown",
            (false, false) => "shown",
        };
        println!(
            "{searcher:12} {:16} {:>5} {:>+8.4} {:>+8.4} {:>+8.4} {verdict}",
            Arm::ALL.get(arm).map_or("", |(name, _)| name),
            groups.len(),
            found.mean,
            found.low,
            found.high,
        );
    }
}
