//! What can be set, and which values make sense.

use serde::{Deserialize, Serialize};

use crate::ConfigError;

/// Most parameters: beyond, a matrix of all pairs of them is no longer worth its time.
const DIMENSION_MAX: usize = 4096;

/// Settings of [`CmaEs`](super::CmaEs): the `[search]` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Members λ per generation, at least 4; 0 = `4 + ⌊3 ln n⌋`. More makes it slower and less easily deceived.
    pub population: u32,
    /// Deviation σ of the first members, > 0: about a quarter of the width in which the optimum is expected.
    pub sigma: f64,
    /// Lower end of each parameter; one number is for all of them, none means that there is no lower end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lower: Vec<f32>,
    /// Upper end of each parameter; one number is for all of them, none means that there is no upper end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub upper: Vec<f32>,
    /// Whether bad members shape the covariance too.
    pub active: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { population: 0, sigma: 0.3, lower: Vec::new(), upper: Vec::new(), active: true }
    }
}

impl Config {
    /// Members per generation of a search over `dimension` parameters.
    pub fn members(&self, dimension: usize) -> usize {
        match self.population {
            0 => 4 + (3.0 * libm::log(dimension.max(1) as f64)).floor() as usize,
            population => population as usize,
        }
    }

    /// Whether all values make sense together, whatever is searched.
    ///
    /// # Errors
    /// The first key whose value does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        let (population, sigma) = (self.population, self.sigma);
        if population != 0 && !(4..=1 << 20).contains(&population) {
            let reason = format!("must be 0 or from 4 to {}, found {population}", 1 << 20);
            return Err(ConfigError::new("population", reason));
        }
        if !(sigma.is_finite() && sigma > 0.0) {
            let reason = format!("must be a number above 0, found {sigma}");
            return Err(ConfigError::new("sigma", reason));
        }
        for (key, ends) in [("lower", &self.lower), ("upper", &self.upper)] {
            if let Some(end) = ends.iter().find(|end| !end.is_finite()) {
                let reason = format!("must be finite, found {end}; leave it out for no bound");
                return Err(ConfigError::new(key, reason));
            }
        }
        let (lowers, uppers) = (self.lower.len(), self.upper.len());
        if lowers > 1 && uppers > 1 && lowers != uppers {
            let reason = format!("has {uppers} numbers, `lower` has {lowers}");
            return Err(ConfigError::new("upper", reason));
        }
        for at in 0..lowers.max(uppers) {
            if let (Some(lower), Some(upper)) = self.bounds(at)
                && lower >= upper
            {
                let reason = format!("must be above `lower` {lower}, found {upper}");
                return Err(ConfigError::new("upper", reason));
            }
        }
        Ok(())
    }

    /// Whether they make sense for so many parameters.
    ///
    /// # Errors
    /// The first key whose value does not.
    pub fn check_for(&self, dimension: usize) -> Result<(), ConfigError> {
        self.check()?;
        if !(1..=DIMENSION_MAX).contains(&dimension) {
            let reason = format!(
                "this strategy is for 1 to {DIMENSION_MAX} parameters, found {dimension}; use `eggroll`"
            );
            return Err(ConfigError::new("strategy", reason));
        }
        for (key, ends) in [("lower", &self.lower), ("upper", &self.upper)] {
            let count = ends.len();
            if count > 1 && count != dimension {
                let reason = format!("must have 1 or {dimension} numbers, found {count}");
                return Err(ConfigError::new(key, reason));
            }
        }
        Ok(())
    }

    /// The ends of a parameter.
    fn bounds(&self, at: usize) -> (Option<f64>, Option<f64>) {
        let end = |ends: &[f32]| match ends {
            [one] => Some(f64::from(*one)),
            ends => ends.get(at).map(|&end| f64::from(end)),
        };
        (end(&self.lower), end(&self.upper))
    }

    /// The mirror image of a parameter inside its bounds.
    pub(super) fn reflect(&self, at: usize, x: f64) -> f64 {
        match self.bounds(at) {
            (None, None) => x,
            (Some(lower), None) => lower + (x - lower).abs(),
            (None, Some(upper)) => upper - (upper - x).abs(),
            (Some(lower), Some(upper)) => {
                let width = upper - lower;
                let along = (x - lower).rem_euclid(2.0 * width);
                (lower + along.min(2.0 * width - along)).clamp(lower, upper)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_parameters_are_refused_one_by_one() {
        let good = Config::default;
        let bad = [
            (Config { population: 3, ..good() }, "population: must be 0 or from 4"),
            (Config { sigma: 0.0, ..good() }, "sigma: must be a number above 0, found 0"),
            (Config { sigma: f64::NAN, ..good() }, "sigma"),
            (Config { lower: vec![f32::NEG_INFINITY], ..good() }, "lower: must be finite"),
            (Config { lower: vec![1.0], upper: vec![1.0], ..good() }, "upper: must be above"),
            (Config { lower: vec![0.0; 3], upper: vec![2.0, 2.0], ..good() }, "upper: has 2"),
            (Config { lower: vec![0.0; 2], ..good() }, "lower: must have 1 or 3 numbers, found 2"),
        ];
        for (config, expected) in bad {
            let error = config.check_for(3).expect_err("is refused").to_string();
            assert!(error.starts_with(expected), "{error}");
        }
        assert!(good().check_for(0).is_err() && good().check_for(5000).is_err());
        let boxed = Config { lower: vec![0.0], upper: vec![1.0, 2.0, 3.0], ..good() };
        assert_eq!(boxed.check_for(3), Ok(()));
    }

    #[test]
    fn reflection_goes_to_and_fro() {
        let boxed = Config { lower: vec![-1.0], upper: vec![1.0], ..Config::default() };
        for (x, image) in [(0.5, 0.5), (1.25, 0.75), (-1.5, -0.5), (3.25, -0.75), (-5.0, -1.0)] {
            assert_eq!(boxed.reflect(0, x), image);
        }
        let half = Config { lower: vec![2.0], ..Config::default() };
        assert_eq!((half.reflect(7, 1.5), half.reflect(7, 9.0)), (2.5, 9.0));
    }
}
