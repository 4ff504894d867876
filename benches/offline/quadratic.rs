//! A clean task for Q2: a concave quadratic of a few numbers, turned at random.
//!
//! f(x) = −|B (x − c)|²      B: entries normal, of deviation 1/√d      c uniform in 0.2..0.8

use hatchery::surrogates::Draws;
use hatchery::tasks::designs::{Oracle, Pool, Protocol, Site, contains, random_design};

/// Designs of a pool.
const POOL: usize = 20_000;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Quadratic {
    centre: Vec<f64>,
    /// B, row by row.
    matrix: Vec<Vec<f64>>,
    sites: Vec<Site>,
}

impl Quadratic {
    /// The quadratic of a seed in so many numbers.
    pub(crate) fn draw(columns: usize, seed: u64) -> Self {
        let mut draws = Draws::new(seed, "a planted quadratic");
        let centre = (0..columns).map(|_| draws.between(0.2, 0.8)).collect();
        let deviation = 1.0 / (columns as f64).sqrt();
        let mut row = |_| (0..columns).map(|_| deviation * draws.normal()).collect();
        let matrix = (0..columns).map(&mut row).collect();
        let site = |at: usize| Site::real(format!("x{}", at + 1), 0.0, 1.0);
        Self { centre, matrix, sites: (0..columns).map(site).collect() }
    }
}

impl Oracle for Quadratic {
    fn name(&self) -> &str {
        "quadratic"
    }

    fn sites(&self) -> &[Site] {
        &self.sites
    }

    fn truth(&self, design: &[f64]) -> Option<f64> {
        let of_row = |row: &Vec<f64>| {
            let parts = row.iter().zip(design).zip(&self.centre).map(|((b, x), c)| b * (x - c));
            parts.sum::<f64>().powi(2)
        };
        contains(&self.sites, design).then(|| -self.matrix.iter().map(of_row).sum::<f64>())
    }

    fn optimum(&self) -> Option<f64> {
        Some(0.0)
    }

    fn optima(&self) -> Vec<Vec<f64>> {
        vec![self.centre.clone()]
    }

    fn pool(&self, seed: u64) -> Pool {
        Pool::score(self, (0..POOL).map(|row| random_design(&self.sites, seed, row)).collect())
    }

    fn protocol(&self) -> Protocol {
        Protocol::lowest(0.5)
    }
}
