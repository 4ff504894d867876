//! The nearest point of a box on which a weighted sum has a given value.
//!
//! min Σ (yᵢ − xᵢ)²   with   Σ wᵢ yᵢ = t,   lᵢ ≤ yᵢ ≤ uᵢ       yᵢ = clip(xᵢ − λ wᵢ)
//!
//! The sum falls with λ in straight pieces, whose ends are where a clip sets in: they are sorted, and the piece that
//! holds t is solved exactly. With all weights 1, lower bounds 0 and t = 1 this is the sorting projection onto the
//! simplex (Held, Wolfe, Crowder 1974).

/// Members that are asked to take what rounding left over.
const ABSORBERS: usize = 4;

/// Moves `x` to that point; `bounds` are those of all sites. If the box holds no such point, `x` becomes the corner that
/// comes closest.
pub(super) fn project(terms: &[(usize, f64)], target: f64, x: &mut [f64], bounds: &[(f64, f64)]) {
    let moved = |lambda: f64, (site, weight): (usize, f64), x: &[f64]| {
        (x[site] - lambda * weight).clamp(bounds[site].0, bounds[site].1)
    };
    let sum_at = |lambda: f64, x: &[f64]| -> f64 {
        terms.iter().map(|&term| term.1 * moved(lambda, term, x)).sum()
    };
    let mut ends: Vec<f64> = Vec::with_capacity(2 * terms.len());
    for &(site, weight) in terms {
        ends.extend([bounds[site].0, bounds[site].1].map(|end| (x[site] - end) / weight));
    }
    ends.sort_by(f64::total_cmp);
    let (Some(&first), Some(&last)) = (ends.first(), ends.last()) else { return };
    // The first end at which the sum is no longer above the target.
    let after = ends.partition_point(|&lambda| sum_at(lambda, x) > target);
    let lambda = match after {
        0 => first,
        after if after == ends.len() => last,
        after => {
            let (left, right) = (ends[after - 1], ends[after]);
            let (high, low) = (sum_at(left, x), sum_at(right, x));
            left + (right - left) * ((high - target) / (high - low)).clamp(0.0, 1.0)
        }
    };
    for &term in terms {
        x[term.0] = moved(lambda, term, x);
    }
    absorb(terms, target, x, bounds);
}

/// Gives what rounding left over to members with room for it, those at a bound last.
fn absorb(terms: &[(usize, f64)], target: f64, x: &mut [f64], bounds: &[(f64, f64)]) {
    let inner = |&&(site, _): &&(usize, f64)| bounds[site].0 < x[site] && x[site] < bounds[site].1;
    let mut order: Vec<(usize, f64)> =
        terms.iter().filter(inner).copied().take(ABSORBERS).collect();
    order.extend(terms.iter().take(ABSORBERS));
    for (site, weight) in order {
        let left = target - terms.iter().map(|&(at, weight)| weight * x[at]).sum::<f64>();
        if left == 0.0 {
            return;
        }
        x[site] = (x[site] + left / weight).clamp(bounds[site].0, bounds[site].1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Draws;

    fn ones(count: usize) -> Vec<(usize, f64)> {
        (0..count).map(|site| (site, 1.0)).collect()
    }

    #[test]
    fn textbook_simplex() {
        let mut x = [0.9, 0.6, -0.2];
        project(&ones(3), 1.0, &mut x, &[(0.0, 1.0); 3]);
        for (found, expected) in x.iter().zip([0.65, 0.35, 0.0]) {
            assert!((found - expected).abs() < 1e-15, "{x:?}");
        }
        let mut far = [0.0, 0.0];
        project(&ones(2), 3.0, &mut far, &[(0.0, 1.0); 2]);
        assert_eq!(far, [1.0, 1.0], "3 is out of reach");
    }

    /// No point of the set that is drawn at random lies closer, and the result is on it.
    #[test]
    fn the_projection_is_the_nearest_point() {
        let mut draws = Draws::new(3, "project");
        for _ in 0..300 {
            let count = 2 + draws.below(5);
            let bounds: Vec<(f64, f64)> = (0..count)
                .map(|_| {
                    let lower = draws.between(-5.0, 5.0);
                    (lower, lower + draws.between(0.0, 4.0))
                })
                .collect();
            let weights: Vec<(usize, f64)> =
                (0..count).map(|site| (site, draws.normal() + 0.01)).collect();
            let inside: Vec<f64> = bounds.iter().map(|&(l, u)| draws.between(l, u)).collect();
            let sum = |x: &[f64]| weights.iter().map(|&(at, w)| w * x[at]).sum::<f64>();
            let target = sum(&inside);
            let start: Vec<f64> = (0..count).map(|_| draws.between(-9.0, 9.0)).collect();
            let mut found = start.clone();
            project(&weights, target, &mut found, &bounds);
            assert!((sum(&found) - target).abs() < 1e-12, "{}", sum(&found) - target);
            let far = |x: &[f64]| start.iter().zip(x).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
            assert!(far(&found) <= far(&inside) + 1e-9);
            let fits = |x: f64, (l, u): (f64, f64)| l <= x && x <= u;
            assert!(found.iter().zip(&bounds).all(|(&x, &b)| fits(x, b)));
        }
    }
}
