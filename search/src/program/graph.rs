//! What a program computes, whatever its text: a graph of values in canonical form, and its hash.
//!
//! Two programs have the same graph if they differ in names, in dead code, in the order of independent statements, in
//! the order of commuting arguments, in which of two states is called the first, or by one of these identities:
//! `x·1`, `x+0`, `x−0`, `interp(x, y, 0)`, `interp(x, x, a)`, `max(x, x)`, `min(x, x)`, `−−x`, `||x||`, `sign(sign x)`, and
//! functions of constants. The interpreter runs graphs, so programs of one graph have the same results to the bit.
//!
//! Source: the functional hash of Chen et al. 2023 (inputs by position, calls by function and arguments), with the identities
//! and the symmetry of the states added.

use hatchery_kernels::cpu::elementwise::{Operand, interpolate};

use super::{Action, Argument, Kind, Operation, Program, Reduction, Signature, Variable};

/// A value's number in its graph; arguments have smaller ones.
pub type Value = u32;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An input of the signature.
    Input(Variable),
    /// The bits of a constant.
    Constant(u32),
    /// A call; unused arguments are 0.
    Call(Operation, [Value; 3]),
}

/// One value of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it comes from.
    pub origin: Origin,
    /// What it holds.
    pub kind: Kind,
}

impl Node {
    /// The arguments, if it is a call.
    pub fn args(&self) -> &[Value] {
        match &self.origin {
            Origin::Call(operation, args) => &args[..operation.args()],
            _ => &[],
        }
    }

    /// The number, if it is a constant.
    pub fn constant(&self) -> Option<f32> {
        match self.origin {
            Origin::Constant(bits) => Some(f32::from_bits(bits)),
            _ => None,
        }
    }
}

/// A state that is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The input it is read from.
    pub variable: Variable,
    /// Its value at the end of the step.
    pub result: Value,
}

/// What a program computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// The values, arguments first; all of them matter.
    pub nodes: Vec<Node>,
    /// The results that are not carried, in the order of the signature.
    pub outputs: Vec<Value>,
    /// The states that are carried.
    pub states: Vec<Carried>,
    /// The same for the same graph; for different ones the same with a chance of 2⁻¹²⁸.
    pub hash: u128,
}

/// A function of constants came to an infinite value or none: no program of that kind can be scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a function of constants is infinite or not a number")]
pub struct NotFinite;

impl Graph {
    /// The graph of a program that has passed [`Program::check`].
    ///
    /// # Errors
    /// [`NotFinite`] if a function of constants is.
    pub fn of(program: &Program, signature: &Signature) -> Result<Self, NotFinite> {
        let straight = Builder::run(program, signature, false);
        let graph = match straight.states.as_slice() {
            [] => straight,
            // A single state is the first one.
            [only] if only.variable == signature.states()[0].0 => straight,
            [_] => Builder::run(program, signature, true),
            _ => {
                let swapped = Builder::run(program, signature, true);
                if swapped.hash < straight.hash { swapped } else { straight }
            }
        };
        let finite = graph.nodes.iter().filter_map(Node::constant).all(f32::is_finite);
        finite.then_some(graph).ok_or(NotFinite)
    }

    /// The whole graph as numbers: equal if and only if the graphs are.
    pub fn words(&self) -> Vec<u32> {
        let mut words = Vec::with_capacity(4 * self.nodes.len());
        for node in &self.nodes {
            match node.origin {
                Origin::Input(variable) => words.extend([0, u32::from(variable)]),
                Origin::Constant(bits) => words.extend([1, bits]),
                Origin::Call(operation, _) => {
                    words.push(2 + operation as u32);
                    words.extend(node.args());
                }
            }
        }
        words.push(u32::MAX);
        words.extend(&self.outputs);
        for carried in &self.states {
            words.extend([u32::from(carried.variable), carried.result]);
        }
        words
    }

    /// Number of calls.
    pub fn calls(&self) -> usize {
        self.nodes.iter().filter(|node| matches!(node.origin, Origin::Call(..))).count()
    }

    /// The graph as a program: a statement for each call, every variable assigned once, but for the results.
    pub fn program(&self, signature: &Signature) -> Program {
        super::unparse::program(self, signature)
    }
}

/// Spreads the bits of two words over 128.
#[inline]
fn mix(a: u128, b: u128) -> u128 {
    const ODD_1: u64 = 0x9E37_79B9_7F4A_7C15;
    const ODD_2: u64 = 0xC2B2_AE3D_27D4_EB4F;
    let fold = |x: u64, y: u64| {
        let product = u128::from(x) * u128::from(y);
        (product as u64) ^ (product >> 64) as u64
    };
    let (a0, a1, b0, b1) = (a as u64, (a >> 64) as u64, b as u64, (b >> 64) as u64);
    let low =
        fold(a0 ^ ODD_1, b0 ^ ODD_2.rotate_left(17) ^ a1).wrapping_add(b1.wrapping_mul(ODD_1));
    let high = fold(a1 ^ ODD_2, b1 ^ ODD_1.rotate_left(29) ^ b0)
        .wrapping_add(a0.wrapping_mul(ODD_2) ^ low);
    u128::from(fold(low ^ ODD_2, high ^ ODD_1))
        | u128::from(fold(high ^ ODD_1, low.rotate_left(32) ^ ODD_2)) << 64
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
    fn run(program: &Program, signature: &Signature, swapped: bool) -> Graph {
        let room = program.statements.len() + program.constants.len() + signature.inputs().len();
        let mut builder = Self {
            nodes: Vec::with_capacity(room),
            hashes: Vec::with_capacity(room),
            heads: [NONE; 64],
            next: Vec::with_capacity(room),
            values: vec![NONE; program.last_variable(signature) as usize + 1],
        };
        let position = |variable: Variable| match signature.states() {
            [(first, _), (second, _)] if swapped && variable == *first => *second,
            [(first, _), (second, _)] if swapped && variable == *second => *first,
            _ => variable,
        };
        for (variable, input) in signature.inputs().iter().enumerate() {
            let origin = Origin::Input(position(variable as Variable));
            builder.values[variable] = builder.add(Node { origin, kind: input.kind });
        }
        for statement in &program.statements {
            let mut args = [0; 3];
            for (slot, argument) in args.iter_mut().zip(statement.args()) {
                *slot = match *argument {
                    Argument::Variable(variable) => builder.values[variable as usize],
                    Argument::Constant(index) => builder.number(program.constants[index as usize]),
                };
            }
            builder.values[statement.target as usize] = builder.call(statement.operation, args);
        }
        builder.finish(signature, position)
    }

    fn add(&mut self, node: Node) -> Value {
        let hash = match node.origin {
            Origin::Input(variable) => mix(1, u128::from(variable)),
            Origin::Constant(bits) => mix(2, u128::from(bits)),
            Origin::Call(operation, _) => node
                .args()
                .iter()
                .fold(mix(3, operation as u128), |hash, arg| mix(hash, self.hashes[*arg as usize])),
        };
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
        if operation.is_commutative()
            && self.hashes[args[0] as usize] > self.hashes[args[1] as usize]
        {
            args.swap(0, 1);
        }
        if let Some(value) = self.identity(operation, args) {
            return value;
        }
        let constants: Vec<f32> =
            args[..used].iter().map_while(|&arg| self.constant(arg)).collect();
        if constants.len() == used {
            return self.number(evaluate(operation, &constants));
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

    /// Keeps what the results depend on, numbered in the order in which one comes across it from the results.
    fn finish(self, signature: &Signature, position: impl Fn(Variable) -> Variable) -> Graph {
        let mut kept = Kept {
            graph: Vec::with_capacity(self.nodes.len()),
            origins: Vec::with_capacity(self.nodes.len()),
            number: vec![NONE; self.nodes.len()],
            states: Vec::new(),
        };
        let outputs = signature.outputs();
        let outputs: Vec<Value> = outputs
            .iter()
            .map(|(v, _)| kept.visit(&self, self.values[*v as usize], signature))
            .collect();
        // Each state that was come across brings its own result, which may come across another.
        let mut states = Vec::new();
        while states.len() < kept.states.len() {
            let variable = kept.states[states.len()];
            let written = self.values[position(variable) as usize];
            let result = kept.visit(&self, written, signature);
            states.push(Carried { variable, result });
        }
        let hash = |value: Value, kept: &Kept| self.hashes[kept.origins[value as usize] as usize];
        let mut whole = mix(4, outputs.len() as u128);
        for value in &outputs {
            whole = mix(whole, hash(*value, &kept));
        }
        for carried in &states {
            whole = mix(mix(whole, u128::from(carried.variable)), hash(carried.result, &kept));
        }
        Graph { nodes: kept.graph, outputs, states, hash: whole }
    }
}

struct Kept {
    graph: Vec<Node>,
    /// For each value that is kept, its number in the builder.
    origins: Vec<Value>,
    /// For each value of the builder, its number here.
    number: Vec<Value>,
    /// States in the order in which they were come across.
    states: Vec<Variable>,
}

impl Kept {
    fn visit(&mut self, builder: &Builder, value: Value, signature: &Signature) -> Value {
        if self.number[value as usize] != NONE {
            return self.number[value as usize];
        }
        let mut node = builder.nodes[value as usize];
        match &mut node.origin {
            Origin::Call(operation, args) => {
                for arg in &mut args[..operation.args()] {
                    *arg = self.visit(builder, *arg, signature);
                }
            }
            Origin::Input(variable)
                if signature.states().iter().any(|(state, _)| state == variable) =>
            {
                self.states.push(*variable);
            }
            Origin::Input(_) | Origin::Constant(_) => {}
        }
        let number = self.graph.len() as Value;
        self.graph.push(node);
        self.origins.push(value);
        self.number[value as usize] = number;
        number
    }
}

/// A call with scalars only.
pub(super) fn evaluate(operation: Operation, args: &[f32]) -> f32 {
    let mut out = [0.0];
    match operation.action() {
        Action::Number(number) => return number,
        Action::One(function) => function.apply(&args[..1], &mut out),
        Action::Two(function) => {
            function.apply(Operand::Scalar(args[0]), Operand::Scalar(args[1]), &mut out);
        }
        Action::Interpolate => {
            interpolate(Operand::Scalar(args[0]), Operand::Scalar(args[1]), args[2], &mut out);
        }
        Action::Reduce(Reduction::Norm | Reduction::GlobalNorm) => return args[0].abs(),
        Action::Reduce(Reduction::Dot) => return args[0] * args[1],
        Action::Reduce(Reduction::CosineSimilarity) => {
            return args[0] * args[1] / (args[0].abs() * args[1].abs());
        }
        Action::Clip => return clip_factor(args[0].abs(), args[1]) * args[0],
    }
    out[0]
}

/// `min(1, c / norm)`; NaN where both are 0.
pub(super) fn clip_factor(norm: f32, c: f32) -> f32 {
    let factor = c / norm;
    if factor > 1.0 { 1.0 } else { factor }
}
