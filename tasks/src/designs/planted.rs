//! `planted-86`: sparse compositions of 86 elements with a skewed score and a known best one, as data of superconductors are.
//!
//! f(x) = maxₖ bₖ exp(−|M x − M cₖ|² / 2 sₖ²)      score = 185 f^0.7 + N(0, 5²)
//!
//! | symbol | code         | shape    | meaning                                                             |
//! |--------|--------------|----------|---------------------------------------------------------------------|
//! | cₖ     | `anchors`    | (12, 86) | amounts of 3 to 6 elements: Dirichlet shares times a sum in 1..12    |
//! | M      | `projection` | (10, 86) | entries N(0, 1/86)                                                  |
//! | bₖ     | `heights`    | (12,)    | b₀ = 1, others uniform in 0.2..0.75                                 |
//! | sₖ     | `widths`     | (12,)    | 0.35 of the median distance of anchors after M; s₀ 0.7 of that      |
//!
//! The best score is exactly 185, at c₀. The pool has 21,263 rows around the anchors, c₀ being a twentieth as frequent as the
//! others; one row in ten has an element exchanged for another. The truth is the score without its error.

use hatchery_kernels::math;

use super::draw::{Draws, Purpose, ln};
use super::{Oracle, Pool, Protocol, Site, contains};

/// Elements.
const ELEMENTS: usize = 86;
const ANCHORS: usize = 12;
/// Rows of the projection.
const VIEWS: usize = 10;
/// Rows of the pool: those of the Superconductor data.
const POOL: usize = 21_263;
/// The best score.
const SCALE: f64 = 185.0;
const POWER: f64 = 0.7;
/// Standard deviation of an observed score.
const ERROR: f64 = 5.0;
/// The largest amount that is allowed.
const AMOUNT_MAX: f64 = 40.0;
/// Frequency of the best anchor, the others being 1.
const RARE: f64 = 0.05;

/// A composition landscape.
#[derive(Debug, Clone, PartialEq)]
pub struct Planted {
    /// Compositions of high score, `(12, 86)`, the best first.
    pub anchors: Vec<Vec<f64>>,
    /// What the score looks at, `(10, 86)`.
    pub projection: Vec<Vec<f64>>,
    /// Height of each peak, before the power is taken.
    pub heights: Vec<f64>,
    /// Width of each peak in the projection.
    pub widths: Vec<f64>,
    /// Anchors in the projection, `(12, 10)`.
    centres: Vec<Vec<f64>>,
    sites: Vec<Site>,
}

fn anchor(seed: u64, index: usize) -> Vec<f64> {
    let mut draws = Draws::new(seed, Purpose::Anchors, index);
    let mut elements: Vec<usize> = (0..ELEMENTS).collect();
    draws.shuffle(&mut elements);
    elements.truncate(3 + draws.below(4));
    let shares: Vec<f64> = elements.iter().map(|_| draws.exponential()).collect();
    let sum = draws.between(1.0, 12.0);
    let scale = sum / shares.iter().sum::<f64>();
    let mut amounts = vec![0.0; ELEMENTS];
    elements.into_iter().zip(shares).for_each(|(element, share)| amounts[element] = share * scale);
    amounts
}

fn square_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

fn project(projection: &[Vec<f64>], design: &[f64]) -> Vec<f64> {
    let row = |row: &Vec<f64>| row.iter().zip(design).map(|(m, x)| m * x).sum();
    projection.iter().map(row).collect()
}

impl Planted {
    /// The landscape of a seed.
    pub fn draw(seed: u64) -> Self {
        let anchors: Vec<Vec<f64>> = (0..ANCHORS).map(|index| anchor(seed, index)).collect();
        let row = |row| {
            let mut draws = Draws::new(seed, Purpose::Projection, row);
            (0..ELEMENTS).map(|_| draws.normal() / (ELEMENTS as f64).sqrt()).collect()
        };
        let projection: Vec<Vec<f64>> = (0..VIEWS).map(row).collect();
        let centres: Vec<Vec<f64>> = anchors.iter().map(|a| project(&projection, a)).collect();
        let mut distances: Vec<f64> = (1..ANCHORS)
            .flat_map(|k| (0..k).map(move |l| (k, l)))
            .map(|(k, l)| square_distance(&centres[k], &centres[l]).sqrt())
            .collect();
        distances.sort_unstable_by(f64::total_cmp);
        // Of the 66 distances the mean of the two in the middle.
        let median = 0.5 * (distances[32] + distances[33]);
        let mut draws = Draws::new(seed, Purpose::Weights, 0);
        let mut heights: Vec<f64> = (0..ANCHORS).map(|_| draws.between(0.2, 0.75)).collect();
        let mut widths = vec![0.35 * median; ANCHORS];
        heights[0] = 1.0;
        widths[0] *= 0.7;
        let site = |element: usize| Site::real(format!("element {}", element + 1), 0.0, AMOUNT_MAX);
        let sites = (0..ELEMENTS).map(site).collect();
        Self { anchors, projection, heights, widths, centres, sites }
    }

    fn score(&self, design: &[f64]) -> f64 {
        let view = project(&self.projection, design);
        let peaks = self.centres.iter().zip(&self.heights).zip(&self.widths);
        // ln f, whose product with the power goes into one exponential.
        let height = |((centre, height), width): ((&Vec<f64>, &f64), &f64)| {
            ln(*height) - square_distance(&view, centre) / (2.0 * width * width)
        };
        let highest = peaks.map(height).fold(f64::NEG_INFINITY, f64::max);
        SCALE * math::exp_f64(POWER * highest)
    }

    /// A composition near an anchor.
    fn compound(&self, draws: &mut Draws) -> Vec<f64> {
        let at = draws.between(0.0, RARE + (ANCHORS - 1) as f64);
        let anchor = if at < RARE { 0 } else { (1 + (at - RARE) as usize).min(ANCHORS - 1) };
        let mut design = self.anchors[anchor].clone();
        for amount in design.iter_mut().filter(|amount| **amount > 0.0) {
            *amount = (*amount * math::exp_f64(0.4 * draws.normal())).min(AMOUNT_MAX);
        }
        if draws.unit() < 0.1 {
            let present = |there: bool| -> Vec<usize> {
                (0..ELEMENTS).filter(|&element| (design[element] > 0.0) == there).collect()
            };
            let (inside, outside) = (present(true), present(false));
            let (from, to) =
                (inside[draws.below(inside.len())], outside[draws.below(outside.len())]);
            design.swap(from, to);
        }
        design
    }
}

impl Oracle for Planted {
    fn name(&self) -> &str {
        "planted-86"
    }

    fn sites(&self) -> &[Site] {
        &self.sites
    }

    fn truth(&self, design: &[f64]) -> Option<f64> {
        contains(&self.sites, design).then(|| self.score(design))
    }

    fn optimum(&self) -> Option<f64> {
        Some(SCALE)
    }

    fn optima(&self) -> Vec<Vec<f64>> {
        vec![self.anchors[0].clone()]
    }

    /// 21,263 compositions; their scores have an error of the standard deviation 5.
    fn pool(&self, seed: u64) -> Pool {
        let mut sequences: Vec<Draws> =
            (0..POOL).map(|row| Draws::new(seed, Purpose::Compounds, row)).collect();
        let designs = sequences.iter_mut().map(|draws| self.compound(draws)).collect();
        let mut pool = Pool::score(self, designs);
        for (score, draws) in pool.scores.iter_mut().zip(&mut sequences) {
            *score += ERROR * draws.normal();
        }
        pool
    }

    /// The lowest 80 %.
    fn protocol(&self) -> Protocol {
        Protocol::lowest(0.8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_composition_is_the_first_anchor() {
        for seed in 0..20 {
            let planted = Planted::draw(seed);
            assert_eq!(planted.truth(&planted.optima()[0]), Some(185.0), "seed {seed}");
            for (anchor, height) in planted.anchors.iter().zip(&planted.heights) {
                let elements = anchor.iter().filter(|amount| **amount > 0.0).count();
                let sum: f64 = anchor.iter().sum();
                assert!((3..=6).contains(&elements) && (1.0..=12.0).contains(&sum));
                let least = 185.0 * height.powf(0.7);
                assert!(planted.truth(anchor).unwrap() > least * (1.0 - 1e-12));
            }
        }
    }

    #[test]
    fn the_pool_is_sparse_skewed_and_has_its_error() {
        let planted = Planted::draw(4);
        let pool = planted.pool(4);
        assert_eq!(pool.len(), 21_263);
        let elements = |design: &Vec<f64>| design.iter().filter(|amount| **amount > 0.0).count();
        assert!(pool.designs.iter().all(|design| (3..=6).contains(&elements(design))));
        assert!(pool.truths.iter().all(|truth| (0.0..185.0).contains(truth)));
        let n = pool.len() as f64;
        let mean = pool.truths.iter().sum::<f64>() / n;
        let mut sorted = pool.truths.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        println!("mean {mean:.1}, median {:.1}, best {:.1}", sorted[10_631], sorted[21_262]);
        assert!(sorted[21_262] > 1.5 * mean);
        let errors = pool.scores.iter().zip(&pool.truths).map(|(s, t)| (s - t).powi(2));
        let deviation = (errors.sum::<f64>() / n).sqrt();
        // The standard error is 0.024.
        assert!((deviation - 5.0).abs() < 0.12, "{deviation}");
    }
}
