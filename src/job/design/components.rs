//! The two directions in which a table varies most, for a picture of rows and candidates.
//!
//! Features are one-hot categories and scaled numbers, each with mean 0 and deviation 1; directions are the first two right singular vectors of
//! rows × features, found by orthogonal iteration: a table may have thousands of features, and two directions are wanted.

use hatchery_surrogates::space::{Design, Encoding, Space};

/// Rows that directions are taken from.
const ROWS_MAX: usize = 1_000;
/// Rounds of the iteration; directions of nearly equal strength need not be told apart for a picture.
const ROUNDS: usize = 60;

/// Two directions in the space of features.
#[derive(Debug)]
pub(super) struct Components {
    encoding: Encoding,
    axes: [Vec<f64>; 2],
    /// Shares of the variance of all features that lie along each.
    pub(super) shares: [f64; 2],
}

impl Components {
    /// The directions of (an even sample of at most 1,000 of) the designs.
    pub(super) fn of(space: &Space, designs: &[Design]) -> Self {
        let step = designs.len().div_ceil(ROWS_MAX).max(1);
        let sample: Vec<Design> = designs.iter().step_by(step).cloned().collect();
        let encoding = Encoding::one_hot(space).z_scored(&sample);
        let rows: Vec<Vec<f64>> = sample.iter().map(|design| encoding.encode(design)).collect();
        let features = encoding.features();
        // Starts that are not orthogonal to anything likely, and are the same every time.
        let start = |salt: f64| (0..features).map(|at| (at as f64 * salt).sin() + 0.1).collect();
        let mut axes: [Vec<f64>; 2] = [start(1.3), start(2.7)];
        let mut strengths = [0.0; 2];
        for _ in 0..ROUNDS {
            let mut next = [vec![0.0; features], vec![0.0; features]];
            for row in &rows {
                for (axis, next) in axes.iter().zip(&mut next) {
                    let along = dot(row, axis);
                    next.iter_mut().zip(row).for_each(|(next, value)| *next += along * value);
                }
            }
            strengths[0] = normalise(&mut next[0]);
            let [first, second] = &mut next;
            let along = dot(first, second);
            second.iter_mut().zip(first.iter()).for_each(|(s, f)| *s -= along * f);
            strengths[1] = normalise(second);
            axes = next;
        }
        for axis in &mut axes {
            // Of the two signs the one in which the strongest feature is positive.
            let strongest =
                axis.iter().copied().fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
            axis.iter_mut().for_each(|value| *value *= if strongest < 0.0 { -1.0 } else { 1.0 });
        }
        let all: f64 = rows.iter().flatten().map(|value| value * value).sum();
        let shares =
            strengths.map(|strength| if all > 0.0 { (strength / all).min(1.0) } else { 0.0 });
        Self { encoding, axes, shares }
    }

    /// Where a design lies along both.
    pub(super) fn place(&self, design: &[f64]) -> [f64; 2] {
        let row = self.encoding.encode(design);
        [0, 1].map(|at| dot(&row, &self.axes[at]))
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Makes the length 1 and returns what it was; what has none stays 0.
fn normalise(vector: &mut [f64]) -> f64 {
    let length = dot(vector, vector).sqrt();
    if length < 1e-9 {
        vector.fill(0.0);
        return 0.0;
    }
    vector.iter_mut().for_each(|value| *value /= length);
    length
}

#[cfg(test)]
mod tests {
    use hatchery_surrogates::Draws;
    use hatchery_surrogates::space::{Constraints, Field, Kind};

    use super::*;

    fn space(columns: usize) -> Space {
        let field = |at| Field::new(format!("x{at}"), Kind::Real { lower: 0.0, upper: 1.0 });
        Space::try_new((0..columns).map(field).collect(), Constraints::default()).expect("a box")
    }

    #[test]
    fn columns_that_move_together_are_the_first_direction() {
        let mut draws = Draws::new(1, "rows of a test");
        let designs: Vec<Design> = (0..200)
            .map(|_| {
                let t = draws.uniform();
                vec![t, 1.0 - t, t, draws.uniform()]
            })
            .collect();
        let found = Components::of(&space(4), &designs);
        assert!((found.shares[0] - 0.75).abs() < 0.02, "{:?}", found.shares);
        assert!((found.shares[1] - 0.25).abs() < 0.02, "{:?}", found.shares);
        let axis = &found.axes[0];
        assert!((axis[0] + axis[1]).abs() < 1e-6 && axis[3].abs() < 0.2, "{axis:?}");
        let [low, high] = [0.0, 1.0].map(|t| found.place(&[t, 1.0 - t, t, 0.5])[0].abs());
        assert!((low - high).abs() < 1.0 && low > 1.0, "{low} {high}");
    }

    #[test]
    fn one_column_has_one_direction() {
        let designs: Vec<Design> = (0..9).map(|at| vec![f64::from(at) / 8.0]).collect();
        let found = Components::of(&space(1), &designs);
        assert_eq!((found.shares, found.place(&[1.0])[1]), ([1.0, 0.0], 0.0));
    }
}
