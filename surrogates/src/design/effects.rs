//! Which columns a model goes by: what its ranking of rows loses where the values of one are exchanged among them.
//!
//! eⱼ = ρ(ŷ, y) − ρ(ŷ⁽ʲ⁾, y)
//!
//! | symbol | code | meaning |
//! |---|---|---|
//! | ρ | [`statistics::spearman`] | rank correlation, over rows that the fit had not seen |
//! | ŷ, y | [`Part`] | predictions and scores of those rows |
//! | ŷ⁽ʲ⁾ | `exchange` | predictions after the values of site j were exchanged among the rows of a part, as a mean over repeats |
//!
//! Columns that vary together stand in for each other, and each then seems to matter less than both do. Sums and limits are not kept while values are exchanged.
//!
//! Source: permutation importance, Breiman 2001, section 10; with left-out rows as in Fisher, Rudin and Dominici 2019.

use rayon::prelude::*;

use super::calibrate::Part;
use crate::space::{Design, Site, Space};
use crate::{Draws, statistics};

/// With more free sites than this nothing is said: there are too few rows to tell them apart, and too many predictions to make.
const SITES_MAX: usize = 256;

/// Predictions for all sites together.
const PREDICTIONS: usize = 20_000;

/// Rows of all parts together.
const ROWS_MAX: usize = 1_000;

/// Repeats of each exchange.
const REPEATS_MAX: usize = 10;

/// A site with a smaller loss hardly matters.
const LOSS_MIN: f64 = 0.01;

/// From this trend on, up or down, predictions mostly rise or fall with the value of a site.
const TREND_MIN: f64 = 0.7;

/// How much a site matters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// Which, in the order of the space.
    pub site: usize,
    /// What the rank correlation loses, mostly from 0 (nothing) to that correlation itself, twice that at most; below 0 by chance.
    pub loss: f64,
    /// Rank correlation of changes of the value with those of the prediction, −1 to 1: above 0 more is better. None of a site without order.
    pub trend: Option<f64>,
}

impl Effect {
    /// Whether the model goes by it at all.
    pub fn matters(&self) -> bool {
        self.loss >= LOSS_MIN
    }

    /// Which way predictions mostly rise, of a site that matters.
    pub fn better(&self) -> Option<&'static str> {
        match self.trend.filter(|_| self.matters()) {
            Some(trend) if trend >= TREND_MIN => Some("more is better"),
            Some(trend) if trend <= -TREND_MIN => Some("less is better"),
            _ => None,
        }
    }
}

/// How much each free site matters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects {
    /// Rank correlation of predictions and scores of the rows that it was measured on.
    pub correlation: f64,
    /// One for each free site, the greatest loss first; empty if there are more than 256.
    pub sites: Vec<Effect>,
}

impl Effects {
    pub(super) fn of(space: &Space, parts: &[Part], seed: u64) -> Self {
        let free = space.free_sites();
        let judged: usize = parts.iter().map(|part| part.rows.scores.len()).sum();
        if free.is_empty() || free.len() > SITES_MAX || judged < 3 {
            return Self::default();
        }
        let rows = (PREDICTIONS / free.len()).min(ROWS_MAX);
        let kept: Vec<Kept<'_>> =
            parts.iter().map(|part| Kept::of(part, rows.div_ceil(parts.len()))).collect();
        let scores: Vec<f64> = kept.iter().flat_map(|part| part.scores).copied().collect();
        let predicted: Vec<f64> = kept
            .iter()
            .flat_map(|part| part.part.predictions.iter().take(part.scores.len()))
            .map(|p| p.mean)
            .collect();
        let correlation = statistics::spearman(&predicted, &scores);
        let repeats = (PREDICTIONS / (free.len() * scores.len())).clamp(1, REPEATS_MAX);
        let effect = |&site: &usize| {
            let (mut losses, mut trends) = (Vec::new(), Vec::new());
            for repeat in 0..repeats {
                let number = (site * REPEATS_MAX + repeat) as u64;
                let mut draws = Draws::numbered(seed, "values exchanged among rows", number);
                let (mut steps, mut means) = (Vec::new(), Vec::new());
                kept.iter()
                    .for_each(|part| part.exchange(site, &mut draws, &mut steps, &mut means));
                let rises: Vec<f64> = means.iter().zip(&predicted).map(|(a, b)| a - b).collect();
                losses.push(correlation - statistics::spearman(&means, &scores));
                trends.push(statistics::spearman(&steps, &rises));
            }
            let is_ordered = !matches!(space.sites()[site], Site::Categorical { .. });
            let trend = is_ordered.then(|| statistics::mean(&trends));
            Effect { site, loss: statistics::mean(&losses), trend }
        };
        let mut sites: Vec<Effect> = free.par_iter().map(effect).collect();
        sites.sort_by(|a, b| b.loss.total_cmp(&a.loss).then(a.site.cmp(&b.site)));
        Self { correlation, sites }
    }
}

/// The rows of a part that are predicted again.
struct Kept<'a> {
    part: &'a Part,
    designs: &'a [Design],
    scores: &'a [f64],
}

impl<'a> Kept<'a> {
    fn of(part: &'a Part, most: usize) -> Self {
        let count = part.rows.scores.len().min(most);
        Self { part, designs: &part.rows.designs[..count], scores: &part.rows.scores[..count] }
    }

    /// Predictions with the values of a site in another order, and by how much each value rose.
    fn exchange(&self, site: usize, draws: &mut Draws, steps: &mut Vec<f64>, means: &mut Vec<f64>) {
        let mut designs = self.designs.to_vec();
        for (design, from) in designs.iter_mut().zip(draws.order(self.designs.len())) {
            let value = self.designs[from][site];
            steps.push(value - design[site]);
            design[site] = value;
        }
        means.extend(self.part.surrogate.means(&designs));
    }
}
