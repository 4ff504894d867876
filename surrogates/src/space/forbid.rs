//! Away from forbidden combinations, with as few changes as a search in depth finds.

use super::{Site, Space};

/// Assignments tried before giving up.
const NODES_MAX: usize = 20_000;
/// Values of an integer that are tried, the nearest first.
const VALUES_MAX: usize = 64;

/// Whether a design has all values of a combination.
pub(super) fn matches(rule: &[(usize, f64)], x: &[f64]) -> bool {
    rule.iter().all(|&(site, value)| x[site] == value)
}

/// One search: the sites that rules name, in order, and the rules that are decided at each of them.
struct Search<'a> {
    sites: Vec<usize>,
    decided: Vec<Vec<&'a [(usize, f64)]>>,
    nodes: usize,
}

impl Space {
    /// Whether a design has no forbidden combination.
    pub(super) fn is_allowed(&self, x: &[f64]) -> bool {
        !self.forbidden.iter().any(|rule| matches(rule, x))
    }

    /// Changes values until no combination is forbidden; false if no way was found.
    pub(super) fn leave_forbidden(&self, x: &mut [f64]) -> bool {
        if self.is_allowed(x) {
            return true;
        }
        let mut sites: Vec<usize> = self.forbidden.iter().flatten().map(|entry| entry.0).collect();
        sites.sort_unstable();
        sites.dedup();
        let last = |rule: &[(usize, f64)], site| rule.iter().all(|entry| entry.0 <= site);
        let is_decided = |rule: &&[(usize, f64)], site: usize| {
            last(rule, site) && rule.iter().any(|entry| entry.0 == site)
        };
        let rules = || self.forbidden.iter().map(Vec::as_slice);
        let decided = sites.iter().map(|&s| rules().filter(|rule| is_decided(rule, s)).collect());
        let mut search = Search { decided: decided.collect(), sites, nodes: 0 };
        let wanted = x.to_vec();
        self.assign(&mut search, 0, &wanted, x)
    }

    fn assign(&self, search: &mut Search<'_>, depth: usize, wanted: &[f64], x: &mut [f64]) -> bool {
        let Some(&site) = search.sites.get(depth) else { return true };
        for value in self.values_near(site, wanted[site]) {
            search.nodes += 1;
            if search.nodes > NODES_MAX {
                return false;
            }
            x[site] = value;
            let allowed = !search.decided[depth].iter().any(|rule| matches(rule, x));
            if allowed && self.assign(search, depth + 1, wanted, x) {
                return true;
            }
        }
        false
    }

    /// The values of a discrete site, that of the design first, then by distance.
    fn values_near(&self, site: usize, wanted: f64) -> Vec<f64> {
        let (lower, upper) = self.bounds[site];
        match self.sites[site] {
            Site::Categorical { levels } if lower < upper => {
                let others = (0..levels).map(|level| level as f64).filter(|&v| v != wanted);
                std::iter::once(wanted).chain(others).collect()
            }
            _ => {
                let steps = (0..2 * VALUES_MAX).map(|step| step.div_ceil(2) as f64);
                let sided = steps.zip([1.0, -1.0].into_iter().cycle());
                let values = sided.map(|(step, side)| wanted + side * step).skip(1);
                let values = std::iter::once(wanted).chain(values);
                values.filter(|&v| lower <= v && v <= upper).take(VALUES_MAX).collect()
            }
        }
    }
}
