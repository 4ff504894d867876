//! How far apart two designs are.
//!
//! d(x, y) = (1/s) Σᵢ δᵢ       δᵢ = |xᵢ − yᵢ| / range of a number or ordinal,  0 or 1 of a category or letter
//!
//! Source: J. C. Gower, "A general coefficient of similarity and some of its properties", Biometrics 27 (1971).
//! Departure: the mean is over sites, so that a word counts as many times as it has letters.

use super::{Site, Space};

impl Space {
    /// Gower's distance: 0 of equal designs, 1 of designs that differ as much as the bounds allow in every site; more
    /// only of designs outside the bounds, as rows of a table may be. Fixed sites count, since rows may differ there.
    ///
    /// # Panics
    /// If a design has another number of sites.
    pub fn distance(&self, a: &[f64], b: &[f64]) -> f64 {
        let sites = self.sites.len();
        assert_eq!([a.len(), b.len()], [sites; 2], "a design has one number a site");
        let parts = self.sites.iter().zip(a.iter().zip(b)).map(|(site, (&a, &b))| match site {
            _ if a == b => 0.0,
            Site::Categorical { .. } => 1.0,
            site if site.range() > 0.0 => (a - b).abs() / site.range(),
            _ => 1.0,
        });
        parts.sum::<f64>() / sites as f64
    }
}
