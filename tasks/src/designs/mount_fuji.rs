//! Rough Mount Fuji: a slope towards one string of bits, with a random height for each bit.
//!
//! f(x) = −a H(x, c) + Σⱼ rⱼ xⱼ,   rⱼ ~ N(0, s²)
//!
//! | symbol | code      | meaning                                   |
//! |--------|-----------|-------------------------------------------|
//! | H, c   | `centre`  | number of bits that differ from c         |
//! | a      | `SLOPE`   | 0.25                                      |
//! | rⱼ     | `heights` | roughness, with the standard deviation 1  |
//!
//! Source: the additive form in `holo-bench`. The optimum has each bit on its better side.

use super::draw::{Draws, Purpose};
use super::{DesignError, Oracle, Pool, Protocol, Site, contains, random_design};

const SLOPE: f64 = 0.25;
/// Designs of a pool.
const POOL: usize = 5000;

/// A Rough Mount Fuji landscape.
#[derive(Debug, Clone, PartialEq)]
pub struct MountFuji {
    /// The string at the end of the slope.
    pub centre: Vec<bool>,
    /// What each bit adds where it is set.
    pub heights: Vec<f64>,
    sites: Vec<Site>,
}

impl MountFuji {
    /// The landscape of a seed over strings of `bits` bits.
    ///
    /// # Errors
    /// If there are no bits.
    pub fn draw(bits: usize, seed: u64) -> Result<Self, DesignError> {
        if bits == 0 {
            return Err(DesignError::refused("bits", "expected one or more"));
        }
        let mut draws = Draws::new(seed, Purpose::Weights, 0);
        let centre = (0..bits).map(|_| draws.below(2) == 1).collect();
        let heights = (0..bits).map(|_| draws.normal()).collect();
        let sites = (0..bits).map(|bit| Site::categorical(format!("bit {}", bit + 1), ["0", "1"]));
        Ok(Self { centre, heights, sites: sites.collect() })
    }

    /// What a bit adds to the score.
    fn part(&self, bit: usize, set: bool) -> f64 {
        let slope = if set == self.centre[bit] { 0.0 } else { -SLOPE };
        slope + if set { self.heights[bit] } else { 0.0 }
    }
}

impl Oracle for MountFuji {
    fn name(&self) -> &str {
        "rmf"
    }

    fn sites(&self) -> &[Site] {
        &self.sites
    }

    fn truth(&self, design: &[f64]) -> Option<f64> {
        let parts = design.iter().enumerate().map(|(bit, value)| (bit, *value == 1.0));
        contains(&self.sites, design).then(|| parts.map(|(bit, set)| self.part(bit, set)).sum())
    }

    fn optimum(&self) -> Option<f64> {
        self.truth(&self.optima()[0])
    }

    fn optima(&self) -> Vec<Vec<f64>> {
        let better = |bit| self.part(bit, true) > self.part(bit, false);
        vec![(0..self.centre.len()).map(|bit| f64::from(u8::from(better(bit)))).collect()]
    }

    /// 5,000 random strings.
    fn pool(&self, seed: u64) -> Pool {
        let designs = (0..POOL).map(|index| random_design(&self.sites, seed, index)).collect();
        Pool::score(self, designs)
    }

    fn protocol(&self) -> Protocol {
        Protocol::lowest(0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_optimum_is_the_best_of_all_strings() {
        for seed in 0..20 {
            let fuji = MountFuji::draw(10, seed).unwrap();
            let string = |code: usize| -> Vec<f64> {
                (0..10).map(|bit| f64::from(u8::from(code >> bit & 1 == 1))).collect()
            };
            let best =
                (0..1024).map(|code| fuji.truth(&string(code)).unwrap()).fold(f64::MIN, f64::max);
            assert_eq!(fuji.optimum(), Some(best), "seed {seed}");
        }
    }

    #[test]
    fn the_score_is_the_formula() {
        let fuji = MountFuji::draw(3, 1).unwrap();
        let centre: Vec<f64> = fuji.centre.iter().map(|&bit| f64::from(u8::from(bit))).collect();
        let sum: f64 = fuji.heights.iter().zip(&centre).map(|(r, x)| r * x).sum();
        assert!((fuji.truth(&centre).unwrap() - sum).abs() < 1e-15);
        let away: Vec<f64> = centre.iter().map(|x| 1.0 - x).collect();
        let sum: f64 = fuji.heights.iter().zip(&away).map(|(r, x)| r * x).sum();
        assert!((fuji.truth(&away).unwrap() - (sum - 0.75)).abs() < 1e-15);
        assert_eq!(fuji.truth(&[0.0, 1.0, 2.0]), None);
    }
}
