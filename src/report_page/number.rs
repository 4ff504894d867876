//! Numbers for people.

/// The sign of negative numbers: as wide as a plus, unlike the hyphen.
const MINUS: char = '−';

/// So many significant digits, trailing zeros cut, without an exponent where that is readable.
pub(super) fn real(x: f64, digits: usize) -> String {
    if !x.is_finite() {
        return "–".into();
    }
    let power = if x == 0.0 { 0.0 } else { x.abs().log10().floor() };
    if !(-4.0..7.0).contains(&power) {
        return scientific(x, digits);
    }
    let decimals = (digits as f64 - 1.0 - power).max(0.0) as usize;
    fixed(x, decimals)
}

/// So many significant digits with an exponent, trailing zeros cut.
pub(super) fn scientific(x: f64, digits: usize) -> String {
    let text = format!("{x:.*e}", digits.max(1) - 1);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = match mantissa.contains('.') {
        true => mantissa.trim_end_matches('0').trim_end_matches('.'),
        false => mantissa,
    };
    format!("{mantissa}e{exponent}").replace('-', &MINUS.to_string())
}

/// So many decimals, trailing zeros cut, thousands set apart.
pub(super) fn fixed(x: f64, decimals: usize) -> String {
    let text = format!("{x:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    let whole = whole.trim_start_matches('-');
    let sign = if x < 0.0 && (whole != "0" || !fraction.is_empty()) { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", groups(whole)).replace('-', &MINUS.to_string())
}

/// A count with thousands set apart.
pub(super) fn count(n: u64) -> String {
    groups(&n.to_string())
}

/// Seconds in the units that a person would choose.
pub(super) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "–".into();
    }
    if seconds < 59.95 {
        let decimals = if seconds < 0.95 { 3 } else { 1 };
        return format!("{} s", fixed(seconds, decimals));
    }
    let s = seconds.round() as u64;
    match s {
        0..3600 => format!("{} min {:02} s", s / 60, s % 60),
        _ => format!("{} h {:02} min", count(s / 3600), s / 60 % 60),
    }
}

fn groups(digits: &str) -> String {
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reals_are_short_and_readable() {
        let given = [475.25, -0.5, 0.0, -0.0, 1.5e-7, 123_456.7, 2.5e9, 0.012_345_6, f64::NAN];
        let shown = given.map(|x| real(x, 4));
        assert_eq!(
            shown,
            ["475.2", "−0.5", "0", "0", "1.5e−7", "123,457", "2.5e9", "0.01235", "–"]
        );
    }

    #[test]
    fn what_rounds_to_zero_has_no_sign() {
        assert_eq!([fixed(-0.001, 2), fixed(-0.01, 2), fixed(-1e3, 0)], ["0", "−0.01", "−1,000"]);
    }

    #[test]
    fn counts_and_durations() {
        assert_eq!([count(0), count(999), count(1_234_567)], ["0", "999", "1,234,567"]);
        let given = [0.0123, 12.34, 59.97, 61.0, 3723.0, f64::NAN];
        assert_eq!(
            given.map(duration),
            ["0.012 s", "12.3 s", "1 min 00 s", "1 min 01 s", "1 h 02 min", "–"]
        );
    }
}
