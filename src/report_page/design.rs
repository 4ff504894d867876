//! The page of a shortlist: the rehearsal first, then candidates, where they lie, what predictions were worth, how networks were trained.

use std::fmt::Write;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::chart::{Chart, Entry, Mark};
use super::figures::{Figures, Outcome};
use super::html::{columns, escape, table};
use super::number;
use super::run_files::read_if_there;
use super::scale::Scale;
use super::scatter::{Point, Scatter};

/// Sorts the table of candidates.
pub(super) const SCRIPT: &str = include_str!("sort.js");

/// Points of a picture; of more, an even sample.
const POINTS_MAX: usize = 800;

/// `design.json`.
#[derive(Debug)]
pub(super) struct DesignFiles {
    found: Value,
}

impl DesignFiles {
    /// Reads what is there; none if the run made no shortlist.
    ///
    /// # Errors
    /// If the file is there but cannot be read.
    pub(super) fn read(dir: &Path, notes: &mut Vec<String>) -> Result<Option<Self>> {
        let Some(text) = read_if_there(&dir.join("design.json"))? else { return Ok(None) };
        match serde_json::from_str::<Value>(&text).ok().filter(Value::is_object) {
            Some(found) => Ok(Some(Self { found })),
            None => {
                notes.push("design.json is damaged and left out.".into());
                Ok(None)
            }
        }
    }

    /// The command that makes the same again.
    pub(super) fn again(&self) -> Option<&str> {
        self.found["again"].as_str()
    }

    /// What is said at the top, if the run came to its end: an abstention is no success.
    pub(super) fn outcome(&self, outcome: Outcome) -> Outcome {
        match self.found["abstains"].as_str() {
            Some(why) => Outcome {
                class: "warn",
                short: "abstains".into(),
                sentence: format!(
                    "{}. What follows is for exploration: do not count on its predictions.",
                    capital(why)
                ),
            },
            None => outcome,
        }
    }

    /// The numbers at the top: class, name, value, explanation.
    pub(super) fn figures(
        &self,
        figures: &Figures,
    ) -> Vec<(&'static str, &'static str, String, String)> {
        let found = &self.found;
        let first = &list(&found["candidates"]).first().cloned().unwrap_or(Value::Null);
        let rehearsal = &list(&found["rehearsals"]).first().cloned().unwrap_or(Value::Null);
        let share = |value: &Value| match value.as_f64() {
            Some(share) => format!("{} %", number::fixed(100.0 * share, 0)),
            None => "–".into(),
        };
        let interval = format!("80 % interval {}", interval(first, "low", "high"));
        let chance = match rehearsal["found"].as_u64() {
            Some(count) => format!(
                "{count} of {} found, {} by chance",
                rehearsal["answers"],
                real(&rehearsal["found_by_chance"], 3)
            ),
            None => "no rehearsal".into(),
        };
        vec![
            ("lead", "Best prediction", real(&first["predicted"], 5), interval),
            ("lead", "Best row", real(&found["best_known"], 5), word(&found["target"]).to_owned()),
            ("", "Rows", count(&found["rows"]), String::new()),
            ("", "Columns", number::count(list(&found["columns"]).len() as u64), String::new()),
            ("", "Lift", real(&rehearsal["lift"], 2), chance),
            ("", "Coverage at 80 %", share(&found["coverage"][0]), "of left-out rows".into()),
            ("", "Time", figures.seconds.map_or("–".into(), number::duration), String::new()),
        ]
    }

    /// The part of the page between the figures and the configuration.
    pub(super) fn sections(&self) -> String {
        let mut out = self.notes();
        if self.found["is_next"] != true {
            out += &self.rehearsal();
        }
        out += &self.candidates();
        out += &format!("<div class=\"charts\">\n{}{}</div>\n", self.map(), self.left_out());
        out += &self.training();
        out += &self.columns();
        out
    }

    fn notes(&self) -> String {
        let notes = list(&self.found["notes"]);
        if notes.is_empty() {
            return String::new();
        }
        let item = |note: &Value| {
            let severity = escape(word(&note["severity"]));
            format!("<li><b>{severity}</b> {}</li>", escape(word(&note["text"])))
        };
        let items: String = notes.iter().map(item).collect();
        format!("<ul class=\"notes\">{items}</ul>\n")
    }

    fn rehearsal(&self) -> String {
        let rehearsals = list(&self.found["rehearsals"]);
        let mut out = String::from("<section>\n<h2>The rehearsal</h2>\n");
        let Some(used) = rehearsals.first() else {
            let why = self.found["abstains"].as_str().map_or_else(
                || "There was none, as was asked for: nothing says whether the predictions below hold.".to_owned(),
                |why| format!("There was none: {why}."),
            );
            let _ = write!(out, "<p>{}</p>\n</section>\n", escape(&why));
            return out;
        };
        let hidden = used["hidden"].as_u64().unwrap_or(0);
        let over = used["over_prediction"].as_f64().unwrap_or(0.0);
        let _ = writeln!(
            out,
            "<p>The {} best rows were hidden, with as many others; a model of the rest picked {} of the {hidden}. {} of the picks are among \
             the best, where chance finds {}. Lift 0 is chance, 1 is perfect; p is the chance that random picks do as well. \
             Predictions of the picks were {} too {} on average.</p>",
            hidden / 2,
            used["answers"],
            used["found"],
            real(&used["found_by_chance"], 3),
            number::real(over.abs(), 3),
            if (over >= 0.0) == (self.found["maximize"] == true) { "high" } else { "low" },
        );
        let mut body = String::new();
        for (at, rehearsal) in rehearsals.iter().enumerate() {
            let model = escape(word(&rehearsal["model"]));
            let model = if at == 0 { format!("<b>{model}</b>, used") } else { model };
            let _ = write!(body, "<tr><th scope=\"row\">{model}</th>");
            for key in ["lift", "p", "rank_correlation", "over_prediction"] {
                let _ = write!(body, "<td>{}</td>", real(&rehearsal[key], 3));
            }
            let _ =
                writeln!(body, "<td>{} of {}</td></tr>", rehearsal["found"], rehearsal["answers"]);
        }
        let head = ["model", "lift", "p", "rank correlation", "promised too much", "found"];
        out += &table("", "Rehearsals", &columns(&head), &body);
        out += "</section>\n";
        let points = points(&used["points"]);
        let scatter = self.agreement(
            points,
            "Hidden rows",
            "predicted without having seen them, against what was measured",
        );
        out + &scatter
    }

    /// Predicted against measured.
    fn agreement(&self, points: Vec<(f64, f64)>, title: &str, about: &str) -> String {
        if points.is_empty() {
            return String::new();
        }
        let target = word(&self.found["target"]);
        let shown = thinned(&points).map(|(predicted, measured)| Point {
            x: *predicted,
            y: *measured,
            class: "row",
            weight: 0.55,
            title: String::new(),
            label: String::new(),
        });
        Scatter {
            title: title.into(),
            about: about.into(),
            alt: format!("{title}: {} points, {about}.", points.len()),
            axes: [format!("predicted {target}"), format!("measured {target}")],
            agree: true,
            points: shown.collect(),
            entries: Vec::new(),
        }
        .figure()
    }

    fn left_out(&self) -> String {
        let share = |at: usize| {
            let share = self.found["coverage"][at].as_f64();
            share.map_or("–".into(), |share| number::fixed(100.0 * share, 0))
        };
        let about = format!(
            "each row predicted by a fit without it; {} % lay in their 80 % interval, {} % in that of 95 %",
            share(0),
            share(1)
        );
        self.agreement(points(&self.found["left_out"]), "Predicted against measured", &about)
    }

    /// Rows and candidates in two directions.
    fn map(&self) -> String {
        let rows = list(&self.found["pictured"]);
        let scores: Vec<f64> = rows.iter().filter_map(|row| row[2].as_f64()).collect();
        let low = scores.iter().copied().fold(f64::INFINITY, f64::min);
        let high = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let maximize = self.found["maximize"] == true;
        let target = word(&self.found["target"]);
        let row = |row: &Value| {
            let score = row[2].as_f64()?;
            let share = if high > low { (score - low) / (high - low) } else { 0.5 };
            Some(Point {
                x: row[0].as_f64()?,
                y: row[1].as_f64()?,
                class: "row",
                weight: 0.12 + 0.78 * if maximize { share } else { 1.0 - share },
                title: format!("line {}: {target} {}", row[3], number::real(score, 5)),
                label: String::new(),
            })
        };
        let candidate = |(at, candidate): (usize, &Value)| {
            Some(Point {
                x: candidate["place"][0].as_f64()?,
                y: candidate["place"][1].as_f64()?,
                class: verdict(candidate),
                weight: 1.0,
                title: format!(
                    "candidate {}: {}, predicted {}",
                    at + 1,
                    word(&candidate["verdict"]),
                    real(&candidate["predicted"], 5)
                ),
                label: if at < 24 { (at + 1).to_string() } else { String::new() },
            })
        };
        let candidates = list(&self.found["candidates"]);
        let shown = thinned(rows).filter_map(row);
        let shown: Vec<Point> =
            shown.chain(candidates.iter().enumerate().filter_map(candidate)).collect();
        if shown.is_empty() {
            return String::new();
        }
        let axis = |at: usize, name: &str| match self.found["shares"][at].as_f64() {
            Some(share) => format!("{name}, {} % of the variance", number::fixed(100.0 * share, 0)),
            None => name.to_owned(),
        };
        let mut entries = vec![("row", "rows, the better the stronger".to_owned())];
        for class in ["build", "explore", "abstain"] {
            if candidates.iter().any(|candidate| verdict(candidate) == class) {
                entries.push((class, format!("candidates: {class}")));
            }
        }
        Scatter {
            title: "Rows and candidates".into(),
            about: "designs in the two directions in which the table varies most".into(),
            alt: format!("{} rows and {} candidates.", rows.len(), candidates.len()),
            axes: [axis(0, "first direction"), axis(1, "second direction")],
            agree: false,
            points: shown,
            entries,
        }
        .figure()
    }

    /// The candidates, sortable.
    fn candidates(&self) -> String {
        let candidates = list(&self.found["candidates"]);
        let names: Vec<&str> = list(&self.found["columns"]).iter().map(word).collect();
        let title = if self.found["is_next"] == true { "Next experiments" } else { "Candidates" };
        let mut head: Vec<String> = vec!["#".into(), "verdict".into(), "predicted".into()];
        head.push("80 % interval".into());
        head.extend(names.iter().map(|name| (*name).to_owned()));
        let last = ["95 % interval", "chance to be the best", "distance", "nearest row", "why"];
        head.extend(last.map(String::from));
        let mut body = String::new();
        for (at, candidate) in candidates.iter().enumerate() {
            let class = verdict(candidate);
            let sorted = |value: &Value| value.as_f64().map_or(String::new(), |v| v.to_string());
            let cell = |value: &Value, text: String| {
                format!("<td data-sort=\"{}\">{text}</td>", sorted(value))
            };
            let _ = write!(
                body,
                "<tr><td>{}</td><td><span class=\"verdict {class}\">{class}</span></td>",
                at + 1
            );
            body += &cell(
                &candidate["predicted"],
                format!("<b>{}</b>", real(&candidate["predicted"], 5)),
            );
            body += &cell(&candidate["low"], interval(candidate, "low", "high"));
            for name in &names {
                let text = candidate["design"][*name].as_str().unwrap_or("–");
                let shown = match text.parse::<f64>() {
                    Ok(value) => format!(" title=\"{}\">{}", escape(text), number::real(value, 6)),
                    Err(_) => format!(">{}", escape(text)),
                };
                let _ = write!(body, "<td data-sort=\"{}\"{shown}</td>", escape(text));
            }
            body += &cell(&candidate["low_95"], interval(candidate, "low_95", "high_95"));
            let percent = |value: &Value| {
                let share = value.as_f64();
                share.map_or("–".into(), |share| format!("{} %", number::fixed(100.0 * share, 0)))
            };
            let chance = &candidate["chance_of_improvement"];
            body += &cell(chance, percent(chance));
            let distance = &candidate["distance"];
            let farther = percent(&candidate["distance_percentile"]);
            body += &cell(distance, format!("{} ({farther})", real(distance, 3)));
            let _ = write!(body, "<td>{}</td>", candidate["nearest_line"]);
            let reasons: Vec<&str> = list(&candidate["reasons"]).iter().map(word).collect();
            let _ = writeln!(body, "<td class=\"why\">{}</td></tr>", escape(&reasons.join("; ")));
        }
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        let model = escape(word(&self.found["surrogate"]));
        let searcher = escape(word(&self.found["searcher"]));
        format!(
            "<section>\n<h2>{title}</h2>\n<p>By {model}, searched by {searcher}. Distance: mean over the five nearest rows, from 0 to 1; in brackets \
             how many of the rows are as near to the others. Intervals hold for designs like the rows: beyond them nothing is promised.</p>\n\
             {}<p>To be filled in: <code>shortlist.csv</code>.</p>\n</section>\n",
            table("sortable", title, &columns(&head), &body)
        )
    }

    /// Loss, sharpness and multiplier over epochs.
    fn training(&self) -> String {
        let members = list(&self.found["training"]);
        let epochs = members.iter().map(|member| list(member).len()).max().unwrap_or(0);
        if epochs == 0 {
            return String::new();
        }
        let axis: Vec<f64> = (1..=epochs).map(|epoch| epoch as f64).collect();
        let columns = |key: &str| -> [Vec<f64>; 3] {
            let mut out = [Vec::new(), Vec::new(), Vec::new()];
            for epoch in 0..epochs {
                let values = members.iter().filter_map(|member| member[epoch][key].as_f64());
                let values: Vec<f64> = values.collect();
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                let low = values.iter().copied().fold(f64::NAN, f64::min);
                let high = values.iter().copied().fold(f64::NAN, f64::max);
                out.iter_mut()
                    .zip([mean, low, high])
                    .for_each(|(column, value)| column.push(value));
            }
            out
        };
        let charts = [
            ("loss", "Training loss", "mean over the batches of an epoch"),
            ("validation", "Loss on held-out rows", "a tenth of the rows, never learned from"),
            ("norm", "Sharpness", "gradient norm of the mean prediction in the weights"),
            ("multiplier", "Multiplier", "price of the sharpness in the training gradient"),
        ];
        let several = members.len() > 1;
        let chart = |(key, title, about): (&str, &str, &str)| {
            let [mean, low, high] = columns(key);
            if !mean.iter().any(|value| value.is_finite()) {
                return String::new();
            }
            let mut marks = Vec::new();
            if several {
                marks.push(Mark::Band { class: "range", low: &low, high: &high });
            }
            marks.push(Mark::Line { class: "mean", values: &mean });
            let last = mean.last().copied().unwrap_or(f64::NAN);
            Chart {
                class: "small",
                title: title.into(),
                about: match several {
                    true => format!("{about}; mean and range of {} networks", members.len()),
                    false => about.into(),
                },
                label: format!("{title} over epochs; at the end {}.", number::real(last, 4)),
                generations: &axis,
                axis: "epoch",
                scale: Scale::holding(low.iter().chain(&high), 4),
                marks,
                entries: vec![Entry { class: "mean", name: title.into(), values: Some(&mean) }],
            }
            .figure()
        };
        let figures: String = charts.into_iter().map(chart).collect();
        let regulariser = self.found["regulariser"].as_str().unwrap_or("none");
        format!(
            "<p class=\"unchanged\"><em>Regulariser</em> <span><b>{}</b></span></p>\n<div class=\"charts\">\n{figures}</div>\n",
            escape(regulariser)
        )
    }

    fn columns(&self) -> String {
        let described = list(&self.found["described"]);
        let line = |value: &Value| format!("<li>{}</li>\n", escape(word(value)));
        let lines: String = described.iter().map(line).collect();
        format!(
            "<details>\n<summary>What each column was taken for</summary>\n<ul class=\"explained\">\n{lines}</ul>\n</details>\n"
        )
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn real(value: &Value, digits: usize) -> String {
    value.as_f64().map_or("–".into(), |x| number::real(x, digits))
}

fn count(value: &Value) -> String {
    value.as_u64().map_or("–".into(), number::count)
}

/// An interval; an end at infinity is no number in JSON.
fn interval(value: &Value, low: &str, high: &str) -> String {
    let end = |key: &str, infinite: &str| {
        value[key].as_f64().map_or(infinite.to_owned(), |x| number::real(x, 4))
    };
    format!("{} to {}", end(low, "−∞"), end(high, "∞"))
}

fn verdict(candidate: &Value) -> &'static str {
    match word(&candidate["verdict"]) {
        "build" => "build",
        "explore" => "explore",
        _ => "abstain",
    }
}

fn points(value: &Value) -> Vec<(f64, f64)> {
    list(value).iter().filter_map(|pair| Some((pair[0].as_f64()?, pair[1].as_f64()?))).collect()
}

/// An even sample.
fn thinned<T>(all: &[T]) -> impl Iterator<Item = &T> {
    all.iter().step_by(all.len().div_ceil(POINTS_MAX).max(1))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
