//! The tables of Q3: outcomes of all methods, and ours against each other one.

use std::collections::BTreeMap;

use hatchery::surrogates::statistics;

use super::analysis::{bca, holm, sign_flips};
use super::measures::Measures;
use super::q1_report::mean_of;
use super::q3::METHODS;
use super::record::Record;
use super::store::Store;

/// Prints all of it.
pub(crate) fn print(store: &Store) {
    let records = store.all::<Record>("q3/");
    let mut groups: BTreeMap<(&str, usize), Vec<Record>> = BTreeMap::new();
    for record in &records {
        let rank = METHODS.iter().position(|name| *name == record.searcher).unwrap_or_default();
        groups.entry((&record.task, rank)).or_default().push(record.clone());
    }
    if groups.is_empty() {
        return;
    }
    println!(
        "\nQ3: sixteen proposals; scores from the pool's smallest (0) to the best possible (1), means over seeds.\n"
    );
    println!(
        "{:12} {:15} {:>3} {:>6} {:>6} {:>6} {:>6} {:>5} {:>5} {:>5} {:>7} {:>6} {:>8}  models",
        "task",
        "method",
        "n",
        "best",
        "median",
        "mean",
        "first",
        "dist",
        "infe",
        "fail",
        "over",
        "corr",
        "seconds"
    );
    for ((task, rank), records) in &groups {
        let m = |f: fn(&Record) -> Option<f64>| mean_of(records, f, 3);
        let mut notes: BTreeMap<&str, usize> = BTreeMap::new();
        for note in records.iter().filter_map(|record| record.note.as_deref()) {
            *notes.entry(note).or_default() += 1;
        }
        let notes: Vec<String> = notes.iter().map(|(note, n)| format!("{n}× {note}")).collect();
        println!(
            "{task:12} {:15} {:>3} {:>6} {:>6} {:>6} {:>6} {:>5} {:>5} {:>5} {:>7} {:>6} {:>8}  {}",
            METHODS[*rank],
            records.len(),
            m(|r| r.measures.map(|m| m.optimum.best)),
            m(|r| r.measures.map(|m| m.optimum.median)),
            m(|r| r.measures.map(|m| m.optimum.mean)),
            m(|r| r.measures.map(|m| m.optimum.first)),
            mean_of(records, |r| r.measures.map(|m| m.distinct as f64), 0),
            mean_of(records, |r| r.measures.map(|m| m.infeasible as f64), 0),
            records.iter().filter(|r| r.failure.is_some()).count(),
            m(|r| r.measures.and_then(|m| m.over)),
            m(|r| r.figures.correlation),
            mean_of(records, |r| Some(r.search_seconds), 2),
            notes.join("; "),
        );
    }
    for (what, f) in [
        ("best", (|m: &Measures| m.optimum.best) as fn(&Measures) -> f64),
        ("mean", |m: &Measures| m.optimum.mean),
    ] {
        against(&groups, what, f);
    }
}

/// Ours less each other method, paired by seed.
fn against(groups: &BTreeMap<(&str, usize), Vec<Record>>, what: &str, f: fn(&Measures) -> f64) {
    let mut rows = Vec::new();
    for ((task, rank), others) in groups.iter().filter(|((_, rank), _)| *rank > 0) {
        let Some(ours) = groups.get(&(task, 0)) else { continue };
        let value = |records: &[Record], seed: u64| {
            records.iter().find(|r| r.seed == seed)?.measures.as_ref().map(f)
        };
        let pairs =
            ours.iter().filter_map(|r| Some(r.measures.as_ref().map(f)? - value(others, r.seed)?));
        let differences: Vec<f64> = pairs.collect();
        if !differences.is_empty() {
            rows.push((task, METHODS[*rank], differences));
        }
    }
    if rows.is_empty() {
        return;
    }
    println!(
        "\nOurs less the other: {what} of 16; BCa interval over seeds, 95 %; p by sign flips, Holm over {} cells.\n",
        rows.len()
    );
    let p: Vec<f64> = rows.iter().map(|(_, _, differences)| sign_flips(differences)).collect();
    for ((task, method, differences), corrected) in rows.iter().zip(holm(&p)) {
        let found = bca(differences);
        let shown = !found.has_zero() && corrected <= 0.05;
        let verdict = if shown { "shown" } else { "not shown" };
        println!(
            "{task:12} {method:15} {:>3} {:>+7.3} [{:>+7.3}, {:>+7.3}] sd {:.3} p {corrected:.4} {verdict}",
            differences.len(),
            found.mean,
            found.low,
            found.high,
            statistics::sample_sd(differences),
        );
    }
}
