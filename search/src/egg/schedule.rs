//! How many weights move, and the threshold that makes it so many.
//!
//! α(t) = 1 / ((2^a − 1) t/τ + 1)      q(α) = ⌊16 Φ⁻¹(1 − α/2)⌋      a weight moves if 16 |Z| ≥ q ⌊√K⌋ v
//!
//! | symbol | code         | meaning                                                             |
//! |--------|--------------|---------------------------------------------------------------------|
//! | a, τ   | `alpha`, `time_scale` | rate of the fall, its unit of time in generations           |
//! | q      | `quantile`   | quantile of the normal distribution in sixteenths of a deviation    |
//! | K, v   |              | pairs; 256, the variance of A B of one pair for noise of deviation 16 |
//!
//! With votes that say nothing, Z has variance K v², so that a share of about α moves. Source: arXiv 2511.16652, section H. The paper
//! prints Φ⁻¹((1 − α)/2), a misprint. This is the only place with floats, one number for each generation, by operations that
//! are rounded alike on every machine.

/// The share of weights that moves, over time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alpha {
    /// Above 1 the rate of the fall, otherwise the constant share.
    pub alpha: f64,
    /// Unit of time in generations.
    pub time_scale: f64,
}

impl Alpha {
    /// The share in a generation.
    pub fn at(&self, generation: u32) -> f64 {
        if self.alpha <= 1.0 {
            return self.alpha;
        }
        let rate = libm::exp2(self.alpha) - 1.0;
        1.0 / (rate * f64::from(generation) / self.time_scale + 1.0)
    }
}

/// The largest quantile: shares below that of seven deviations are none.
const QUANTILE_MAX: u32 = 112;

/// ⌊16 Φ⁻¹(1 − α/2)⌋: the largest q whose two tails hold at least α.
pub fn quantile(alpha: f64) -> u32 {
    let tails = |q: u32| libm::erfc(f64::from(q) / 16.0 * std::f64::consts::FRAC_1_SQRT_2);
    (0..=QUANTILE_MAX).rev().find(|&q| tails(q) >= alpha).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_specification() {
        let alphas = [1.0, 0.5, 0.1, 0.0625, 0.05, 1.0 / 64.0];
        assert_eq!(alphas.map(quantile), [0, 10, 26, 29, 31, 38]);
    }

    #[test]
    fn the_first_generation_moves_every_weight_and_the_share_falls() {
        let schedule = Alpha { alpha: 4.0, time_scale: 1000.0 };
        assert_eq!(schedule.at(0), 1.0);
        assert!((schedule.at(100) - 0.4).abs() < 1e-12);
        assert_eq!(Alpha { alpha: 0.25, time_scale: 1.0 }.at(7), 0.25);
    }
}
