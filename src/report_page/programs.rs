//! The page of a search for programs: what was found, how it came about, and how it stands against baselines.

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

/// What a search for programs left behind beside what every run does.
#[derive(Debug, Default)]
pub(super) struct ProgramFiles {
    /// `programs.json`.
    found: Value,
    /// `validation.json`.
    validation: Value,
    /// `funnel.json`.
    funnel: Value,
    /// `comparison.json`.
    comparison: Value,
    /// `discovered.txt`, or `best.txt` while there is none.
    program: Option<(&'static str, String)>,
    /// `explanation.txt`.
    explanation: Option<String>,
}

impl ProgramFiles {
    /// Reads what is there; none if the run did not look for programs.
    ///
    /// # Errors
    /// If a file is there but cannot be read.
    pub(super) fn read(dir: &Path, notes: &mut Vec<String>) -> Result<Option<Self>> {
        let mut json = |name: &str| -> Result<Value> {
            let Some(text) = read_if_there(&dir.join(name))? else { return Ok(Value::Null) };
            Ok(serde_json::from_str(&text).unwrap_or_else(|_| {
                notes.push(format!("{name} is damaged and left out."));
                Value::Null
            }))
        };
        let files = Self {
            found: json("programs.json")?,
            validation: json("validation.json")?,
            funnel: json("funnel.json")?,
            comparison: json("comparison.json")?,
            explanation: read_if_there(&dir.join("explanation.txt"))?,
            program: match read_if_there(&dir.join("discovered.txt"))? {
                Some(text) => Some(("The rule that was found, simplified", text)),
                None => read_if_there(&dir.join("best.txt"))?
                    .map(|text| ("The best program of the search, as it is", text)),
            },
        };
        Ok((!files.found.is_null()).then_some(files))
    }

    /// The part of the page between the figures and the numbers.
    pub(super) fn sections(&self, history: &History) -> String {
        let mut out = self.rule();
        out += &self.comparison();
        out += &self.curves(history);
        out += &self.validation();
        out += &self.funnel();
        out += &self.counters();
        out += &self.lineage();
        out += &self.archive();
        out
    }

    fn rule(&self) -> String {
        let Some((title, text)) = &self.program else { return String::new() };
        let explanation: String = self
            .explanation
            .iter()
            .flat_map(|text| text.lines())
            .map(|line| format!("<li>{}</li>", escape(line)))
            .collect();
        let explanation = match explanation.as_str() {
            "" => String::new(),
            items => format!("<ul class=\"explained\">{items}</ul>"),
        };
        format!(
            "<section>\n<h2>{title}</h2>\n<div class=\"scroll\"><pre><code>{}</code></pre></div>\n{explanation}</section>\n",
            escape(text.trim_end())
        )
    }

    fn curves(&self, history: &History) -> String {
        let Some(births) = history.column("births") else { return String::new() };
        let chart =
            |title: &str, about: &str, lines: &[(&'static str, &str, &str)], large: bool| {
                let known: Vec<(&'static str, &str, &[f64])> = lines
                    .iter()
                    .filter_map(|(class, name, key)| Some((*class, *name, history.column(key)?)))
                    .collect();
                let (_, _, first) = known.first()?;
                let label =
                    format!("{title} over births, at the end {}.", number::real(*first.last()?, 4));
                let entries = known
                    .iter()
                    .map(|(class, name, values)| Entry {
                        class,
                        name: (*name).to_owned(),
                        values: Some(values),
                    })
                    .collect();
                let values = known.iter().flat_map(|(_, _, values)| values.iter());
                Some(Chart {
                    class: if large { "large" } else { "small" },
                    title: title.to_owned(),
                    about: about.to_owned(),
                    label,
                    generations: births,
                    axis: "births",
                    scale: Scale::holding(values, if large { 6 } else { 4 }),
                    marks: known
                        .iter()
                        .map(|(class, _, values)| Mark::Line { class, values })
                        .collect(),
                    entries,
                })
            };
        let large = chart(
            "Fitness over births",
            "minus the ratio of the losses to those of AdamW with the best of six step sizes; larger is better",
            &[
                ("mean", "mean of the population", "population_mean"),
                ("best", "best program", "best_program"),
            ],
            true,
        );
        let small = [
            chart(
                "Known before",
                "share of births whose function had been scored already",
                &[("mean", "hit rate", "hit_rate")],
                false,
            ),
            chart(
                "Redundancy",
                "share of statements that nothing depends on",
                &[("mean", "redundancy", "redundancy")],
                false,
            ),
            chart(
                "Length of programs",
                "mean number of statements, and of those that matter",
                &[("mean", "all", "mean_length"), ("best", "that matter", "mean_live_length")],
                false,
            ),
            chart(
                "Evaluations",
                "programs that were trained with, and those of them that failed",
                &[("mean", "evaluated", "evaluated"), ("bad", "failed", "failed")],
                false,
            ),
        ];
        let mut out = large.as_ref().map(Chart::figure).unwrap_or_default();
        let figures: String = small.iter().flatten().map(Chart::figure).collect();
        let _ = write!(out, "<div class=\"charts\">\n{figures}</div>\n");
        out
    }

    fn validation(&self) -> String {
        let Some(runs) = self.validation["runs"].as_array() else { return String::new() };
        let proxies = names(&self.validation["proxies"]);
        let mut figures = String::new();
        for run in runs {
            let points = run["points"].as_array().map(Vec::as_slice).unwrap_or_default();
            let column = |key: &str| -> Vec<f64> {
                points.iter().map(|point| point[key].as_f64().unwrap_or(f64::NAN)).collect()
            };
            let (births, search, larger) =
                (column("births"), column("fitness"), column("validation"));
            if births.is_empty() {
                continue;
            }
            let turning = run["turning"].as_f64();
            let turns = turning.map_or("nothing was scored".to_owned(), |at| match at {
                1.0 => "does not turn".to_owned(),
                at => format!("turns at {:.0} % of the births", 100.0 * at),
            });
            let chart = Chart {
                class: "small",
                title: format!("Meta-validation, run {}", run["run"].as_u64().unwrap_or(0) + 1),
                about: format!("best-so-far programs on {proxies}: the curve {turns}"),
                label: format!(
                    "Search fitness and meta-validation over births; the curve {turns}."
                ),
                generations: &births,
                axis: "births",
                scale: Scale::holding(search.iter().chain(&larger), 4),
                marks: vec![
                    Mark::Line { class: "best", values: &search },
                    Mark::Line { class: "mean", values: &larger },
                ],
                entries: vec![
                    Entry { class: "mean", name: "larger proxies".into(), values: Some(&larger) },
                    Entry { class: "best", name: "search".into(), values: Some(&search) },
                ],
            };
            figures += &chart.figure();
        }
        format!("<div class=\"charts\">\n{figures}</div>\n")
    }

    fn comparison(&self) -> String {
        let Some(tables) = self.comparison.as_array().filter(|tables| !tables.is_empty()) else {
            return String::new();
        };
        let rows = |table: &Value| table["rows"].as_array().cloned().unwrap_or_default();
        let mut head = String::from("<th scope=\"col\">proxy</th>");
        for row in rows(&tables[0]) {
            let _ = write!(head, "<th scope=\"col\">{}</th>", escape(text(&row["rule"])));
        }
        head += "<th scope=\"col\">found − AdamW, 95 % interval</th>";
        let mut body = String::new();
        let mut seeds = 0;
        for table in tables {
            let rows = rows(table);
            let means = rows.iter().filter_map(|row| row["mean"].as_f64());
            let best = means.fold(f64::INFINITY, f64::min);
            let _ = write!(body, "<tr><th scope=\"row\">{}</th>", escape(text(&table["proxy"])));
            for row in &rows {
                seeds = seeds.max(row["losses"].as_array().map_or(0, Vec::len));
                let cell = match (row["mean"].as_f64(), row["standard_error"].as_f64()) {
                    (Some(mean), Some(error)) => {
                        let cell =
                            format!("{} ± {}", number::real(mean, 4), number::real(error, 2));
                        if mean == best { format!("<b>{cell}</b>") } else { cell }
                    }
                    _ => "failed".into(),
                };
                let _ = write!(body, "<td>{cell}</td>");
            }
            let _ = writeln!(body, "<td>{}</td></tr>", interval(&rows[0]["difference"]));
        }
        format!(
            "<section>\n<h2>On proxies that nothing had seen</h2>\n<p>Test loss ± standard error over {seeds} seeds; every rule was tuned with \
             the same number of draws; smaller is better, the best of a row is bold.</p>\n{}</section>\n",
            table("", "Comparison", &head, &body)
        )
    }

    fn funnel(&self) -> String {
        let Some(stages) = self.funnel.as_array().filter(|stages| !stages.is_empty()) else {
            return String::new();
        };
        let mut body = String::new();
        for (number, stage) in stages.iter().enumerate() {
            let best = &stage["standings"][0];
            let real = |value: &Value| value.as_f64().map_or("–".into(), |x| number::real(x, 4));
            let _ = writeln!(
                body,
                "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                number + 1,
                escape(&names(&stage["proxies"])),
                stage["entered"],
                stage["passed"],
                real(&stage["baseline"]),
                real(&best["ratio"]),
                interval(&best["difference"]),
            );
        }
        let head =
            ["stage", "proxies", "in", "out", "AdamW", "best", "best − AdamW, 95 % interval"]
                .map(|name| format!("<th scope=\"col\">{name}</th>"))
                .concat();
        format!(
            "<section>\n<h2>Funnel</h2>\n<p>A program goes on if it beats AdamW on larger proxies, both tuned alike: the whole interval \
             of the paired difference is below 0. Ratios to a reference of the proxy.</p>\n{}</section>\n",
            table("", "Funnel", &head, &body)
        )
    }

    fn counters(&self) -> String {
        let Some(counters) = self.found["counters"].as_object() else { return String::new() };
        let mut body = String::new();
        let mut put = |name: &str, value: &Value| {
            let shown = match value.as_f64() {
                Some(value) if value == value.trunc() => number::count(value as u64),
                Some(value) => number::real(value, 4),
                None => return,
            };
            let name = name.replace('_', " ");
            let _ =
                writeln!(body, "<tr><th scope=\"row\">{}</th><td>{shown}</td></tr>", escape(&name));
        };
        for (name, value) in counters {
            if let Some(kinds) = value.as_object() {
                for (kind, count) in kinds {
                    put(&format!("failed: {kind}"), count);
                }
            } else {
                put(name, value);
            }
        }
        format!(
            "<details>\n<summary>Counters</summary>\n{}</details>\n",
            table("", "Counters", "<th scope=\"col\">what</th><th scope=\"col\">count</th>", &body)
        )
    }

    /// Every step of the winner's descent that changed what it computes, with the lines that are new.
    fn lineage(&self) -> String {
        let lineage = &self.found["lineage"];
        let Some(steps) = lineage["steps"].as_array() else { return String::new() };
        let mut out = String::new();
        let mut before: Vec<&str> = Vec::new();
        for step in steps {
            let lines: Vec<&str> = text(&step["text"]).lines().collect();
            let marked: Vec<String> = lines
                .iter()
                .map(|line| {
                    let is_new = !before.is_empty() && !before.contains(line);
                    if is_new { format!("<b>{}</b>", escape(line)) } else { escape(line) }
                })
                .collect();
            let what = match (step["ticket"].as_u64(), step["mutation"].as_str()) {
                (Some(ticket), Some(mutation)) => {
                    format!("birth {}: {mutation}", number::count(ticket + 1))
                }
                _ => "the first program".into(),
            };
            let fitness = step["fitness"]
                .as_f64()
                .map(|fitness| format!(", fitness {}", number::real(fitness, 5)))
                .unwrap_or_default();
            let _ = writeln!(
                out,
                "<li><p>{}{fitness}</p><pre><code>{}</code></pre></li>",
                escape(&what),
                marked.join("\n")
            );
            before = lines;
        }
        format!(
            "<details>\n<summary>Lineage of the best program</summary>\n<p>{} births, of which {} changed nothing that matters; the other {} \
             steps follow, with new lines marked.</p>\n<ol class=\"lineage\">\n{out}</ol>\n</details>\n",
            lineage["births"],
            lineage["neutral"],
            steps.len().saturating_sub(1),
        )
    }

    fn archive(&self) -> String {
        const SHOWN: usize = 10;
        let Some(archive) = self.found["archive"].as_array() else { return String::new() };
        let mut out = String::new();
        for entry in archive.iter().take(SHOWN) {
            let fitness = entry["fitness"].as_f64().unwrap_or(f64::NAN);
            let _ = writeln!(
                out,
                "<li><p>fitness {} over {} sets of seeds, {} statements that matter, {} states, <code>{}</code></p>\
                 <pre><code>{}</code></pre></li>",
                number::real(fitness, 5),
                entry["seed_sets"],
                entry["live_statements"],
                entry["states"],
                escape(text(&entry["hash"])),
                escape(text(&entry["text"]).trim_end()),
            );
        }
        format!(
            "<details>\n<summary>Archive</summary>\n<p>The best programs; more are in <code>programs.json</code>.</p>\n\
             <ol class=\"lineage\">\n{out}</ol>\n</details>\n"
        )
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn names(value: &Value) -> String {
    let names = value.as_array().map(Vec::as_slice).unwrap_or_default();
    names.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn interval(paired: &Value) -> String {
    let [mean, low, high] = ["mean", "low", "high"].map(|key| paired[key].as_f64());
    let (Some(mean), Some(low), Some(high)) = (mean, low, high) else { return "–".into() };
    let class = match (low, high) {
        (_, high) if high < 0.0 => "better",
        (low, _) if low > 0.0 => "worse",
        _ => "same",
    };
    let [mean, low, high] = [mean, low, high].map(|x| number::real(x, 3));
    format!("<span class=\"{class}\">{mean} ({low} to {high})</span>")
}
