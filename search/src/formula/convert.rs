//! Formulas to programs and back, and from text.

use super::{Expression, Malformed, NODES_MAX, Node};
use crate::program::{
    Action, Argument, Invalid, Operation, ParseError, Program, Signature, Variable, parse,
};

/// A program that is no formula.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// The text is no program.
    #[error("{0}")]
    Parse(ParseError),
    /// It does not fit its signature.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// It sums over rows, or keeps a state.
    #[error("a formula works row by row; '{operation}' does not")]
    NotRowByRow {
        /// Name of the operation.
        operation: &'static str,
    },
    /// Written as a tree it has too many nodes.
    #[error("written as one tree the program has more than {NODES_MAX} nodes")]
    TooLarge,
    /// The nodes are none of a formula.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

impl Expression {
    /// The formula as a program of one statement for each operation, under `Signature::formula`.
    pub fn program(&self, signature: &Signature) -> Program {
        let mut program = Program::default();
        let (result, _) = signature.outputs()[0];
        let mut stack: Vec<Argument> = Vec::new();
        let last = self.nodes().len() - 1;
        for (index, node) in self.nodes().iter().enumerate() {
            let value = match *node {
                Node::Column(column) => Argument::Variable(column),
                Node::Constant(value) => program.literal(value),
                Node::Call(operation) => {
                    let args = stack.split_off(stack.len() - operation.args());
                    let local = signature.first_local() + program.statements.len() as Variable;
                    let target = if index == last { result } else { local };
                    program.push(operation, target, &args);
                    Argument::Variable(target)
                }
            };
            stack.push(value);
        }
        if self.nodes()[last].is_leaf() {
            let zero = program.literal(0.0);
            program.push(Operation::Add, result, &[stack[0], zero]);
        }
        program
    }

    /// The first result of a program as a formula: calls are written out as often as they are read.
    ///
    /// # Errors
    /// [`ConvertError`] if it sums over rows or becomes too large.
    pub fn from_program(program: &Program, signature: &Signature) -> Result<Self, ConvertError> {
        program.check(signature)?;
        let mut values: Vec<Option<Vec<Node>>> =
            (0..signature.inputs().len()).map(|v| Some(vec![Node::Column(v as u16)])).collect();
        values.resize(program.last_variable(signature) as usize + 1, None);
        for statement in &program.statements {
            let mut args = statement.args().iter().map(|argument| match argument {
                Argument::Variable(v) => {
                    values[*v as usize].clone().expect("the check saw it defined")
                }
                Argument::Constant(_) => {
                    vec![Node::Constant(program.constant(*argument).expect("it was checked"))]
                }
            });
            let call = Node::Call(statement.operation);
            let nodes = match statement.operation.action() {
                Action::Number(value) => vec![Node::Constant(value)],
                Action::One(_) | Action::Two(_) => {
                    let mut nodes: Vec<Node> = args.by_ref().flatten().collect();
                    nodes.push(call);
                    nodes
                }
                Action::Interpolate => {
                    let [x, y, weight] = [args.next(), args.next(), args.next()]
                        .map(|arg| arg.expect("it takes three"));
                    interpolated(x, y, weight)
                }
                Action::Reduce(_) | Action::Clip => {
                    let operation = statement.operation.name();
                    return Err(ConvertError::NotRowByRow { operation });
                }
            };
            drop(args);
            if nodes.len() > NODES_MAX + 2 {
                return Err(ConvertError::TooLarge);
            }
            values[statement.target as usize] = Some(nodes);
        }
        let (result, _) = signature.outputs()[0];
        let nodes = values[result as usize].take().expect("the check saw it defined");
        Ok(Self::try_new(without_added_zero(nodes))?)
    }

    /// Reads a formula such as `sqrt(x) / 2 + y^2`, with these names of columns.
    ///
    /// # Errors
    /// [`ConvertError`], with the place where the text is wrong.
    pub fn parse<S: AsRef<str>>(text: &str, columns: &[S]) -> Result<Self, ConvertError> {
        // A name that no column has.
        let mut target = "formula".to_owned();
        while columns.iter().any(|column| column.as_ref() == target) {
            target.push('_');
        }
        let signature = Signature::formula(columns, &target);
        let parsed = parse(&format!("{target} = {text}"), &signature);
        let (program, _) = parsed.map_err(|mut error| {
            let added = target.len() + 3;
            error.column = error.column.saturating_sub(added).max(1);
            error.text = text.to_owned();
            ConvertError::Parse(error)
        })?;
        Self::from_program(&program, &signature)
    }
}

/// `(1 − w) x + w y`.
fn interpolated(x: Vec<Node>, y: Vec<Node>, weight: Vec<Node>) -> Vec<Node> {
    let call = Node::Call;
    let mut nodes = vec![Node::Constant(1.0)];
    nodes.extend(&weight);
    nodes.push(call(Operation::Subtract));
    nodes.extend(x);
    nodes.push(call(Operation::Multiply));
    nodes.extend(weight);
    nodes.extend(y);
    nodes.extend([call(Operation::Multiply), call(Operation::Add)]);
    nodes
}

/// `y = x` is written `y = x + 0` in a program.
fn without_added_zero(mut nodes: Vec<Node>) -> Vec<Node> {
    if let [.., Node::Constant(0.0), Node::Call(Operation::Add)] = nodes[..] {
        nodes.truncate(nodes.len() - 2);
    }
    nodes
}
