//! The knowledge gradient: what one experiment is expected to add to the best prediction of a list.
//!
//! ```text
//! KG(x) = E[maxⱼ μ⁺ⱼ] - maxⱼ μⱼ        μ⁺ⱼ = μⱼ + bⱼ Z        bⱼ = k(xⱼ, x)/√(σ²(x) + t²)        Z normal
//! E[maxⱼ aⱼ + bⱼ Z] = maxⱼ aⱼ + Σᵢ (bᵢ₊₁ - bᵢ) h(-|cᵢ|)
//! ```
//!
//! | symbol | code      | meaning                                                                        |
//! |--------|-----------|--------------------------------------------------------------------------------|
//! | aⱼ, bⱼ | `heights`, `slopes` | value at Z = 0 and slope of each line                                |
//! | cᵢ     |           | where the highest line changes, from left to right; the sum is over those only |
//! | h      |           | φ(z) + z Φ(z)                                                                  |
//!
//! Source: Frazier, Powell and Dayanik, "The knowledge-gradient policy for correlated normal beliefs" (2009), algorithm 1. No departures:
//! the value is exact.

use super::normal;
use crate::gp::Gp;

/// `E[maxⱼ aⱼ + bⱼ Z]` for a standard normal Z, exact: by the upper envelope of the lines.
///
/// # Panics
/// If there is no line, or the lists differ in length.
pub fn expected_maximum(heights: &[f64], slopes: &[f64]) -> f64 {
    assert_eq!(heights.len(), slopes.len(), "each line has a height and a slope");
    let top = heights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert!(top > f64::NEG_INFINITY, "there must be a line");
    let envelope = envelope(heights, slopes);
    let corners = envelope.windows(2).map(|pair| {
        let ((a, b), (next_a, next_b)) = (pair[0], pair[1]);
        let corner = (a - next_a) / (next_b - b);
        (next_b - b) * normal::improvement(-corner.abs())
    });
    top + corners.sum::<f64>()
}

/// The lines that are highest somewhere, from left to right, as (height, slope).
fn envelope(heights: &[f64], slopes: &[f64]) -> Vec<(f64, f64)> {
    let mut lines: Vec<(f64, f64)> = heights.iter().copied().zip(slopes.iter().copied()).collect();
    lines.sort_by(|x, y| x.1.total_cmp(&y.1).then(x.0.total_cmp(&y.0)));
    let mut envelope: Vec<(f64, f64)> = Vec::new();
    for line in lines {
        while let Some(&last) = envelope.last() {
            let parallel = last.1 == line.1;
            // The last line is nowhere highest if the new one passes it before it has passed the one before it.
            let passed = match envelope.len().checked_sub(2).map(|at| envelope[at]) {
                Some(before) if !parallel => {
                    (last.0 - line.0) * (last.1 - before.1)
                        <= (before.0 - last.0) * (line.1 - last.1)
                }
                _ => parallel,
            };
            if !passed {
                break;
            }
            envelope.pop();
        }
        envelope.push(line);
    }
    envelope
}

/// The knowledge gradient of an observation at `x`, ≥ 0, if what will be built is the design of `list` (one behind the other) with the
/// largest posterior mean.
///
/// # Panics
/// If the list is empty or the number of features is another.
pub fn knowledge_gradient(gp: &Gp, list: &[f64], x: &[f64]) -> f64 {
    let (list, there) = (gp.solved(list), gp.solved(x));
    let heights = gp.means(&list);
    let deviation = (gp.predict(x).variance + gp.hyper().noise).sqrt();
    let slopes = gp.joint(&list, &there) / deviation;
    let top = heights.max();
    (expected_maximum(heights.as_slice(), slopes.as_slice()) - top).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Draws;
    use crate::gp::Hyper;

    /// By a sum over a fine grid of Z.
    fn by_quadrature(heights: &[f64], slopes: &[f64]) -> f64 {
        let steps = 200_000;
        let width = 20.0 / f64::from(steps);
        let value = |step: i32| {
            let z = (f64::from(step) + 0.5) * width - 10.0;
            let lines = heights.iter().zip(slopes).map(|(a, b)| a + b * z);
            lines.fold(f64::NEG_INFINITY, f64::max) * normal::density(z) * width
        };
        (0..steps).map(value).sum()
    }

    #[test]
    fn the_envelope_gives_what_quadrature_gives() {
        let mut draws = Draws::new(1, "lines");
        for count in [1, 2, 3, 9] {
            let heights: Vec<f64> = (0..count).map(|_| draws.normal()).collect();
            let slopes: Vec<f64> = (0..count).map(|_| draws.normal()).collect();
            let exact = expected_maximum(&heights, &slopes);
            assert!((exact - by_quadrature(&heights, &slopes)).abs() < 1e-8, "{count} lines");
        }
        // Parallel lines, equal lines, three through one point.
        let (heights, slopes) = ([0.0, 1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 0.0, -1.0]);
        let exact = expected_maximum(&heights, &slopes);
        assert!((exact - by_quadrature(&heights, &slopes)).abs() < 1e-8);
    }

    #[test]
    fn it_is_the_expected_improvement_against_a_sure_thing() {
        // One line of height μ and slope σ, one level.
        let exact = expected_maximum(&[0.3, 0.8], &[0.5, 0.0]) - 0.8;
        let improvement = 0.5 * normal::improvement((0.3 - 0.8) / 0.5);
        assert!((exact - improvement).abs() < 1e-14);
    }

    #[test]
    fn knowledge_never_hurts() {
        let mut draws = Draws::new(2, "designs");
        let rows: Vec<f64> = (0..20).map(|_| draws.uniform()).collect();
        let scores: Vec<f64> = rows.chunks(2).map(|x| x[0] - x[1] * x[1]).collect();
        let hyper = Hyper { mean: 0.0, length_scales: vec![0.5, 0.5], signal: 1.0, noise: 0.01 };
        let gp = Gp::new(&rows, &[0, 1], &scores, hyper).expect("valid");
        let list: Vec<f64> = (0..60).map(|_| draws.uniform()).collect();
        let values: Vec<f64> = (0..50)
            .map(|_| knowledge_gradient(&gp, &list, &[draws.uniform(), draws.uniform()]))
            .collect();
        assert!(values.iter().all(|value| *value >= 0.0) && values.iter().any(|v| *v > 1e-4));
        // Far away nothing is learned about the list.
        assert!(knowledge_gradient(&gp, &list, &[50.0, 50.0]) < 1e-12);
    }
}
