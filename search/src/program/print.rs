//! Programs to text, and the names of variables.

use std::fmt::Write as _;

use super::{Argument, Operation, Program, Signature, Statement, Variable};

/// Names of variables, by their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl Names {
    /// Those of the signature.
    pub fn of(signature: &Signature) -> Self {
        let mut names = vec![String::new(); signature.first_local() as usize];
        for (slot, input) in names.iter_mut().zip(signature.inputs()) {
            slot.clone_from(&input.name);
        }
        for (variable, name) in signature.outputs() {
            names[*variable as usize].clone_from(name);
        }
        Self(names)
    }

    /// The name of a variable; empty if it has none.
    pub fn get(&self, variable: Variable) -> &str {
        self.0.get(variable as usize).map_or("", String::as_str)
    }

    /// Gives a variable a name.
    pub fn set(&mut self, variable: Variable, name: String) {
        if self.0.len() <= variable as usize {
            self.0.resize(variable as usize + 1, String::new());
        }
        self.0[variable as usize] = name;
    }

    /// The variable of that name.
    pub fn find(&self, name: &str) -> Option<Variable> {
        self.0.iter().position(|known| known == name).map(|index| index as Variable)
    }

    pub(super) fn add(&mut self, name: String) -> Variable {
        self.0.push(name);
        (self.0.len() - 1) as Variable
    }

    pub(super) fn unnamed(&mut self) -> Variable {
        self.add(String::new())
    }

    pub(super) fn is_unnamed(&self, variable: Variable) -> bool {
        self.get(variable).is_empty()
    }

    /// Gives the last variable back, if it is this one.
    pub(super) fn forget(&mut self, variable: Variable) {
        if self.0.len() == variable as usize + 1 {
            self.0.pop();
        }
    }

    /// Gives every variable of the program a name that it has not: `a`, `b`, …, `z`, `a1`, ….
    pub fn complete(&mut self, program: &Program, signature: &Signature) {
        let mut next = 0;
        for variable in 0..=program.last_variable(signature) {
            if !self.is_unnamed(variable) {
                continue;
            }
            let name = loop {
                let letter = char::from(b'a' + (next % 26) as u8);
                let name =
                    if next < 26 { letter.to_string() } else { format!("{letter}{}", next / 26) };
                next += 1;
                if self.find(&name).is_none() && !["e", "g", "w"].contains(&name.as_str()) {
                    break name;
                }
            };
            self.set(variable, name);
        }
    }
}

/// A constant in the shortest form that reads back to the same bits.
pub fn number(value: f32) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e7).contains(&size) {
        format!("{value:e}")
    } else {
        format!("{value}")
    }
}

impl Program {
    /// Its text: a head with the inputs, a line for each statement, and what it returns. Reads back to the same program.
    pub fn text(&self, signature: &Signature, names: &Names) -> String {
        let mut names = names.clone();
        names.complete(self, signature);
        let inputs: Vec<&str> =
            (0..signature.inputs().len()).map(|v| names.get(v as Variable)).collect();
        let mut text = format!("def train({}):\n", inputs.join(", "));
        for statement in &self.statements {
            let _ = writeln!(text, "    {}", self.line(statement, &names));
        }
        let results: Vec<&str> = signature.results().iter().map(|(v, _)| names.get(*v)).collect();
        let _ = writeln!(text, "    return {}", results.join(", "));
        text
    }

    /// One statement as text.
    pub fn line(&self, statement: &Statement, names: &Names) -> String {
        let argument = |argument: &Argument| match *argument {
            Argument::Variable(variable) => names.get(variable).to_owned(),
            Argument::Constant(index) => number(self.constants[index as usize]),
        };
        let args: Vec<String> = statement.args().iter().map(argument).collect();
        let target = names.get(statement.target);
        let name = statement.operation.name();
        if statement.operation <= Operation::Divide {
            return format!("{target} = {} {name} {}", args[0], args[1]);
        }
        format!("{target} = {name}({})", args.join(", "))
    }
}
