//! Tables of methods on the same rows: outcomes of all, and ours against each other one.

use std::collections::BTreeMap;

use hatchery::surrogates::statistics;

use super::analysis::{bca, holm, sign_flips};
use super::measures::Measures;
use super::q1_report::mean_of;
use super::record::Record;
use super::store::Store;

/// What is told of a list of proposals.
type Mark = fn(&Measures) -> f64;

/// A comparison of methods.
pub(crate) struct Rivals {
    /// Its cells' names begin with it.
    pub(crate) experiment: &'static str,
    pub(crate) title: &'static str,
    /// In the order of the table; the first is ours.
    pub(crate) methods: &'static [&'static str],
    /// What ours and the others are compared by.
    pub(crate) marks: &'static [(&'static str, Mark)],
}

/// Cells by task and number of the method.
type Groups<'a> = BTreeMap<(&'a str, usize), Vec<Record>>;

/// Sixteen proposals: is the default useful?
pub(crate) const Q3: Rivals = Rivals {
    experiment: "q3",
    title: "Q3: sixteen proposals",
    methods: &super::q3::METHODS,
    marks: &[
        ("best of 16", |m| m.optimum.best),
        ("mean of 16", |m| m.optimum.mean),
        ("median of 16", |m| m.optimum.median),
        ("first choice", |m| m.optimum.first),
    ],
};

/// 128 proposals: does the default beat published searches of plain networks?
pub(crate) const PUBLISHED: Rivals = Rivals {
    experiment: "published",
    title: "128 proposals of the default and of published searches of plain networks",
    methods: &[
        "ours",
        "ascent",
        "mean-ensemble",
        "min-ensemble",
        "coms",
        "cma-es",
        "reinforce",
        "bo-qei",
        "cbas",
        "mins",
        "ascent+noise",
        "one-change",
        "best-visible",
        "random",
    ],
    marks: &[
        ("median of 128", |m| m.optimum.median),
        ("best of 128", |m| m.optimum.best),
        ("first choice", |m| m.optimum.first),
    ],
};

/// Prints all of it.
pub(crate) fn print(store: &Store, rivals: &Rivals) {
    let records = store.all::<Record>(&format!("{}/", rivals.experiment));
    let mut groups = Groups::new();
    for record in &records {
        let rank = rivals.methods.iter().position(|name| *name == record.searcher);
        if let Some(rank) = rank {
            groups.entry((&record.task, rank)).or_default().push(record.clone());
        }
    }
    if groups.is_empty() {
        return;
    }
    println!(
        "\n{}; scores from the pool's smallest (0) to the best possible (1), means over seeds.\n",
        rivals.title
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
            rivals.methods[*rank],
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
            mean_of(records, |r| Some(r.train_seconds + r.search_seconds), 2),
            notes.join("; "),
        );
    }
    for &(what, f) in rivals.marks {
        against(rivals, &groups, what, f);
    }
}

/// Ours less each other method, paired by seed.
fn against(rivals: &Rivals, groups: &Groups<'_>, what: &str, f: Mark) {
    let mut rows = Vec::new();
    for ((task, rank), others) in groups.iter().filter(|((_, rank), _)| *rank > 0) {
        let Some(ours) = groups.get(&(task, 0)) else { continue };
        let value = |records: &[Record], seed: u64| {
            records.iter().find(|r| r.seed == seed)?.measures.as_ref().map(f)
        };
        let pairs =
            ours.iter().filter_map(|r| Some(r.measures.as_ref().map(f)? - value(others, r.seed)?));
        let differences: Vec<f64> = pairs.collect();
        // One pair has no interval.
        if differences.len() > 1 {
            rows.push((task, rivals.methods[*rank], differences));
        }
    }
    if rows.is_empty() {
        return;
    }
    println!(
        "\nOurs less the other: {what}; BCa interval over seeds, 95 %; p by sign flips, Holm over {} cells.\n",
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
