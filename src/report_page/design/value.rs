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

/// Digits of a score to show: four, after those that are the same in all scores where these differ by `spread`.
pub(super) fn digits(score: &Value, spread: &Value) -> usize {
    let power = score.as_f64().zip(spread.as_f64()).map(|(x, s)| (x.abs() / s).log10());
    match power {
        Some(power) if power.is_finite() => 4 + power.floor().clamp(0.0, 11.0) as usize,
        _ => 5,
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scores_show_the_digits_in_which_they_differ() {
        let shown = |score: f64, spread: Value| real(&json!(score), digits(&json!(score), &spread));
        assert_eq!(shown(1.000_012_345, json!(2.5e-5)), "1.0000123");
        assert_eq!(shown(82.599_2, json!(16.7)), "82.6");
        assert_eq!(shown(0.123_456_78, json!(16.7)), "0.1235");
        // A record of before has no spread.
        assert_eq!(shown(0.123_456_78, Value::Null), "0.12346");
    }
}
