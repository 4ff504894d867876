//! The page of a shortlist: the rehearsal first, then candidates, where they lie, what predictions were worth, how networks were trained.

mod candidates;
mod effects;
mod pictures;
mod training;
mod value;

use std::fmt::Write;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use value::{count, digits, list, points, real, word};

use crate::report_page::figures::{Figures, Outcome};
use crate::report_page::html::{columns, escape, table};
use crate::report_page::number;
use crate::report_page::run_files::read_if_there;

/// Sorts the table of candidates.
pub(super) const SCRIPT: &str = include_str!("../sort.js");

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

    /// A score, with the digits that matter.
    pub(super) fn score(&self, value: &Value) -> String {
        real(value, digits(value, &self.found["spread"]))
    }

    /// An interval of scores; an end at infinity is no number in JSON.
    pub(super) fn interval(&self, value: &Value, low: &str, high: &str) -> String {
        let end = |key: &str, infinite: &str| match value[key].is_number() {
            true => self.score(&value[key]),
            false => infinite.to_owned(),
        };
        format!("{} to {}", end(low, "−∞"), end(high, "∞"))
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
        let interval = format!("80 % interval {}", self.interval(first, "low", "high"));
        let chance = match rehearsal["found"].as_u64() {
            Some(count) => format!(
                "{count} of {} found, {} by chance",
                rehearsal["answers"],
                real(&rehearsal["found_by_chance"], 3)
            ),
            None => "no rehearsal".into(),
        };
        vec![
            ("lead", "First choice", self.score(&first["predicted"]), interval),
            (
                "lead",
                "Best row",
                self.score(&found["best_known"]),
                word(&found["target"]).to_owned(),
            ),
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
        out += &self.effects();
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
            for key in ["lift", "p", "rank_correlation", "over_prediction", "worth"] {
                let _ = write!(body, "<td>{}</td>", real(&rehearsal[key], 3));
            }
            let _ =
                writeln!(body, "<td>{} of {}</td></tr>", rehearsal["found"], rehearsal["answers"]);
        }
        let head =
            ["model", "lift", "p", "rank correlation", "promised too much", "worth", "found"];
        out += &table("", "Rehearsals", &columns(&head), &body);
        if rehearsals.len() > 1 {
            out += "<p>The model of the greatest worth is used: its lift, less half of what it promised too much, in units of the lift.</p>";
        }
        out += "</section>\n";
        let points = points(&used["points"]);
        let scatter = self.agreement(
            points,
            "Hidden rows",
            "predicted without having seen them, against what was measured",
        );
        out + &scatter
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

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
