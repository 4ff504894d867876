//! Assertions for tests of arithmetic and of random draws, shared by all crates of the workspace.

/// Asserts `|actual − expected| ≤ atol + rtol · |expected|` for each element.
///
/// # Panics
/// If the lengths differ or an element is farther off or NaN; the message shows how many are, and
/// the worst with its index.
#[track_caller]
pub fn assert_close(actual: &[f32], expected: &[f32], atol: f32, rtol: f32) {
    assert_eq!(actual.len(), expected.len(), "lengths differ");
    // Excess over the tolerance: NaN counts as infinitely far off, equal infinities as no error.
    let excess = |index: &usize| {
        let (a, b) = (f64::from(actual[*index]), f64::from(expected[*index]));
        let error = if a == b { 0.0 } else { (a - b).abs() };
        let excess = error - (f64::from(atol) + f64::from(rtol) * b.abs());
        if excess.is_nan() { f64::INFINITY } else { excess }
    };
    let failed: Vec<usize> = (0..actual.len()).filter(|index| excess(index) > 0.0).collect();
    if let Some(worst) = failed.iter().max_by(|a, b| excess(a).total_cmp(&excess(b))) {
        panic!(
            "{} of {} elements differ; the worst is element {worst}: got {:?}, expected {:?} \
             (atol {atol:e}, rtol {rtol:e})",
            failed.len(),
            actual.len(),
            actual[*worst],
            expected[*worst],
        );
    }
}

/// Asserts that the mean of `samples` is within `z` of its standard errors from `expected`.
///
/// If all is well, `z = 4` raises a false alarm for one seed in 16,000, `z = 5` for one in 1.7
/// million.
///
/// # Panics
/// If there are fewer than two samples, or the mean is farther off or NaN.
#[track_caller]
pub fn assert_mean_within(samples: &[f32], expected: f64, z: f64) {
    assert!(samples.len() > 1, "a standard error needs two samples, got {}", samples.len());
    let count = samples.len() as f64;
    let mean = samples.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
    let squares = samples.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>();
    let standard_error = (squares / (count - 1.0) / count).sqrt();
    let off = (mean - expected).abs();
    assert!(
        off <= z * standard_error,
        "the mean of {count} samples is {mean}, {:.2} standard errors from {expected} (at most {z})",
        off / standard_error,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_values_pass() {
        assert_close(&[1.0, 100.0, f32::INFINITY], &[1.0005, 100.1, f32::INFINITY], 1e-3, 1e-3);
        assert_close(&[], &[], 0.0, 0.0);
    }

    #[test]
    #[should_panic(expected = "2 of 3 elements differ; the worst is element 2: got 9.0")]
    fn the_worst_element_is_named() {
        assert_close(&[1.0, 2.0, 9.0], &[1.0, 2.5, 3.0], 0.1, 0.0);
    }

    #[test]
    #[should_panic(expected = "element 1: got NaN, expected 2.0")]
    fn nan_is_never_close() {
        assert_close(&[1.0, f32::NAN], &[1.0, 2.0], 1e9, 1e9);
    }

    #[test]
    fn a_mean_within_its_error_passes() {
        assert_mean_within(&[0.0, 1.0, 0.0, 1.0], 0.6, 1.0);
    }

    #[test]
    #[should_panic(expected = "standard errors from 3 (at most 4)")]
    fn a_mean_beyond_its_error_fails() {
        assert_mean_within(&[0.0, 1.0, 0.0, 1.0], 3.0, 4.0);
    }
}
