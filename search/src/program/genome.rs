//! A program: a straight line of assignments, and its constants.

use serde::{Deserialize, Serialize};

use super::{Kind, Operation, Signature};

/// A variable's number: inputs first, then results, then locals (see [`Signature`]).
pub type Variable = u16;

/// What a statement reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Argument {
    /// The present value of a variable.
    Variable(Variable),
    /// A number of the program's table of constants.
    Constant(u16),
}

/// `target = operation(args)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Statement {
    /// What is called.
    pub operation: Operation,
    /// What is assigned.
    pub target: Variable,
    args: [Argument; 3],
}

impl Statement {
    /// A statement; `args` must be as many as the operation takes.
    pub fn new(operation: Operation, target: Variable, args: &[Argument]) -> Self {
        assert_eq!(
            args.len(),
            operation.args(),
            "{} takes {} arguments",
            operation.name(),
            operation.args()
        );
        let mut all = [Argument::Constant(0); 3];
        all[..args.len()].copy_from_slice(args);
        Self { operation, target, args: all }
    }

    /// What it reads.
    pub fn args(&self) -> &[Argument] {
        &self.args[..self.operation.args()]
    }

    /// What it reads, for changing.
    pub fn args_mut(&mut self) -> &mut [Argument] {
        &mut self.args[..self.operation.args()]
    }
}

/// A straight line of assignments, with its constants in a table of their own, so that tuning touches one array.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Program {
    /// The statements, in their order.
    pub statements: Vec<Statement>,
    /// What [`Argument::Constant`] points into.
    pub constants: Vec<f32>,
}

/// Why a program does not fit a signature.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// A variable is read that has no value yet.
    #[error("statement {statement}: a variable is read before it has a value")]
    Undefined {
        /// Number of the statement, from 1.
        statement: usize,
        /// The variable.
        variable: Variable,
    },
    /// The operation does not take arguments of these kinds.
    #[error(
        "statement {statement}: {name} does not take arguments of kind {kinds} (S: a number, L: one for each leaf, T: a tree)",
        name = operation.name()
    )]
    Kinds {
        /// Number of the statement, from 1.
        statement: usize,
        /// What is called.
        operation: Operation,
        /// Letters of the kinds.
        kinds: String,
    },
    /// A constant is not a finite number, or not in the table.
    #[error("statement {statement}: a constant is not a finite number")]
    Constant {
        /// Number of the statement, from 1.
        statement: usize,
    },
    /// A result is missing or of another kind at the end.
    #[error("'{name}' must be {expected} at the end and is {found}")]
    Result {
        /// Its name.
        name: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
}

impl Program {
    /// The value of an argument that is a constant.
    pub fn constant(&self, argument: Argument) -> Option<f32> {
        match argument {
            Argument::Constant(index) => self.constants.get(index as usize).copied(),
            Argument::Variable(_) => None,
        }
    }

    /// Adds a constant to the table.
    pub fn literal(&mut self, value: f32) -> Argument {
        self.constants.push(value);
        Argument::Constant((self.constants.len() - 1) as u16)
    }

    /// Adds a statement.
    pub fn push(&mut self, operation: Operation, target: Variable, args: &[Argument]) {
        self.statements.push(Statement::new(operation, target, args));
    }

    /// Drops constants that no statement reads and gives each use its own, in the order of use.
    pub fn tidy_constants(&mut self) {
        let mut kept = Vec::with_capacity(self.constants.len());
        for statement in &mut self.statements {
            for argument in statement.args_mut() {
                if let Argument::Constant(index) = argument {
                    kept.push(self.constants[*index as usize]);
                    *index = (kept.len() - 1) as u16;
                }
            }
        }
        self.constants = kept;
    }

    /// The largest variable that is mentioned, or the last that the signature has.
    pub fn last_variable(&self, signature: &Signature) -> Variable {
        let mentioned = self.statements.iter().flat_map(|s| {
            let read = s.args().iter().filter_map(|a| match a {
                Argument::Variable(v) => Some(*v),
                Argument::Constant(_) => None,
            });
            read.chain([s.target])
        });
        mentioned.fold(signature.first_local().saturating_sub(1), Variable::max)
    }

    /// Whether every variable is defined before it is read, every operation takes its arguments, and all results are of the
    /// right kind at the end. Touches no array; one pass.
    ///
    /// # Errors
    /// [`Invalid`] for the first statement that is wrong.
    pub fn check(&self, signature: &Signature) -> Result<(), Invalid> {
        let mut kinds = Scope::new(signature);
        self.check_from(0, &mut kinds, signature)
    }

    /// The same from a statement on, where the kinds before it are known.
    pub(super) fn check_from(
        &self,
        first: usize,
        kinds: &mut Scope,
        signature: &Signature,
    ) -> Result<(), Invalid> {
        for (index, statement) in self.statements.iter().enumerate().skip(first) {
            kinds.follow(index, statement, self)?;
        }
        for (variable, name) in signature.results() {
            let found = kinds.get(*variable);
            if found != Some(Kind::Tree) {
                let found = match found {
                    None => "never assigned",
                    Some(Kind::Scalar) => "a number",
                    Some(_) => "one number for each leaf",
                };
                let expected = if signature.is_optimizer() { "a tree" } else { "a column" };
                let is_constant = !signature.is_optimizer() && found == "a number";
                if !is_constant {
                    return Err(Invalid::Result { name: name.clone(), expected, found });
                }
            }
        }
        Ok(())
    }
}

/// Which variables have a value at some place of a program, and of which kind.
#[derive(Clone, Debug)]
pub(super) struct Scope(Vec<Option<Kind>>);

impl Scope {
    pub(super) fn new(signature: &Signature) -> Self {
        // Room for some locals, so that it seldom grows.
        let mut kinds = Vec::with_capacity(32);
        kinds.extend(signature.inputs().iter().map(|input| Some(input.kind)));
        Self(kinds)
    }

    pub(super) fn get(&self, variable: Variable) -> Option<Kind> {
        self.0.get(variable as usize).copied().flatten()
    }

    pub(super) fn set(&mut self, variable: Variable, kind: Kind) {
        let index = variable as usize;
        if index >= self.0.len() {
            self.0.resize(index + 1, None);
        }
        self.0[index] = Some(kind);
    }

    /// The variables that have a value, with their kinds.
    pub(super) fn defined(&self) -> impl Iterator<Item = (Variable, Kind)> + Clone {
        self.0.iter().enumerate().filter_map(|(v, kind)| kind.map(|kind| (v as Variable, kind)))
    }

    /// Takes note of a statement.
    pub(super) fn follow(
        &mut self,
        index: usize,
        statement: &Statement,
        program: &Program,
    ) -> Result<(), Invalid> {
        let mut kinds = [Kind::Scalar; 3];
        for (kind, argument) in kinds.iter_mut().zip(statement.args()) {
            match *argument {
                Argument::Variable(variable) => {
                    let undefined = Invalid::Undefined { statement: index + 1, variable };
                    *kind = self.get(variable).ok_or(undefined)?;
                }
                Argument::Constant(_) => {
                    let value = program.constant(*argument).filter(|value| value.is_finite());
                    value.ok_or(Invalid::Constant { statement: index + 1 })?;
                }
            }
        }
        let kinds = &kinds[..statement.args().len()];
        let result = statement.operation.result(kinds).ok_or_else(|| Invalid::Kinds {
            statement: index + 1,
            operation: statement.operation,
            kinds: kinds.iter().map(|kind| kind.letter()).collect(),
        })?;
        self.set(statement.target, result);
        Ok(())
    }
}
