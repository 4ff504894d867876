//! Weights and rates, from the number of parameters and of members alone.

/// Weights and rates of a search: table 1 of the tutorial, arXiv 1604.00772.
#[derive(Debug, Clone, PartialEq)]
pub struct Constants {
    /// w: one for each rank; the positive ones sum to 1, those of the worse half are negative or 0.
    pub weights: Vec<f64>,
    /// μ_eff: how many members the positive weights are worth.
    pub mu_eff: f64,
    /// c_σ: rate of the path of σ.
    pub c_sigma: f64,
    /// d_σ: damping of σ.
    pub d_sigma: f64,
    /// c_c: rate of the path of C.
    pub c_c: f64,
    /// c₁: share of that path in C.
    pub c_1: f64,
    /// c_μ: share of the members in C.
    pub c_mu: f64,
    /// χ: expected length of a standard normal vector.
    pub chi: f64,
    /// Generations after which C has changed enough to be decomposed again.
    pub basis_age_max: u64,
    dimension: f64,
}

impl Constants {
    /// For `dimension` ≥ 1 parameters and `members` ≥ 4 members; negative weights only if `active`.
    pub fn new(dimension: usize, members: usize, active: bool) -> Self {
        let n = dimension as f64;
        let middle = libm::log((members as f64 + 1.0) / 2.0);
        let raw: Vec<f64> = (1..=members).map(|rank| middle - libm::log(rank as f64)).collect();
        let (good, bad) = raw.split_at(members / 2);
        let worth = |weights: &[f64]| {
            let squares: f64 = weights.iter().map(|w| w * w).sum();
            if squares > 0.0 { weights.iter().sum::<f64>().powi(2) / squares } else { 0.0 }
        };
        let (mu_eff, mu_eff_bad) = (worth(good), worth(bad));
        let c_sigma = (mu_eff + 2.0) / (n + mu_eff + 5.0);
        let excess = ((mu_eff - 1.0) / (n + 1.0)).sqrt() - 1.0;
        let d_sigma = 1.0 + 2.0 * excess.max(0.0) + c_sigma;
        let c_c = (4.0 + mu_eff / n) / (n + 4.0 + 2.0 * mu_eff / n);
        let c_1 = 2.0 / ((n + 1.3).powi(2) + mu_eff);
        let spread = 0.25 + mu_eff + 1.0 / mu_eff - 2.0;
        let c_mu = (2.0 * spread / ((n + 2.0).powi(2) + mu_eff)).min(1.0 - c_1);
        let limits = [
            1.0 + c_1 / c_mu,
            1.0 + 2.0 * mu_eff_bad / (mu_eff + 2.0),
            (1.0 - c_1 - c_mu) / (n * c_mu),
        ];
        let limit = limits.into_iter().fold(f64::INFINITY, f64::min);
        let negative = if active { limit.max(0.0) / -bad.iter().sum::<f64>() } else { 0.0 };
        let positive = 1.0 / good.iter().sum::<f64>();
        let of_good = good.iter().map(|w| w * positive);
        let weights = of_good.chain(bad.iter().map(|w| w.min(0.0) * negative)).collect();
        let chi = n.sqrt() * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n));
        let basis_age_max = (1.0 / (10.0 * n * (c_1 + c_mu))).floor().max(1.0) as u64;
        let dimension = n;
        Self { weights, mu_eff, c_sigma, d_sigma, c_c, c_1, c_mu, chi, basis_age_max, dimension }
    }

    /// While the path of σ is longer than this, that of C stands still.
    pub(super) fn path_max(&self) -> f64 {
        (1.4 + 2.0 / (self.dimension + 1.0)) * self.chi
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// n = 10, λ = 10: worked out by hand from the formulas of the tutorial's table 1.
    #[test]
    fn constants_are_those_of_the_tutorial() {
        let constants = Constants::new(10, 10, true);
        let published = [0.4563, 0.2708, 0.1623, 0.0852, 0.0255];
        for (weight, expected) in constants.weights.iter().zip(published) {
            assert!((weight - expected).abs() < 1e-4, "{:?}", constants.weights);
        }
        assert!((constants.mu_eff - 3.1673).abs() < 1e-3, "{}", constants.mu_eff);
        assert!((constants.c_sigma - 0.2844).abs() < 1e-3, "{}", constants.c_sigma);
        assert!((constants.d_sigma - 1.2844).abs() < 1e-3, "{}", constants.d_sigma);
    }

    #[test]
    fn weights_sum_to_one_and_never_shrink_the_covariance_to_nothing() {
        for dimension in [1, 2, 5, 40, 1000] {
            for members in [4, 7, 50, 3000] {
                let constants = Constants::new(dimension, members, true);
                let positive = constants.weights.iter().filter(|w| **w > 0.0);
                assert!((positive.sum::<f64>() - 1.0).abs() < 1e-12);
                assert!(constants.weights.is_sorted_by(|a, b| a >= b));
                let negative: f64 = constants.weights.iter().filter(|w| **w < 0.0).sum();
                let Constants { c_1, c_mu, .. } = constants;
                let left = 1.0 - c_1 - c_mu + c_mu * dimension as f64 * negative;
                assert!(left > -1e-9 && c_1 + c_mu <= 1.0, "{dimension} {members}: {left}");
                let passive = Constants::new(dimension, members, false);
                assert!(passive.weights.iter().all(|weight| *weight >= 0.0));
            }
        }
    }
}
