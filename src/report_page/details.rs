//! What the page keeps folded away: a table of numbers, the configuration.

use std::fmt::Write;

use super::html::escape;
use super::run_files::RunFiles;
use super::{number, thin};

/// Rows of the table of numbers.
const TABLE_ROWS: usize = 12;
/// Columns of the table of numbers: key, heading, significant digits.
const TABLE: [(&str, &str, usize); 7] = [
    ("evaluations", "evaluations", 9),
    ("best", "best", 5),
    ("mean", "mean", 5),
    ("median", "median", 5),
    ("min", "worst", 5),
    ("std", "spread", 4),
    ("elapsed_s", "seconds", 4),
];

/// Some generations in numbers, for those who cannot see the charts and those who want to know.
pub(super) fn numbers(files: &RunFiles) -> String {
    let history = &files.history;
    let columns: Vec<_> = TABLE
        .into_iter()
        .filter_map(|(key, name, digits)| Some((history.column(key)?, name, digits)))
        .collect();
    if columns.is_empty() {
        return String::new();
    }
    let head: String =
        columns.iter().map(|(_, name, _)| format!("<th scope=\"col\">{name}</th>")).collect();
    let mut body = String::new();
    for row in thin::rows(history.len(), TABLE_ROWS) {
        let generation = number::count(history.generations[row] as u64);
        let _ = write!(body, "<tr><th scope=\"row\">{generation}</th>");
        for (column, _, digits) in &columns {
            let _ = write!(body, "<td>{}</td>", number::real(column[row], *digits));
        }
        body.push_str("</tr>\n");
    }
    format!(
        "<details>\n<summary>Numbers</summary>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-label=\"Numbers of some generations\"><table>\n<thead><tr><th scope=\"col\">generation</th>\
         {head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n\
         <p>Every number of every generation is in <code>metrics.jsonl</code>.</p>\n</details>\n"
    )
}

/// The whole configuration.
pub(super) fn configuration(files: &RunFiles) -> String {
    if files.config_text.trim().is_empty() {
        return String::new();
    }
    let lines: Vec<String> = files.config_text.trim_end().lines().map(coloured).collect();
    format!(
        "<details>\n<summary>Configuration</summary>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-label=\"Configuration\"><pre><code>{}</code></pre></div>\n\
         <p>Complete, with every default: <code>config.toml</code>.</p>\n</details>\n",
        lines.join("\n")
    )
}

/// A line of TOML with its table or key marked.
fn coloured(line: &str) -> String {
    if line.starts_with('[') {
        return format!("<b>{}</b>", escape(line));
    }
    match line.split_once(" = ") {
        Some((key, value)) if !key.starts_with('#') => {
            format!("<i>{}</i> = {}", escape(key), escape(value))
        }
        _ => escape(line),
    }
}
