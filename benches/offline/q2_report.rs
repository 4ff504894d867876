//! The tables of Q2: coverage by group, and when it abstains.

use std::collections::BTreeMap;

use hatchery::surrogates::statistics;

use super::q2::{Hits, Record};
use super::store::Store;

/// Prints all of it.
pub(crate) fn print(store: &Store) {
    let all = store.all::<Record>("q2/");
    if all.is_empty() {
        return;
    }
    let failed: Vec<&Record> = all.iter().filter(|record| record.failure.is_some()).collect();
    let of = |kind: &str| -> Vec<&Record> {
        all.iter().filter(|r| r.kind == kind && r.failure.is_none()).collect()
    };
    let (general, permuted, quadratic) = (of("general"), of("permuted"), of("quadratic"));
    println!("\nQ2: {} tasks, {} of which failed.", all.len(), failed.len());
    failed.iter().for_each(|r| {
        println!("failed: {} {}: {}", r.function, r.window, r.failure.as_deref().unwrap_or(""));
    });
    coverage(&general);
    proposals(&general);
    abstention(&general);
    let abstains = |r: &&Record| r.abstains.is_some();
    shares("permuted scores: abstains (at least 95 % asked for)", &permuted, abstains);
    shares("clean quadratics: proceeds (at least 95 % asked for)", &quadratic, |r| !abstains(r));
    for record in quadratic.iter().filter(|r| abstains(r)) {
        let reason = record.abstains.as_deref().unwrap_or("");
        println!("    {} {} {} rows: {reason}", record.function, record.window, record.rows);
    }
    let seconds: Vec<f64> = all.iter().map(|record| record.seconds).collect();
    let [median, most] = [0.5, 1.0].map(|share| statistics::quantile(&seconds, share));
    println!(
        "seconds a task: median {median:.1}, mean {:.1}, most {most:.1}",
        statistics::mean(&seconds)
    );
}

/// The mean over tasks of the share inside, at 80 % and at 95 %.
fn share(records: &[&Record], hits: fn(&Record) -> Hits) -> String {
    let of = |level: usize| {
        let some = records.iter().map(|record| hits(record)).filter(|hits| hits.count > 0);
        let shares = some.map(|hits| hits.inside[level] as f64 / hits.count as f64);
        100.0 * statistics::mean(&shares.collect::<Vec<f64>>())
    };
    format!("{:>5.1} {:>5.1}", of(0), of(1))
}

fn coverage(general: &[&Record]) {
    println!(
        "\nCoverage of the intervals of 80 % and 95 %, means over tasks in percent. similar: rows of the same window; of them the tenth that is"
    );
    println!(
        "truly best, and the tenth that is predicted best; proposals: all, and those of runs that do not abstain. width: of the 80 % interval, in sd of the visible scores.\n"
    );
    println!(
        "{:24} {:>5} {:>11} {:>11} {:>11} {:>11} {:>11} {:>11} {:>6}",
        "tasks",
        "n",
        "reported",
        "similar",
        "top true",
        "top pred",
        "proposals",
        "proceeding",
        "width"
    );
    let mut groups: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
    for &record in general {
        let noise = if record.noise == 0.0 {
            "0"
        } else if record.noise <= 0.2 {
            "up to 0.2"
        } else {
            "up to 0.5"
        };
        let rows = match record.rows {
            ..200 => "   50 to  200",
            200..1_000 => "  200 to 1000",
            _ => " 1000 to 5000",
        };
        let columns = if record.discrete { "letters" } else { "numbers" };
        for group in [
            " all".into(),
            format!("window {}", record.window),
            format!("noise {noise}"),
            format!("rows {rows}"),
            format!("columns {columns}"),
            format!("model {}", record.model),
        ] {
            groups.entry(group).or_default().push(record);
        }
    }
    for (name, records) in groups {
        let proceeding: Vec<&Record> =
            records.iter().copied().filter(|r| r.abstains.is_none()).collect();
        let reported = |at: usize| {
            let values: Vec<f64> = records.iter().map(|r| 100.0 * r.reported[at]).collect();
            statistics::mean(&values)
        };
        let widths: Vec<f64> = records.iter().filter_map(|record| record.width).collect();
        println!(
            "{name:24} {:>5} {:>5.1} {:>5.1} {:>11} {:>11} {:>11} {:>11} {:>11} {:>6.2}",
            records.len(),
            reported(0),
            reported(1),
            share(&records, |r| r.similar),
            share(&records, |r| r.top_true),
            share(&records, |r| r.top_predicted),
            share(&records, |r| r.proposals),
            share(&proceeding, |r| r.proposals),
            statistics::median(&widths),
        );
    }
}

/// Intervals of proposals beside what left-out rows alone would give, with standard errors over tasks.
fn proposals(general: &[&Record]) {
    println!(
        "\nIntervals of proposals, means over tasks with their standard errors; by rows: from left-out rows alone; widths: medians, in sd of the visible scores;"
    );
    println!("rehearsed: what the rehearsal says of its own answers.\n");
    println!(
        "{:12} {:>5} {:>12} {:>12} {:>6} {:>12} {:>12} {:>6} {:>6} {:>11}",
        "tasks",
        "n",
        "by rows 80",
        "95",
        "width",
        "printed 80",
        "95",
        "width",
        "of 95",
        "rehearsed"
    );
    let abstains = |r: &&Record| r.abstains.is_some();
    let line = |name: &str, records: &[&Record]| {
        if records.is_empty() {
            return;
        }
        let inside = |hits: fn(&Record) -> Hits, level: usize| {
            let some = records.iter().map(|r| hits(r)).filter(|hits| hits.count > 0);
            let shares: Vec<f64> =
                some.map(|h| 100.0 * h.inside[level] as f64 / h.count as f64).collect();
            let error = statistics::sample_sd(&shares) / (shares.len() as f64).sqrt();
            format!("{:.1} ± {error:.1}", statistics::mean(&shares))
        };
        let width = |of: fn(&Record) -> Option<f64>| {
            statistics::median(&records.iter().filter_map(|r| of(r)).collect::<Vec<f64>>())
        };
        let rehearsed = |level: usize| {
            let some = records.iter().filter_map(|r| r.rehearsed);
            statistics::mean(&some.map(|of| 100.0 * of[level]).collect::<Vec<f64>>())
        };
        println!(
            "{name:12} {:>5} {:>12} {:>12} {:>6.2} {:>12} {:>12} {:>6.2} {:>6.2} {:>5.1} {:>5.1}",
            records.len(),
            inside(|r| r.by_rows, 0),
            inside(|r| r.by_rows, 1),
            width(|r| r.width_by_rows),
            inside(|r| r.proposals, 0),
            inside(|r| r.proposals, 1),
            width(|r| r.width),
            width(|r| r.width_95),
            rehearsed(0),
            rehearsed(1),
        );
    };
    line("all", general);
    let (stopped, proceeding): (Vec<&Record>, Vec<&Record>) =
        general.iter().copied().partition(abstains);
    line("proceeding", &proceeding);
    line("abstaining", &stopped);
}

fn abstention(general: &[&Record]) {
    let count = |abstains: bool, improves: bool| {
        let is = |r: &&&Record| r.abstains.is_some() == abstains && r.improves == improves;
        general.iter().filter(is).count()
    };
    let (right, wrong) = (count(true, false), count(true, true));
    let (missed, good) = (count(false, false), count(false, true));
    println!("\nAbstention against \"the best true proposal beats the best visible\":\n");
    println!("{:12} {:>12} {:>12}", "", "no better", "better");
    println!("{:12} {right:>12} {wrong:>12}", "abstains");
    println!("{:12} {missed:>12} {good:>12}", "proceeds");
    let percent = |part: usize, of: usize| 100.0 * part as f64 / of.max(1) as f64;
    println!(
        "precision {:.0} % of {}, recall {:.0} % of {}; of those that proceed {:.0} % improve\n",
        percent(right, right + wrong),
        right + wrong,
        percent(right, right + missed),
        right + missed,
        percent(good, good + missed),
    );
}

/// A share with its 95 % interval (Wilson's).
fn shares(what: &str, records: &[&Record], holds: impl Fn(&&Record) -> bool) {
    if records.is_empty() {
        return;
    }
    let n = records.len() as f64;
    let p = records.iter().filter(|record| holds(record)).count() as f64 / n;
    let z = 1.96_f64;
    let centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    println!(
        "{what}: {:.0} % of {n} [{:.0}, {:.0}]",
        100.0 * p,
        100.0 * (centre - half),
        100.0 * (centre + half)
    );
}
