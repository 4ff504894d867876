//! A table of measured or computed scores over all combinations of a few choices.

use super::{Oracle, Pool, Protocol, Site, contains};

/// Scores of combinations of levels.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    name: String,
    sites: Vec<Site>,
    /// Of each combination, the last column counting fastest; NaN where nothing was measured.
    scores: Vec<f64>,
    /// Combinations that the data set has, in its order.
    rows: Vec<usize>,
    protocol: Protocol,
}

impl Table {
    /// All measured combinations in order. `scores` has one for each combination, the last column counting fastest, NaN where
    /// nothing was measured.
    ///
    /// # Panics
    /// If a column is of numbers, or there are not as many scores as combinations.
    pub fn new(
        name: impl Into<String>,
        sites: Vec<Site>,
        scores: Vec<f64>,
        protocol: Protocol,
    ) -> Self {
        let levels = |site: &Site| site.levels().expect("a table has columns of levels only");
        let combinations: usize = sites.iter().map(levels).product();
        assert_eq!(scores.len(), combinations, "one score for each combination");
        let rows = (0..combinations).filter(|&code| !scores[code].is_nan()).collect();
        Self { name: name.into(), sites, scores, rows, protocol }
    }

    /// The same with other rows in its data set: numbers of combinations, some of them perhaps twice.
    #[must_use]
    pub(super) fn with_rows(self, rows: Vec<usize>) -> Self {
        Self { rows, ..self }
    }

    /// Number of combinations, measured or not.
    pub fn combinations(&self) -> usize {
        self.scores.len()
    }

    /// The design of a combination, numbered from 0 with the last column counting fastest.
    pub fn design(&self, combination: usize) -> Vec<f64> {
        let mut rest = combination;
        let mut design = vec![0.0; self.sites.len()];
        for (value, site) in design.iter_mut().zip(&self.sites).rev() {
            let levels = site.levels().unwrap_or(1);
            *value = (rest % levels) as f64;
            rest /= levels;
        }
        design
    }

    /// The number of a design; `None` if it has other columns or levels.
    pub fn combination(&self, design: &[f64]) -> Option<usize> {
        let next = |code, (site, value): (&Site, &f64)| {
            code * site.levels().unwrap_or(1) + *value as usize
        };
        let columns = self.sites.iter().zip(design);
        contains(&self.sites, design).then(|| columns.fold(0, next))
    }
}

impl Oracle for Table {
    fn name(&self) -> &str {
        &self.name
    }

    fn sites(&self) -> &[Site] {
        &self.sites
    }

    fn truth(&self, design: &[f64]) -> Option<f64> {
        Some(self.scores[self.combination(design)?]).filter(|score| !score.is_nan())
    }

    /// The best that was measured.
    fn optimum(&self) -> Option<f64> {
        self.scores.iter().copied().filter(|score| !score.is_nan()).reduce(f64::max)
    }

    fn optima(&self) -> Vec<Vec<f64>> {
        let best = self.optimum();
        let codes = (0..self.scores.len()).filter(|&code| Some(self.scores[code]) == best);
        codes.map(|code| self.design(code)).collect()
    }

    fn pool(&self, _: u64) -> Pool {
        let designs = self.rows.iter().map(|&code| self.design(code)).collect();
        let scores: Vec<f64> = self.rows.iter().map(|&code| self.scores[code]).collect();
        Pool { columns: self.sites.clone(), designs, truths: scores.clone(), scores }
    }

    fn protocol(&self) -> Protocol {
        self.protocol.clone()
    }
}

/// Puts the smallest of the numbers at 0 and the largest at 1; NaN stays.
pub(super) fn scale(scores: &mut [f64]) {
    let low = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let high = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    scores.iter_mut().for_each(|score| *score = (*score - low) / (high - low));
}

/// Columns of one of the letters each.
pub(super) fn letters(count: usize, letters: &str) -> Vec<Site> {
    let site = |at: usize| Site::categorical(format!("site {}", at + 1), letters.chars());
    (0..count).map(site).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn designs_and_numbers_go_into_each_other() {
        let sites =
            vec![Site::categorical("a", ["x", "y"]), Site::categorical("b", ["1", "2", "3"])];
        let scores = vec![0.0, 5.0, f64::NAN, 1.0, 5.0, 2.0];
        let table = Table::new("small", sites, scores, Protocol::lowest(1.0));
        for code in 0..table.combinations() {
            assert_eq!(table.combination(&table.design(code)), Some(code));
        }
        assert_eq!(table.truth(&[1.0, 2.0]), Some(2.0));
        assert_eq!(table.truth(&[0.0, 2.0]), None);
        assert_eq!(table.truth(&[0.0, 3.0]), None);
        assert_eq!(table.optimum(), Some(5.0));
        assert_eq!(table.optima(), [[0.0, 1.0], [1.0, 1.0]]);
        assert_eq!(table.pool(1).scores, [0.0, 5.0, 1.0, 5.0, 2.0]);
    }

    #[test]
    fn scaled_scores_go_from_zero_to_one() {
        let mut scores = [3.0, f64::NAN, 1.0, 2.0];
        scale(&mut scores);
        assert_eq!((scores[0], scores[2], scores[3]), (1.0, 0.0, 0.5));
        assert!(scores[1].is_nan());
    }
}
