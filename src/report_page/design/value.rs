//! Values of `design.json` as they are read and shown.

use serde_json::Value;

use crate::report_page::number;

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(super) fn real(value: &Value, digits: usize) -> String {
    value.as_f64().map_or("–".into(), |x| number::real(x, digits))
}

pub(super) fn count(value: &Value) -> String {
    value.as_u64().map_or("–".into(), number::count)
}

/// An interval; an end at infinity is no number in JSON.
pub(super) fn interval(value: &Value, low: &str, high: &str) -> String {
    let end = |key: &str, infinite: &str| {
        value[key].as_f64().map_or(infinite.to_owned(), |x| number::real(x, 4))
    };
    format!("{} to {}", end(low, "−∞"), end(high, "∞"))
}

pub(super) fn points(value: &Value) -> Vec<(f64, f64)> {
    list(value).iter().filter_map(|pair| Some((pair[0].as_f64()?, pair[1].as_f64()?))).collect()
}

/// Its class on the page.
pub(super) fn verdict(candidate: &Value) -> &'static str {
    match word(&candidate["verdict"]) {
        "build" => "build",
        "explore" => "explore",
        _ => "abstain",
    }
}
