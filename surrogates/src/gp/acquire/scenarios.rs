//! Expected improvement while other scores are unknown: those of designs in flight, and of rows that were observed with noise.
//!
//! ```text
//! qEI = E[max(0, maxⱼ Yⱼ - b)] = E[B] - b + E[EI(Yq | Y₁ … Yq₋₁, B)]        B = max(b, Y₁, …, Yq₋₁)
//! Yᵢ = μᵢ + Dᵢ z        Yq | z ~ N(μq + l z, σq² - |l|²)        l = D⁻¹ Σ(·, q)        Σ = D Dᵀ
//! ```
//!
//! | symbol | code         | shape            | meaning                                                        |
//! |--------|--------------|------------------|----------------------------------------------------------------|
//! | Y      |              | (unknowns,)      | unknown scores, jointly normal with mean μ and covariance Σ    |
//! | z      | `normals`    | (points, unknowns) | fixed standard normal draws: each list is a scenario         |
//! | B      | `incumbents` | (points,)        | the score to improve on in each scenario                       |
//!
//! Source: Ginsbourger, Le Riche and Carraro (2010) for qEI; Letham, Karrer, Ottoni and Bakshy, arXiv 1706.07094, for noisy rows, where B is the
//! largest *true* score of the rows. Departures: the last unknown is integrated in closed form, so that one design without others
//! in flight has exactly its expected improvement, and values are smooth in it; of the noisy rows only those with the
//! largest posterior means may be the incumbent.

use nalgebra::{Cholesky, DMatrix};

use super::normal;
use super::sobol::Normals;
use crate::gp::model::Solved;
use crate::gp::{Gp, Prediction};

/// Jitter of Σ in units of the variance of the function: unknowns may be nearly the same.
const JITTER: f64 = 1e-9;

/// A Gaussian process with unknown scores drawn in scenarios.
#[derive(Debug, Clone)]
pub struct Scenarios<'a> {
    gp: &'a Gp,
    unknowns: Solved,
    /// D⁻¹.
    inverse: DMatrix<f64>,
    normals: &'a Normals,
    incumbents: Vec<f64>,
    gain: f64,
}

impl<'a> Scenarios<'a> {
    /// Improvement on a known score `best`, while the designs of `pending` (one behind the other, may be none) are in flight.
    ///
    /// # Panics
    /// If the normals have fewer dimensions than there are designs in flight.
    pub fn known(gp: &'a Gp, best: f64, pending: &[f64], normals: &'a Normals) -> Self {
        Self::new(gp, pending, normals, 0, best)
    }

    /// Improvement on the best true score of the rows, each observed with noise: the `rows` (≥ 1) rows with the largest posterior
    /// means may have it.
    ///
    /// # Panics
    /// If `rows` is 0, or the normals have fewer dimensions than there are rows (at most those of the table) and designs in flight.
    pub fn noisy(gp: &'a Gp, rows: usize, pending: &[f64], normals: &'a Normals) -> Self {
        assert!(rows > 0, "some row has the best score");
        let features = gp.features();
        let table = gp.rows();
        let predictions = gp.predict_all(&table);
        let mut order: Vec<usize> = (0..predictions.len()).collect();
        order.sort_by(|&a, &b| predictions[b].mean.total_cmp(&predictions[a].mean));
        order.truncate(rows);
        let mut unknowns: Vec<f64> =
            order.iter().flat_map(|at| &table[at * features..][..features]).copied().collect();
        unknowns.extend(pending);
        Self::new(gp, &unknowns, normals, order.len(), f64::NEG_INFINITY)
    }

    /// The first `rows` unknowns are observed already, the others are in flight.
    fn new(gp: &'a Gp, unknowns: &[f64], normals: &'a Normals, rows: usize, best: f64) -> Self {
        let unknowns = gp.solved(unknowns);
        let means = gp.means(&unknowns);
        let count = means.len();
        assert!(count <= normals.dimensions, "{count} unknowns for {} normals", normals.dimensions);
        let mut covariance = gp.joint(&unknowns, &unknowns);
        (0..count).for_each(|at| covariance[(at, at)] += JITTER * gp.hyper().signal);
        // Σ is a posterior covariance with jitter: only rounding can make it indefinite, and then the unknowns are as good as known.
        let root = Cholesky::new(covariance).map_or_else(
            || DMatrix::identity(count, count) * (JITTER * gp.hyper().signal).sqrt(),
            Cholesky::unpack,
        );
        let inverse = root
            .solve_lower_triangular(&DMatrix::identity(count, count))
            .expect("a root has no zero on its diagonal");
        let (mut incumbents, mut gain) = (Vec::with_capacity(normals.points), 0.0);
        for z in normals.lists(count) {
            let score = |at: usize| {
                means[at] + z[..=at].iter().enumerate().map(|(k, z)| root[(at, k)] * z).sum::<f64>()
            };
            let known = (0..rows).map(score).fold(best, f64::max);
            let incumbent = (rows..count).map(score).fold(known, f64::max);
            gain += (incumbent - known) / normals.points as f64;
            incumbents.push(incumbent);
        }
        Self { gp, unknowns, inverse, normals, incumbents, gain }
    }

    /// What the designs in flight are expected to improve.
    pub fn gain_in_flight(&self) -> f64 {
        self.gain
    }

    /// What each design of a list (one behind the other) is expected to improve on top of those in flight, in units of the score.
    ///
    /// # Panics
    /// If the number of features does not divide the length.
    pub fn expected_improvement(&self, designs: &[f64]) -> Vec<f64> {
        self.improvements(&self.gp.solved(designs))
    }

    fn improvements(&self, designs: &Solved) -> Vec<f64> {
        let shares = &self.inverse * self.gp.joint(&self.unknowns, designs);
        let predictions = self.gp.predictions(designs);
        let each = predictions.into_iter().zip(shares.column_iter());
        each.map(|(alone, shares)| self.improvement(alone, shares.as_slice())).collect()
    }

    fn improvement(&self, alone: Prediction, shares: &[f64]) -> f64 {
        let explained: f64 = shares.iter().map(|share| share * share).sum();
        let deviation = (alone.variance - explained).max(self.gp.variance_min()).sqrt();
        let each = self.normals.lists(shares.len()).zip(&self.incumbents);
        let improvements = each.map(|(z, incumbent)| {
            let mean = alone.mean + shares.iter().zip(z).map(|(share, z)| share * z).sum::<f64>();
            deviation * normal::improvement((mean - incumbent) / deviation)
        });
        improvements.sum::<f64>() / self.normals.points as f64
    }

    /// Chooses `count` of the designs of a list (one behind the other), each for what it adds to those in flight and those chosen
    /// before; their numbers, in that order. Each choice makes one unknown more.
    ///
    /// # Panics
    /// If there are fewer designs, or fewer normals than unknowns.
    pub fn choose(
        gp: &Gp,
        best: f64,
        designs: &[f64],
        count: usize,
        normals: &Normals,
    ) -> Vec<usize> {
        let features = gp.features();
        assert!(count * features <= designs.len(), "{count} designs cannot be chosen");
        let all = gp.solved(designs);
        let (mut chosen, mut pending) = (Vec::with_capacity(count), Vec::new());
        for _ in 0..count {
            let scenarios = Scenarios::known(gp, best, &pending, normals);
            let values = scenarios.improvements(&all);
            let left = values.iter().enumerate().filter(|(at, _)| !chosen.contains(at));
            let (next, _) = left
                .max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)))
                .expect("there are designs left");
            pending.extend(&designs[next * features..][..features]);
            chosen.push(next);
        }
        chosen
    }
}

/// Expected improvement on `best` of the best of several designs, one behind the other.
///
/// # Panics
/// If there is no design, or the normals have fewer dimensions than there are designs but one.
pub fn q_expected_improvement(gp: &Gp, best: f64, designs: &[f64], normals: &Normals) -> f64 {
    assert!(!designs.is_empty(), "some design improves");
    let (pending, last) = designs.split_at(designs.len() - gp.features());
    let scenarios = Scenarios::known(gp, best, pending, normals);
    scenarios.gain_in_flight() + scenarios.expected_improvement(last)[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Draws;
    use crate::gp::Hyper;
    use crate::gp::acquire::expected_improvement;

    fn gp(noise: f64) -> Gp {
        let rows = [0.0, 0.2, 0.5, 0.9, 1.0];
        let hyper = Hyper { mean: 0.0, length_scales: vec![0.3], signal: 1.0, noise };
        Gp::new(&rows, &[0], &[0.1, 0.6, 0.3, -0.4, -0.2], hyper).expect("valid")
    }

    #[test]
    fn one_design_has_its_expected_improvement() {
        let (gp, normals) = (gp(0.01), Normals::new(64, 0, 1));
        for x in [0.1, 0.33, 0.7, 2.0] {
            let exact = expected_improvement(gp.predict(&[x]), 0.6);
            let q = q_expected_improvement(&gp, 0.6, &[x], &normals);
            assert!((q - exact).abs() < 1e-12, "{x}: {q} {exact}");
        }
    }

    /// 2·10⁵ draws of the joint posterior: standard error 1e-3.
    #[test]
    fn several_designs_have_the_mean_of_many_draws() {
        let gp = gp(0.01);
        let designs = [0.3, 0.35, 0.75, 1.5];
        let solved = gp.solved(&designs);
        let root = Cholesky::new(gp.joint(&solved, &solved)).expect("definite").unpack();
        let means = gp.means(&solved);
        let mut draws = Draws::new(1, "joint");
        let count = 200_000;
        let drawn: f64 = (0..count)
            .map(|_| {
                let z = nalgebra::DVector::from_fn(4, |_, _| draws.normal());
                ((&root * z + &means).max() - 0.6).max(0.0) / f64::from(count)
            })
            .sum();
        let q = q_expected_improvement(&gp, 0.6, &designs, &Normals::new(1024, 3, 2));
        assert!((q - drawn).abs() < 5e-3, "{q} {drawn}");
        // More designs never improve less, and the order does not matter.
        let fewer = q_expected_improvement(&gp, 0.6, &designs[..3], &Normals::new(1024, 3, 2));
        let turned =
            q_expected_improvement(&gp, 0.6, &[1.5, 0.75, 0.35, 0.3], &Normals::new(1024, 3, 2));
        assert!(fewer < q && (turned - q).abs() < 5e-3, "{fewer} {q} {turned}");
    }

    #[test]
    fn a_batch_is_spread_out() {
        let (gp, normals) = (gp(0.01), Normals::new(256, 12, 3));
        let designs: Vec<f64> = (0..101).map(|at| f64::from(at) * 0.02).collect();
        let chosen = Scenarios::choose(&gp, 0.6, &designs, 12, &normals);
        let first = Scenarios::known(&gp, 0.6, &[], &normals).expected_improvement(&designs);
        assert!(first.iter().all(|value| *value <= first[chosen[0]]));
        let mut sorted = chosen.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 12);
        assert!(chosen[0].abs_diff(chosen[1]) > 5, "{chosen:?}");
    }

    #[test]
    fn without_noise_the_noisy_incumbent_is_the_best_row() {
        let gp = gp(0.0);
        let normals = Normals::new(256, 6, 4);
        for x in [0.1, 0.3, 0.7] {
            let noisy = Scenarios::noisy(&gp, 5, &[], &normals).expected_improvement(&[x])[0];
            let exact = expected_improvement(gp.predict(&[x]), 0.6);
            assert!((noisy - exact).abs() < 1e-3, "{noisy} {exact}");
        }
    }

    /// With noise the best observation is a lucky one: what improves on it improves even more on the true best.
    #[test]
    fn noise_makes_the_incumbent_humble() {
        let gp = gp(0.3);
        let normals = Normals::new(512, 6, 5);
        let scenarios = Scenarios::noisy(&gp, 5, &[1.5], &normals);
        let against_luck = expected_improvement(gp.predict(&[0.3]), 0.6);
        assert!(scenarios.expected_improvement(&[0.3])[0] < 2.0 * against_luck);
        assert!(scenarios.gain_in_flight() > 0.0);
        let mean = scenarios.incumbents.iter().sum::<f64>() / 512.0;
        assert!(mean > gp.predict(&[0.2]).mean, "{mean}: the largest of several is above its mean");
    }
}
