//! What a program computes as nested expressions, and these as program text.

use crate::program::{Action, Graph, Kind, Operation, Origin, Signature, Value, Variable, number};

/// A nested expression.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::program) enum Expression {
    Input(Variable),
    /// A value that has a name of its own, since it is read more than once or is a sum over a tree.
    Local(usize),
    Number(f32),
    Call(Operation, Vec<Expression>),
}

/// A value with a name.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::program) struct Local {
    pub(in crate::program) kind: Kind,
    pub(in crate::program) value: Expression,
}

/// A program as nested expressions.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::program) struct Block {
    /// In an order in which each reads only what comes before.
    pub(in crate::program) locals: Vec<Local>,
    /// The results that are not carried.
    pub(in crate::program) outputs: Vec<Expression>,
    /// The states that are carried, with what they become; all of them at once.
    pub(in crate::program) states: Vec<(Variable, Expression)>,
}

/// Whether an operation needs the whole tree before it gives its first number.
pub(in crate::program) fn is_sum(operation: Operation) -> bool {
    matches!(operation.action(), Action::Reduce(_) | Action::Clip)
}

impl Expression {
    /// A value without any names in between.
    pub(in crate::program) fn of(graph: &Graph, value: Value) -> Self {
        let node = &graph.nodes[value as usize];
        match node.origin {
            Origin::Input(variable) => Self::Input(variable),
            Origin::Constant(bits) => Self::Number(f32::from_bits(bits)),
            Origin::Call(operation, _) => {
                Self::Call(operation, node.args().iter().map(|arg| Self::of(graph, *arg)).collect())
            }
        }
    }

    /// As program text; names are of the inputs and of the locals.
    pub(in crate::program) fn text(&self, signature: &Signature) -> String {
        self.infix(signature).0
    }

    /// Text and how tightly it is bound: 1 sums, 2 products, 3 powers, 4 the rest.
    fn infix(&self, signature: &Signature) -> (String, u8) {
        let formula = !signature.is_optimizer();
        let (operation, args) = match self {
            Self::Input(variable) => {
                return (signature.inputs()[*variable as usize].name.clone(), 4);
            }
            Self::Local(index) => return (local_name(*index), 4),
            Self::Number(value) => return (number(*value), if *value < 0.0 { 2 } else { 4 }),
            Self::Call(operation, args) => (*operation, args),
        };
        let at_least = |index: usize, level: u8| {
            let (text, bound) = args[index].infix(signature);
            let negative = index > 0 && text.starts_with('-');
            if bound < level || negative { format!("({text})") } else { text }
        };
        let between = |sign: &str, level: u8, right: u8| {
            (format!("{} {sign} {}", at_least(0, level), at_least(1, right)), level)
        };
        let call = |name: &str| {
            let args: Vec<String> = args.iter().map(|arg| arg.infix(signature).0).collect();
            (format!("{name}({})", args.join(", ")), 4)
        };
        match operation {
            Operation::Add => between("+", 1, 2),
            Operation::Subtract => between("-", 1, 2),
            Operation::Multiply => between("*", 2, 3),
            Operation::Divide if !formula => between("/", 2, 3),
            Operation::Quotient if formula => between("/", 2, 3),
            Operation::Divide => (format!("{} / ({} + 1e-8)", at_least(0, 2), at_least(1, 1)), 2),
            Operation::Square if formula => (format!("{}^2", at_least(0, 4)), 3),
            Operation::Cube if formula => (format!("{}^3", at_least(0, 4)), 3),
            Operation::Power if formula => (format!("{}^{}", at_least(0, 4), at_least(1, 4)), 3),
            Operation::Negative if formula => (format!("-{}", at_least(0, 2)), 2),
            Operation::Root if formula => call("sqrt"),
            Operation::Ln if formula => call("log"),
            Operation::Sqrt if formula => (format!("sqrt(abs({}))", at_least(0, 1)), 4),
            Operation::Log if formula => (format!("log(abs({}))", at_least(0, 1)), 4),
            _ => call(operation.name()),
        }
    }
}

/// Name of a local.
pub(in crate::program) fn local_name(index: usize) -> String {
    format!("x{}", index + 1)
}

impl Block {
    /// From a graph: what is read more than once, every sum, and every tree that is summed gets a name.
    pub(in crate::program) fn of(graph: &Graph) -> Self {
        let mut reads = vec![0_usize; graph.nodes.len()];
        let mut named = vec![false; graph.nodes.len()];
        for node in &graph.nodes {
            for arg in node.args() {
                reads[*arg as usize] += 1;
            }
            if let Origin::Call(operation, _) = node.origin
                && is_sum(operation)
            {
                for arg in node.args() {
                    named[*arg as usize] = true;
                }
            }
        }
        let results = graph.outputs.iter().chain(graph.states.iter().map(|s| &s.result));
        for result in results {
            reads[*result as usize] += 1;
        }
        let mut names: Vec<Option<usize>> = vec![None; graph.nodes.len()];
        let mut block = Self { locals: Vec::new(), outputs: Vec::new(), states: Vec::new() };
        for (index, node) in graph.nodes.iter().enumerate() {
            let Origin::Call(operation, _) = node.origin else { continue };
            // A small scalar is shorter than its name is worth only if nobody else reads it.
            if reads[index] > 1 || named[index] || is_sum(operation) {
                let value = block.nested(graph, index as Value, &names, true);
                names[index] = Some(block.locals.len());
                block.locals.push(Local { kind: node.kind, value });
            }
        }
        block.outputs =
            graph.outputs.iter().map(|value| block.nested(graph, *value, &names, false)).collect();
        block.states = graph
            .states
            .iter()
            .map(|state| (state.variable, block.nested(graph, state.result, &names, false)))
            .collect();
        block
    }

    fn nested(
        &self,
        graph: &Graph,
        value: Value,
        names: &[Option<usize>],
        itself: bool,
    ) -> Expression {
        if let Some(name) = names[value as usize]
            && !itself
        {
            return Expression::Local(name);
        }
        let node = &graph.nodes[value as usize];
        match node.origin {
            Origin::Input(variable) => Expression::Input(variable),
            Origin::Constant(bits) => Expression::Number(f32::from_bits(bits)),
            Origin::Call(operation, _) => {
                let args = node.args().iter().map(|arg| self.nested(graph, *arg, names, false));
                Expression::Call(operation, args.collect())
            }
        }
    }

    /// The kind of an expression.
    pub(in crate::program) fn kind(&self, expression: &Expression, signature: &Signature) -> Kind {
        match expression {
            Expression::Input(variable) => signature.inputs()[*variable as usize].kind,
            Expression::Local(index) => self.locals[*index].kind,
            Expression::Number(_) => Kind::Scalar,
            Expression::Call(operation, args) => {
                let kinds: Vec<Kind> = args.iter().map(|arg| self.kind(arg, signature)).collect();
                operation.result(&kinds).expect("graphs are of checked programs")
            }
        }
    }

    /// Locals and inputs that an expression reads.
    pub(in crate::program) fn reads<'a>(
        expression: &'a Expression,
        into: &mut Vec<&'a Expression>,
    ) {
        match expression {
            Expression::Call(_, args) => args.iter().for_each(|arg| Self::reads(arg, into)),
            Expression::Number(_) => {}
            leaf if into.contains(&leaf) => {}
            leaf => into.push(leaf),
        }
    }
}
