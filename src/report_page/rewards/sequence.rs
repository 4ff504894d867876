//! The rewards that trained one policy, one after the other.

use std::fmt::Write;

use serde_json::Value;

use super::super::html::{columns, escape, table as rows};
use super::super::number;
use super::{list, word};

/// Whether policies were inherited, so that what was found is a policy.
pub(super) fn is_there(found: &Value) -> bool {
    !list(&found["sequence"]).is_empty()
}

/// The sequence as a table; nothing where there is none.
pub(super) fn table(found: &Value) -> String {
    if !is_there(found) {
        return String::new();
    }
    let mut body = String::new();
    for link in list(&found["sequence"]) {
        let _ = writeln!(
            body,
            "<tr><td>{}</td><td>{}</td><td><code>{}</code></td></tr>",
            link["step"],
            link["value"].as_f64().map_or("–".into(), |x| number::fixed(x, 3)),
            escape(word(&link["expression"]))
        );
    }
    let head = columns(&["slice", "value after it", "reward"]);
    format!(
        "<section>\n<h2>The sequence that trained the policy</h2>\n<p>Policies are inherited from slice to slice, so that what was found is this \
         policy: no one of its rewards would train it again.</p>\n{}</section>\n",
        rows("", "Sequence", &head, &body)
    )
}
