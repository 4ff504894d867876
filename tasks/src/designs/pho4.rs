//! `pho4-rows34`: how strongly Pho4 binds strings of ten letters of DNA, from the two rows of measurements that agree.
//!
//! The data are those of TF-Bind-10 (Le et al., PNAS 115, 2018), which as distributed have up to eight contradictory scores for a
//! string, half of them copied to the wrong strand. Here only strings with four direct rows count, and the truth is the mean of the
//! third and the fourth, which correlate by 0.81, scaled to 0..1. So it is not TF-Bind-10, and not called so.

use std::path::Path;

use super::files::damaged;
use super::npy::{Array, Values};
use super::table::{letters, scale};
use super::{DesignError, Protocol, Table};

const LENGTH: usize = 10;
const STRINGS: usize = 1 << (2 * LENGTH);
/// Rows of a string that counts.
const ROWS: usize = 4;

/// The table, from `tf_bind_10/pho4_replicates.npy.gz` and `tf_bind_10/pho4_replicate_count.npy.gz` in a folder: 1,017,679 rows.
///
/// # Errors
/// If a file is missing or not of the expected form; the message has its path.
pub fn pho4_rows34(folder: &Path) -> Result<Table, DesignError> {
    let folder = folder.join("tf_bind_10");
    let path = folder.join("pho4_replicate_count.npy.gz");
    let Values::U8(counts) = Array::read(&path)?.values else {
        return Err(damaged(&path, "expected numbers of 8 bits"));
    };
    if counts.len() != STRINGS {
        return Err(damaged(&path, format!("expected {STRINGS} counts, found {}", counts.len())));
    }
    let path = folder.join("pho4_replicates.npy.gz");
    let Values::F32(values) = Array::read(&path)?.values else {
        return Err(damaged(&path, "expected numbers of single precision"));
    };
    let expected: usize = counts.iter().map(|&count| usize::from(count)).sum();
    if values.len() != expected {
        return Err(damaged(&path, format!("expected {expected} values, found {}", values.len())));
    }
    let mut rest = &values[..];
    let mut score = |&count: &u8| {
        let (rows, after) = rest.split_at(usize::from(count));
        rest = after;
        if rows.len() == ROWS { 0.5 * (f64::from(rows[2]) + f64::from(rows[3])) } else { f64::NAN }
    };
    let mut scores: Vec<f64> = counts.iter().map(&mut score).collect();
    scale(&mut scores);
    Ok(Table::new("pho4-rows34", letters(LENGTH, "ACGT"), scores, Protocol::lowest(0.5)))
}

#[cfg(test)]
mod tests {
    use super::super::Oracle;
    use super::super::draw::{Draws, Purpose};
    use super::super::files::measured;
    use super::*;

    #[test]
    fn the_strings_with_four_rows_are_those_that_were_counted() {
        let Some(folder) = measured() else { return };
        let table = pho4_rows34(&folder).unwrap();
        let mut scores = table.pool(0).scores;
        assert_eq!(scores.len(), 1_017_679);
        let mut draws = Draws::new(1, Purpose::Points, 0);
        let mut best_of =
            |_| (0..128).map(|_| scores[draws.below(scores.len())]).fold(0.0, f64::max);
        let random = (0..400).map(&mut best_of).sum::<f64>() / 400.0;
        scores.sort_unstable_by(f64::total_cmp);
        let median = scores[scores.len() / 2];
        println!("median {median:.4}, best of 128 random strings {random:.4}");
        assert!((median - 0.551).abs() < 1e-3 && (random - 0.725).abs() < 0.015);
    }
}
