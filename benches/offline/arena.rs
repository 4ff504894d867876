//! A task as a method meets it: a space, visible rows, and a truth that is asked at the end.

use std::path::Path;

use hatchery::surrogates::space::{Constraints, Design, Encoding, Field, Kind, Space};
use hatchery::surrogates::{Draws, Rows, statistics};
use hatchery::tasks::designs::{self, Benchmark, DesignError};

/// Hidden rows that rank correlations are taken over, at most.
const HIDDEN_MAX: usize = 5_000;

/// A drawn task.
#[derive(Debug)]
pub(crate) struct Arena {
    pub(crate) name: String,
    pub(crate) seed: u64,
    pub(crate) benchmark: Benchmark,
    pub(crate) space: Space,
    /// Categories as logits, all z-scored over the visible rows.
    pub(crate) encoding: Encoding,
    /// Visible designs.
    pub(crate) designs: Vec<Design>,
    /// Their scores.
    pub(crate) scores: Vec<f64>,
    /// Visible designs, the best first.
    pub(crate) start: Vec<Design>,
    /// Hidden designs and their true scores.
    pub(crate) hidden: (Vec<Design>, Vec<f64>),
}

impl Arena {
    /// The task of a name and seed with at most `rows` visible rows (0: all), a sample if there are more.
    ///
    /// # Errors
    /// What is wrong, as a sentence.
    pub(crate) fn named(
        name: &str,
        data: Option<&Path>,
        seed: u64,
        rows: usize,
    ) -> Result<Self, String> {
        let benchmark = designs::named(name, data, seed).map_err(|error| error.to_string())?;
        Ok(Self::new(name, benchmark, seed, rows))
    }

    /// A drawn benchmark as an arena.
    pub(crate) fn new(name: &str, benchmark: Benchmark, seed: u64, rows: usize) -> Self {
        let mut visible = benchmark.split.visible.clone();
        if rows > 0 && rows < visible.len() {
            let chosen = Draws::new(seed, "visible rows of a bench").choose(visible.len(), rows);
            visible = chosen.into_iter().map(|at| visible[at]).collect();
            visible.sort_unstable();
        }
        let mut hidden = benchmark.split.hidden.clone();
        if hidden.len() > HIDDEN_MAX {
            let mut draws = Draws::new(seed, "hidden rows of a bench");
            let chosen = draws.choose(hidden.len(), HIDDEN_MAX);
            hidden = chosen.into_iter().map(|at| hidden[at]).collect();
        }
        let space = space(&benchmark);
        let pool = &benchmark.pool;
        let designs_of = |rows: &[usize]| -> Vec<Design> {
            rows.iter().map(|row| pool.designs[*row].clone()).collect()
        };
        let truths = hidden.iter().map(|row| pool.truths[*row]).collect();
        let hidden = (designs_of(&hidden), truths);
        let designs = designs_of(&visible);
        let scores: Vec<f64> = visible.iter().map(|row| pool.scores[*row]).collect();
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        let start = order.into_iter().map(|row| designs[row].clone()).collect();
        let encoding = Encoding::logits(&space).z_scored(&designs);
        let name = name.to_owned();
        Self { name, seed, benchmark, space, encoding, designs, scores, start, hidden }
    }

    /// Visible designs and scores.
    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows::new(&self.designs, &self.scores)
    }

    /// The true score of a design, after its numbers are brought inside their bounds; none if it is infeasible.
    pub(crate) fn truth(&self, design: &[f64]) -> Option<f64> {
        let sites = self.benchmark.oracle.sites();
        let clipped: Design = sites.iter().zip(design).map(|(s, v)| s.clip(*v)).collect();
        self.benchmark.oracle.truth(&clipped)
    }

    /// Whether all columns are categories.
    pub(crate) fn is_discrete(&self) -> bool {
        self.benchmark.oracle.sites().iter().all(|site| site.levels().is_some())
    }

    /// Rank correlation of predictions with the truth on hidden rows, and on the best tenth of them.
    pub(crate) fn correlations(&self, predicted: &[f64]) -> [Option<f64>; 2] {
        let truths = &self.hidden.1;
        if truths.len() < 20 {
            return [None; 2];
        }
        let floor = statistics::quantile(truths, 0.9);
        let best = predicted.iter().zip(truths).filter(|(_, truth)| **truth >= floor);
        let (p, t): (Vec<f64>, Vec<f64>) = best.map(|(p, t)| (*p, *t)).unzip();
        [Some(statistics::spearman(predicted, truths)), Some(statistics::spearman(&p, &t))]
    }

    /// Draws of this task and seed for a purpose.
    pub(crate) fn draws(&self, purpose: &str) -> Draws {
        Draws::new(self.seed, purpose)
    }
}

/// The columns of a benchmark as a space without constraints: what makes a design infeasible is not told.
fn space(benchmark: &Benchmark) -> Space {
    let field = |site: &designs::Site| {
        let kind = match &site.kind {
            designs::Kind::Real { lower, upper } => Kind::Real { lower: *lower, upper: *upper },
            designs::Kind::Categorical { levels } => Kind::Categorical { levels: levels.clone() },
        };
        Field::new(&*site.name, kind)
    };
    let fields = benchmark.oracle.sites().iter().map(field).collect();
    Space::try_new(fields, Constraints::default()).expect("columns of a task are a space")
}

/// Tasks that can be made here; says which cannot.
///
/// # Errors
/// For an unknown name, and files that are missing where a folder was given.
pub(crate) fn available(tasks: Vec<String>, data: Option<&Path>) -> Result<Vec<String>, String> {
    let mut there = Vec::new();
    for task in tasks {
        match designs::oracle(&task, data, 0) {
            Ok(_) => there.push(task),
            Err(DesignError::NoFolder { name }) => println!("skipped: {name} needs --data DIR"),
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(there)
}
