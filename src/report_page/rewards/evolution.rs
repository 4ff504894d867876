//! How a reward came about: values, classes and weights from outer step to outer step.

use std::fmt::Write;

use serde_json::Value;

use super::super::chart::{Chart, Entry, Mark};
use super::super::html;
use super::super::html::escape;
use super::super::number;
use super::super::scale::Scale;
use super::{list, word};

/// Colours of lines, and so the number of primitives that are drawn.
const COLOURS: [&str; 5] = ["mean", "best", "target", "far", "bad"];

/// Value by step, shares of classes, drift of what is rewarded.
pub(super) fn charts(found: &Value) -> String {
    let steps = list(&found["steps"]);
    if steps.is_empty() {
        return String::new();
    }
    let numbers: Vec<f64> = steps.iter().filter_map(|step| step["step"].as_f64()).collect();
    let values = |step: &Value| -> Vec<f64> {
        list(&step["values"]).iter().filter_map(Value::as_f64).collect()
    };
    let column = |of: &dyn Fn(&Value) -> f64| -> Vec<f64> { steps.iter().map(of).collect() };
    let mean = column(&|step| {
        let values = values(step);
        values.iter().sum::<f64>() / values.len().max(1) as f64
    });
    let best = column(&|step| values(step).into_iter().fold(0.0, f64::max));
    let mut out = chart(
        "large",
        "Value of proposed rewards",
        "validation success of the policies that each reward of a step has trained; the best has luck in it",
        &numbers,
        &[("best", "best of the step", &best), ("mean", "mean of the step", &mean)],
    );
    let share = |key: &str| {
        column(&|step| {
            let count = |key: &str| step[key].as_f64().unwrap_or(0.0);
            let all = count("stable") + count("unstable") + count("adversarial");
            count(key) / all.max(1.0)
        })
    };
    let [stable, unstable, adversarial] = ["stable", "unstable", "adversarial"].map(share);
    let classes = chart(
        "small",
        "Classes",
        "share of the proposed rewards: weighted sums are stable, products and divisions by what may be 0 are not, adversarial ones punish the \
         outcome",
        &numbers,
        &[
            ("mean", "stable", &stable),
            ("best", "unstable", &unstable),
            ("bad", "adversarial", &adversarial),
        ],
    );
    let _ = write!(out, "<div class=\"charts\">\n{classes}{}</div>\n", drift(found, &numbers));
    out
}

/// Mean effect of the primitives that move most.
fn drift(found: &Value, numbers: &[f64]) -> String {
    let steps = list(&found["steps"]);
    let names = list(&found["primitives"]);
    let mut columns: Vec<(&str, Vec<f64>)> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let effect = |step: &Value| step["effects"][at].as_f64().unwrap_or(0.0);
            (word(name), steps.iter().map(effect).collect())
        })
        .collect();
    let end = |values: &[f64]| {
        let last = &values[values.len().saturating_sub(3)..];
        last.iter().sum::<f64>().abs()
    };
    columns.sort_by(|a, b| end(&b.1).total_cmp(&end(&a.1)));
    let lines: Vec<(&'static str, &str, &Vec<f64>)> = COLOURS
        .into_iter()
        .zip(&columns)
        .map(|(class, (name, values))| (class, *name, values))
        .collect();
    chart(
        "small",
        "What is rewarded",
        "mean effect of a primitive on the proposed rewards, the strongest of each being 1; the five that are largest at the end",
        numbers,
        &lines,
    )
}

fn chart(
    class: &'static str,
    title: &str,
    about: &str,
    numbers: &[f64],
    lines: &[(&'static str, &str, &Vec<f64>)],
) -> String {
    let ends: Vec<String> = lines
        .iter()
        .filter_map(|(_, name, values)| {
            Some(format!("{name} {}", number::fixed(*values.last()?, 2)))
        })
        .collect();
    Chart {
        class,
        title: title.to_owned(),
        about: about.to_owned(),
        label: format!("At the end {}.", ends.join(", ")),
        generations: numbers,
        axis: "outer step",
        scale: Scale::holding(
            lines.iter().flat_map(|(_, _, v)| v.iter()),
            if class == "large" { 6 } else { 4 },
        )
        .starting_at_zero_if_near(),
        marks: lines.iter().map(|(class, _, values)| Mark::Line { class, values }).collect(),
        entries: lines
            .iter()
            .map(|(class, name, values)| Entry {
                class,
                name: (*name).to_owned(),
                values: Some(values),
            })
            .collect(),
    }
    .figure()
}

/// Every reward that was proposed, with its value and advantage.
pub(super) fn table(found: &Value) -> String {
    let mut body = String::new();
    for step in list(&found["steps"]) {
        let values: Vec<f64> = list(&step["values"]).iter().filter_map(Value::as_f64).collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count.max(1.0);
        let variance =
            values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
        for (value, expression) in values.iter().zip(list(&step["expressions"])) {
            let advantage = (value - mean) / (variance.sqrt() + 1e-6);
            let _ = writeln!(
                body,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>",
                step["step"],
                number::fixed(*value, 3),
                number::fixed(advantage, 2),
                escape(word(expression))
            );
        }
    }
    if body.is_empty() {
        return String::new();
    }
    let head = html::columns(&["step", "value", "advantage", "reward"]);
    format!(
        "<details>\n<summary>Every reward that was proposed</summary>\n{}</details>\n",
        html::table("", "Evolution", &head, &body)
    )
}
