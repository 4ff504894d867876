//! Small statistics of a list of numbers: mean, deviation, quantiles, ranks, rank correlation.
//!
//! No list may hold NaN; of an empty list everything is NaN.

/// The mean; NaN of nothing.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The standard deviation of a sample, `√(Σ (x − mean)² / (n − 1))`; NaN of fewer than two numbers.
pub fn sample_sd(values: &[f64]) -> f64 {
    (squares(values) / (values.len() as f64 - 1.0)).sqrt()
}

/// The standard deviation of a whole population, `√(Σ (x − mean)² / n)`; NaN of nothing.
pub fn population_sd(values: &[f64]) -> f64 {
    (squares(values) / values.len() as f64).sqrt()
}

fn squares(values: &[f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let mean = mean(values);
    values.iter().map(|x| (x - mean).powi(2)).sum()
}

/// The median: the mean of the two in the middle if their number is even.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The quantile at `share` (clipped to 0..=1), with linear interpolation between the two nearest: of n sorted numbers,
/// number `(n − 1) share` counted from 0.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile_of_sorted(&sorted, share)
}

/// As [`quantile`], of numbers that are sorted already.
pub fn quantile_of_sorted(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let at = share.clamp(0.0, 1.0) * last as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(last);
    let part = at - below as f64;
    if part == 0.0 || sorted[below] == sorted[above] {
        return sorted[below];
    }
    sorted[below] * (1.0 - part) + sorted[above] * part
}

/// The rank of each number, from 1; equal numbers share the mean of their ranks.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    while first < order.len() {
        let value = values[order[first]];
        let equal = order[first..].iter().take_while(|&&at| values[at] == value).count();
        // Ranks first + 1 to first + equal.
        let rank = first as f64 + (equal as f64 + 1.0) / 2.0;
        order[first..first + equal].iter().for_each(|&at| ranks[at] = rank);
        first += equal;
    }
    ranks
}

/// Pearson's correlation; 0 if one of the lists is constant.
///
/// # Panics
/// If the lists differ in length.
pub fn pearson(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "a correlation is of pairs");
    let (mean_a, mean_b) = (mean(a), mean(b));
    let products = a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b));
    let scale = (squares(a) * squares(b)).sqrt();
    if scale > 0.0 { (products.sum::<f64>() / scale).clamp(-1.0, 1.0) } else { 0.0 }
}

/// Spearman's rank correlation, ties sharing their mean rank; 0 if one of the lists is constant.
///
/// # Panics
/// If the lists differ in length.
pub fn spearman(a: &[f64], b: &[f64]) -> f64 {
    pearson(&ranks(a), &ranks(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn textbook_values() {
        let values = [4.0, 1.0, 3.0, 2.0];
        assert_eq!((mean(&values), median(&values)), (2.5, 2.5));
        assert!((sample_sd(&values) - (5.0 / 3.0_f64).sqrt()).abs() < 1e-15);
        assert!((population_sd(&values) - 1.25_f64.sqrt()).abs() < 1e-15);
        assert_eq!([0.0, 1.0, -3.0, 7.0].map(|q| quantile(&values, q)), [1.0, 4.0, 1.0, 4.0]);
        assert!((quantile(&values, 0.9) - 3.7).abs() < 1e-12);
        assert_eq!(median(&[5.0]), 5.0);
        assert!(median(&[]).is_nan() && mean(&[]).is_nan() && sample_sd(&[1.0]).is_nan());
    }

    #[test]
    fn equal_numbers_share_their_rank() {
        assert_eq!(ranks(&[10.0, 20.0, 10.0, 5.0]), [2.5, 4.0, 2.5, 1.0]);
        assert_eq!(ranks(&[]), Vec::<f64>::new());
    }

    #[test]
    fn rank_correlation_ignores_increasing_maps() {
        let a = [0.3, -1.0, 2.0, 0.9, 0.1];
        let cubes: Vec<f64> = a.iter().map(|x: &f64| x.powi(3)).collect();
        let falling: Vec<f64> = a.iter().map(|x: &f64| (-x).exp()).collect();
        assert!((spearman(&a, &cubes) - 1.0).abs() < 1e-12);
        assert!((spearman(&a, &falling) + 1.0).abs() < 1e-12);
        assert_eq!(spearman(&a, &[7.0; 5]), 0.0);
        // 1 - 6 Σd² / (n (n² - 1)) without ties: differences 0, 1, 1, 0 of 4.
        assert!((spearman(&[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 4.0]) - 0.8).abs() < 1e-12);
    }
}
