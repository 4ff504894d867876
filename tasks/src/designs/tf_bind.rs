//! TF-Bind-8: how strongly a transcription factor binds each string of eight letters of DNA.
//!
//! As Design-Bench has it: both strands of each measured row, so that the 256 strings that are their own reverse complement come
//! twice; the E-score scaled to 0..1; rows up to the median visible. Source: Barrera et al., Science 351 (2016).

use std::path::Path;

use super::files::{damaged, text};
use super::table::{letters, scale};
use super::{DesignError, Protocol, Table};

/// Factors that there are files of.
pub const FACTORS: [&str; 4] = ["SIX6", "CRX", "PAX4", "VSX1"];

const ALPHABET: &str = "ACGT";
const LENGTH: usize = 8;
const STRINGS: usize = 1 << (2 * LENGTH);

/// The table of a factor, one of [`FACTORS`], from `tf_bind_8/<factor>_REF_R1_8mers.txt.gz` in a folder: 65,792 rows.
///
/// # Errors
/// If the file is missing or is not such a table; the message has its path and the line.
pub fn tf_bind_8(folder: &Path, factor: &str) -> Result<Table, DesignError> {
    let path = folder.join("tf_bind_8").join(format!("{factor}_REF_R1_8mers.txt.gz"));
    let mut scores = vec![f64::NAN; STRINGS];
    let (mut rows, mut others) = (Vec::new(), Vec::new());
    for (index, line) in text(&path)?.lines().enumerate().skip(1) {
        let wrong =
            || damaged(&path, format!("line {}: no string, complement and score", index + 1));
        let mut cells = line.split('\t');
        let mut string = || cells.next().and_then(code).ok_or_else(wrong);
        let (one, other) = (string()?, string()?);
        let score = cells.next().and_then(|cell| cell.parse::<f64>().ok()).ok_or_else(wrong)?;
        if other != complement(one) || !score.is_finite() || !scores[one].is_nan() {
            return Err(wrong());
        }
        (scores[one], scores[other]) = (score, score);
        rows.push(one);
        others.push(other);
    }
    if let Some(missing) = scores.iter().position(|score| score.is_nan()) {
        return Err(damaged(&path, format!("string number {missing} of {STRINGS} is missing")));
    }
    scale(&mut scores);
    rows.append(&mut others);
    let name =
        if factor == FACTORS[0] { String::new() } else { format!("-{}", factor.to_lowercase()) };
    let sites = letters(LENGTH, ALPHABET);
    let table = Table::new(format!("tf-bind-8{name}"), sites, scores, Protocol::lowest(0.5));
    Ok(table.with_rows(rows))
}

/// The number of a string, its first letter counting most.
fn code(string: &str) -> Option<usize> {
    let next = |code: usize, letter| Some(4 * code + ALPHABET.find(letter)?);
    string.chars().try_fold(0, next).filter(|_| string.len() == LENGTH)
}

/// The number of the string on the other strand, read from its end.
fn complement(code: usize) -> usize {
    (0..LENGTH).fold(0, |other, at| 4 * other + (3 - (code >> (2 * at) & 3)))
}

#[cfg(test)]
mod tests {
    use super::super::draw::{Draws, Purpose};
    use super::super::files::measured;
    use super::super::{Benchmark, Oracle};
    use super::*;

    #[test]
    fn strings_have_numbers_and_complements() {
        assert_eq!(code("AAAAAAAC"), Some(1));
        assert_eq!(code("TTTTTTTT"), Some(STRINGS - 1));
        assert_eq!((code("AAAA"), code("AAAAAAAN"), code("AAAAAAAAA")), (None, None, None));
        assert_eq!(complement(code("AGGTATCA").unwrap()), code("TGATACCT").unwrap());
        assert_eq!((0..STRINGS).filter(|&code| complement(code) == code).count(), 256);
    }

    fn numbers(code: usize) -> Vec<f64> {
        (0..LENGTH).rev().map(|at| (code >> (2 * at) & 3) as f64).collect()
    }

    #[test]
    fn the_table_of_six6_is_that_of_design_bench() {
        let Some(folder) = measured() else { return };
        let table = tf_bind_8(&folder, "SIX6").unwrap();
        let optima = [code("AGGTATCA"), code("TGATACCT")].map(|code| table.design(code.unwrap()));
        assert_eq!(table.optima(), optima);
        let protocol = table.protocol();
        let benchmark = Benchmark::assemble(Box::new(table), protocol, 0).unwrap();
        let (pool, split) = (&benchmark.pool, &benchmark.split);
        assert_eq!((pool.len(), split.visible.len()), (65_792, 32_898));
        let seen: Vec<f64> = split.visible.iter().map(|&row| pool.scores[row]).collect();
        let best = seen.iter().copied().fold(0.0, f64::max);
        assert!((best - 0.4393).abs() < 5e-5, "{best}");
        let mean = seen.iter().sum::<f64>() / seen.len() as f64;
        let variance = seen.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / seen.len() as f64;
        assert!((mean - 0.326).abs() < 5e-4 && (variance.sqrt() - 0.0764).abs() < 5e-5);
        let strings = (0..STRINGS).map(|code| benchmark.oracle.truth(&numbers(code)));
        let high = strings.flatten().filter(|score| *score >= 0.95).count();
        println!("best visible {best:.5}, mean {mean:.4}, {high} strings from 0.95 on");
        assert_eq!(high, 294);
        // The published observation that random strings do well: best of 128, exactly 0.9385 with a deviation of 0.0374.
        let mut draws = Draws::new(1, Purpose::Points, 0);
        let mut best_of = |_| {
            let pick = |_| benchmark.oracle.truth(&pool.designs[draws.below(pool.len())]);
            (0..128).filter_map(pick).fold(0.0, f64::max)
        };
        let random = (0..400).map(&mut best_of).sum::<f64>() / 400.0;
        println!("best of 128 random strings, mean of 400: {random:.4}");
        assert!((random - 0.9385).abs() < 0.0075, "four standard errors: {random}");
    }

    #[test]
    fn the_other_factors_have_tables_too() {
        let Some(folder) = measured() else { return };
        for factor in FACTORS {
            let table = tf_bind_8(&folder, factor).unwrap();
            assert_eq!(table.pool(0).len(), 65_792);
            println!("{}: {} optima", table.name(), table.optima().len());
        }
    }
}
