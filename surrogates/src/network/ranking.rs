//! Losses of a list of rows: what counts is the order of predictions, not their size.
//!
//! | loss | formula |
//! |---|---|
//! | [`Ranking::ListNet`] | −Σ softmax(y) ln softmax(g) |
//! | [`Ranking::RankCosine`] | 1 − Σ (y − ȳ)(g − ḡ) / (‖y − ȳ‖ ‖g − ḡ‖), halved |
//! | [`Ranking::RankNet`] | mean of ln(1 + e^−(gᵢ − gⱼ)) over pairs with yᵢ > yⱼ; here neighbours of a random cycle, so that its cost is that of the list |
//!
//! Source: Tan et al., ICLR 2025 (RaM). Departure: RankNet over a cycle instead of all pairs; the rows of a list are in random order already.

use super::Real;

/// Which loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ranking {
    /// Cross-entropy of the two softmaxes of the list.
    ListNet,
    /// One minus the correlation within the list, halved.
    RankCosine,
    /// Logistic loss of differences.
    RankNet,
}

impl Ranking {
    /// The loss of predictions `g` for scores `y`, and its slope in each prediction.
    pub fn loss<T: Real>(self, g: &[T], y: &[T], slope: &mut [T]) -> f64 {
        match self {
            Self::ListNet => list_net(g, y, slope),
            Self::RankCosine => rank_cosine(g, y, slope),
            Self::RankNet => rank_net(g, y, slope),
        }
    }
}

fn softmax<T: Real>(values: &[T]) -> (Vec<f64>, f64) {
    let top = values.iter().map(|v| v.wide()).fold(f64::NEG_INFINITY, f64::max);
    let shares: Vec<f64> = values.iter().map(|v| (v.wide() - top).exp()).collect();
    let sum: f64 = shares.iter().sum();
    (shares.iter().map(|share| share / sum).collect(), top + sum.ln())
}

fn list_net<T: Real>(g: &[T], y: &[T], slope: &mut [T]) -> f64 {
    let (wanted, _) = softmax(y);
    let (given, log_sum) = softmax(g);
    let mut loss = 0.0;
    for (((slope, g), wanted), given) in slope.iter_mut().zip(g).zip(&wanted).zip(&given) {
        loss -= wanted * (g.wide() - log_sum);
        *slope = T::of(given - wanted);
    }
    loss
}

fn rank_cosine<T: Real>(g: &[T], y: &[T], slope: &mut [T]) -> f64 {
    let count = g.len() as f64;
    let mean = |v: &[T]| v.iter().map(|x| x.wide()).sum::<f64>() / count;
    let (g_mean, y_mean) = (mean(g), mean(y));
    let (mut gg, mut yy, mut gy) = (0.0, 0.0, 0.0);
    for (g, y) in g.iter().zip(y) {
        let (g, y) = (g.wide() - g_mean, y.wide() - y_mean);
        gg += g * g;
        yy += y * y;
        gy += g * y;
    }
    let size = (gg * yy).sqrt().max(1e-12);
    let cosine = gy / size;
    for ((slope, g), y) in slope.iter_mut().zip(g).zip(y) {
        let (g, y) = (g.wide() - g_mean, y.wide() - y_mean);
        *slope = T::of(-0.5 * (y / size - cosine * g / gg.max(1e-12)));
    }
    0.5 * (1.0 - cosine)
}

fn rank_net<T: Real>(g: &[T], y: &[T], slope: &mut [T]) -> f64 {
    slope.fill(T::default());
    let rows = g.len();
    let mut loss = 0.0;
    let share = 1.0 / rows as f64;
    for i in 0..rows {
        let j = (i + 1) % rows;
        let (high, low) = if y[i] > y[j] {
            (i, j)
        } else if y[j] > y[i] {
            (j, i)
        } else {
            continue;
        };
        let gap = g[high].wide() - g[low].wide();
        // ln(1 + e^-gap), for any gap.
        loss += share * ((-gap.abs()).exp().ln_1p() + (-gap).max(0.0));
        let pull = T::of(share / (1.0 + gap.exp()));
        slope[high] = slope[high] - pull;
        slope[low] += pull;
    }
    loss
}
