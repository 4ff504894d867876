//! Success on each split, with intervals, as dots and whiskers.

use std::fmt::Write;

use serde_json::Value;

use super::super::number;
use super::{RIVALS, SPLITS, sequence};

/// Height of a row and of the space between splits, pixels.
const ROW: f64 = 24.0;
const GAP: f64 = 26.0;
/// Room for names on the left, and for numbers on the right, in percent of the width.
const LEFT: f64 = 18.0;
const RIGHT: f64 = 10.0;

/// The picture; nothing before fresh trainings.
pub(super) fn picture(found: &Value) -> String {
    if found["searched"].is_null() {
        return String::new();
    }
    let at = |share: f64| format!("{:.2}%", LEFT + share * (100.0 - LEFT - RIGHT));
    let mut rows = String::new();
    let mut y = 8.0;
    for (split, about) in SPLITS {
        let _ = writeln!(
            rows,
            "<text class=\"split\" x=\"0\" y=\"{}\">{} {about}</text>",
            y + 6.0,
            split.to_uppercase()
        );
        y += GAP - 4.0;
        for (key, name, class) in RIVALS {
            let part = &found[key][split];
            let (Some(mean), Some(low), Some(high)) =
                (part["mean"].as_f64(), part["low"].as_f64(), part["high"].as_f64())
            else {
                continue;
            };
            let _ = writeln!(
                rows,
                "<g class=\"{class}\"><text class=\"who\" x=\"{LEFT}%\" dx=\"-14\" y=\"{y}\" dy=\".34em\">{name}</text>\
                 <line x1=\"{}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\"/><circle cx=\"{}\" cy=\"{y}\" r=\"5.5\"/>\
                 <text class=\"number\" x=\"100%\" y=\"{y}\" dy=\".34em\">{}</text></g>",
                at(low),
                at(high),
                at(mean),
                number::fixed(mean, 3)
            );
            y += ROW;
        }
        y += 8.0;
    }
    let mut grid = String::new();
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let _ = writeln!(
            grid,
            "<line class=\"grid\" x1=\"{0}\" x2=\"{0}\" y1=\"0\" y2=\"{y}\"/><text class=\"scale\" x=\"{0}\" y=\"{1}\">{share}</text>",
            at(share),
            y + 16.0
        );
    }
    let (title, over) = if sequence::is_there(found) {
        (
            "Success on fresh episodes",
            "sets of episodes of the searched policy, over trainings of its rivals",
        )
    } else {
        ("Success of fresh trainings", "trainings")
    };
    format!(
        "<section>\n<h2>{title}</h2>\n<p>Share of episodes that reach the true outcome: mean and 95 % interval over {over}.</p>\n<svg class=\"whiskers\" role=\"img\" aria-label=\"Success by split; the numbers are in the table of rivals.\" \
         width=\"100%\" height=\"{}\">\n{grid}{rows}</svg>\n</section>\n",
        y + 24.0
    )
}
