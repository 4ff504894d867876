//! Cheap simplification, done to every child: constants are folded and float to the top, so that what can be one constant is one.
//!
//! | from | to |
//! |---|---|
//! | operations of constants | the constant, if it is finite |
//! | `x − c`, `x / c`, `c + x`, `c · x` | `x + (−c)`, `x · (1/c)`, `x + c`, `x · c` |
//! | `(x + c) + y`, `(x · c) · y`, `(x · c) / y`, … | `(x + y) + c`, `(x · y) · c`, `(x / y) · c`, … |
//! | `exp(x + c)`, `ln(x · c)`, `(x · c)²`, `√(x · c)` | `exp(x) · eᶜ`, `ln x + ln c`, `x² · c²`, `√x · √c` (c > 0) |
//! | `x + 0`, `x · 1`, `x · 0`, `0 / x`, `−−x`, `x + (−y)`, `exp ln x`, `ln exp x` | `x`, `x`, `0`, `0`, `x`, `x − y`, `x`, `x` |
//! | `x − x`, `x / x`, `x + x`, `x · x` | `0`, `1`, `x · 2`, `x²` if squares may be used |
//!
//! All are identities of real numbers wherever both sides have a value; roundings may differ.

use hatchery_kernels::cpu::elementwise::Operand;

use super::{Expression, NODES_MAX, Node};
use crate::program::{Action, Operation};

/// Makes a formula simpler.
#[derive(Clone, Copy, Debug, Default)]
pub struct Simplifier {
    /// Whether `x · x` may become `x²`.
    pub squares: bool,
}

/// What has been built so far: nodes, and where the subtree of each stack entry begins.
struct Builder {
    nodes: Vec<Node>,
    begins: [u8; NODES_MAX + 1],
    depth: usize,
    squares: bool,
}

impl Simplifier {
    /// The formula in simpler form: never larger, but for `x + x` of a single column.
    pub fn simplify(self, nodes: &[Node]) -> Vec<Node> {
        let mut builder = Builder {
            nodes: Vec::with_capacity(nodes.len()),
            begins: [0; NODES_MAX + 1],
            depth: 0,
            squares: self.squares,
        };
        for node in nodes {
            match *node {
                Node::Call(operation) => builder.call(operation),
                leaf => builder.leaf(leaf),
            }
        }
        builder.nodes
    }

    /// Without what an offset and a slope make superfluous at the root: `f + c`, `f · c`, `c − f`, `−f`.
    pub fn without_scaling(mut nodes: Vec<Node>) -> Vec<Node> {
        loop {
            let last = nodes.len() - 1;
            match nodes[..] {
                [_, _, .., Node::Constant(_), Node::Call(Operation::Add | Operation::Subtract)] => {
                    nodes.truncate(last - 1);
                }
                [
                    _,
                    _,
                    ..,
                    Node::Constant(c),
                    Node::Call(Operation::Multiply | Operation::Quotient),
                ] if c != 0.0 => nodes.truncate(last - 1),
                [_, .., Node::Call(Operation::Negative)] => nodes.truncate(last),
                // c − f: the constant is the whole first subtree.
                [Node::Constant(_), .., Node::Call(Operation::Subtract)]
                    if super::expression::Spans::of(&nodes).pair(last).0 == 0 =>
                {
                    nodes.truncate(last);
                    nodes.remove(0);
                }
                _ => return nodes,
            }
        }
    }
}

impl Builder {
    fn leaf(&mut self, node: Node) {
        self.begins[self.depth] = self.nodes.len() as u8;
        self.depth += 1;
        self.nodes.push(node);
    }

    /// Begin of the last subtree.
    fn last(&self) -> usize {
        self.begins[self.depth - 1] as usize
    }

    /// The last subtree, if it is a constant.
    fn constant(&self) -> Option<f32> {
        match self.nodes[self.last()..] {
            [Node::Constant(value)] => Some(value),
            _ => None,
        }
    }

    /// Constant and rest of the last subtree, if it is `rest ∘ constant`; takes them apart.
    fn take_constant(&mut self, operation: Operation) -> Option<f32> {
        let nodes = self.nodes.len();
        match self.nodes[self.last()..] {
            [_, .., Node::Constant(c), Node::Call(found)] if found == operation => {
                self.nodes.truncate(nodes - 2);
                Some(c)
            }
            _ => None,
        }
    }

    fn drop_last(&mut self) {
        self.nodes.truncate(self.last());
        self.depth -= 1;
    }

    /// A constant that is combined with the last subtree.
    fn with(&mut self, operation: Operation, constant: f32) {
        self.leaf(Node::Constant(constant));
        self.call(operation);
    }

    fn call(&mut self, operation: Operation) {
        match operation.action() {
            Action::One(function) => {
                if let Some(x) = self.constant() {
                    let mut y = [0.0];
                    function.apply(&[x], &mut y);
                    if y[0].is_finite() {
                        self.drop_last();
                        return self.leaf(Node::Constant(y[0]));
                    }
                }
                self.one(operation);
            }
            Action::Two(function) => {
                let y = self.constant();
                self.depth -= 1;
                let x = self.constant_before(y.is_some());
                self.depth += 1;
                if let (Some(x), Some(y)) = (x, y) {
                    let mut out = [0.0];
                    function.apply(Operand::Scalar(x), Operand::Scalar(y), &mut out);
                    if out[0].is_finite() {
                        self.drop_last();
                        self.drop_last();
                        return self.leaf(Node::Constant(out[0]));
                    }
                }
                self.two(operation, x, y);
            }
            _ => self.nodes.push(Node::Call(operation)),
        }
    }

    /// The first of two subtrees, if it is a constant; called with the second taken off the stack.
    fn constant_before(&self, _second: bool) -> Option<f32> {
        let begin = self.begins[self.depth - 1] as usize;
        let end = self.begins[self.depth] as usize;
        match self.nodes[begin..end] {
            [Node::Constant(value)] => Some(value),
            _ => None,
        }
    }

    fn one(&mut self, operation: Operation) {
        use Operation::{Cube, Exp, Ln, Multiply, Negative, Reciprocal, Root, Square};
        let inner = match self.nodes.last() {
            Some(Node::Call(inner)) => Some(*inner),
            _ => None,
        };
        match (operation, inner) {
            (Negative, Some(Negative)) | (Exp, Some(Ln)) | (Ln, Some(Exp)) => {
                self.nodes.pop();
                return;
            }
            _ => {}
        }
        let before = self.nodes.len();
        let pulled = match operation {
            Exp => self.take_constant(Operation::Add),
            Negative | Square | Cube | Root | Ln | Reciprocal => self.take_constant(Multiply),
            _ => None,
        };
        let Some(c) = pulled else { return self.nodes.push(Node::Call(operation)) };
        let (outer, moved) = match operation {
            Exp => (Multiply, hatchery_kernels::math::exp_f64(f64::from(c).min(700.0)) as f32),
            Negative => (Multiply, -c),
            Square => (Multiply, c * c),
            Cube => (Multiply, c * c * c),
            Root => (Multiply, c.sqrt()),
            Reciprocal => (Multiply, 1.0 / c),
            _ => (Operation::Add, hatchery_kernels::math::rounded::ln(c)),
        };
        if moved.is_finite() && (moved != 0.0 || outer == Operation::Add) {
            if operation == Negative {
                return self.with(Multiply, moved);
            }
            self.one(operation);
            self.with(outer, moved);
        } else {
            let own = if operation == Exp { Operation::Add } else { Multiply };
            self.nodes.extend([Node::Constant(c), Node::Call(own), Node::Call(operation)]);
            debug_assert_eq!(self.nodes.len(), before + 1);
        }
    }

    fn two(&mut self, operation: Operation, x: Option<f32>, y: Option<f32>) {
        use Operation::{Add, Multiply, Negative, Quotient, Subtract};
        if let Some(c) = y {
            self.drop_last();
            return self.with_constant(operation, c);
        }
        let first = self.begins[self.depth - 2] as usize;
        let second = self.begins[self.depth - 1] as usize;
        if let Some(c) = x {
            if operation.is_commutative() {
                self.nodes.remove(first);
                self.depth -= 1;
                return self.with_constant(operation, c);
            }
            if operation == Quotient && c == 0.0 {
                self.nodes.truncate(first + 1);
                self.depth -= 1;
                return;
            }
        }
        if self.nodes[first..second] == self.nodes[second..] {
            match operation {
                Subtract | Quotient => {
                    self.drop_last();
                    self.drop_last();
                    return self.leaf(Node::Constant(f32::from(operation == Quotient)));
                }
                Add => {
                    self.drop_last();
                    return self.with(Multiply, 2.0);
                }
                Multiply if self.squares => {
                    self.drop_last();
                    return self.call(Operation::Square);
                }
                _ => {}
            }
        }
        // The second argument gives its constant away.
        if matches!(operation, Add | Subtract)
            && let Some(c) = self.take_constant(Add)
        {
            self.call(operation);
            return self.with(Add, if operation == Add { c } else { -c });
        }
        if operation == Multiply
            && let Some(c) = self.take_constant(Multiply)
        {
            self.call(operation);
            return self.with(Multiply, c);
        }
        if operation == Quotient
            && let Some(c) = self.take_constant(Multiply)
        {
            if c != 0.0 && (1.0 / c).is_finite() {
                self.call(operation);
                return self.with(Multiply, 1.0 / c);
            }
            self.nodes.extend([Node::Constant(c), Node::Call(Multiply)]);
        }
        // So does the first.
        let gives = match operation {
            Add | Subtract => Add,
            _ => Multiply,
        };
        if matches!(operation, Add | Subtract | Multiply | Quotient)
            && second >= 3
            && second - first >= 3
            && self.nodes[second - 1] == Node::Call(gives)
            && let Node::Constant(c) = self.nodes[second - 2]
        {
            self.nodes.drain(second - 2..second);
            self.begins[self.depth - 1] = (second - 2) as u8;
            self.call(operation);
            return self.with(gives, c);
        }
        let negative = self.nodes.last() == Some(&Node::Call(Negative));
        if negative && matches!(operation, Add | Subtract) {
            self.nodes.pop();
            return self.call(if operation == Add { Subtract } else { Add });
        }
        self.nodes.push(Node::Call(operation));
        self.depth -= 1;
    }

    /// The last subtree combined with a constant, which has been taken off.
    fn with_constant(&mut self, operation: Operation, c: f32) {
        use Operation::{Add, Multiply, Negative, Quotient, Subtract};
        let (operation, c) = match operation {
            Subtract => (Add, -c),
            Quotient if c != 0.0 && (1.0 / c).is_finite() => (Multiply, 1.0 / c),
            other => (other, c),
        };
        match operation {
            Add if c == 0.0 => return,
            Multiply if c == 1.0 => return,
            Multiply if c == 0.0 => {
                self.drop_last();
                return self.leaf(Node::Constant(0.0));
            }
            Multiply if self.nodes.last() == Some(&Node::Call(Negative)) => {
                self.nodes.pop();
                return self.with_constant(Multiply, -c);
            }
            _ => {}
        }
        let begin = self.last();
        let count = self.nodes.len();
        if matches!(operation, Add | Multiply)
            && count - begin >= 3
            && self.nodes[count - 1] == Node::Call(operation)
            && let Node::Constant(own) = self.nodes[count - 2]
        {
            let together = if operation == Add { own + c } else { own * c };
            if together.is_finite() && (operation == Add || together != 0.0) {
                self.nodes.truncate(count - 2);
                return self.with_constant(operation, together);
            }
        }
        self.nodes.extend([Node::Constant(c), Node::Call(operation)]);
    }
}

impl Expression {
    /// The formula in simpler form; see the module.
    pub fn simplified(&self, squares: bool) -> Self {
        Self::of(Simplifier { squares }.simplify(self.nodes()))
    }
}
