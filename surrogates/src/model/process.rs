//! A Gaussian process over encoded designs.

use rayon::prelude::*;

use super::{Climbable, Prediction, Surrogate};
use crate::gp::{Config, Gp, ROWS_MAX};
use crate::space::{Design, Encoding, Space};
use crate::{Draws, Rows, SurrogateError, statistics};

/// Designs that are predicted as one part.
const PREDICTED: usize = 1 << 6;

/// A fitted process.
#[derive(Clone, Debug)]
pub struct Process {
    space: Space,
    encoding: Encoding,
    gp: Gp,
    noise: f64,
}

impl Process {
    /// Fits a table: one length scale a site. Of more rows than `rows_max` the best quarter of that is taken and the rest
    /// at random.
    ///
    /// # Errors
    /// If lists differ in length or are empty, a weight is not above 0, or the covariance has no root.
    pub fn fit(
        encoding: &Encoding,
        space: &Space,
        table: Rows<'_>,
        rows_max: usize,
        seed: u64,
    ) -> Result<Self, SurrogateError> {
        table.check()?;
        let Rows { designs, scores, .. } = table;
        let chosen = choose(scores, rows_max.min(ROWS_MAX), seed);
        let features = encoding.features();
        let mut rows = vec![0.0; chosen.len() * features];
        for (&row, out) in chosen.iter().zip(rows.chunks_exact_mut(features.max(1))) {
            encoding.encode_into(&designs[row], out);
        }
        let of_rows: Vec<f64> = chosen.iter().map(|&row| scores[row]).collect();
        let groups = groups(encoding);
        let weights = if table.weights.is_empty() {
            Vec::new()
        } else {
            chosen.iter().map(|&row| table.weight(row)).collect()
        };
        let config = Config { seed, starts: 2, evaluations: 60, weights, ..Config::default() };
        let gp = Gp::fit(&rows, &groups, &of_rows, &config)?;
        let errors = gp.leave_one_out();
        let rows = Rows { scores: &of_rows, weights: &config.weights, designs: &[] };
        let noise = rows.variance_of(|row| errors[row].mean - of_rows[row]);
        Ok(Self { space: space.clone(), encoding: encoding.clone(), gp, noise: noise.sqrt() })
    }

    /// The process itself, over features.
    pub fn gp(&self) -> &Gp {
        &self.gp
    }
}

/// For each feature the number of its site among those that have features.
fn groups(encoding: &Encoding) -> Vec<usize> {
    let mut sites: Vec<usize> = (0..encoding.features()).map(|f| encoding.site_of(f)).collect();
    let mut distinct = sites.clone();
    distinct.dedup();
    for site in &mut sites {
        *site = distinct.binary_search(site).unwrap_or_default();
    }
    sites
}

/// The best quarter of so many rows, and others at random.
fn choose(scores: &[f64], rows_max: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    if scores.len() <= rows_max {
        return order;
    }
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    let best = rows_max / 4;
    let rest = order.split_off(best);
    let others = Draws::new(seed, "rows of a process").choose(rest.len(), rows_max - best);
    order.extend(others.into_iter().map(|at| rest[at]));
    order.sort_unstable();
    order
}

impl Surrogate for Process {
    fn name(&self) -> &str {
        "gp"
    }

    fn space(&self) -> &Space {
        &self.space
    }

    fn noise(&self) -> f64 {
        self.noise
    }

    fn predict(&self, designs: &[Design]) -> Vec<Prediction> {
        let features = self.encoding.features();
        let parts = designs.par_chunks(PREDICTED).map(|designs| {
            let mut x = vec![0.0; designs.len() * features];
            for (design, out) in designs.iter().zip(x.chunks_exact_mut(features.max(1))) {
                self.encoding.encode_into(design, out);
            }
            let predicted = self.gp.predict_all(&x).into_iter();
            predicted
                .map(|p| Prediction { mean: p.mean, deviation: p.deviation() })
                .collect::<Vec<_>>()
        });
        parts.collect::<Vec<_>>().concat()
    }

    fn climbable(&self) -> Option<&dyn Climbable> {
        Some(self)
    }
}

impl Climbable for Process {
    fn encoding(&self) -> &Encoding {
        &self.encoding
    }

    fn score_deviation(&self) -> f64 {
        statistics::population_sd(self.gp.scores()).max(f64::MIN_POSITIVE)
    }

    fn slopes(&self, x: &[f32], values: &mut [f64], slopes: &mut [f32]) {
        let features = self.encoding.features().max(1);
        let rows = x.par_chunks_exact(features).zip(slopes.par_chunks_exact_mut(features));
        rows.zip(values.par_iter_mut()).for_each(|((x, slopes), value)| {
            let x: Vec<f64> = x.iter().map(|v| f64::from(*v)).collect();
            let found = self.gp.slopes(&x);
            *value = found.prediction.mean;
            slopes.iter_mut().zip(&found.mean).for_each(|(to, v)| *to = *v as f32);
        });
    }
}
