//! The page of a language model: bits per byte over generations, between the levels of simple methods.

use super::chart::{Chart, Entry, Mark};
use super::figures::Figures;
use super::history::History;
use super::number;
use super::run_files::RunFiles;
use super::scale::Scale;

/// Whether the run learns a language.
pub(super) fn is_it(files: &RunFiles) -> bool {
    files.history.column("bits_per_byte").is_some()
}

/// The numbers at the top: class, name, value, explanation.
pub(super) fn figures(
    files: &RunFiles,
    figures: &Figures,
) -> Vec<(&'static str, &'static str, String, String)> {
    let history = &files.history;
    let bits = |x: Option<f64>| x.map_or("–".into(), |x| number::fixed(x, 3));
    let held_out = files.summed_up("validation_bits_per_byte").or_else(|| {
        let column = history.column("validation_bits_per_byte")?;
        column.iter().rev().copied().find(|x| x.is_finite())
    });
    let levels = levels(files);
    let level = |wanted: &str| levels.iter().find(|(n, _)| n == wanted).map(|(_, bits)| *bits);
    let count = |x: Option<f64>| x.map_or("–".into(), |x| number::count(x as u64));
    vec![
        ("lead", "Held-out bits per byte", bits(held_out), "validation part".into()),
        ("lead", "Training", bits(history.last("bits_per_byte")), "last generation".into()),
        ("", "Generations", count(figures.generations), String::new()),
        ("", "Evaluations", count(figures.evaluations), "members that read".into()),
        ("", "Pairs of bytes", bits(level("order 1")), "bits per byte by counting".into()),
        ("", "gzip", bits(level("gzip")), "bits per byte".into()),
        ("", "Time", figures.seconds.map_or("–".into(), number::duration), String::new()),
    ]
}

/// Bits per byte of n-grams and gzip on the same part, the simplest first.
fn levels(files: &RunFiles) -> Vec<(String, f64)> {
    let levels = files.summary.as_ref().and_then(|s| s.get("levels_bits_per_byte")?.as_object());
    let levels = levels.into_iter().flatten();
    levels.filter_map(|(name, bits)| Some((name.replace('_', " "), bits.as_f64()?))).collect()
}

/// The held-out curve and that of training, with the levels that lie between them.
pub(super) fn curve(files: &RunFiles) -> String {
    let history: &History = &files.history;
    let held_out = history.column("validation_bits_per_byte").unwrap_or(&[]);
    let seen: Vec<usize> = (0..held_out.len()).filter(|&at| held_out[at].is_finite()).collect();
    let Some(training) = history.column("bits_per_byte") else { return String::new() };
    // Held-out text is looked at now and then: both are drawn where it was, or training everywhere if that is never.
    let rows: Vec<usize> = if seen.is_empty() { (0..training.len()).collect() } else { seen };
    let pick = |column: &[f64]| -> Vec<f64> { rows.iter().map(|&at| column[at]).collect() };
    let (generations, training) = (pick(&history.generations), pick(training));
    let held_out = if held_out.is_empty() { Vec::new() } else { pick(held_out) };
    let lines = [("best", "training", &training), ("mean", "held-out", &held_out)];
    let lines = lines.into_iter().filter(|(_, _, values)| !values.is_empty());
    let levels = levels(files);
    let all = training.iter().chain(&held_out);
    let (low, high) =
        all.clone().fold((f64::INFINITY, 0.0_f64), |(low, high), &x| (low.min(x), high.max(x)));
    let near: Vec<&(String, f64)> =
        levels.iter().filter(|(_, bits)| (low - 1.0..=high).contains(bits)).collect();
    let shown: Vec<f64> = all.copied().chain(near.iter().map(|(_, bits)| *bits)).collect();
    let last = held_out.last().or(training.last()).copied().unwrap_or(f64::NAN);
    let mut marks: Vec<Mark<'_>> =
        lines.clone().map(|(class, _, values)| Mark::Line { class, values }).collect();
    marks.extend(near.iter().map(|(name, bits)| Mark::Level {
        class: "target",
        at: *bits,
        name: format!("{name} {}", number::fixed(*bits, 2)),
    }));
    let about = "levels are what n-grams of that order, and gzip, need for the held-out part";
    Chart {
        class: "large",
        title: "Bits per byte".into(),
        about: format!("lower is better; {about}"),
        label: format!("Bits per byte fall to {}.", number::fixed(last, 3)),
        generations: &generations,
        axis: "generation",
        scale: Scale::holding(shown.iter(), 6),
        marks,
        entries: lines
            .map(|(class, name, values)| Entry {
                class,
                name: name.to_owned(),
                values: Some(values),
            })
            .collect(),
    }
    .figure()
}
