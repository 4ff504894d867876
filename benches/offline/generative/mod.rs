//! Rivals that learn where designs lie instead of climbing a model: CbAS and MINs.
//!
//! Both work on encoded designs (numbers and logits of letters in z-scores) and give samples, brought inside the bounds.

mod cbas;
mod mins;
mod vae;

pub(crate) use cbas::Cbas;
pub(crate) use mins::Mins;

use hatchery::surrogates::Draws;
use hatchery::surrogates::searcher::Problem;
use hatchery::surrogates::space::{Design, Encoding};

use super::arena::Arena;
use super::rank::ranked;

/// Rows of a step.
const BATCH: usize = 128;

/// Panics unless gradients are those of differences: a bench has no tests of its own.
pub(crate) fn self_test() {
    vae::self_test();
    mins::self_test();
}

/// Encoded designs, row after row.
struct Encoded {
    encoding: Encoding,
    x: Vec<f32>,
}

impl Encoded {
    /// The visible rows of a task.
    fn visible(arena: &Arena) -> Self {
        let encoding = arena.encoding.clone();
        let x = arena.designs.iter().flat_map(|design| encoding.encode(design));
        Self { x: x.map(|value| value as f32).collect(), encoding }
    }

    fn width(&self) -> usize {
        self.encoding.features()
    }
}

/// The designs that rows of features stand for, the best by the model first; rows that are not finite stand for none.
fn designs_of(problem: &Problem<'_>, encoding: &Encoding, x: &[f32]) -> Vec<Design> {
    let space = problem.surrogate.space();
    let rows = x.chunks_exact(encoding.features());
    let design = |row: &[f32]| {
        let row: Vec<f64> = row.iter().map(|value| f64::from(*value)).collect();
        space.repair(&encoding.decode(&row))
    };
    ranked(problem, rows.filter_map(design).collect())
}

/// The elements at these rows of a matrix with so many columns, one row after the other.
fn gather(x: &[f32], columns: usize, rows: &[usize]) -> Vec<f32> {
    rows.iter().flat_map(|row| &x[row * columns..(row + 1) * columns]).copied().collect()
}

fn normals(draws: &mut Draws, count: usize) -> Vec<f32> {
    (0..count).map(|_| draws.normal() as f32).collect()
}
