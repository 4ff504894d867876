//! What goes into a program and what comes out.

use super::{Kind, Variable};

/// One input of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its name in text; programs that are read from text may call it otherwise.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// What goes into a program, what comes out, and what is carried from step to step.
///
/// Variables are numbers: first the inputs, then the results that are no inputs, then the locals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    inputs: Vec<Input>,
    results: Vec<(Variable, String)>,
    states: usize,
}

/// The variables of [`Signature::optimizer`].
pub mod optimizer {
    use super::Variable;
    /// The weights; reading only.
    pub const WEIGHTS: Variable = 0;
    /// The gradient.
    pub const GRADIENT: Variable = 1;
    /// The first state.
    pub const STATE_1: Variable = 2;
    /// The second state.
    pub const STATE_2: Variable = 3;
    /// Value of the schedule at this step.
    pub const RATE: Variable = 4;
    /// With progress: the fraction of training that is done.
    pub const PROGRESS: Variable = 5;
    /// With progress: ln of the number of steps.
    pub const LOG_STEPS: Variable = 6;
}

impl Signature {
    /// `(w, g, v1, v2, lr) → (update, v1, v2)`, as Chen et al. 2023 have it: trees but for the scalar `lr`. With `progress` there
    /// are two scalars more, `t = n/N` and `log_n = ln N`, for step n of N.
    pub fn optimizer(progress: bool) -> Self {
        let tree = |name: &str| Input { name: name.to_owned(), kind: Kind::Tree };
        let scalar = |name: &str| Input { name: name.to_owned(), kind: Kind::Scalar };
        let mut inputs = vec![tree("w"), tree("g"), tree("v1"), tree("v2"), scalar("lr")];
        if progress {
            inputs.extend([scalar("t"), scalar("log_n")]);
        }
        let update = inputs.len() as Variable;
        let results = vec![
            (update, "update".to_owned()),
            (optimizer::STATE_1, "v1".to_owned()),
            (optimizer::STATE_2, "v2".to_owned()),
        ];
        Self { inputs, results, states: 2 }
    }

    /// Columns of a table in, one column out.
    pub fn formula<S: AsRef<str>>(columns: &[S], target: &str) -> Self {
        let column = |name: &S| Input { name: name.as_ref().to_owned(), kind: Kind::Tree };
        let inputs: Vec<Input> = columns.iter().map(column).collect();
        let results = vec![(inputs.len() as Variable, target.to_owned())];
        Self { inputs, results, states: 0 }
    }

    /// The inputs: variables 0, 1, ….
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The results with their names; the carried states are the last ones, and are inputs too.
    pub fn results(&self) -> &[(Variable, String)] {
        &self.results
    }

    /// What is carried from step to step: variables that are both inputs and results.
    pub fn states(&self) -> &[(Variable, String)] {
        &self.results[self.results.len() - self.states..]
    }

    /// The results that are not carried.
    pub fn outputs(&self) -> &[(Variable, String)] {
        &self.results[..self.results.len() - self.states]
    }

    /// The first variable that is a local.
    pub fn first_local(&self) -> Variable {
        (self.inputs.len() + self.results.len() - self.states) as Variable
    }

    /// Whether it is the signature of an optimizer.
    pub fn is_optimizer(&self) -> bool {
        self.states > 0
    }
}
