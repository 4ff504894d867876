//! The page of a search for formulas: the best one, the front as a picture and as a table, how it came about.

use std::fmt::Write;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::chart::{Chart, Entry, Mark};
use super::history::History;
use super::html::{escape, table};
use super::number;
use super::run_files::read_if_there;
use super::scale::Scale;

/// `front.json`.
#[derive(Debug)]
pub(super) struct FormulaFiles {
    found: Value,
}

impl FormulaFiles {
    /// Reads what is there; none if the run did not look for formulas.
    ///
    /// # Errors
    /// If the file is there but cannot be read.
    pub(super) fn read(dir: &Path, notes: &mut Vec<String>) -> Result<Option<Self>> {
        let Some(text) = read_if_there(&dir.join("front.json"))? else { return Ok(None) };
        match serde_json::from_str(&text) {
            Ok(found) => Ok(Some(Self { found })),
            Err(_) => {
                notes.push("front.json is damaged and left out.".into());
                Ok(None)
            }
        }
    }

    /// The part of the page between the figures and the numbers.
    pub(super) fn sections(&self, history: &History) -> String {
        let targets = self.found["targets"].as_array().map_or(&[][..], Vec::as_slice);
        let mut out: String = targets.iter().map(front).collect();
        out += &curve(history);
        out += &self.counters();
        out
    }

    fn counters(&self) -> String {
        let counters = &self.found["counters"];
        let rows = [
            ("formulas made", "births"),
            ("scored", "scored"),
            ("infinite or no number in some row", "not_finite"),
            ("units do not fit", "units_do_not_fit"),
            ("evaluations of all rows, those for constants included", "row_evaluations"),
            ("members that moved to another island", "migrants"),
            ("members that came from the front", "migrants_from_front"),
        ];
        let mut body = String::new();
        for (what, key) in rows {
            let count = counters[key].as_u64().unwrap_or(0);
            let _ = writeln!(body, "<tr><td>{what}</td><td>{}</td></tr>", number::count(count));
        }
        if let Some(changes) = counters["changes"].as_object() {
            for (kind, counts) in changes {
                let [births, better] =
                    ["births", "better"].map(|key| counts[key].as_u64().unwrap_or(0));
                if births == 0 {
                    continue;
                }
                let share = number::real(100.0 * better as f64 / births as f64, 2);
                let _ = writeln!(
                    body,
                    "<tr><td>children by {}, better than their parent</td><td>{} ({share} %)</td></tr>",
                    escape(kind),
                    number::count(births)
                );
            }
        }
        let head = "<th scope=\"col\">what</th><th scope=\"col\">count</th>";
        format!(
            "<details>\n<summary>Counters</summary>\n{}</details>\n",
            table("", "Counters", head, &body)
        )
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Best formula, picture and table of one target.
fn front(target: &Value) -> String {
    let name = escape(word(&target["target"]));
    let entries = target["front"].as_array().map_or(&[][..], Vec::as_slice);
    if entries.is_empty() {
        return format!("<p class=\"empty\">No formula for {name} has been scored yet.</p>\n");
    }
    let best = &target["best"];
    let mut out = format!(
        "<section>\n<h2>The best formula for {name}</h2>\n<div class=\"scroll\"><pre><code>{name} = {}</code></pre></div>\n\
         <p>R² {}, complexity {}: {}.</p>\n",
        escape(word(&best["text"])),
        best["r2"].as_f64().map_or("–".into(), |r2| number::real(r2, 8)),
        best["complexity"],
        escape(word(&target["best_by"])),
    );
    let shortest = &target["shortest"];
    if shortest["complexity"].is_u64() && shortest["complexity"] != best["complexity"] {
        let _ = writeln!(
            out,
            "<p>The shortest description, to be preferred if the data are noisy: <code>{name} = {}</code></p>",
            escape(word(&shortest["text"]))
        );
    }
    out += "</section>\n";
    out += &picture(word(&target["target"]), entries);
    let mut body = String::new();
    for entry in entries {
        let real = |key: &str| entry[key].as_f64().map_or("–".into(), |x| number::real(x, 5));
        let text = escape(word(&entry["text"]));
        let text = match entry["complexity"] == best["complexity"] {
            true => format!("<b>{text}</b>"),
            false => text,
        };
        let _ = writeln!(
            body,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td><code>{text}</code></td></tr>",
            entry["complexity"],
            real("loss"),
            real("r2"),
            real("score")
        );
    }
    let head: String = ["complexity", "mean squared error", "R²", "score", "formula"]
        .iter()
        .map(|title| format!("<th scope=\"col\">{title}</th>"))
        .collect();
    let _ = write!(
        out,
        "<section>\n<h2>Front for {name}</h2>\n{}<p>More digits are in <code>front.json</code> and <code>front.csv</code>.</p>\n</section>\n",
        table("", "Front", &head, &body)
    );
    out
}

/// Loss over complexity: a stair, since a formula is the best until the next.
fn picture(name: &str, entries: &[Value]) -> String {
    let points = entries.iter().filter_map(|entry| {
        let loss = entry["loss"].as_f64()?;
        Some((entry["complexity"].as_f64()?, loss))
    });
    // An exact fit has no logarithm: it is drawn at the lowest loss that there is, or near it.
    let points: Vec<(f64, f64)> = points.collect();
    let positive = points.iter().map(|(_, loss)| *loss).filter(|loss| *loss > 0.0);
    let least = positive.fold(f64::INFINITY, f64::min);
    let shown = |loss: f64| if loss > 0.0 { loss } else { least };
    let (mut xs, mut ys): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    for (index, &(x, loss)) in points.iter().enumerate() {
        if index > 0 {
            xs.push(x);
            ys.push(shown(points[index - 1].1));
        }
        xs.push(x);
        ys.push(shown(loss));
    }
    let Some((&first, &last)) = ys.first().zip(ys.last()) else { return String::new() };
    Chart {
        class: "large",
        title: format!("Pareto front for {name}"),
        about: "mean squared error of the best formula of each complexity; lower is better".into(),
        label: format!(
            "The error falls from {} for the simplest formula to {} for the most complex.",
            number::real(first, 4),
            number::real(last, 4)
        ),
        generations: &xs,
        axis: "complexity",
        scale: Scale::holding(ys.iter(), 6),
        marks: vec![Mark::Line { class: "best", values: &ys }],
        entries: vec![Entry {
            class: "best",
            name: "mean squared error".into(),
            values: Some(&ys),
        }],
    }
    .figure()
}

/// How the fit got better.
fn curve(history: &History) -> String {
    let (Some(births), Some(loss)) = (history.column("births"), history.column("loss")) else {
        return String::new();
    };
    let chart = Chart {
        class: "small",
        title: "Fit over births".into(),
        about: "1 − R² of the best formula of any complexity".into(),
        label: "The best loss over births.".into(),
        generations: births,
        axis: "births",
        scale: Scale::holding(loss.iter(), 4),
        marks: vec![Mark::Line { class: "best", values: loss }],
        entries: vec![Entry { class: "best", name: "1 − R²".into(), values: Some(loss) }],
    };
    format!("<div class=\"charts\">\n{}</div>\n", chart.figure())
}
