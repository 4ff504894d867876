//! Looks at a table for whatever makes its results less than they look.

use std::collections::HashMap;

use super::{Finding, Note, Severity, Table};
use crate::space::{Kind, SpaceFile};
use crate::statistics::{mean, spearman};

/// Rank correlation of a column with the scores above which it is suspect.
const LEAKAGE: f64 = 0.999;
/// Share of rows with one extreme score above which scores look clipped.
const CLIPPED: f64 = 0.05;
/// Share of their size by which sums may differ that are the same but for rounding.
const ROUNDED: f64 = 0.004;
/// A score is far from the others if the gap to the next one is so many times the range of the rest.
const FAR: f64 = 5.0;
/// Rows for each free site below which there are few.
const ROWS_PER_SITE: usize = 5;
/// Most number columns among which a constant sum is looked for.
const SUMMED_MAX: usize = 100;

/// All findings about a table as it was read.
pub(super) fn review(table: &Table, file: &SpaceFile) -> Vec<Note> {
    let mut notes = outside_bounds(table, file);
    notes.extend(missed_constraints(table));
    notes.extend(found_sum(table));
    notes.extend(repeats(table));
    notes.extend(columns(table));
    notes.extend(two_scores(table).map_or_else(|| clipped(table), |note| vec![note]));
    notes.extend(far_score(table));
    let (rows, sites) = (table.rows(), table.space.free_sites().len());
    if rows < ROWS_PER_SITE * sites {
        notes.push(note(Severity::Warning, Finding::FewRows { rows, sites }));
    }
    notes
}

fn note(severity: Severity, finding: Finding) -> Note {
    Note { severity, finding }
}

/// Loud if it is true of most rows.
fn share(rows: usize, of: usize) -> Severity {
    if 2 * rows > of { Severity::Alarm } else { Severity::Warning }
}

/// Rows and first line where something holds of a design.
fn rows_where(table: &Table, holds: impl Fn(&[f64]) -> bool) -> Option<(usize, u64)> {
    let mut lines = table.designs.iter().zip(&table.lines).filter(|(x, _)| holds(x)).map(|x| *x.1);
    lines.next().map(|first| (1 + lines.count(), first))
}

fn outside_bounds(table: &Table, file: &SpaceFile) -> Vec<Note> {
    let mut notes = Vec::new();
    for field in table.space.fields() {
        let Some([lower, upper]) = file.column(&field.name).and_then(|column| column.bounds) else {
            continue;
        };
        let site = field.sites.start;
        let found = rows_where(table, |x| x[site] < lower || x[site] > upper);
        if let Some((rows, first_line)) = found {
            let (least, most) = extremes(table.designs.iter().map(|x| x[site]));
            let (column, of) = (field.name.clone(), table.rows());
            let finding =
                Finding::OutsideBounds { column, lower, upper, least, most, rows, of, first_line };
            notes.push(note(share(rows, of), finding));
        }
    }
    notes
}

fn extremes(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)))
}

fn missed_constraints(table: &Table) -> Vec<Note> {
    let (space, of) = (&table.space, table.rows());
    let mut notes = Vec::new();
    for (sum, check) in space.constraints().sums.iter().zip(space.sum_excesses()) {
        if let Some((rows, first_line)) = rows_where(table, |x| check(x) > 0.0) {
            let sites: Vec<usize> =
                sum.columns.iter().filter_map(|c| space.field(c)).map(|f| f.sites.start).collect();
            let sums = table.designs.iter().map(|x| sites.iter().map(|&s| x[s]).sum());
            let (least, most) = extremes(sums);
            let (columns, total) = (sum.columns.clone(), sum.total);
            let finding = Finding::SumMissed { columns, total, least, most, rows, of, first_line };
            notes.push(note(share(rows, of), finding));
        }
    }
    for (at, check) in space.limit_excesses().enumerate() {
        if let Some((rows, first_line)) = rows_where(table, |x| check(x) > 0.0) {
            let finding = Finding::LimitBroken { number: at + 1, rows, of, first_line };
            notes.push(note(share(rows, of), finding));
        }
    }
    for (at, rule) in space.forbidden_sites().iter().enumerate() {
        let found = rows_where(table, |x| rule.iter().all(|&(site, value)| x[site] == value));
        if let Some((rows, first_line)) = found {
            let finding = Finding::ForbiddenSeen { number: at + 1, rows, first_line };
            notes.push(note(share(rows, of), finding));
        }
    }
    notes
}

/// The longest run of neighbouring number columns that sum to the same in every row, unless a sum is declared.
fn found_sum(table: &Table) -> Option<Note> {
    let space = &table.space;
    let is_number = |at: usize| space.fields()[at].kind.site().is_number();
    let numbers: Vec<usize> = (0..space.fields().len()).filter(|&at| is_number(at)).collect();
    if !space.constraints().sums.is_empty() || numbers.len() > SUMMED_MAX {
        return None;
    }
    let site = |at: usize| space.fields()[at].sites.start;
    for length in (2..=numbers.len()).rev() {
        for run in numbers.windows(length) {
            let sum = |x: &[f64]| run.iter().map(|&at| x[site(at)]).sum::<f64>();
            let total = sum(&table.designs[0]);
            let scale = run.iter().map(|&at| table.designs[0][site(at)].abs()).sum::<f64>();
            let varies = run.iter().filter(|&&at| space.is_free(site(at))).count();
            // Most runs end at the second row.
            let near = |x: &Vec<f64>| (sum(x) - total).abs() <= ROUNDED * scale;
            if varies < 2 || !table.designs.iter().all(near) {
                continue;
            }
            let range = |of: &dyn Fn(&[f64]) -> f64| {
                let (least, most) = extremes(table.designs.iter().map(|x| of(x)));
                (least, most, most - least)
            };
            let (least, most, off) = range(&sum);
            let exact = off <= 1e-6 * scale.max(1e-9);
            // Columns that hardly change have a sum that hardly changes.
            let member = run.iter().map(|&at| range(&|x| x[site(at)]).2).fold(0.0, f64::max);
            if exact || off <= ROUNDED * scale.min(10.0 * member) {
                let columns = run.iter().map(|&at| space.fields()[at].name.clone()).collect();
                // Sums of rounded numbers lie about a short one.
                let short = |x: f64, unit: f64| (x / unit).round() * unit;
                let total = short(if exact { total } else { 0.5 * (least + most) }, 1e-9);
                let near = short(total, 10_f64.powf(scale.log10().ceil() - 3.0));
                let total = if exact { total } else { near };
                let off = (most - total).max(total - least);
                let off = if exact { 0.0 } else { (off * 1e9).round() / 1e9 };
                let finding = Finding::SumFound { columns, total, off };
                return Some(note(Severity::Warning, finding));
            }
        }
    }
    None
}

fn repeats(table: &Table) -> Option<Note> {
    let mut groups: HashMap<Vec<u64>, Vec<f64>> = HashMap::new();
    for (design, &score) in table.designs.iter().zip(&table.scores) {
        let key = design.iter().map(|value| value.to_bits()).collect();
        groups.entry(key).or_default().push(score);
    }
    let (rows, distinct) = (table.rows(), groups.len());
    if distinct == rows {
        return None;
    }
    // Sums of squares in order of size, so that the order of the map does not matter.
    let mut squares: Vec<f64> = groups
        .values()
        .map(|scores| scores.iter().map(|s| (s - mean(scores)).powi(2)).sum::<f64>())
        .collect();
    squares.sort_by(f64::total_cmp);
    let is_mixed = |scores: &&Vec<f64>| scores.iter().any(|score| *score != scores[0]);
    let differing = groups.values().filter(is_mixed).count();
    let noise = (squares.iter().sum::<f64>() / (rows - distinct) as f64).sqrt();
    let finding = Finding::Repeats { rows, distinct, differing, noise };
    // One repeat with the same score may be chance, many are not.
    let copied = differing == 0 && 20 * (rows - distinct) > rows;
    let severity = if copied { Severity::Warning } else { Severity::Remark };
    Some(note(severity, finding))
}

/// What single columns and pairs of them give away.
fn columns(table: &Table) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut seen: HashMap<Vec<u64>, &str> = HashMap::new();
    for field in table.space.fields() {
        let site = field.sites.start;
        if !field.sites.clone().any(|site| table.space.is_free(site)) {
            notes.extend(unseen(table, field));
            continue;
        }
        if field.sites.len() > 1 {
            continue;
        }
        if let Kind::Categorical { levels } | Kind::Ordinal { levels } = &field.kind {
            notes.extend(like_levels(&field.name, levels));
        }
        let values: Vec<f64> = table.designs.iter().map(|x| x[site]).collect();
        let column = field.name.clone();
        let names = matches!(field.kind, Kind::Categorical { .. });
        if let Some(other) = seen.get(&pattern(&values, names)) {
            let finding = Finding::DuplicateColumn { column, other: (*other).to_owned() };
            notes.push(note(Severity::Warning, finding));
            continue;
        }
        seen.insert(pattern(&values, names), &field.name);
        let counts = |pair: &[f64]| pair[1] - pair[0] == 1.0;
        if field.kind.site().is_number() && values.windows(2).all(counts) {
            notes.push(note(Severity::Warning, Finding::RowNumber { column: column.clone() }));
        }
        if !names {
            let correlation = spearman(&values, &table.scores);
            if correlation.abs() > LEAKAGE {
                let finding = Finding::Leakage { column, correlation };
                notes.push(note(Severity::Alarm, finding));
            }
        }
    }
    notes
}

/// The first two levels whose names differ in capitals or blanks alone.
fn like_levels(column: &str, levels: &[String]) -> Option<Note> {
    let mut seen: HashMap<String, &String> = HashMap::new();
    let alike = |level: &String| level.to_lowercase().split_whitespace().collect::<String>();
    let (one, other) =
        levels.iter().find_map(|level| Some((seen.insert(alike(level), level)?, level)))?;
    let (column, levels) = (column.to_owned(), [one.clone(), other.clone()]);
    Some(note(Severity::Warning, Finding::LikeLevels { column, levels }))
}

/// The note of a field that is fixed where no row is.
fn unseen(table: &Table, field: &crate::space::Field) -> Option<Note> {
    let fixed: Vec<f64> = field.sites.clone().filter_map(|site| table.space.fixed(site)).collect();
    let has = |x: &&Vec<f64>| x[field.sites.clone()] == fixed[..];
    if table.designs.iter().any(|x| has(&x)) {
        return None;
    }
    let (column, value) = (field.name.clone(), field.show(&fixed));
    Some(note(Severity::Alarm, Finding::FixedUnseen { column, value }))
}

/// What is equal in columns that say the same: numbers themselves; of names which rows share one.
fn pattern(values: &[f64], names: bool) -> Vec<u64> {
    if !names {
        return values.iter().map(|value| value.to_bits()).collect();
    }
    let mut order: HashMap<u64, u64> = HashMap::new();
    let first = |value: &f64| {
        let next = order.len() as u64;
        *order.entry(value.to_bits()).or_insert(next)
    };
    // Apart from the bits of any whole number.
    std::iter::once(u64::MAX).chain(values.iter().map(first)).collect()
}

/// The note of scores that say yes or no.
fn two_scores(table: &Table) -> Option<Note> {
    let (worse, better) = extremes(table.scores.iter().copied());
    let rows = table.scores.iter().filter(|score| **score == better).count();
    let others = table.scores.iter().filter(|score| **score == worse).count();
    let (of, values) = (table.rows(), [worse, better].map(|score| table.shown_score(score) + 0.0));
    (rows + others == of).then(|| note(Severity::Warning, Finding::TwoScores { values, rows, of }))
}

/// The note of one score at either end that lies far from the rest.
fn far_score(table: &Table) -> Option<Note> {
    let mut order: Vec<usize> = (0..table.rows()).collect();
    order.sort_by(|a, b| table.scores[*a].total_cmp(&table.scores[*b]));
    let score = |at: usize| table.scores[order[at]];
    let last = table.rows() - 1;
    let far = |one: usize, next: usize, rest: f64| {
        let gap = (score(one) - score(next)).abs();
        (rest > 0.0 && gap > FAR * rest).then_some((one, next))
    };
    let (one, next) = far(last, last - 1, score(last - 1) - score(0))
        .or_else(|| far(0, 1, score(last) - score(1)))?;
    let shown = |at: usize| table.shown_score(score(at)) + 0.0;
    let (value, next, line) = (shown(one), shown(next), table.lines[order[one]]);
    Some(note(Severity::Remark, Finding::FarScore { value, line, next }))
}

/// Each extreme score that many rows share.
fn clipped(table: &Table) -> Vec<Note> {
    let (least, most) = extremes(table.scores.iter().copied());
    let of = table.rows();
    let many = |score: f64| {
        let rows = table.scores.iter().filter(|other| **other == score).count();
        (rows >= 3 && rows as f64 > CLIPPED * of as f64).then_some(rows)
    };
    let found = [least, most].map(|score| many(score).map(|rows| (score, rows)));
    let notes = found.into_iter().flatten().map(|(score, rows)| {
        let value = table.shown_score(score);
        // Of a column that is minimised the least score is the greatest value.
        let is_greatest = (score == most) == table.maximize;
        note(Severity::Warning, Finding::Clipped { value, is_greatest, rows, of })
    });
    notes.collect()
}
