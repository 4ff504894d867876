//! What a reward will reach, by those that were tried: Bayesian ridge regression.
//!
//! ```text
//! v = v̄ + (x − x̄)ᵀ β + noise,   β ~ N(0, σ²/λ),   noise ~ N(0, σ²/trainings)
//! A = Σ nᵢ (xᵢ − x̄)(xᵢ − x̄)ᵀ + λ      μ = A⁻¹ Σ nᵢ (xᵢ − x̄)(vᵢ − v̄)      β given the values ~ N(μ, σ² A⁻¹)
//! ```
//!
//! λ is that of a few of which the values are likeliest; σ² is what it leaves unexplained. Source: Bishop, *Pattern Recognition and Machine
//! Learning* (2006), sections 3.3 and 3.5.

use hatchery_kernels::Dice;
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::features::Features;
use crate::meta_reward::expression::{Reward, Vocabulary};
use crate::meta_reward::outer::archive::Archive;
use crate::meta_reward::outer::race::Belief;

const RIDGES: [f64; 6] = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0];
/// Least σ², so that equal values do not make it sure.
const VARIANCE_MIN: f64 = 1e-4;

/// A model of values, success rates.
#[derive(Clone, Debug)]
pub struct ValueModel {
    features: Features,
    /// x̄ and v̄.
    centre: DVector<f64>,
    value: f64,
    trained: f64,
    fit: Fit,
}

/// The posterior for one λ.
#[derive(Clone, Debug)]
struct Fit {
    mean: DVector<f64>,
    precision: Cholesky<f64, Dyn>,
    variance: f64,
    evidence: f64,
}

impl ValueModel {
    /// The model of what was tried; nothing for an empty archive.
    pub fn fit(archive: &Archive, vocabulary: &Vocabulary) -> Option<Self> {
        let features = Features::new(vocabulary.clone());
        let points: Vec<Point> = archive
            .records()
            .map(|record| Point {
                x: features.of(&record.reward),
                value: record.mean(),
                weight: record.values.len() as f64,
            })
            .collect();
        let trained: f64 = points.iter().map(|point| point.weight).sum();
        let first = points.first()?;
        let mut centre = DVector::zeros(first.x.len());
        points.iter().for_each(|point| centre.axpy(point.weight / trained, &point.x, 1.0));
        let value = points.iter().map(|point| point.weight * point.value).sum::<f64>() / trained;
        let sums = Sums::of(&points, &centre, value);
        let fits = RIDGES.iter().filter_map(|ridge| sums.fit(*ridge));
        let fit = fits.max_by(|a, b| a.evidence.total_cmp(&b.evidence))?;
        Some(Self { features, centre, value, trained, fit })
    }

    /// The value that is expected of a reward, and the deviation of that expectation (of the reward's mean, not of a training).
    pub fn predict(&self, reward: &Reward) -> (f64, f64) {
        let x = self.point(reward);
        let away = self.fit.precision.solve(&x).dot(&x) + 1.0 / self.trained;
        (self.value + x.dot(&self.fit.mean), (self.fit.variance * away.max(0.0)).sqrt())
    }

    /// What is believed of a reward before a race. Its noise is σ², what the model leaves unexplained of a value: where values are means of several
    /// trainings, that is less than the noise of one, and the race counts for more.
    pub fn belief(&self, reward: &Reward) -> Belief {
        let (mean, deviation) = self.predict(reward);
        Belief { mean, variance: deviation * deviation, noise: self.fit.variance }
    }

    /// x − x̄ of a reward.
    pub(super) fn point(&self, reward: &Reward) -> DVector<f64> {
        self.features.of(reward) - &self.centre
    }

    /// A β that is likely, its distance from μ times `bonus`.
    pub(super) fn draw(&self, bonus: f64, dice: &mut Dice) -> DVector<f64> {
        let mut noise = DVector::from_fn(self.centre.len(), |_, _| dice.normal());
        let solved = self.fit.precision.l_dirty().tr_solve_lower_triangular_mut(&mut noise);
        debug_assert!(solved, "the factor of a positive matrix has a positive diagonal");
        &self.fit.mean + noise * (bonus * self.fit.variance.sqrt())
    }
}

struct Point {
    x: DVector<f64>,
    value: f64,
    /// Trainings.
    weight: f64,
}

/// Sums over the points, centred.
struct Sums {
    squares: DMatrix<f64>,
    products: DVector<f64>,
    values: f64,
    points: f64,
}

impl Sums {
    fn of(points: &[Point], centre: &DVector<f64>, value: f64) -> Self {
        let mut sums = Self {
            squares: DMatrix::zeros(centre.len(), centre.len()),
            products: DVector::zeros(centre.len()),
            values: 0.0,
            points: points.len() as f64,
        };
        for point in points {
            let (x, v) = (&point.x - centre, point.value - value);
            sums.squares.ger(point.weight, &x, &x, 1.0);
            sums.products.axpy(point.weight * v, &x, 1.0);
            sums.values += point.weight * v * v;
        }
        sums
    }

    fn fit(&self, ridge: f64) -> Option<Fit> {
        let features = self.products.len();
        let identity = DMatrix::identity(features, features);
        let precision = Cholesky::new(&self.squares + identity * ridge)?;
        let mean = precision.solve(&self.products);
        let left = (self.values - mean.dot(&self.products)).max(0.0);
        let variance = (left / self.points).max(VARIANCE_MIN);
        let size = precision.l_dirty().diagonal().iter().map(|entry| entry.ln()).sum::<f64>();
        let evidence = 0.5 * features as f64 * ridge.ln()
            - size
            - 0.5 * self.points * (variance.ln() + left / (variance * self.points));
        Some(Fit { mean, precision, variance, evidence })
    }
}
