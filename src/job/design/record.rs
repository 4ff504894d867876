//! What stays of a shortlist: a table, a file for the page and for programs, lines for the summary.

use std::collections::HashSet;

use hatchery_surrogates::design::{Candidate, Effect, Rehearsal, Shortlist};
use hatchery_surrogates::space::Kind;
use hatchery_surrogates::table::{Severity, Table};
use serde_json::{Map, Value, json};

use super::Source;
use super::components::Components;

/// Columns of a shortlist after those of the table.
pub(crate) const COLUMNS: [&str; 5] = ["predicted", "low", "high", "distance", "verdict"];

/// Rows of the table that the picture shows.
const PICTURED_MAX: usize = 1_500;

/// A shortlist with the table that it comes from. Nothing in it depends on the clock.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    pub(crate) source: &'a Source,
    pub(crate) table: &'a Table,
    pub(crate) list: &'a Shortlist,
    /// Standard deviation of the scores: it says which digits matter.
    pub(crate) spread: f64,
    /// Whether these are the next experiments of a series.
    pub(crate) is_next: bool,
    /// Name of the regulariser, of a model that has one.
    pub(crate) regulariser: Option<&'a str>,
    /// The command that makes the same again.
    pub(crate) again: &'a str,
}

impl Record<'_> {
    /// The shortlist as text with a header: the columns of the table, what is not part of a design left empty, then [`COLUMNS`].
    pub(crate) fn csv(&self) -> String {
        let parted = |cells: Vec<String>| {
            let cells: Vec<String> =
                cells.iter().map(|text| quoted(text, self.source.delimiter)).collect();
            cells.join(&self.source.delimiter.to_string()) + "\n"
        };
        let kept =
            self.source.names.iter().filter(|name| {
                self.table.names.contains(name) || !COLUMNS.contains(&name.as_str())
            });
        let kept: Vec<&String> = kept.collect();
        let added = COLUMNS.map(str::to_owned);
        let mut out = parted(kept.iter().map(|name| (*name).clone()).chain(added).collect());
        for candidate in &self.list.candidates {
            let shown = self.table.space.show(&candidate.design);
            let of_column = |name: &&String| {
                let at = self.table.names.iter().position(|known| known == *name);
                at.map_or_else(String::new, |at| shown[at].clone())
            };
            let (low, high) = self.shown_ends(candidate.low, candidate.high);
            let scores = [self.shown(candidate.predicted), low, high].map(|x| self.rounded(x));
            let numbers = scores.into_iter().chain([rounded(candidate.distance)]);
            let cells = kept.iter().map(of_column).chain(numbers.map(|x| x.to_string()));
            out += &parted(cells.chain([candidate.verdict.word().to_owned()]).collect());
        }
        out
    }

    /// Everything that the page shows.
    pub(crate) fn json(&self) -> Value {
        let (table, list) = (self.table, self.list);
        let components = Components::of(&table.space, &table.designs);
        let step = table.rows().div_ceil(PICTURED_MAX).max(1);
        let place = |design: &[f64]| components.place(design).map(rounded);
        let row = |row: usize| {
            let [x, y] = place(&table.designs[row]);
            json!([x, y, self.shown(table.scores[row]), table.lines[row]])
        };
        let rows: Vec<Value> = (0..table.rows()).step_by(step).map(row).collect();
        let mut candidates = self.candidates();
        for (value, candidate) in candidates.iter_mut().zip(&list.candidates) {
            value["place"] = json!(place(&candidate.design));
        }
        let pair = |&(predicted, measured): &(f64, f64)| {
            json!([self.rounded(self.shown(predicted)), self.rounded(self.shown(measured))])
        };
        let rehearsals: Vec<Value> = list
            .rehearsals
            .iter()
            .map(|rehearsal| {
                let mut value = said_of(rehearsal);
                value["points"] = rehearsal.points.iter().map(pair).collect();
                value
            })
            .collect();
        let training: Vec<Value> =
            list.surrogate.training().into_iter().map(|epochs| json!(epochs)).collect();
        json!({
            "is_next": self.is_next,
            "table": self.source.name,
            "rows": table.rows(),
            "columns": table.names,
            "target": table.target,
            "maximize": table.maximize,
            "described": table.describe(),
            "notes": self.notes(),
            "surrogate": list.surrogate.name(),
            "regulariser": self.regulariser,
            "searcher": list.searcher,
            "abstains": list.abstains,
            "rehearsals": rehearsals,
            "coverage": list.left_out.coverage.map(rounded),
            "best_known": self.shown(list.best_known),
            "spread": rounded(self.spread),
            "effects": self.effects(),
            "candidates": candidates,
            "pictured": rows,
            "shares": components.shares.map(rounded),
            "left_out": list.left_out.points.iter().map(pair).collect::<Vec<Value>>(),
            "training": training,
            "again": self.again,
        })
    }

    /// Keys of the summary.
    pub(crate) fn summary(&self) -> Map<String, Value> {
        let (table, list) = (self.table, self.list);
        let summary = json!({
            "name": self.source.name,
            "rows": table.rows(),
            "columns": table.names.len(),
            "target": table.target,
            "direction": if table.maximize { "maximize" } else { "minimize" },
            "notes": self.notes(),
            "surrogate": list.surrogate.name(),
            "regulariser": self.regulariser,
            "searcher": list.searcher,
            "abstains": list.abstains,
            "rehearsal": list.rehearsals.first().map(said_of),
            "coverage_80": rounded(list.left_out.coverage[0]),
            "coverage_95": rounded(list.left_out.coverage[1]),
            "best_known": self.shown(list.best_known),
            "effects": self.effects(),
            "candidates": self.candidates(),
            "digest": crate::job::digest(self.csv().as_bytes()),
        });
        match summary {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    fn candidates(&self) -> Vec<Value> {
        self.list.candidates.iter().map(|candidate| self.candidate(candidate)).collect()
    }

    fn candidate(&self, candidate: &Candidate) -> Value {
        let space = &self.table.space;
        let names = self.table.names.iter().cloned();
        let design: Map<String, Value> =
            names.zip(space.show(&candidate.design).into_iter().map(Value::from)).collect();
        let (low, high) = self.shown_ends(candidate.low, candidate.high);
        let (low_95, high_95) = self.shown_ends(candidate.low_95, candidate.high_95);
        let reasons: Vec<&str> = candidate.reasons.iter().map(|reason| reason.words()).collect();
        let mut value = json!({
            "design": design,
            "predicted": self.rounded(self.shown(candidate.predicted)),
            "low": self.rounded(low),
            "high": self.rounded(high),
            "low_95": self.rounded(low_95),
            "high_95": self.rounded(high_95),
            "deviation": rounded(candidate.deviation),
            "chance_of_improvement": rounded(candidate.chance_of_improvement),
            "distance": rounded(candidate.distance),
            "distance_percentile": rounded(candidate.distance_percentile),
            "nearest_line": self.table.lines[candidate.nearest],
            "second_opinion": candidate.second_opinion.map(|score| self.rounded(self.shown(score))),
            "verdict": candidate.verdict.word(),
            "reasons": reasons,
        });
        if space.fields().iter().any(|field| field.cost.is_some()) {
            value["cost"] = json!(rounded(space.cost(&candidate.design)));
        }
        if !space.constraints().limits.is_empty() {
            let slacks = space.slacks(&candidate.design).into_iter().map(rounded);
            value["slacks"] = json!(slacks.collect::<Vec<f64>>());
        }
        value
    }

    /// Which columns the model goes by; nothing where that was not measured.
    fn effects(&self) -> Option<Value> {
        let effects = &self.list.left_out.effects;
        let of_site = |effect: &Effect| {
            json!({
                "column": self.site(effect.site),
                "loss": rounded(effect.loss),
                "trend": effect.trend.map(rounded),
                "better": effect.better(),
            })
        };
        let sites: Vec<Value> = effects.sites.iter().map(of_site).collect();
        (!sites.is_empty())
            .then(|| json!({ "correlation": rounded(effects.correlation), "columns": sites }))
    }

    /// The name of a site: that of its column; of a letter its place from 1 too.
    pub(crate) fn site(&self, site: usize) -> String {
        let fields = self.table.space.fields();
        let field = fields.iter().find(|field| field.sites.contains(&site));
        field.map_or_else(String::new, |field| match field.kind {
            Kind::Sequence { .. } => format!("{} {}", field.name, site - field.sites.start + 1),
            _ => field.name.clone(),
        })
    }

    fn notes(&self) -> Vec<Value> {
        let word = |severity| match severity {
            Severity::Alarm => "alarm",
            Severity::Warning => "warning",
            Severity::Remark => "note",
        };
        let notes = self.table.notes.iter();
        notes
            .map(
                |note| json!({ "severity": word(note.severity), "text": note.finding.to_string() }),
            )
            .collect()
    }

    /// A score with six digits of what differs from row to row.
    fn rounded(&self, score: f64) -> f64 {
        let digits = 5 + leading(score, self.spread);
        format!("{score:.digits$e}").parse().unwrap_or(score)
    }

    /// A score as the column has it, for lines that people read: four digits of what differs from row to row.
    pub(crate) fn short(&self, score: f64) -> String {
        let score = self.shown(score);
        shortened(score, 3 + leading(score, self.spread))
    }

    /// A score as the column has it.
    pub(crate) fn shown(&self, score: f64) -> f64 {
        self.table.shown_score(score) + 0.0
    }

    /// The ends of an interval as the column has them: turned round where smaller is better.
    pub(crate) fn shown_ends(&self, low: f64, high: f64) -> (f64, f64) {
        let ends = (self.shown(low), self.shown(high));
        if self.table.maximize { ends } else { (ends.1, ends.0) }
    }

    /// How many candidates each reason is given for.
    pub(crate) fn reasons(&self) -> Vec<(&'static str, usize)> {
        let all = self.list.candidates.iter().flat_map(|candidate| &candidate.reasons);
        let mut seen = HashSet::new();
        let words: Vec<&'static str> = all.map(|reason| reason.words()).collect();
        let distinct = words.iter().filter(|word| seen.insert(**word));
        distinct.map(|word| (*word, words.iter().filter(|w| *w == word).count())).collect()
    }
}

/// A rehearsal without its points.
fn said_of(rehearsal: &Rehearsal) -> Value {
    json!({
        "model": rehearsal.model,
        "lift": rounded(rehearsal.lift),
        "p": rounded(rehearsal.p),
        "rank_correlation": rounded(rehearsal.rank_correlation),
        "rank_correlation_low": rounded(rehearsal.rank_correlation_low),
        "over_prediction": rounded(rehearsal.over_prediction),
        "overreach": rounded(rehearsal.overreach),
        "worth": rounded(rehearsal.worth()),
        "hidden": rehearsal.hidden,
        "answers": rehearsal.answers,
        "found": rehearsal.found,
        "found_by_chance": rehearsal.found_by_chance,
        "succeeded": rehearsal.succeeded(),
    })
}

/// Digits of a number before those that matter where numbers differ by `spread`.
fn leading(x: f64, spread: f64) -> usize {
    let power = (x.abs() / spread).log10();
    if power.is_finite() { power.floor().clamp(0.0, 11.0) as usize } else { 0 }
}

/// Six significant digits: no prediction has more.
fn rounded(x: f64) -> f64 {
    format!("{x:.5e}").parse().unwrap_or(x)
}

/// Four significant digits or so, for lines that people read.
pub(crate) fn short(x: f64) -> String {
    shortened(x, 3)
}

/// So many digits after the first.
fn shortened(x: f64, digits: usize) -> String {
    if !x.is_finite() || x == 0.0 {
        return format!("{x}");
    }
    let power = x.abs().log10().floor();
    if !(-4.0..7.0).contains(&power) {
        return format!("{x:.digits$e}");
    }
    let text = format!("{x:.*}", (digits as f64 - power).max(0.0) as usize);
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".into() } else { text.into() }
}

/// A cell of a table whose cells are parted by `delimiter`.
fn quoted(text: &str, delimiter: char) -> String {
    if text.contains([delimiter, '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let given = [0.0, 12.3456, -0.000_123_456, 123_456.7, 1e-9, 5e12, f64::INFINITY, 2.50];
        assert_eq!(
            given.map(short),
            ["0", "12.35", "-0.0001235", "123457", "1.000e-9", "5.000e12", "inf", "2.5"]
        );
        assert_eq!(rounded(0.1 + 0.2), 0.3);
        let digits = |x: f64| 3 + leading(x, 2.5e-5);
        assert_eq!(shortened(1.000_012_345, digits(1.0)), "1.0000123");
        assert_eq!(shortened(1e6, 3 + leading(1e6, 0.0)), "1000000");
        assert_eq!(quoted("a;\"b\"", ';'), "\"a;\"\"b\"\"\"");
    }
}
