//! The tasks of Q2: drawn functions, sizes, noise and windows.

use hatchery::surrogates::Draws;
use hatchery::tasks::designs::{self, Benchmark, DesignError, Oracle, Protocol, Window};

use super::arena::Arena;
use super::quadratic::Quadratic;

/// Rows of the visible kind that are kept apart to measure coverage on, at most.
const TEST_ROWS: usize = 1_000;
/// Fewest visible rows, unless the window has fewer.
const ROWS_MIN: f64 = 50.0;

/// What shall come of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any function, size, noise and window.
    General,
    /// The same with its scores in random order: there is nothing to learn.
    Permuted,
    /// A quadratic without noise, which a quadratic model fits exactly.
    Quadratic,
}

impl Kind {
    pub(crate) const ALL: [(&'static str, Self); 3] =
        [("general", Self::General), ("permuted", Self::Permuted), ("quadratic", Self::Quadratic)];
}

/// A drawn task.
pub(crate) struct Generated {
    pub(crate) arena: Arena,
    pub(crate) function: String,
    pub(crate) window: &'static str,
    /// Standard deviation of a measurement, as a share of that of all scores, and in units of the score.
    pub(crate) noise: f64,
    pub(crate) error: f64,
    /// Rows of the pool that are like the visible ones and not among them.
    pub(crate) test: Vec<usize>,
}

impl Generated {
    /// Task number `index` of a kind, with at most `rows_max` visible rows.
    ///
    /// # Errors
    /// What is wrong, as a sentence.
    pub(crate) fn draw(kind: Kind, index: u64, rows_max: usize) -> Result<Self, String> {
        let mut draws = Draws::numbered(kind as u64, "tasks of Q2", index);
        let seed = index + 10_000 * kind as u64;
        let function = if kind == Kind::Quadratic { 7 } else { draws.below(8) };
        let (name, oracle) = oracle(function, seed, &mut draws).map_err(|e| e.to_string())?;
        let rows = ROWS_MIN * (rows_max as f64 / ROWS_MIN).powf(draws.uniform());
        let noise = match kind {
            Kind::Quadratic => 0.0,
            _ if draws.chance(0.25) => 0.0,
            _ => draws.between(0.0, 0.5),
        };
        let discrete = oracle.sites()[0].levels().is_some();
        let (window, named) = match index % 3 {
            0 => (Window::Lowest { share: 0.5 }, "lowest"),
            1 => (Window::Gap { radius: if discrete { 0.5 } else { 0.15 } }, "gap"),
            _ => (Window::Slab, "slab"),
        };
        let protocol = Protocol { windows: vec![window], rows: None, noise };
        let mut benchmark = Benchmark::assemble(oracle, protocol, seed)
            .map_err(|error| format!("{name}, {named}: {error}"))?;
        let error = noise * deviation(&benchmark);
        let test = choose(&mut benchmark, rows as usize, &mut draws);
        let mut arena = Arena::new(&name, benchmark, seed, 0);
        if kind == Kind::Permuted {
            draws.shuffle(&mut arena.scores);
        }
        Ok(Self { arena, function: name, window: named, noise, error, test })
    }
}

fn oracle(
    function: usize,
    seed: u64,
    draws: &mut Draws,
) -> Result<(String, Box<dyn Oracle>), DesignError> {
    let columns = 2 + draws.below(5);
    let name = match function {
        0 => "hartmann6".into(),
        1 => format!("ackley{columns}"),
        2 => format!("rastrigin{columns}"),
        3 => format!("levy{columns}"),
        4 => {
            if columns == 2 {
                "branin".into()
            } else {
                format!("rosenbrock{columns}")
            }
        }
        5 => "tfbind-like".into(),
        6 => "rmf".into(),
        _ => {
            let name = format!("quadratic{columns}");
            return Ok((name, Box::new(Quadratic::draw(columns, seed))));
        }
    };
    let oracle = designs::oracle(&name, None, seed)?;
    Ok((name, oracle))
}

/// Keeps so many visible rows, at most three quarters of them, and returns some of the others.
fn choose(benchmark: &mut Benchmark, rows: usize, draws: &mut Draws) -> Vec<usize> {
    let mut inside = benchmark.split.visible.clone();
    draws.shuffle(&mut inside);
    let rows = rows.min(inside.len() * 3 / 4);
    let mut test = inside.split_off(rows);
    test.truncate(TEST_ROWS);
    inside.sort_unstable();
    benchmark.split.visible = inside;
    test
}

/// Standard deviation of the true scores of the pool.
fn deviation(benchmark: &Benchmark) -> f64 {
    let truths = benchmark.pool.truths.iter().copied().filter(|truth| !truth.is_nan());
    hatchery::surrogates::statistics::population_sd(&truths.collect::<Vec<f64>>())
}
