//! Small changes of programs; a child is always valid.
//!
//! The three kinds are those of Chen et al. 2023: insert a statement, delete one, or modify one argument: a variable becomes another of
//! its kind, a constant is multiplied by 2ᵃ, a ~ N(0, 1), or replaced by a draw from N(0, 1). What cannot be done is tried at the
//! next place in the same random order. Kinds are enumerated, values never touched.

use serde::{Deserialize, Serialize};

use super::genome::Scope;
use super::{Argument, Dice, Kind, Operation, Operations, Program, Signature, Statement, Variable};

/// How programs are changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Operations that inserted statements may call: `lion45`, `lion43`, `small`, or names with commas between.
    pub operations: Operations,
    /// Weight of inserting a statement.
    pub insert: f64,
    /// Weight of deleting one.
    pub delete: f64,
    /// Weight of modifying an argument.
    pub modify: f64,
    /// Of changes of a constant, the share that replaces it; the others multiply.
    pub replace_constant: f64,
    /// Statements beyond which nothing is inserted.
    pub length_max: usize,
    /// Change nothing but constants.
    pub constants_only: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            operations: Operations::lion45(),
            insert: 1.0,
            delete: 1.0,
            modify: 1.0,
            replace_constant: 0.2,
            length_max: 100,
            constants_only: false,
        }
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mutation {
    /// A statement was inserted.
    Insert,
    /// A statement was deleted.
    Delete,
    /// An argument became another variable.
    Rewire,
    /// A constant changed.
    Constant,
    /// Nothing could be done.
    None,
}

/// Largest magnitude of a constant, as in the published code.
const CONSTANT_MAX: f32 = 1e10;
/// Tries to find arguments for an operation before the next one is taken.
const TRIES: usize = 48;

/// Changes programs of one signature.
#[derive(Clone, Debug)]
pub struct Mutator {
    signature: Signature,
    config: Config,
}

impl Mutator {
    /// For programs of that signature.
    pub fn new(signature: Signature, config: Config) -> Self {
        Self { signature, config }
    }

    /// What programs take and give.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// A changed copy. If no change of the kind that was drawn is possible, the others are tried; if none is, the copy is equal.
    pub fn mutate(&self, parent: &Program, dice: &mut Dice) -> (Program, Mutation) {
        let mut child = parent.clone();
        let Config { insert, delete, modify, length_max, constants_only, .. } = self.config;
        if constants_only {
            let done = self.modify(&mut child, dice, true);
            return (child, done.unwrap_or(Mutation::None));
        }
        let insert = if child.statements.len() < length_max { insert } else { 0.0 };
        let mut weights = [insert, delete, modify];
        while weights.iter().sum::<f64>() > 0.0 {
            let kind = dice.weighted(&weights);
            let done = match kind {
                0 => self.insert(&mut child, dice),
                1 => self.delete(&mut child, dice),
                _ => self.modify(&mut child, dice, false),
            };
            if let Some(done) = done {
                return (child, done);
            }
            weights[kind] = 0.0;
        }
        (child, Mutation::None)
    }

    /// The head of one program and the tail of another, cut where that gives a valid program; none if no cut was found.
    pub fn cross(&self, a: &Program, b: &Program, dice: &mut Dice) -> Option<Program> {
        for _ in 0..TRIES {
            let (head, tail) =
                (dice.below(a.statements.len() + 1), dice.below(b.statements.len() + 1));
            let length = head + b.statements.len() - tail;
            if length == 0 || length > self.config.length_max {
                continue;
            }
            let mut child = a.clone();
            child.statements.truncate(head);
            for statement in &b.statements[tail..] {
                let mut statement = *statement;
                for argument in statement.args_mut() {
                    if let Some(value) = b.constant(*argument) {
                        *argument = child.literal(value);
                    }
                }
                child.statements.push(statement);
            }
            if child.check(&self.signature).is_ok() {
                child.tidy_constants();
                return Some(child);
            }
        }
        None
    }

    /// The program with so many random statements inserted.
    pub fn grow(&self, program: &Program, statements: usize, dice: &mut Dice) -> Program {
        let mut grown = program.clone();
        for _ in 0..statements {
            self.insert(&mut grown, dice);
        }
        grown
    }

    fn scope_before(&self, program: &Program, position: usize) -> Scope {
        let mut scope = Scope::new(&self.signature);
        for (index, statement) in program.statements[..position].iter().enumerate() {
            scope.follow(index, statement, program).expect("the parent is valid");
        }
        scope
    }

    fn insert(&self, child: &mut Program, dice: &mut Dice) -> Option<Mutation> {
        let position = dice.below(child.statements.len() + 1);
        let scope = self.scope_before(child, position);
        let defined: Vec<(Variable, Kind)> = scope.defined().collect();
        let operations = self.config.operations.as_slice();
        let mut order = dice.order(operations.len());
        while let Some(choice) = order.next() {
            let operation = operations[choice];
            let dice = order.dice();
            let Some((args, kind)) = draw_arguments(operation, &defined, dice) else { continue };
            let mut targets = defined.iter().filter(|(_, k)| *k == kind).map(|(v, _)| *v);
            let target = match dice.below(targets.clone().count() + 1) {
                0 => self.fresh(child),
                index => targets.nth(index - 1).expect("it is below their number"),
            };
            let mut statement = Statement::new(operation, target, &args[..operation.args()]);
            let mut literals = false;
            for argument in statement.args_mut() {
                if matches!(argument, Argument::Constant(_)) {
                    *argument = child.literal(1.0);
                    literals = true;
                }
            }
            child.statements.insert(position, statement);
            if literals {
                child.tidy_constants();
            }
            return Some(Mutation::Insert);
        }
        None
    }

    /// A local that the program does not mention.
    fn fresh(&self, program: &Program) -> Variable {
        let first = self.signature.first_local();
        let last = program.last_variable(&self.signature);
        let mut used = vec![false; (last + 2 - first) as usize];
        for statement in &program.statements {
            if statement.target >= first {
                used[(statement.target - first) as usize] = true;
            }
        }
        first + used.iter().position(|used| !used).expect("one more than are used") as Variable
    }

    fn delete(&self, child: &mut Program, dice: &mut Dice) -> Option<Mutation> {
        if child.statements.len() < 2 {
            return None;
        }
        let mut order = dice.order(child.statements.len());
        while let Some(index) = order.next() {
            let statement = child.statements.remove(index);
            if self.goes_without(child, index, &statement) {
                if statement.args().iter().any(|arg| matches!(arg, Argument::Constant(_))) {
                    child.tidy_constants();
                }
                return Some(Mutation::Delete);
            }
            child.statements.insert(index, statement);
        }
        None
    }

    /// Whether a program is valid from which the statement at `index` was taken.
    fn goes_without(&self, rest: &Program, index: usize, taken: &Statement) -> bool {
        let mut scope = self.scope_before(rest, index);
        let before = scope.get(taken.target);
        let mut with = scope.clone();
        let follows = with.follow(index, taken, rest);
        // What is read later has the same kind as before, though another value.
        let same = before.is_some() && follows.is_ok() && before == with.get(taken.target);
        same || rest.check_from(index, &mut scope, &self.signature).is_ok()
    }

    fn modify(
        &self,
        child: &mut Program,
        dice: &mut Dice,
        constants_only: bool,
    ) -> Option<Mutation> {
        let mut statements = dice.order(child.statements.len());
        while let Some(index) = statements.next() {
            let args = child.statements[index].args().len();
            if args == 0 {
                continue;
            }
            let mut arguments = statements.dice().order(args);
            while let Some(argument) = arguments.next() {
                match child.statements[index].args()[argument] {
                    Argument::Constant(constant) => {
                        let value = &mut child.constants[constant as usize];
                        *value = self.changed(*value, arguments.dice());
                        return Some(Mutation::Constant);
                    }
                    Argument::Variable(_) if constants_only => {}
                    Argument::Variable(variable) => {
                        let scope = self.scope_before(child, index);
                        let kind = scope.get(variable).expect("it is read");
                        let others: Vec<Variable> = scope
                            .defined()
                            .filter(|(v, k)| *k == kind && *v != variable)
                            .map(|(v, _)| v)
                            .collect();
                        if others.is_empty() {
                            continue;
                        }
                        let other = others[arguments.dice().below(others.len())];
                        child.statements[index].args_mut()[argument] = Argument::Variable(other);
                        return Some(Mutation::Rewire);
                    }
                }
            }
        }
        None
    }

    fn changed(&self, value: f32, dice: &mut Dice) -> f32 {
        let replace = dice.chance(self.config.replace_constant);
        let normal = dice.normal();
        let changed = if replace { normal } else { f64::from(value) * normal.exp2() };
        (changed as f32).clamp(-CONSTANT_MAX, CONSTANT_MAX)
    }
}

/// Arguments that the operation takes, each list with the same chance, out of what is defined and one new constant; and the kind of
/// the result. None if there are none, or too few to be come across.
fn draw_arguments(
    operation: Operation,
    defined: &[(Variable, Kind)],
    dice: &mut Dice,
) -> Option<([Argument; 3], Kind)> {
    let count = operation.args();
    for _ in 0..TRIES {
        let mut args = [Argument::Constant(0); 3];
        let mut kinds = [Kind::Scalar; 3];
        for (arg, kind) in args[..count].iter_mut().zip(&mut kinds) {
            if let Some((variable, of)) =
                dice.below(defined.len() + 1).checked_sub(1).map(|index| defined[index])
            {
                (*arg, *kind) = (Argument::Variable(variable), of);
            }
        }
        if let Some(kind) = operation.result(&kinds[..count]) {
            return Some((args, kind));
        }
        if count == 0 {
            break;
        }
    }
    None
}

#[cfg(test)]
mod tests;
