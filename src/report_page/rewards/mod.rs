//! The page of a search for a reward: the formula as a tree, what its policies reach beside the rivals, how it came about.

mod evolution;
mod sequence;
mod splits;
mod tree;

use std::fmt::Write;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::html::{columns, escape, table};
use super::number;
use super::run_files::read_if_there;

/// `reward.json`.
#[derive(Debug)]
pub(super) struct RewardFiles {
    found: Value,
}

/// Keys of what is compared, what they are called, and their colour.
const RIVALS: [(&str, &str, &str); 4] = [
    ("searched", "searched", "mean"),
    ("outcome_only", "outcome only", "bad"),
    ("average", "average of all", "target"),
    ("hand_made", "made by hand", "best"),
];
const SPLITS: [(&str, &str); 3] =
    [("l0", "as trained"), ("l1", "new surroundings"), ("l2", "held-out kinds")];

impl RewardFiles {
    /// Reads what is there; none if the run did not look for a reward.
    ///
    /// # Errors
    /// If the file is there but cannot be read.
    pub(super) fn read(dir: &Path, notes: &mut Vec<String>) -> Result<Option<Self>> {
        let Some(text) = read_if_there(&dir.join("reward.json"))? else { return Ok(None) };
        match serde_json::from_str(&text) {
            Ok(found) => Ok(Some(Self { found })),
            Err(_) => {
                notes.push("reward.json is damaged and left out.".into());
                Ok(None)
            }
        }
    }

    /// The numbers at the top: class, name, value, explanation.
    pub(super) fn figures(
        &self,
        seconds: Option<f64>,
    ) -> Vec<(&'static str, &'static str, String, String)> {
        let found = &self.found;
        let share = |value: &Value| value.as_f64().map_or("–".into(), |x| number::fixed(x, 3));
        let of = |rival: &str, split: &str| share(&found[rival][split]["mean"]);
        let count = |value: &Value| value.as_u64().map_or("–".into(), number::count);
        vec![
            ("lead", "Success, fresh", of("searched", "l0"), interval(&found["searched"]["l0"])),
            (
                "lead",
                "Outcome only",
                of("outcome_only", "l0"),
                "trained without a searched reward".into(),
            ),
            ("", "Held-out kinds", of("searched", "l2"), interval(&found["searched"]["l2"])),
            (
                "",
                "Seen in the search",
                share(&found["search_time_maximum"]),
                "luck included".into(),
            ),
            ("", "Rewards tried", count(&found["rewards"]), "different ones".into()),
            ("", "Trainings", count(&found["trainings"]), "of policies".into()),
            ("", "Time", seconds.map_or("–".into(), number::duration), String::new()),
        ]
    }

    /// The part of the page between the figures and the numbers.
    pub(super) fn sections(&self) -> String {
        let mut out = self.reward();
        out += &sequence::table(&self.found);
        out += &splits::picture(&self.found);
        out += &self.rivals();
        out += &evolution::charts(&self.found);
        out += &self.race();
        out += &evolution::table(&self.found);
        out
    }

    fn reward(&self) -> String {
        let found = &self.found;
        let Some(expression) = found["expression"].as_str() else {
            let best = list(&found["best"]).first();
            let Some(best) = best.and_then(|best| best["expression"].as_str()) else {
                return "<p class=\"empty\">No reward has been tried yet.</p>\n".into();
            };
            return format!(
                "<section>\n<h2>The best reward so far</h2>\n<div class=\"scroll\"><pre><code>{}</code></pre></div>\n\
                 <p>The search was stopped before its end: nothing was trained or measured afresh yet.</p>\n</section>\n",
                escape(best)
            );
        };
        let title = if sequence::is_there(found) { "The last reward" } else { "The reward" };
        format!(
            "<section>\n<h2>{title}</h2>\n<div class=\"scroll\"><pre><code>R = {}</code></pre></div>\n<p>{}.</p>\n{}</section>\n",
            escape(expression),
            escape(word(&found["check"])),
            tree::picture(&found["tree"])
        )
    }

    fn rivals(&self) -> String {
        let found = &self.found;
        if found["searched"].is_null() {
            return String::new();
        }
        let mut body = String::new();
        for (key, name, _) in RIVALS {
            let rival = &found[key];
            let _ = write!(body, "<tr><td>{name}</td>");
            for (split, _) in SPLITS {
                let part = &rival[split];
                let _ = write!(body, "<td>{}{}</td>", mean(part), minus(&part["searched_minus"]));
            }
            let _ =
                writeln!(body, "<td><code>{}</code></td></tr>", escape(word(&rival["expression"])));
        }
        let head = columns(&[
            "reward",
            "L0 as trained",
            "L1 new surroundings",
            "L2 held-out kinds",
            "formula",
        ]);
        let fresh = found["fresh_trainings"].as_u64().unwrap_or(0);
        let about = if sequence::is_there(found) {
            format!(
                "Of the searched policy, mean success of one policy in {fresh} sets of fresh episodes; of the rivals, of {fresh} fresh trainings \
                 for as many updates, judged by the same episodes. 95 % interval in brackets, which for the one policy knows nothing of other \
                 searches; below it the searched policy minus this one."
            )
        } else {
            format!(
                "Mean success of {fresh} fresh trainings with the same seeds, 95 % interval in brackets; below it the searched reward minus this \
                 one, paired by seed."
            )
        };
        format!(
            "<section>\n<h2>Rivals</h2>\n{}<p>{about}</p>\n</section>\n",
            table("", "Rivals", &head, &body)
        )
    }

    fn race(&self) -> String {
        let race = list(&self.found["race"]);
        if race.is_empty() {
            return String::new();
        }
        let mut body = String::new();
        for entry in race {
            let values: Vec<String> = list(&entry["values"])
                .iter()
                .filter_map(Value::as_f64)
                .map(|x| number::fixed(x, 2))
                .collect();
            let figure =
                |key: &str| entry[key].as_f64().map_or("–".into(), |x| number::fixed(x, 3));
            let _ = writeln!(
                body,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>",
                figure("estimate"),
                figure("believed"),
                figure("mean"),
                values.join(" "),
                escape(word(&entry["expression"]))
            );
        }
        let head = columns(&["estimate", "before", "mean", "each training", "reward"]);
        format!(
            "<details>\n<summary>The race that chose it: by an estimate from what the search had learnt before and from the mean of the race</summary>\n{}</details>\n",
            table("", "Race", &head, &body)
        )
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[][..], Vec::as_slice)
}

fn interval(part: &Value) -> String {
    match (part["low"].as_f64(), part["high"].as_f64()) {
        (Some(low), Some(high)) => {
            format!("95 % interval {} to {}", number::fixed(low, 2), number::fixed(high, 2))
        }
        _ => "not trained afresh".into(),
    }
}

fn mean(part: &Value) -> String {
    let real = |key: &str| part[key].as_f64().map(|x| number::fixed(x, 3));
    match (real("mean"), real("low"), real("high")) {
        (Some(mean), Some(low), Some(high)) => format!("<b>{mean}</b> ({low} to {high})"),
        _ => "–".into(),
    }
}

/// The searched reward minus a rival, in the colour of a difference that is clear.
fn minus(part: &Value) -> String {
    let (Some(mean), Some(low), Some(high)) =
        (part["mean"].as_f64(), part["low"].as_f64(), part["high"].as_f64())
    else {
        return String::new();
    };
    let class = match (low > 0.0, high < 0.0) {
        (true, _) => "better",
        (_, true) => "worse",
        _ => "open",
    };
    let [mean, low, high] = [mean, low, high].map(|x| format!("{x:+.2}").replace('-', "−"));
    format!("<br><span class=\"{class}\">{mean} ({low} to {high})</span>")
}
