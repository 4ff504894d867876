//! Which charts a run has.

use std::fmt::Write;

use super::chart::{Chart, Entry, Mark};
use super::history::History;
use super::scale::{Scale, Shape};
use super::{number, thin};

/// A level to reach, if the run has one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Target {
    pub(super) fitness: f64,
    /// What is held against it: `best` or `mean`.
    pub(super) statistic: String,
}

/// A number that never changed: said, not drawn.
#[derive(Debug, PartialEq)]
pub(super) struct Constant {
    pub(super) title: String,
    pub(super) value: f64,
}

/// Columns that are no chart of their own: the learning curve has them, or they only count.
const NOT_DRAWN: [&str; 12] = [
    "generation",
    "evaluations",
    "best",
    "mean",
    "min",
    "q25",
    "median",
    "q75",
    "best_so_far",
    "failures_total",
    "elapsed_s",
    "digest",
];

/// Columns with a title and an explanation, in the order of the page; others follow under their own names.
const KNOWN: [(&str, &str, &str); 9] = [
    ("std", "Spread of fitness", "standard deviation over the population"),
    ("update_norm", "Update norm", "length of the step that the centre took"),
    ("gradient_norm", "Gradient norm", "length of the estimated gradient"),
    ("theta_norm", "Parameter norm", "length of the centre θ"),
    ("sigma", "Noise scale σ", "standard deviation of the perturbations"),
    ("learning_rate", "Learning rate", "step size α"),
    ("evaluations_per_s", "Throughput", "evaluations per second"),
    ("failures", "Failed evaluations", "members that failed, per generation"),
    (
        "tied_pairs",
        "Tied pairs",
        "share of pairs, or of members with directions of their own, that say nothing of theirs",
    ),
];

/// Mean, best and spread of the fitness; none if there is neither a mean nor a best.
pub(super) fn learning_curve<'a>(
    history: &'a History,
    target: Option<&Target>,
) -> Option<Chart<'a>> {
    let column = |key: &str| history.column(key);
    let (mean, best) = (column("mean"), column("best"));
    mean.or(best)?;
    let lines = [
        ("far", "best so far", column("best_so_far")),
        ("best", "best", best),
        ("mean", "mean", mean),
    ];
    let bands = [
        ("range", "worst to best", column("min").zip(best)),
        ("quartiles", "middle half", column("q25").zip(column("q75"))),
    ];
    let scale = fitness_scale(history, target);
    let mut marks = Vec::new();
    let mut entries = Vec::new();
    for (class, _, band) in &bands {
        marks.extend(band.map(|(low, high)| Mark::Band { class, low, high }));
    }
    for (class, name, values) in lines {
        let Some(values) = values else { continue };
        marks.push(Mark::Line { class, values });
        entries.insert(0, Entry { class, name: name.into(), values: Some(values) });
    }
    for (class, name, band) in &bands {
        if band.is_some() {
            entries.push(Entry { class, name: (*name).into(), values: None });
        }
    }
    if let Some(target) = target.filter(|t| scale.low <= t.fitness && t.fitness <= scale.high) {
        let name = format!("target {} ({})", number::real(target.fitness, 5), target.statistic);
        marks.push(Mark::Level { class: "target", at: target.fitness, name });
    }
    Some(Chart {
        class: "large",
        title: "Learning curve".into(),
        about: about(scale, history.len()),
        label: label("Learning curve: mean fitness", mean.or(best)?),
        generations: &history.generations,
        axis: "generation",
        scale,
        marks,
        entries,
    })
}

/// A chart for every other column that changes, and the columns that do not.
pub(super) fn others(history: &History) -> (Vec<Chart<'_>>, Vec<Constant>) {
    let unknown = history
        .keys()
        .filter(|key| !NOT_DRAWN.contains(key) && KNOWN.iter().all(|(known, ..)| known != key))
        .map(|key| (key, sentence_case(key), String::new()));
    let known = KNOWN.map(|(key, title, about)| (key, title.to_owned(), about.to_owned()));
    let (mut charts, mut constants) = (Vec::new(), Vec::new());
    for (key, title, about) in known.into_iter().chain(unknown) {
        let Some(values) = history.column(key) else { continue };
        match constant(values) {
            Some(value) => constants.push(Constant { title, value }),
            None => charts.push(small(history, key, title, about, values)),
        }
    }
    (charts, constants)
}

fn small<'a>(
    history: &'a History,
    key: &str,
    title: String,
    about: String,
    values: &'a [f64],
) -> Chart<'a> {
    let class = if key == "failures" { "bad" } else { "mean" };
    let scale = Scale::holding(values.iter(), 4).starting_at_zero_if_near();
    let logarithmic = if scale.shape == Shape::Linear { "" } else { " · logarithmic" };
    Chart {
        class: "small",
        label: label(&title, values),
        entries: vec![Entry { class, name: title.to_lowercase(), values: Some(values) }],
        about: format!("{about}{logarithmic}").trim_start_matches(" · ").to_owned(),
        title,
        generations: &history.generations,
        axis: "generation",
        scale,
        marks: vec![Mark::Line { class, values }],
    }
}

/// Holds mean, best and middle half. The worst members and the target have a say as long as they do not squeeze
/// the rest into less than half of the height; beyond it they lie on the edge.
fn fitness_scale(history: &History, target: Option<&Target>) -> Scale {
    let column = |key: &str| history.column(key).unwrap_or_default();
    let core = ["mean", "best", "q25", "q75", "best_so_far"].map(column);
    let scale = Scale::holding(core.iter().flat_map(|c| c.iter()), 6);
    if scale.shape != Shape::Linear {
        return scale;
    }
    let finite = || core.iter().flat_map(|c| c.iter().copied()).filter(|v| v.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    let span = high - low;
    let worst = column("min").iter().copied().filter(|v| v.is_finite()).fold(low, f64::min);
    let wished = [Some(worst), target.map(|t| t.fitness)];
    let (mut lower, mut upper) = (low, high);
    for value in wished.into_iter().flatten() {
        if value >= low - span / 2.0 && value <= high + span / 2.0 {
            (lower, upper) = (lower.min(value), upper.max(value));
        } else if value < low {
            lower = lower.min(low - span / 4.0);
        }
    }
    Scale::linear(lower, upper, 6)
}

fn about(scale: Scale, generations: usize) -> String {
    let mut about = String::from("fitness of the population; larger is better");
    if scale.shape != Shape::Linear {
        about.push_str(" · logarithmic");
    }
    if thin::is_long(generations) {
        let each = number::count((generations / thin::BUCKETS) as u64);
        let _ = write!(
            about,
            " · lines are means of {each} generations, shades around them the extremes"
        );
    }
    about
}

fn label(what: &str, values: &[f64]) -> String {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let first = finite().next().unwrap_or(f64::NAN);
    let last = finite().next_back().unwrap_or(f64::NAN);
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    let [first, last, low, high] = [first, last, low, high].map(|x| number::real(x, 4));
    format!("{what} over generations, from {first} to {last}; lowest {low}, highest {high}.")
}

/// The value of a column that is the same everywhere. A single row says nothing about change.
fn constant(values: &[f64]) -> Option<f64> {
    let first = *values.first()?;
    values.iter().all(|v| *v == first).then_some(first)
}

fn sentence_case(key: &str) -> String {
    let words = key.replace(['_', '/'], " ");
    let mut letters = words.chars();
    letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(rows: &[&str]) -> History {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("metrics.jsonl");
        let lines =
            rows.iter().enumerate().map(|(g, row)| format!("{{\"generation\":{g},{row}}}\n"));
        std::fs::write(&path, lines.collect::<String>()).expect("written");
        History::read(&path).expect("readable")
    }

    #[test]
    fn what_never_changes_is_said_and_not_drawn() {
        let history = history(&[
            "\"sigma\":0.5,\"std\":1,\"my_own\":3",
            "\"sigma\":0.5,\"std\":2,\"my_own\":4",
        ]);
        let (charts, constants) = others(&history);
        let titles: Vec<&str> = charts.iter().map(|c| c.title.as_str()).collect();
        assert_eq!(titles, ["Spread of fitness", "My own"]);
        assert_eq!(constants, [Constant { title: "Noise scale σ".into(), value: 0.5 }]);
    }

    #[test]
    fn the_worst_members_do_not_squeeze_the_curve() {
        let history =
            history(&["\"mean\":0,\"best\":10,\"min\":-5", "\"mean\":5,\"best\":10,\"min\":-1e9"]);
        let scale = learning_curve(&history, None).expect("a chart").scale;
        assert!(scale.low < 0.0 && scale.low >= -10.0 && scale.high == 10.0, "{scale:?}");
    }

    #[test]
    fn a_target_near_the_curve_is_drawn() {
        let history = history(&["\"mean\":0", "\"mean\":8"]);
        let target = |fitness| Target { fitness, statistic: "mean".into() };
        let marks = |target: &Target| {
            let chart = learning_curve(&history, Some(target)).expect("a chart");
            chart.marks.iter().filter(|m| matches!(m, Mark::Level { .. })).count()
        };
        assert_eq!((marks(&target(10.0)), marks(&target(1e6))), (1, 0));
    }

    #[test]
    fn no_fitness_is_no_curve() {
        assert!(learning_curve(&History::default(), None).is_none());
        let all_failed = history(&["\"mean\":null,\"best\":null,\"failures\":4"]);
        assert!(learning_curve(&all_failed, None).is_none());
    }
}
