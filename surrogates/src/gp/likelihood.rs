//! How plausible hyper-parameters are, and in which direction they become more so.
//!
//! ```text
//! L(θ) = -½ yᵀα - ln det C - n/2 ln 2π - ½ Σⱼ ((θⱼ - aⱼ)/bⱼ)²        α = K⁻¹ y        θ = (ln ℓ, ln s², ln t²)
//! ∂L/∂θⱼ = ½ tr((α αᵀ - K⁻¹) ∂K/∂θⱼ) - (θⱼ - aⱼ)/bⱼ²
//! ```
//!
//! | symbol | code       | meaning                                                             |
//! |--------|------------|---------------------------------------------------------------------|
//! | y      | `scores`   | scores with mean 0 and variance 1                                   |
//! | a, b   | `priors`   | centre and deviation of the normal prior of a logarithm             |
//! | M      | `weights`  | (α αᵀ - K⁻¹) ∘ s² h, the weight of each pair of rows                |
//!
//! Source: Rasmussen and Williams (2006), equations 5.8 and 5.9. The derivative by a length scale needs the sum over all pairs of rows of
//! `Mᵢⱼ (xᵢ - xⱼ)²` for each feature: it is `2 Σᵢ rᵢ xᵢ² - 2 xᵀ M x` with the row sums r of M, two products of matrices. Departure:
//! the prior is a density of the logarithm.

use nalgebra::{DMatrix, DVector};

use super::factor::Root;
use super::kernel::{Scaling, centre, matern, squared_distances};

/// A normal prior of a logarithm.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prior {
    pub(super) centre: f64,
    pub(super) deviation: f64,
}

/// A table whose hyper-parameters are looked for.
#[derive(Debug)]
pub(super) struct Evidence<'a> {
    rows: &'a [f64],
    groups: &'a [usize],
    centre: Vec<f64>,
    scores: DVector<f64>,
    /// One for each length scale, then signal, then noise.
    priors: Vec<Prior>,
    /// What the noise of each row is multiplied by; nothing if all by 1.
    shares: Vec<f64>,
}

impl<'a> Evidence<'a> {
    pub(super) fn new(
        rows: &'a [f64],
        groups: &'a [usize],
        scores: Vec<f64>,
        priors: Vec<Prior>,
    ) -> Self {
        let centre = centre(rows, groups.len());
        Self { rows, groups, centre, scores: DVector::from_vec(scores), priors, shares: Vec::new() }
    }

    /// The same with noises of different size.
    pub(super) fn sharing(self, shares: Vec<f64>) -> Self {
        Self { shares, ..self }
    }

    fn share(&self, row: usize) -> f64 {
        self.shares.get(row).copied().unwrap_or(1.0)
    }

    /// -L(θ) and its gradient; NaN where K has no root.
    pub(super) fn loss(&self, theta: &[f64]) -> (f64, Vec<f64>) {
        let scales = theta.len() - 2;
        let length_scales: Vec<f64> = theta[..scales].iter().map(|&log| libm::exp(log)).collect();
        let (signal, noise) = (libm::exp(theta[scales]), libm::exp(theta[scales + 1]));
        let scaling = Scaling::new(self.centre.clone(), self.groups, &length_scales);
        let scaled = scaling.apply(self.rows);
        let (covariance, mut slopes) = covariance(&scaled, signal, |row| noise * self.share(row));
        let Some(root) = Root::of(&covariance, signal) else {
            return (f64::NAN, vec![0.0; theta.len()]);
        };
        let alpha = root.other_half(&root.half_solve(&self.scores));
        let fit = self.scores.dot(&alpha);
        let rows = self.scores.len() as f64;
        let likelihood = -0.5 * fit
            - root.log_determinant()
            - 0.5 * rows * libm::log(2.0 * std::f64::consts::PI);
        let inverse = root.inverse_lower();
        let of_row = |row: usize| self.share(row) * (alpha[row] * alpha[row] - inverse[(row, row)]);
        let trace: f64 = (0..alpha.len()).map(of_row).sum();
        weigh(&mut slopes, &inverse, &alpha);
        let mut gradient = vec![0.0; theta.len()];
        for (feature, sum) in pair_sums(&scaled, &slopes).into_iter().enumerate() {
            gradient[self.groups[feature]] += 0.5 * sum;
        }
        gradient[scales] = 0.5 * (fit - rows - noise * trace);
        gradient[scales + 1] = 0.5 * noise * trace;
        let mut value = likelihood;
        for ((slope, prior), theta) in gradient.iter_mut().zip(&self.priors).zip(theta) {
            let off = (theta - prior.centre) / prior.deviation;
            value -= 0.5 * off * off;
            *slope = off / prior.deviation - *slope;
        }
        (-value, gradient)
    }
}

/// K (its lower triangle) and s² h (whole, with a diagonal of 0).
fn covariance(
    scaled: &DMatrix<f64>,
    signal: f64,
    noise: impl Fn(usize) -> f64,
) -> (DMatrix<f64>, DMatrix<f64>) {
    let mut covariance = squared_distances(scaled, scaled);
    let rows = covariance.nrows();
    let mut slopes = DMatrix::zeros(rows, rows);
    for at in 0..rows {
        covariance[(at, at)] = signal + noise(at);
        for other in at + 1..rows {
            let (kernel, slope) = matern(covariance[(other, at)]);
            covariance[(other, at)] = signal * kernel;
            slopes[(other, at)] = signal * slope;
        }
    }
    (covariance, slopes)
}

/// Multiplies the lower triangle by α αᵀ - K⁻¹ and mirrors it.
fn weigh(slopes: &mut DMatrix<f64>, inverse: &DMatrix<f64>, alpha: &DVector<f64>) {
    for at in 0..alpha.len() {
        for other in at + 1..alpha.len() {
            slopes[(other, at)] *= alpha[at] * alpha[other] - inverse[(other, at)];
        }
    }
    slopes.fill_upper_triangle_with_lower_triangle();
}

/// `Σᵢⱼ Mᵢⱼ (xᵢ - xⱼ)²` of each feature.
fn pair_sums(scaled: &DMatrix<f64>, weights: &DMatrix<f64>) -> Vec<f64> {
    let sums = weights.row_sum();
    let product = scaled * weights;
    let of_feature = |feature: usize| {
        let terms = (0..weights.nrows()).map(|row| {
            let x = scaled[(feature, row)];
            x * (sums[row] * x - product[(feature, row)])
        });
        2.0 * terms.sum::<f64>()
    };
    (0..scaled.nrows()).map(of_feature).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Draws;

    fn table(rows: usize) -> (Vec<f64>, Vec<f64>) {
        let mut draws = Draws::new(3, "table");
        let designs: Vec<f64> = (0..rows * 4).map(|_| draws.uniform()).collect();
        let scores = (0..rows).map(|_| draws.normal()).collect();
        (designs, scores)
    }

    #[test]
    fn the_gradient_is_that_of_differences() {
        for rows in [7, 60] {
            let (designs, scores) = table(rows);
            let priors = vec![Prior { centre: -0.3, deviation: 1.1 }; 5];
            let shares = (0..rows).map(|row| 0.5 + row as f64 / 9.0).collect();
            let evidence = Evidence::new(&designs, &[0, 1, 1, 2], scores, priors).sharing(shares);
            for theta in [[-1.0, 0.2, 1.0, 0.3, -3.0], [0.1, -0.5, 2.0, -1.0, -1.0]] {
                let (_, gradient) = evidence.loss(&theta);
                for at in 0..5 {
                    let value = |step: f64| {
                        let mut theta = theta;
                        theta[at] += step;
                        evidence.loss(&theta).0
                    };
                    let difference = (value(1e-5) - value(-1e-5)) / 2e-5;
                    let error = (difference - gradient[at]).abs();
                    assert!(error < 1e-6 * (1.0 + difference.abs()), "{at}: {error}");
                }
            }
        }
    }

    /// Two rows: ln of the normal density with covariance [a b; b a], written out.
    #[test]
    fn two_rows_have_the_density_of_the_textbook() {
        let priors = vec![Prior { centre: 0.0, deviation: f64::INFINITY }; 3];
        let evidence = Evidence::new(&[0.0, 1.0], &[0], vec![0.5, -1.0], priors);
        let (loss, _) = evidence.loss(&[0.0, 0.0, f64::ln(0.5)]);
        let (a, b) = (1.5 + 1e-10, matern(1.0).0);
        let determinant: f64 = a * a - b * b;
        let form = (a * (0.25 + 1.0) - 2.0 * b * -0.5) / determinant;
        let exact = 0.5 * form + 0.5 * determinant.ln() + (2.0 * std::f64::consts::PI).ln();
        assert!((loss - exact).abs() < 1e-12, "{loss} {exact}");
    }
}
