//! Which columns the model goes by.

use std::fmt::Write;

use super::DesignFiles;
use super::value::{list, real, word};
use crate::report_page::html::{columns, escape, table};

/// Columns that the page names.
const SHOWN: usize = 24;

impl DesignFiles {
    /// A table of columns, those that matter most first.
    pub(super) fn effects(&self) -> String {
        let effects = &self.found["effects"];
        let sites = list(&effects["columns"]);
        if sites.is_empty() {
            return String::new();
        }
        let mut body = String::new();
        for site in sites.iter().take(SHOWN) {
            let loss = site["loss"].as_f64().unwrap_or(0.0);
            let better = site["better"].as_str().unwrap_or("–");
            // Of one rank correlation.
            let width = (100.0 * loss.clamp(0.0, 1.0)).round();
            let _ = writeln!(
                body,
                "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"share\"><svg viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" \
                 aria-hidden=\"true\"><rect width=\"{width}\" height=\"8\"/></svg></td><td>{better}</td></tr>",
                escape(word(&site["column"])),
                real(&site["loss"], 2),
            );
        }
        let others = match sites.len().saturating_sub(SHOWN) {
            0 => String::new(),
            others => format!("<p>And {others} more in <code>design.json</code>.</p>"),
        };
        format!(
            "<section>\n<h2>What the model goes by</h2>\n<p>On rows that a fit had not seen its predictions have a rank correlation of {} with the scores. \
             So much of that is lost when the values of one column are exchanged among these rows: 0 is nothing. Columns that vary together stand in \
             for each other, and each then seems to matter less.</p>\n{}{others}</section>\n",
            real(&effects["correlation"], 2),
            table("", "Columns", &columns(&["column", "loss", "", "mostly"]), &body)
        )
    }
}
