//! From statements to the canonical graph.
//!
//! Dead statements are left out first. The others become values by hash-consing: what was seen before is the same value, identities
//! and functions of constants are folded on the way. Then the results are walked to, which numbers what is left. With two states this
//! is done for both orders of them, and the graph of the smaller hash is taken.

use std::cmp::Ordering;

use super::{Carried, Graph, Kind, Node, NotFinite, Operation, Origin, Value, evaluate};
use crate::program::{Argument, Liveness, Program, Signature, Variable};

/// See [`Graph::of`].
pub(super) fn graph(program: &Program, signature: &Signature) -> Result<Graph, NotFinite> {
    let straight = Builder::run(program, signature);
    let graph = match straight.states.as_slice() {
        [] => straight,
        // A single state is the first one.
        [only] if only.variable == signature.states()[0].0 => straight,
        [_] => swapped(&straight, &hashes_of(&straight, signature, true), signature),
        _ => in_order(straight, signature),
    };
    let finite = graph.nodes.iter().filter_map(Node::constant).all(f32::is_finite);
    finite.then_some(graph).ok_or(NotFinite)
}

/// With two states, the order in which the outputs have the smaller hash; if they do not tell, all together.
fn in_order(straight: Graph, signature: &Signature) -> Graph {
    let (one, other) =
        (hashes_of(&straight, signature, false), hashes_of(&straight, signature, true));
    let outputs = |hashes: &[u128]| {
        straight.outputs.iter().fold(0, |hash, value| mix(hash, hashes[*value as usize]))
    };
    match outputs(&one).cmp(&outputs(&other)) {
        Ordering::Less => straight,
        Ordering::Greater => swapped(&straight, &other, signature),
        Ordering::Equal => {
            let swapped = swapped(&straight, &other, signature);
            if swapped.hash < straight.hash { swapped } else { straight }
        }
    }
}

/// The state that a state is called by if both change their names; other variables as they are.
fn other(variable: Variable, signature: &Signature) -> Variable {
    match signature.states() {
        [(first, _), (second, _)] if variable == *first => *second,
        [(first, _), (second, _)] if variable == *second => *first,
        _ => variable,
    }
}

/// Hashes of all values; with `swapped` of those that they are when the two states change their names.
fn hashes_of(graph: &Graph, signature: &Signature, swapped: bool) -> Vec<u128> {
    let mut hashes = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let mut node = *node;
        match &mut node.origin {
            Origin::Input(variable) if swapped => *variable = other(*variable, signature),
            Origin::Call(operation, args) if swapped => sort(*operation, args, &hashes),
            _ => {}
        }
        hashes.push(hash_of(&node, &hashes));
    }
    hashes
}

/// The same function with the two states called by each other's names; `hashes` are those of its values.
fn swapped(graph: &Graph, hashes: &[u128], signature: &Signature) -> Graph {
    let mut nodes = graph.nodes.clone();
    for node in &mut nodes {
        match &mut node.origin {
            Origin::Input(variable) => *variable = other(*variable, signature),
            Origin::Call(operation, args) => sort(*operation, args, hashes),
            Origin::Constant(_) => {}
        }
    }
    let result = |variable: Variable| {
        let variable = other(variable, signature);
        let carried = graph.states.iter().find(|carried| carried.variable == variable);
        carried.expect("what is read is carried").result
    };
    Kept::walk(&nodes, hashes, graph.outputs.iter().copied(), result, signature)
}

/// Spreads the bits of two words over 128.
#[inline]
const fn mix(a: u128, b: u128) -> u128 {
    const ODD_1: u64 = 0x9E37_79B9_7F4A_7C15;
    const ODD_2: u64 = 0xC2B2_AE3D_27D4_EB4F;
    const fn fold(x: u64, y: u64) -> u64 {
        let product = x as u128 * y as u128;
        (product as u64) ^ (product >> 64) as u64
    }
    let (a0, a1, b0, b1) = (a as u64, (a >> 64) as u64, b as u64, (b >> 64) as u64);
    let low =
        fold(a0 ^ ODD_1, b0 ^ ODD_2.rotate_left(17) ^ a1).wrapping_add(b1.wrapping_mul(ODD_1));
    let high = fold(a1 ^ ODD_2, b1 ^ ODD_1.rotate_left(29) ^ b0)
        .wrapping_add(a0.wrapping_mul(ODD_2) ^ low);
    fold(low ^ ODD_2, high ^ ODD_1) as u128
        | (fold(high ^ ODD_1, low.rotate_left(32) ^ ODD_2) as u128) << 64
}

/// What the hash of a call begins with, by operation.
const CALLS: [u128; 64] = {
    let mut calls = [0; 64];
    let mut operation = 0;
    while operation < calls.len() {
        calls[operation] = mix(3, operation as u128);
        operation += 1;
    }
    calls
};

/// Hash of a value whose arguments have theirs.
#[inline]
fn hash_of(node: &Node, hashes: &[u128]) -> u128 {
    match node.origin {
        Origin::Input(variable) => mix(1, u128::from(variable)),
        Origin::Constant(bits) => mix(2, u128::from(bits)),
        Origin::Call(operation, _) => {
            let start = CALLS[operation as usize];
            node.args().iter().fold(start, |hash, arg| mix(hash, hashes[*arg as usize]))
        }
    }
}

/// Puts arguments that commute in the order of their hashes.
#[inline]
fn sort(operation: Operation, args: &mut [Value; 3], hashes: &[u128]) {
    if operation.is_commutative() && hashes[args[0] as usize] > hashes[args[1] as usize] {
        args.swap(0, 1);
    }
}

struct Builder {
    nodes: Vec<Node>,
    hashes: Vec<u128>,
    /// Heads of chains of values with the same low bits of the hash, and the next of each value.
    heads: [Value; 64],
    next: Vec<Value>,
    /// The present value of each variable.
    values: Vec<Value>,
}

const NONE: Value = Value::MAX;

impl Builder {
    fn run(program: &Program, signature: &Signature) -> Graph {
        let live = Liveness::of(program, signature).statements;
        let room = 2 * program.statements.len() + signature.inputs().len();
        let mut builder = Self {
            nodes: Vec::with_capacity(room),
            hashes: Vec::with_capacity(room),
            heads: [NONE; 64],
            next: Vec::with_capacity(room),
            values: vec![NONE; program.last_variable(signature) as usize + 1],
        };
        for (variable, input) in signature.inputs().iter().enumerate() {
            let origin = Origin::Input(variable as Variable);
            builder.values[variable] = builder.add(Node { origin, kind: input.kind });
        }
        for (statement, live) in program.statements.iter().zip(live) {
            if !live {
                continue;
            }
            let mut args = [0; 3];
            for (slot, argument) in args.iter_mut().zip(statement.args()) {
                *slot = match *argument {
                    Argument::Variable(variable) => builder.values[variable as usize],
                    Argument::Constant(index) => builder.number(program.constants[index as usize]),
                };
            }
            builder.values[statement.target as usize] = builder.call(statement.operation, args);
        }
        let value = |variable: Variable| builder.values[variable as usize];
        let outputs = signature.outputs().iter().map(|(variable, _)| value(*variable));
        Kept::walk(&builder.nodes, &builder.hashes, outputs, value, signature)
    }

    fn add(&mut self, node: Node) -> Value {
        let hash = hash_of(&node, &self.hashes);
        let head = (hash as usize) & 63;
        let mut at = self.heads[head];
        while at != NONE {
            if self.hashes[at as usize] == hash && self.nodes[at as usize] == node {
                return at;
            }
            at = self.next[at as usize];
        }
        let value = self.nodes.len() as Value;
        self.nodes.push(node);
        self.hashes.push(hash);
        self.next.push(self.heads[head]);
        self.heads[head] = value;
        value
    }

    fn number(&mut self, number: f32) -> Value {
        // Of the two zeros one.
        let bits = if number == 0.0 { 0 } else { number.to_bits() };
        self.add(Node { origin: Origin::Constant(bits), kind: Kind::Scalar })
    }

    fn constant(&self, value: Value) -> Option<f32> {
        self.nodes[value as usize].constant()
    }

    fn called(&self, value: Value, operation: Operation) -> Option<Value> {
        match self.nodes[value as usize].origin {
            Origin::Call(found, args) if found == operation => Some(args[0]),
            _ => None,
        }
    }

    fn call(&mut self, operation: Operation, mut args: [Value; 3]) -> Value {
        let used = operation.args();
        sort(operation, &mut args, &self.hashes);
        if let Some(value) = self.identity(operation, args) {
            return value;
        }
        let mut constants = [0.0; 3];
        let mut known = 0;
        while let Some(number) = args[..used].get(known).and_then(|arg| self.constant(*arg)) {
            constants[known] = number;
            known += 1;
        }
        if known == used {
            return self.number(evaluate(operation, &constants[..used]));
        }
        let mut kinds = [Kind::Scalar; 3];
        for (kind, arg) in kinds.iter_mut().zip(&args[..used]) {
            *kind = self.nodes[*arg as usize].kind;
        }
        let kind = operation.result(&kinds[..used]).expect("the program was checked");
        for unused in &mut args[used..] {
            *unused = 0;
        }
        self.add(Node { origin: Origin::Call(operation, args), kind })
    }

    /// The value that this call is for free.
    fn identity(&self, operation: Operation, [x, y, a]: [Value; 3]) -> Option<Value> {
        let is = |value: Value, number: f32| self.constant(value) == Some(number);
        match operation {
            Operation::Multiply if is(x, 1.0) => Some(y),
            Operation::Multiply | Operation::Quotient if is(y, 1.0) => Some(x),
            Operation::Add if is(x, 0.0) => Some(y),
            Operation::Add | Operation::Subtract if is(y, 0.0) => Some(x),
            Operation::Interpolate if x == y => Some(x),
            Operation::Interpolate if is(a, 0.0) => {
                // The kind must stay that of both.
                (self.nodes[x as usize].kind >= self.nodes[y as usize].kind).then_some(x)
            }
            Operation::Max | Operation::Min if x == y => Some(x),
            Operation::Negative => self.called(x, Operation::Negative),
            Operation::Abs | Operation::Sign => self.called(x, operation).map(|_| x),
            _ => None,
        }
    }
}

/// What the results depend on, numbered in the order in which one comes across it from the results.
struct Kept<'a> {
    nodes: &'a [Node],
    signature: &'a Signature,
    graph: Vec<Node>,
    /// For each value, its number in the graph.
    number: Vec<Value>,
    /// States in the order in which they were come across.
    states: Vec<Variable>,
}

impl<'a> Kept<'a> {
    /// From the outputs to everything that they depend on; `result` is the value of a state at the end.
    fn walk(
        nodes: &'a [Node],
        hashes: &[u128],
        outputs: impl ExactSizeIterator<Item = Value>,
        result: impl Fn(Variable) -> Value,
        signature: &'a Signature,
    ) -> Graph {
        let (graph, number) = (Vec::with_capacity(nodes.len()), vec![NONE; nodes.len()]);
        let mut kept = Self { nodes, signature, graph, number, states: Vec::new() };
        let mut whole = mix(4, outputs.len() as u128);
        let outputs: Vec<Value> = outputs
            .map(|value| {
                whole = mix(whole, hashes[value as usize]);
                kept.visit(value)
            })
            .collect();
        // Each state that was come across brings its own result, which may come across another.
        let mut states = Vec::with_capacity(2);
        while states.len() < kept.states.len() {
            let variable = kept.states[states.len()];
            let value = result(variable);
            whole = mix(mix(whole, u128::from(variable)), hashes[value as usize]);
            states.push(Carried { variable, result: kept.visit(value) });
        }
        Graph { nodes: kept.graph, outputs, states, hash: whole }
    }

    fn visit(&mut self, value: Value) -> Value {
        if self.number[value as usize] != NONE {
            return self.number[value as usize];
        }
        let mut node = self.nodes[value as usize];
        match &mut node.origin {
            Origin::Call(operation, args) => {
                for arg in &mut args[..operation.args()] {
                    *arg = self.visit(*arg);
                }
            }
            Origin::Input(variable) => {
                let states = self.signature.states();
                if states.iter().any(|(state, _)| state == variable) {
                    self.states.push(*variable);
                }
            }
            Origin::Constant(_) => {}
        }
        let number = self.graph.len() as Value;
        self.graph.push(node);
        self.number[value as usize] = number;
        number
    }
}
