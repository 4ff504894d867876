//! How many designs there are, and all of them in order.

use super::{Design, Space};

/// Most points of the box of a space that is searched through one by one.
pub const ENUMERATED_MAX: u128 = 10_000_000;

impl Space {
    /// Number of points of the box, valid or not; `None` if a real is free, or beyond 2¹²⁸.
    pub fn box_size(&self) -> Option<u128> {
        self.free.iter().try_fold(1u128, |product, &site| {
            product.checked_mul(u128::from(self.sites[site].count()?))
        })
    }

    /// Number of valid designs. `None` if a real is free, or if there are constraints and the box has more than
    /// [`ENUMERATED_MAX`] points: then they would have to be counted one by one.
    pub fn size(&self) -> Option<u128> {
        if self.rows.is_empty() && self.forbidden.is_empty() {
            return self.box_size();
        }
        Some(self.enumerate()?.count() as u128)
    }

    /// All valid designs, in order, the last site fastest. `None` if a real is free, or the box has more than
    /// [`ENUMERATED_MAX`] points.
    pub fn enumerate(&self) -> Option<Designs<'_>> {
        self.box_size().filter(|&points| points <= ENUMERATED_MAX)?;
        let first = self.bounds.iter().map(|bounds| bounds.0).collect();
        Some(Designs { space: self, next: Some(first) })
    }
}

/// See [`Space::enumerate`].
#[derive(Debug, Clone)]
pub struct Designs<'a> {
    space: &'a Space,
    next: Option<Design>,
}

impl Iterator for Designs<'_> {
    type Item = Design;

    fn next(&mut self) -> Option<Design> {
        loop {
            let x = self.next.take()?;
            self.next = self.after(&x);
            if self.space.is_valid(&x) {
                return Some(x);
            }
        }
    }
}

impl Designs<'_> {
    /// The next point of the box.
    fn after(&self, x: &[f64]) -> Option<Design> {
        let mut x = x.to_vec();
        for &site in self.space.free.iter().rev() {
            let (lower, upper) = self.space.bounds[site];
            if x[site] < upper {
                x[site] += 1.0;
                return Some(x);
            }
            x[site] = lower;
        }
        None
    }
}
