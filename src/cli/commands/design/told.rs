//! What `hatchery design` tells people.

use std::io::Write;

use anyhow::{Context, Result};
use hatchery_surrogates::design::{Candidate, Effect, Reason};
use hatchery_surrogates::space::{Field, Kind};
use hatchery_surrogates::table::Table;

use crate::cli::args::DesignArgs;
use crate::job::design::{Record, Source, short};

/// Columns that are described before the others are only counted.
const DESCRIBED: usize = 24;
/// Candidates that are printed.
const PRINTED: usize = 24;
/// Columns that are named as those that a model goes by.
const NAMED: usize = 6;
/// Width of the columns of a design, all together.
const WIDTH: usize = 64;

/// What the table is: columns, notes.
pub(super) fn say_table(out: &mut impl Write, source: &Source, table: &Table) -> Result<()> {
    let (rows, columns) = (table.rows(), table.names.len());
    let way = if table.maximize { "maximised" } else { "minimised" };
    let plural = if columns == 1 { "" } else { "s" };
    writeln!(
        out,
        "{}: {rows} rows; {columns} column{plural} of a design; {} is to be {way}",
        source.name, table.target
    )?;
    for line in table.describe().iter().take(DESCRIBED) {
        writeln!(out, "  {line}")?;
    }
    if columns > DESCRIBED {
        writeln!(out, "  and {} more", columns - DESCRIBED)?;
    }
    // Where all are the same, nothing is weighed.
    if let Some(noise) = table.noise.as_ref().filter(|n| n.iter().any(|x| *x != n[0])) {
        let least = noise.iter().copied().fold(f64::INFINITY, f64::min);
        let most = noise.iter().copied().fold(0.0, f64::max);
        writeln!(
            out,
            "rows are weighed by the noise of their scores: deviations {} to {}",
            short(least),
            short(most)
        )?;
    }
    for note in &table.notes {
        writeln!(out, "{note}")?;
    }
    writeln!(out)?;
    out.flush().context("cannot write to standard output")
}

/// What came of it: the rehearsal, the candidates, how far intervals may be trusted.
pub(super) fn say_shortlist(
    out: &mut impl Write,
    args: &DesignArgs,
    record: &Record<'_>,
    stopped_by: &str,
) -> Result<()> {
    let list = record.list;
    match stopped_by {
        "time-limit" => {
            writeln!(out, "the time was up: models are fitted less than they would be\n")?
        }
        "interrupted" => writeln!(out, "interrupted: models are fitted less than they would be\n")?,
        _ => {}
    }
    for line in rehearsed(args, record) {
        writeln!(out, "{line}")?;
    }
    let what = match (record.is_next, list.candidates.len()) {
        (true, 1) => "next experiment".to_owned(),
        (true, count) => format!("next {count} experiments"),
        (false, count) if count < args.candidates as usize => {
            format!("shortlist of {count} (no more designs that are not in the table were found)")
        }
        (false, count) => format!("shortlist of {count}"),
    };
    let model = list.surrogate.name();
    writeln!(
        out,
        "\n{what} by {model}, searched by {}; the best row has {} {}",
        list.searcher,
        record.table.target,
        record.short(list.best_known)
    )?;
    for line in laid_out(record) {
        writeln!(out, "{line}")?;
    }
    let count = list.candidates.len();
    for (words, times) in record.reasons() {
        writeln!(out, "  {times} of {count}: {words}")?;
    }
    let is_far = |candidate: &Candidate| candidate.reasons.contains(&Reason::FarAway);
    if count > 0 && list.candidates.iter().all(is_far) {
        writeln!(
            out,
            "  there are no rows near any of them: take predictions as a direction, not as numbers"
        )?;
    }
    let [of_80, of_95] = list.left_out.coverage.map(|share| short((100.0 * share).round()));
    writeln!(
        out,
        "\nof rows that a fit had not seen, {of_80} % lay in their 80 % interval and {of_95} % in that of 95 %"
    )?;
    if let Some(line) = goes_by(record) {
        writeln!(out, "{line}")?;
    }
    if record.is_next {
        writeln!(out, "measure, append the row to {}, and run this again", args.data.display())?;
    }
    Ok(())
}

/// Which columns the model goes by, if it goes by any: two lines.
fn goes_by(record: &Record<'_>) -> Option<String> {
    let effects = &record.list.left_out.effects;
    let mattering: Vec<&Effect> = effects.sites.iter().filter(|e| e.matters()).collect();
    if record.list.abstains.is_some() || mattering.is_empty() {
        return None;
    }
    let hundredths = |x: f64| short((100.0 * x).round() / 100.0);
    let named = mattering.iter().take(NAMED).map(|effect| {
        let better = effect.better().map_or(String::new(), |better| format!(" ({better})"));
        format!("{} {}{better}", cut(&record.site(effect.site)), hundredths(effect.loss))
    });
    let named = named.collect::<Vec<String>>().join(", ");
    let rest = match effects.sites.len() - mattering.len().min(NAMED) {
        0 => String::new(),
        1 => "; one other less".to_owned(),
        others => format!("; {others} others less"),
    };
    Some(format!(
        "the model goes by these columns: of a rank correlation of {}, shuffling one of them loses\n  {named}{rest}",
        hundredths(effects.correlation)
    ))
}

/// How the rehearsal went, in plain words.
fn rehearsed(args: &DesignArgs, record: &Record<'_>) -> Vec<String> {
    let list = record.list;
    if record.is_next {
        return vec![format!(
            "expected improvement under a Gaussian process over {} rows; nothing is rehearsed",
            record.table.rows()
        )];
    }
    if args.no_rehearsal {
        return vec!["there was no rehearsal: nothing says whether these predictions hold".into()];
    }
    if let Some(why) = &list.abstains {
        return vec![
            format!("ABSTAINS: {why}"),
            "what follows is for exploration: do not count on its predictions".into(),
        ];
    }
    let Some(rehearsal) = list.rehearsals.first() else { return Vec::new() };
    let over = short(rehearsal.over_prediction.abs());
    let promise = if rehearsal.over_prediction >= 0.0 { "better" } else { "worse" };
    vec![
        format!(
            "rehearsal: the {} best rows were hidden among {}; of {} picks, {} are among them, where chance finds {} (lift {}, p {})",
            rehearsal.hidden / 2,
            rehearsal.hidden,
            rehearsal.answers,
            rehearsal.found,
            short(rehearsal.found_by_chance),
            short((100.0 * rehearsal.lift).round() / 100.0),
            short(rehearsal.p),
        ),
        format!("on average the picks were predicted {over} {promise} than they are"),
    ]
}

/// The candidates as lines: as many columns as a terminal takes, those that may change first.
fn laid_out(record: &Record<'_>) -> Vec<String> {
    let (table, list) = (record.table, record.list);
    let candidates = &list.candidates[..list.candidates.len().min(PRINTED)];
    let shown: Vec<Vec<String>> = candidates
        .iter()
        .map(|candidate| {
            let fields = table.space.fields().iter();
            let text = |field: &Field| {
                let values = &candidate.design[field.sites.clone()];
                let real = matches!(field.kind, Kind::Real { .. });
                if real { short(values[0]) } else { field.show(values) }
            };
            fields.map(text).collect()
        })
        .collect();
    let mut columns: Vec<Vec<String>> = Vec::new();
    let (mut width, mut left_out) = (0, 0);
    for (at, field) in table.space.fields().iter().enumerate() {
        let is_free = field.sites.clone().any(|site| table.space.is_free(site));
        let cells = [cut(&field.name)].into_iter().chain(shown.iter().map(|row| cut(&row[at])));
        let cells: Vec<String> = cells.collect();
        let wide = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0) + 2;
        if !is_free || width + wide > WIDTH {
            left_out += usize::from(is_free);
            continue;
        }
        width += wide;
        columns.push(cells);
    }
    let mut add = |head: &str, cell: &dyn Fn(&Candidate) -> String| {
        let cells = candidates.iter().map(cell);
        columns.push([head.to_owned()].into_iter().chain(cells).collect());
    };
    add("predicted", &|c| record.short(c.predicted));
    add("80 % interval", &|c| {
        let (low, high) = if table.maximize { (c.low, c.high) } else { (c.high, c.low) };
        format!("{} to {}", record.short(low), record.short(high))
    });
    add("distance", &|c| short((1000.0 * c.distance).round() / 1000.0));
    add("verdict", &|c| c.verdict.word().to_owned());
    let widths: Vec<usize> = columns
        .iter()
        .map(|column| column.iter().map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: usize| {
        let cells =
            columns.iter().zip(&widths).map(|(column, width)| format!("{:>width$}", column[row]));
        format!("  {}", cells.collect::<Vec<_>>().join("  "))
    };
    let mut lines: Vec<String> = (0..=candidates.len()).map(line).collect();
    if left_out > 0 || list.candidates.len() > PRINTED {
        let more = list.candidates.len() - candidates.len();
        let rest = [(more, "candidates"), (left_out, "columns")];
        let rest = rest.iter().filter(|(count, _)| *count > 0);
        let rest: Vec<String> = rest.map(|(count, what)| format!("{count} more {what}")).collect();
        lines.push(format!("  and {} in the file", rest.join(" and ")));
    }
    lines
}

/// A long text, cut.
fn cut(text: &str) -> String {
    match text.char_indices().nth(24) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"x".repeat(30)), format!("{}…", "x".repeat(24)));
    }
}
