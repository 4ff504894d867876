//! Long series made short enough to draw.
//!
//! A picture has fewer columns than a long run has generations. Rows that share a column are one bucket: of a line
//! the means of the buckets are drawn and, behind them, their smallest and largest values; a band keeps its outline.

use std::ops::Range;

/// Buckets of a long series.
pub(super) const BUCKETS: usize = 400;

/// Whether a series of so many rows is thinned.
pub(super) fn is_long(len: usize) -> bool {
    len > 2 * BUCKETS
}

/// The points of a line; NaN where it has a gap.
pub(super) fn line(xs: &[f64], ys: &[f64]) -> Vec<(f64, f64)> {
    if !is_long(xs.len()) {
        return xs.iter().copied().zip(ys.iter().copied()).collect();
    }
    buckets(xs.len()).map(|rows| (xs[place(&rows, xs.len())], mean(&ys[rows]))).collect()
}

/// Points (x, low, high) of a band; NaN where it has a gap.
pub(super) fn band(xs: &[f64], low: &[f64], high: &[f64]) -> Vec<(f64, f64, f64)> {
    if !is_long(xs.len()) {
        return (0..xs.len()).map(|row| (xs[row], low[row], high[row])).collect();
    }
    let outline = |rows: Range<usize>| {
        let row = place(&rows, xs.len());
        let low = low[rows.clone()].iter().copied().fold(f64::NAN, f64::min);
        let high = high[rows].iter().copied().fold(f64::NAN, f64::max);
        (xs[row], low, high)
    };
    buckets(xs.len()).map(outline).collect()
}

/// At most so many rows, evenly spread, the first and the last among them.
pub(super) fn rows(len: usize, most: usize) -> Vec<usize> {
    if len <= most {
        return (0..len).collect();
    }
    (0..most).map(|i| i * (len - 1) / (most - 1)).collect()
}

fn buckets(len: usize) -> impl Iterator<Item = Range<usize>> {
    (0..BUCKETS).map(move |b| b * len / BUCKETS..(b + 1) * len / BUCKETS)
}

/// The row that stands for a bucket: its middle, but the ends of the whole series stay where they are.
fn place(rows: &Range<usize>, len: usize) -> usize {
    match (rows.start, rows.end) {
        (0, _) => 0,
        (_, end) if end == len => end - 1,
        (start, end) => usize::midpoint(start, end),
    }
}

/// Mean of the numbers; NaN if there are none.
fn mean(values: &[f64]) -> f64 {
    let (sum, count) = values
        .iter()
        .filter(|v| v.is_finite())
        .fold((0.0, 0_u32), |(sum, count), v| (sum + v, count + 1));
    sum / f64::from(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long() -> (Vec<f64>, Vec<f64>) {
        let xs: Vec<f64> = (0..100_000).map(f64::from).collect();
        let mut ys: Vec<f64> = xs.iter().map(|x| (x / 5000.0).sin()).collect();
        ys[70_001] = 9.0;
        ys[70_003] = -9.0;
        (xs, ys)
    }

    #[test]
    fn a_short_series_is_untouched() {
        let points = line(&[0.0, 1.0], &[5.0, f64::NAN]);
        assert_eq!(points[0], (0.0, 5.0));
        assert!(points[1].1.is_nan());
    }

    #[test]
    fn a_long_line_is_means_from_end_to_end() {
        let (xs, ys) = long();
        let points = line(&xs, &ys);
        assert_eq!(points.len(), BUCKETS);
        assert!(points.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!((points[0].0, points[BUCKETS - 1].0), (0.0, 99_999.0));
        assert!(points.iter().all(|(x, y)| (y - (x / 5000.0).sin()).abs() < 0.1));
    }

    #[test]
    fn a_long_band_keeps_its_ends_and_its_outline() {
        let (xs, ys) = long();
        let points = band(&xs, &ys, &ys);
        assert_eq!((points[0].0, points[BUCKETS - 1].0), (0.0, 99_999.0));
        assert!(points.iter().any(|p| p.1 == -9.0 && p.2 == 9.0));
        assert_eq!(points.len(), BUCKETS);
    }

    #[test]
    fn gaps_stay_gaps() {
        let xs: Vec<f64> = (0..10_000).map(f64::from).collect();
        let ys: Vec<f64> = (0..10_000).map(|i| if i < 5000 { f64::NAN } else { 1.0 }).collect();
        assert!(line(&xs, &ys).iter().take(100).all(|p| p.1.is_nan()));
        assert!(band(&xs, &ys, &ys)[3].1.is_nan());
    }

    #[test]
    fn rows_are_spread_from_first_to_last() {
        assert_eq!(rows(3, 12), [0, 1, 2]);
        assert_eq!(rows(101, 5), [0, 25, 50, 75, 100]);
        assert!(rows(0, 5).is_empty());
    }
}
