//! Formulas scored on the rows of a table.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use hatchery_engine::{Explicit, Task, TaskError};
use hatchery_kernels::Backend;

use super::constants::{self, Fit};
use super::machine::Machine;
use super::outcome::{Failure, Outcome};
use super::units::{Dimensions, UnitError};
use super::{Expression, Table};

/// What is added to the loss of a formula whose units do not fit, as in PySR.
pub const PENALTY: f64 = 1000.0;

/// A relative loss below which sums are not exact enough.
const SMALL: f64 = 1e-6;

/// A formula to be scored.
#[derive(Debug)]
pub struct Candidate {
    /// Which target it is for.
    pub target: u32,
    /// The formula.
    pub expression: Expression,
    /// Steps on its constants.
    pub steps: u32,
    /// How it went, once it was scored.
    pub result: OnceLock<Scored>,
}

/// How a candidate went.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Its losses.
    pub outcome: Outcome,
    /// The formula with fitted constants, if they have changed.
    pub fitted: Option<Expression>,
    /// Evaluations of all rows that it took.
    pub evaluations: u32,
}

impl Candidate {
    /// A formula that was not scored yet.
    pub fn new(target: u32, expression: Expression, steps: u32) -> Self {
        Self { target, expression, steps, result: OnceLock::new() }
    }

    /// How it went; an evaluation that left nothing has crashed.
    pub fn known(&self) -> Scored {
        let crashed =
            || Scored { outcome: Outcome::Failed(Failure::Crashed), fitted: None, evaluations: 0 };
        self.result.get().cloned().unwrap_or_else(crashed)
    }
}

/// The loss of formulas over the rows of a table.
#[derive(Debug)]
pub struct Regression {
    table: Arc<Table>,
    scaling: bool,
    enough: f64,
    /// For each target, if there are units.
    dimensions: Option<Vec<Dimensions>>,
}

impl Regression {
    /// Scores formulas on a table, with offset and slope if `scaling`. Constants are good enough at a relative loss of `enough`.
    ///
    /// # Errors
    /// [`UnitError`] if there are too many base units.
    pub fn try_new(table: Arc<Table>, scaling: bool, enough: f64) -> Result<Self, UnitError> {
        let columns: Vec<_> = table.columns().iter().map(|column| column.unit.as_ref()).collect();
        let of = |target: &super::Target| Dimensions::try_new(&columns, target.unit.as_ref());
        let dimensions = table.has_units().then(|| table.targets().iter().map(of).collect());
        let dimensions = dimensions.transpose()?;
        Ok(Self { table, scaling, enough, dimensions })
    }

    /// The table.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// The units of a target, if there are any.
    pub fn dimensions(&self, target: usize) -> Option<&Dimensions> {
        self.dimensions.as_ref().map(|all| &all[target])
    }

    fn score(&self, machine: &mut Machine<'_>, candidate: &Candidate) -> Scored {
        let mut expression = candidate.expression.clone();
        let fit = Fit {
            target: candidate.target as usize,
            scaling: self.scaling,
            steps: candidate.steps,
            enough: self.enough,
            whole_stay: false,
        };
        let allowed = self
            .dimensions(fit.target)
            .is_none_or(|dimensions| dimensions.allow(&expression, self.scaling));
        let fitted = constants::fit(machine, &mut expression, fit);
        let outcome = match fitted.score {
            Ok(mut score) => {
                score.penalty = if allowed { 0.0 } else { PENALTY };
                if !self.scaling && score.plain < SMALL {
                    machine.load(&expression);
                    score.plain = machine.exact_loss(fit.target, 0.0, 1.0);
                } else if self.scaling && score.scaled < SMALL {
                    let mean = self.table.targets()[fit.target].mean;
                    let offset = mean - score.slope * score.mean_f;
                    machine.load(&expression);
                    score.scaled = machine.exact_loss(fit.target, offset, score.slope);
                }
                Outcome::Scored(score)
            }
            Err(failure) => Outcome::Failed(failure),
        };
        let changed = fitted.evaluations > 1 && expression != candidate.expression;
        let evaluations = fitted.evaluations;
        Scored { outcome, fitted: changed.then_some(expression), evaluations }
    }
}

impl Task for Regression {
    type Population = Explicit<Candidate>;

    fn name(&self) -> &str {
        "regression"
    }

    fn evaluate(
        &self,
        population: &Explicit<Candidate>,
        members: Range<usize>,
        _: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        let mut machine = Machine::new(&self.table);
        for (slot, candidate) in fitness.iter_mut().zip(&population.members[members]) {
            let scored = candidate.result.get_or_init(|| self.score(&mut machine, candidate));
            *slot = match scored.outcome {
                Outcome::Scored(_) => -scored.outcome.loss(self.scaling) as f32,
                Outcome::Failed(_) => f32::NAN,
            };
        }
        Ok(())
    }

    fn batch_hint(&self, _: &Explicit<Candidate>, _: &Backend) -> usize {
        32
    }

    /// A window full of formulas with a NaN somewhere is no fault.
    fn may_all_fail(&self) -> bool {
        true
    }
}
