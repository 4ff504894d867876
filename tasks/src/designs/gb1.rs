//! GB1: how well a protein binds when four of its sites are changed, for nearly all of the 160,000 combinations.
//!
//! Source: Wu et al., eLife 5 (2016). Only variants that were measured count: the data set has predictions for the others, and its
//! largest value is one of them. The wild type VDGV has the fitness 1.

use std::path::Path;

use super::files::{damaged, text};
use super::table::letters;
use super::{DesignError, Protocol, Table, Window};

const ALPHABET: &str = "ACDEFGHIKLMNPQRSTVWY";
const SITES: usize = 4;

/// The table, from `gb1/gb1_four_sites.csv.gz` in a folder: 149,361 measured variants, of which those not above the wild type
/// are visible.
///
/// # Errors
/// If the file is missing or is not such a table; the message has its path and the line.
pub fn gb1(folder: &Path) -> Result<Table, DesignError> {
    let path = folder.join("gb1").join("gb1_four_sites.csv.gz");
    let mut scores = vec![f64::NAN; ALPHABET.len().pow(SITES as u32)];
    for (index, line) in text(&path)?.lines().enumerate().skip(1) {
        let wrong = || damaged(&path, format!("line {}: no variant with a fitness", index + 1));
        let cells: Vec<&str> = line.split(',').collect();
        let [variant, measured, _, _, fitness] = cells[..] else { return Err(wrong()) };
        let code = code(variant).ok_or_else(wrong)?;
        match (measured, fitness.parse::<f64>()) {
            ("1", Ok(fitness)) if fitness.is_finite() => scores[code] = fitness,
            ("0", _) => {}
            _ => return Err(wrong()),
        }
    }
    if scores.iter().all(|score| score.is_nan()) {
        return Err(damaged(&path, "there is no measured variant"));
    }
    let windows = vec![Window::AtMost { score: 1.0 }];
    let protocol = Protocol { windows, ..Protocol::default() };
    Ok(Table::new("gb1", letters(SITES, ALPHABET), scores, protocol))
}

/// The number of a variant, its first letter counting most.
fn code(variant: &str) -> Option<usize> {
    let next = |code: usize, letter| Some(ALPHABET.len() * code + ALPHABET.find(letter)?);
    variant.chars().try_fold(0, next).filter(|_| variant.len() == SITES)
}

#[cfg(test)]
mod tests {
    use super::super::files::measured;
    use super::super::{Benchmark, Oracle};
    use super::*;

    #[test]
    fn the_best_measured_variant_is_no_prediction() {
        let Some(folder) = measured() else { return };
        let table = gb1(&folder).unwrap();
        assert_eq!(table.optima(), [table.design(code("FWAA").unwrap())]);
        assert!(table.optimum().is_some_and(|best| (best - 8.762).abs() < 5e-4));
        assert_eq!(table.truth(&table.design(code("AHCA").unwrap())), None);
        assert_eq!(table.truth(&table.design(code("VDGV").unwrap())), Some(1.0));
        let protocol = table.protocol();
        let benchmark = Benchmark::assemble(Box::new(table), protocol, 0).unwrap();
        assert_eq!((benchmark.pool.len(), benchmark.split.visible.len()), (149_361, 145_718));
        assert_eq!(benchmark.split.hidden.len(), 3643);
    }
}
