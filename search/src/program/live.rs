//! Which statements matter.

use super::{Argument, Program, Signature};

/// Which statements matter, and which states are carried for a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Liveness {
    /// For each statement, whether anything that is returned depends on it.
    pub statements: Vec<bool>,
    /// For each state of the signature, whether the next step reads it before it writes it.
    pub states: Vec<bool>,
}

impl Liveness {
    /// Exact for straight lines. What a state holds at the end matters only if its value at the beginning does, so this goes
    /// around the loop until nothing is added: at most once for each state and once more.
    ///
    /// Chen et al. 2023 take every state that is returned for used; so a line such as `m = cosh(update)`, overwritten by the
    /// next step before it is read, stays in their programs. Here it goes.
    pub fn of(program: &Program, signature: &Signature) -> Self {
        let states = signature.states();
        let mut wanted = vec![false; program.last_variable(signature) as usize + 1];
        let mut live = Self {
            statements: vec![false; program.statements.len()],
            states: vec![false; states.len()],
        };
        loop {
            wanted.fill(false);
            for (variable, _) in signature.outputs() {
                wanted[*variable as usize] = true;
            }
            for ((variable, _), live) in states.iter().zip(&live.states) {
                wanted[*variable as usize] |= live;
            }
            for (live, statement) in live.statements.iter_mut().zip(&program.statements).rev() {
                *live = std::mem::take(&mut wanted[statement.target as usize]);
                if !*live {
                    continue;
                }
                for argument in statement.args() {
                    if let Argument::Variable(variable) = *argument {
                        wanted[variable as usize] = true;
                    }
                }
            }
            let mut grown = false;
            for ((variable, _), live) in states.iter().zip(&mut live.states) {
                let read = wanted[*variable as usize];
                grown |= read != *live;
                *live = read;
            }
            if !grown {
                return live;
            }
        }
    }

    /// Number of statements that matter.
    pub fn live_statements(&self) -> usize {
        self.statements.iter().filter(|live| **live).count()
    }

    /// Number of states that are carried: 2 for AdamW, 1 for Lion, 0 for SGD.
    pub fn live_states(&self) -> usize {
        self.states.iter().filter(|live| **live).count()
    }
}

impl Program {
    /// The program without statements that do not matter.
    pub fn without_dead(&self, signature: &Signature) -> Self {
        let live = Liveness::of(self, signature).statements;
        let mut program = self.clone();
        let mut keep = live.iter();
        program.statements.retain(|_| *keep.next().expect("one for each"));
        program.tidy_constants();
        program
    }
}
