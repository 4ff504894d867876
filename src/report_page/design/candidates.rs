//! The table of candidates, sortable.

use std::fmt::Write;

use serde_json::Value;

use super::DesignFiles;
use super::value::{list, real, verdict, word};
use crate::report_page::html::{columns, escape, table};
use crate::report_page::number;

impl DesignFiles {
    /// The candidates, sortable.
    pub(super) fn candidates(&self) -> String {
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
                format!("<b>{}</b>", self.score(&candidate["predicted"])),
            );
            body += &cell(&candidate["low"], self.interval(candidate, "low", "high"));
            for name in &names {
                let text = candidate["design"][*name].as_str().unwrap_or("–");
                let shown = match text.parse::<f64>() {
                    Ok(value) => format!(" title=\"{}\">{}", escape(text), number::real(value, 6)),
                    Err(_) => format!(">{}", escape(text)),
                };
                let _ = write!(body, "<td data-sort=\"{}\"{shown}</td>", escape(text));
            }
            body += &cell(&candidate["low_95"], self.interval(candidate, "low_95", "high_95"));
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
             how many of the rows are nearer to the others. Intervals hold for designs like the rows: beyond them nothing is promised.</p>\n\
             {}<p>To be filled in: <code>shortlist.csv</code>.</p>\n</section>\n",
            table("sortable", title, &columns(&head), &body)
        )
    }
}
