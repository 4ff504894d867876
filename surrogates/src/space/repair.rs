//! From any point to a valid design nearby.

use super::project::project;
use super::{Design, Space};

/// How often limits and forbidden combinations take turns.
const TURNS_MAX: usize = 4;

impl Space {
    /// The design near a point, for after a step of a search: clipped to the bounds, whole numbers and levels rounded,
    /// fixed values put back, then moved onto sums (exactly, by a sorting projection) and limits (by alternating
    /// projections) and away from forbidden combinations. A valid design comes back unchanged.
    ///
    /// `None` if the point has a NaN, or if no valid design was found that way.
    ///
    /// # Panics
    /// If the point has another number of sites.
    pub fn repair(&self, point: &[f64]) -> Option<Design> {
        assert_eq!(point.len(), self.sites.len(), "a point has one number a site");
        if point.iter().any(|value| value.is_nan()) {
            return None;
        }
        let boxed = point.iter().zip(&self.sites).zip(&self.bounds);
        let mut x: Design =
            boxed.map(|((&v, site), &(l, u))| site.nearest(v).clamp(l, u)).collect();
        self.project_sums(point, &mut x);
        let mut frozen = Vec::new();
        for _ in 0..TURNS_MAX {
            let settled = self.settle(&mut x, &frozen);
            if settled && self.is_allowed(&x) {
                return self.is_valid(&x).then_some(x);
            }
            if !self.leave_forbidden(&mut x) || (!settled && !frozen.is_empty()) {
                return None;
            }
            // What must stay as it is now: the numbers of forbidden combinations, while sums and limits are met again.
            frozen = self.forbidden.iter().flatten().map(|entry| entry.0).collect();
        }
        None
    }

    /// Sums of which a member lies outside of its bounds: the nearest point of the sum is not that of the clipped members.
    fn project_sums(&self, point: &[f64], x: &mut [f64]) {
        for row in self.rows.iter().filter(|row| row.is_sum) {
            let outside = |&(site, _): &(usize, f64)| {
                let (lower, upper) = self.bounds[site];
                point[site] < lower || point[site] > upper
            };
            if !row.terms.iter().any(outside) {
                continue;
            }
            for &(site, _) in &row.terms {
                // Ten ranges away is as good as infinity, and loses no digits.
                let kind = self.sites[site];
                let far = 10.0 * kind.range();
                x[site] = point[site].clamp(kind.lower() - far, kind.upper() + far);
            }
            project(&row.terms, row.bound, x, &self.bounds);
        }
    }
}
