//! A ridge regression over sites, their squares and products, whose penalty is chosen by leaving rows out.
//!
//! w = (ΦᵀΦ + λI)⁻¹ Φᵀ(y − ȳ)      hᵢ = φᵢᵀ (ΦᵀΦ + λI)⁻¹ φᵢ      eᵢ = (yᵢ − ŷᵢ)/(1 − hᵢ)      s² = mean w e²      s(x)² = s² h(x)
//!
//! | symbol | code | shape, meaning |
//! |---|---|---|
//! | Φ | [`Terms`] of the rows | (rows, terms), sparse |
//! | w | [`Rows::weights`] | rows of Φ and y − ȳ are multiplied by √w; means are weighted |
//! | λ | `penalty` | the one of [`PENALTIES`] with the least mean e² |
//! | eᵢ | | error of row i by a fit without it, in closed form |
//! | s(x) | [`Prediction::deviation`] | deviation of the posterior of the model at x, without noise |
//!
//! One eigen-decomposition ΦᵀΦ = V D Vᵀ serves all λ. Of fewer rows than terms, that of ΦΦᵀ = U D Uᵀ does, with V = ΦᵀU D^(−1/2): to all other directions w is 0, and
//! h(x) = |φ|²/λ − Σ (vₖᵀφ)² dₖ/(λ(dₖ + λ)). Source: the formulas are standard (Hoerl and Kennard 1970; Allen's PRESS 1974).

use nalgebra::{DMatrix, SymmetricEigen};
use rayon::prelude::*;

use super::terms::{Sparse, Terms};
use super::turned::turned;
use super::{Prediction, Surrogate};
use crate::space::{Design, Space};
use crate::{Rows, SurrogateError};

/// The penalties that are tried.
pub const PENALTIES: [f64; 8] = [1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0, 1_000.0, 10_000.0];

/// Rows that are summed as one part: sums have the same bits on any number of threads.
const PART: usize = 1 << 11;

/// Designs that are predicted as one part.
const PREDICTED: usize = 1 << 10;

/// Of fewer rows than terms, directions whose eigenvalue is a smaller share of the greatest are left out.
const RANK: f64 = 1e-12;

/// A row with fewer than one of so many terms is multiplied by itself, not as part of a matrix.
const SPARSE: usize = 4;

/// A fitted ridge regression.
#[derive(Clone, Debug)]
pub struct Ridge {
    space: Space,
    terms: Terms,
    mean: f64,
    weights: Vec<f64>,
    /// Row k is the k-th eigenvector over √(d + λ): h(x) is the squared length of this matrix times φ. If `is_short`, row k is √(d/(λ(d + λ))) times the eigenvector: h(x)
    /// is |φ|²/λ less that squared length.
    halves: DMatrix<f64>,
    /// Whether there were fewer rows than terms.
    is_short: bool,
    penalty: f64,
    noise: f64,
    left_out: Vec<f64>,
}

impl Ridge {
    /// Fits a table; `products` asks for squares and products of sites as well.
    ///
    /// # Errors
    /// If lists differ in length or are empty, or a weight is not above 0.
    pub fn fit(space: &Space, table: Rows<'_>, products: bool) -> Result<Self, SurrogateError> {
        table.check()?;
        let Rows { designs, scores, .. } = table;
        let terms = Terms::new(space, designs, products);
        let mean = table.mean_of(|row| scores[row]);
        // What a row says is multiplied by √w.
        let roots: Vec<f64> = (0..scores.len()).map(|row| table.weight(row).sqrt()).collect();
        let write = |(design, root): (&Design, &f64)| {
            let mut row = Sparse::new();
            terms.write(design, &mut row);
            row.iter_mut().for_each(|(_, value)| *value *= root);
            row
        };
        let rows: Vec<Sparse> = designs.par_iter().zip(&roots).map(write).collect();
        let residuals: Vec<f64> =
            scores.iter().zip(&roots).map(|(score, root)| root * (score - mean)).collect();
        let is_short = rows.len() < terms.count();
        let (by_term, values, target) = if is_short {
            of_few(&rows, &residuals, terms.count())
        } else {
            of_many(&rows, &residuals, terms.count())
        };
        let turned = turned(&by_term, &rows);
        let tried = PENALTIES
            .par_iter()
            .map(|&penalty| left_out(&turned, &values, &target, &residuals, penalty));
        let tried: Vec<Vec<f64>> = tried.collect();
        let tried: Vec<Vec<f64>> = tried
            .into_iter()
            .map(|errors| {
                let rows = errors.iter().zip(&roots).zip(scores);
                rows.map(|((error, root), score)| score - error / root).collect()
            })
            .collect();
        let error = |predicted: &[f64]| table.variance_of(|row| predicted[row] - scores[row]);
        let best = (0..PENALTIES.len())
            .min_by(|a, b| error(&tried[*a]).total_cmp(&error(&tried[*b])))
            .unwrap_or_default();
        let penalty = PENALTIES[best];
        let noise = error(&tried[best]).sqrt();
        let shares: Vec<f64> = values.iter().zip(&target).map(|(d, t)| t / (d + penalty)).collect();
        let weights = (0..terms.count())
            .map(|term| by_term.column(term).iter().zip(&shares).map(|(v, s)| v * s).sum())
            .collect();
        let mut halves = by_term;
        for (mut row, d) in halves.row_iter_mut().zip(&values) {
            match is_short {
                false => row /= (d + penalty).sqrt(),
                true => row *= (d / (penalty * (d + penalty))).sqrt(),
            }
        }
        let left_out = tried.into_iter().nth(best).unwrap_or_default();
        let space = space.clone();
        Ok(Self { space, terms, mean, weights, halves, is_short, penalty, noise, left_out })
    }

    /// λ.
    pub fn penalty(&self) -> f64 {
        self.penalty
    }

    /// Whether squares and products are in the model.
    pub fn has_products(&self) -> bool {
        self.terms.has_products()
    }

    /// The prediction of each row by a fit without it.
    pub fn left_out(&self) -> &[f64] {
        &self.left_out
    }

    /// h of each row.
    fn lengths(&self, rows: &[Sparse]) -> Vec<f64> {
        let squared = |column: &[f64]| column.iter().map(|v| v * v).sum::<f64>();
        let whole = |row: &Sparse, part: f64| {
            let length = row.iter().map(|(_, value)| value * value).sum::<f64>() / self.penalty;
            if self.is_short { (length - part).max(0.0) } else { part }
        };
        let terms = self.terms.count();
        if rows.iter().any(|row| row.len() * SPARSE < terms) {
            let turned = turned(&self.halves, rows);
            let width = self.halves.nrows();
            let part = |at: usize| squared(&turned[at * width..(at + 1) * width]);
            return rows.iter().enumerate().map(|(at, row)| whole(row, part(at))).collect();
        }
        // Of numbers all terms are there: one product of matrices.
        let mut columns = DMatrix::zeros(terms, rows.len());
        for (mut column, row) in columns.column_iter_mut().zip(rows) {
            row.iter().for_each(|&(term, value)| column[term as usize] = value);
        }
        let turned = &self.halves * columns;
        let parts = turned.column_iter().map(|column| squared(column.as_slice()));
        rows.iter().zip(parts).map(|(row, part)| whole(row, part)).collect()
    }

    fn mean_of(&self, row: &Sparse) -> f64 {
        self.mean
            + row.iter().map(|&(term, value)| self.weights[term as usize] * value).sum::<f64>()
    }
}

impl Surrogate for Ridge {
    fn name(&self) -> &str {
        if self.has_products() { "pairwise-ridge" } else { "ridge" }
    }

    fn space(&self) -> &Space {
        &self.space
    }

    fn noise(&self) -> f64 {
        self.noise
    }

    fn predict(&self, designs: &[Design]) -> Vec<Prediction> {
        let parts = designs.par_chunks(PREDICTED).flat_map_iter(|designs| {
            let mut rows = vec![Sparse::new(); designs.len()];
            rows.iter_mut().zip(designs).for_each(|(row, design)| self.terms.write(design, row));
            let lengths = self.lengths(&rows);
            rows.into_iter().zip(lengths).map(|(row, length)| Prediction {
                mean: self.mean_of(&row),
                deviation: self.noise * length.sqrt(),
            })
        });
        parts.collect()
    }

    fn means(&self, designs: &[Design]) -> Vec<f64> {
        let parts = designs.par_chunks(PREDICTED).flat_map_iter(|designs| {
            let mut row = Sparse::new();
            designs.iter().map(move |design| {
                self.terms.write(design, &mut row);
                self.mean_of(&row)
            })
        });
        parts.collect()
    }
}

/// Vᵀ, the diagonal of D and VᵀΦᵀ(y − ȳ), of at least as many rows as terms.
fn of_many(rows: &[Sparse], residuals: &[f64], count: usize) -> (DMatrix<f64>, Vec<f64>, Vec<f64>) {
    let mut gram = DMatrix::zeros(count, count);
    let mut target = vec![0.0; count];
    let parts: Vec<(DMatrix<f64>, Vec<f64>)> = rows
        .par_chunks(PART)
        .zip(residuals.par_chunks(PART))
        .map(|(rows, residuals)| products_of(rows, residuals, count))
        .collect();
    for (part, sums) in parts {
        gram += part;
        target.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
    }
    gram.fill_upper_triangle_with_lower_triangle();
    let SymmetricEigen { eigenvectors: vectors, eigenvalues } = SymmetricEigen::new(gram);
    let values: Vec<f64> = eigenvalues.iter().map(|d| d.max(0.0)).collect();
    // Row-major transposes: one eigenvector's part of a row is a sparse sum.
    let turned: Vec<f64> = (0..count)
        .map(|k| vectors.column(k).iter().zip(&target).map(|(v, t)| v * t).sum())
        .collect();
    (vectors.transpose(), values, turned)
}

/// The same of fewer rows than terms, without directions in which no row has anything.
fn of_few(rows: &[Sparse], residuals: &[f64], count: usize) -> (DMatrix<f64>, Vec<f64>, Vec<f64>) {
    let column = |row: &Sparse| {
        let mut column = vec![0.0; count];
        row.iter().for_each(|&(term, value)| column[term as usize] = value);
        column
    };
    let columns: Vec<f64> = rows.iter().flat_map(column).collect();
    let features = DMatrix::from_vec(count, rows.len(), columns);
    let gram = features.tr_mul(&features);
    let SymmetricEigen { eigenvectors: vectors, eigenvalues } = SymmetricEigen::new(gram);
    let least = RANK * eigenvalues.max();
    let kept: Vec<usize> = (0..rows.len()).filter(|&k| eigenvalues[k] > least).collect();
    let values: Vec<f64> = kept.iter().map(|&k| eigenvalues[k]).collect();
    let scaled = DMatrix::from_fn(kept.len(), rows.len(), |k, row| {
        vectors[(row, kept[k])] / values[k].sqrt()
    });
    let by_term = scaled * features.transpose();
    // VᵀΦᵀ = √D Uᵀ.
    let turned = kept.iter().zip(&values).map(|(&k, d)| {
        let along: f64 = vectors.column(k).iter().zip(residuals).map(|(u, y)| u * y).sum();
        d.sqrt() * along
    });
    let turned = turned.collect();
    (by_term, values, turned)
}

/// The lower triangle of ΦᵀΦ and Φᵀ(y − ȳ) of some rows.
fn products_of(rows: &[Sparse], residuals: &[f64], count: usize) -> (DMatrix<f64>, Vec<f64>) {
    let mut gram = DMatrix::zeros(count, count);
    let mut target = vec![0.0; count];
    for (row, residual) in rows.iter().zip(residuals) {
        for &(a, value) in row {
            target[a as usize] += value * residual;
            let mut column = gram.column_mut(a as usize);
            for &(b, other) in row {
                if b >= a {
                    column[b as usize] += value * other;
                }
            }
        }
    }
    (gram, target)
}

/// The error of each row by a fit without it, times √w. `turned` is `(rows, directions)`.
fn left_out(
    turned: &[f64],
    values: &[f64],
    target: &[f64],
    residuals: &[f64],
    penalty: f64,
) -> Vec<f64> {
    let width = values.len();
    let of_row = |(at, residual): (usize, &f64)| {
        let (mut leverage, mut fitted) = (0.0, 0.0);
        let row = &turned[at * width..(at + 1) * width];
        for ((v, d), t) in row.iter().zip(values).zip(target) {
            let share = v / (d + penalty);
            leverage += v * share;
            fitted += t * share;
        }
        (residual - fitted) / (1.0 - leverage).max(1e-9)
    };
    residuals.iter().enumerate().map(of_row).collect()
}
