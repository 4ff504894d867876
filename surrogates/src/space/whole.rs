//! Steps of whole numbers towards sums and limits, where rounding alone has missed them.

use super::{Row, Space};

/// Steps taken at most.
const STEPS_MAX: usize = 2_000;

/// The whole numbers of sums and limits while they are moved.
#[derive(Debug)]
pub(super) struct WholeNumbers<'a> {
    rows: &'a [Row],
    /// Their sites, fixed ones included.
    sites: &'a [usize],
    /// Where they were before rounding.
    wanted: &'a [f64],
    bounds: &'a [(f64, f64)],
    /// Of each row: what its real members can add, least and most.
    spans: Vec<(f64, f64)>,
}

/// A step of one number, or of two together: site and amount.
type Step = [(usize, f64); 2];

impl<'a> WholeNumbers<'a> {
    pub(super) fn new(
        space: &'a Space,
        sites: &'a [usize],
        wanted: &'a [f64],
        bounds: &'a [(f64, f64)],
    ) -> Self {
        let mut reals = bounds.to_vec();
        sites.iter().for_each(|&site| reals[site] = (0.0, 0.0));
        let spans = space.rows.iter().map(|row| row.reach(&reals)).collect();
        Self { rows: &space.rows, sites, wanted, bounds, spans }
    }

    /// Steps by 1 as long as they lessen what the reals cannot make up for; of those that lessen it most, the one that
    /// stays nearest to what was wanted. Pairs are looked at only where no single step helps.
    pub(super) fn step(&self, x: &mut [f64]) {
        let free = |&&site: &&usize| self.bounds[site].0 < self.bounds[site].1;
        let free: Vec<usize> = self.sites.iter().filter(free).copied().collect();
        let singles: Vec<Step> =
            free.iter().flat_map(|&s| [1.0, -1.0].map(|by| [(s, by), (s, 0.0)])).collect();
        for _ in 0..STEPS_MAX {
            let now = self.gap(x);
            if now == 0.0 {
                return;
            }
            let single = self.best(x, now, singles.iter().copied());
            let Some(step) = single.or_else(|| self.best(x, now, pairs(&free))) else { return };
            step.iter().for_each(|&(site, by)| x[site] += by);
        }
    }

    /// The best of some steps, if one lessens the gap.
    fn best(&self, x: &mut [f64], now: f64, steps: impl Iterator<Item = Step>) -> Option<Step> {
        let mut best: Option<((f64, f64), Step)> = None;
        for step in steps {
            let inside = |&(site, by): &(usize, f64)| {
                let (lower, upper) = self.bounds[site];
                (lower..=upper).contains(&(x[site] + by))
            };
            if !step.iter().all(inside) {
                continue;
            }
            step.iter().for_each(|&(site, by)| x[site] += by);
            let worth = (self.gap(x), self.off(x));
            step.iter().for_each(|&(site, by)| x[site] -= by);
            if worth.0 < now && best.is_none_or(|(other, _)| worth < other) {
                best = Some((worth, step));
            }
        }
        best.map(|(_, step)| step)
    }

    /// By how much all rows are missed, whatever the reals are.
    fn gap(&self, x: &[f64]) -> f64 {
        let gap = |(row, &(least, most)): (&Row, &(f64, f64))| {
            let whole = row.terms.iter().filter(|term| self.sites.contains(&term.0));
            let value: f64 = whole.map(|&(site, weight)| weight * x[site]).sum();
            let over = value + least - row.bound;
            let under = if row.is_sum { row.bound - value - most } else { 0.0 };
            let gap = over.max(under);
            if gap > row.tolerance { gap } else { 0.0 }
        };
        self.rows.iter().zip(&self.spans).map(gap).sum()
    }

    fn off(&self, x: &[f64]) -> f64 {
        self.sites.iter().map(|&site| (x[site] - self.wanted[site]).powi(2)).sum()
    }
}

fn pairs(free: &[usize]) -> impl Iterator<Item = Step> {
    let signs = [(1.0, -1.0), (-1.0, 1.0), (1.0, 1.0), (-1.0, -1.0)];
    let seconds = move |at: usize| free[at + 1..].iter().map(move |&b| (free[at], b));
    let pairs = (0..free.len()).flat_map(seconds);
    pairs.flat_map(move |(a, b)| signs.map(|(p, q)| [(a, p), (b, q)]))
}
