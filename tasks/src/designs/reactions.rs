//! Yields of Buchwald–Hartwig couplings: four choices, nearly all combinations measured.
//!
//! Source: Ahneman et al., Science 360 (2018). Each design is a ligand, an additive, a base and an aryl halide, written as SMILES.

use std::collections::BTreeSet;
use std::path::Path;

use super::files::{damaged, text};
use super::{DesignError, Protocol, Site, Table};

const COLUMNS: usize = 4;

/// The table, from `reactions/buchwald_hartwig.csv.gz` in a folder: 3,955 of 3,960 combinations, yields in per cent. Levels are in
/// the order of their text.
///
/// # Errors
/// If the file is missing or is not such a table; the message has its path and the line.
pub fn buchwald_hartwig(folder: &Path) -> Result<Table, DesignError> {
    let path = folder.join("reactions").join("buchwald_hartwig.csv.gz");
    let text = text(&path)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let wrong = |error: csv::Error| damaged(&path, error.to_string());
    let header = reader.headers().map_err(wrong)?.clone();
    let records: Vec<csv::StringRecord> =
        reader.records().collect::<Result<_, _>>().map_err(wrong)?;
    if header.len() != COLUMNS + 1 {
        return Err(damaged(&path, format!("expected 5 columns, found {}", header.len())));
    }
    let levels: Vec<Vec<String>> = (0..COLUMNS)
        .map(|column| records.iter().map(|record| &record[column]).collect::<BTreeSet<_>>())
        .map(|levels| levels.into_iter().map(str::to_owned).collect())
        .collect();
    let mut scores = vec![f64::NAN; levels.iter().map(Vec::len).product()];
    for (index, record) in records.iter().enumerate() {
        let place = |code, (levels, cell): (&Vec<String>, &str)| {
            let level = levels.binary_search_by(|level| level.as_str().cmp(cell));
            code * levels.len() + level.expect("levels are those of the rows")
        };
        let score = &mut scores[levels.iter().zip(record).fold(0, place)];
        match record[COLUMNS].parse::<f64>() {
            Ok(measured) if measured.is_finite() && score.is_nan() => *score = measured,
            _ => {
                let reason = format!("line {}: no yield, or a second one", index + 2);
                return Err(damaged(&path, reason));
            }
        }
    }
    let sites = header.iter().zip(levels).map(|(name, levels)| Site::categorical(name, levels));
    Ok(Table::new("buchwald-hartwig", sites.collect(), scores, Protocol::lowest(0.5)))
}

#[cfg(test)]
mod tests {
    use super::super::Oracle;
    use super::super::files::measured;
    use super::*;

    #[test]
    fn all_but_five_combinations_are_measured() {
        let Some(folder) = measured() else { return };
        let table = buchwald_hartwig(&folder).unwrap();
        let levels: Vec<_> = table.sites().iter().filter_map(Site::levels).collect();
        assert_eq!(levels, [4, 22, 3, 15]);
        assert_eq!((table.combinations(), table.pool(0).len()), (3960, 3955));
        let unknown = |code: &usize| table.truth(&table.design(*code)).is_none();
        assert_eq!((0..3960).filter(unknown).count(), 5);
        println!("best yield {:?}", table.optimum());
        assert!(table.optimum().is_some_and(|best| best > 95.0 && best <= 100.0));
    }
}
