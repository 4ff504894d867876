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

use super::{Action, Kind, Operation, Program, Reduction, Signature, Variable};

mod build;

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
        build::graph(program, signature)
    }

    /// The whole graph as numbers: equal if and only if the graphs are.
    pub fn words(&self) -> Vec<u32> {
        let mut words = Vec::with_capacity(4 * self.nodes.len() + 2 * self.states.len() + 2);
        self.each_word(|word| {
            words.push(word);
            true
        });
        words
    }

    /// Whether these are its [`words`](Self::words), without making them.
    pub fn has_words(&self, words: &[u32]) -> bool {
        let mut rest = words.iter();
        self.each_word(|word| rest.next() == Some(&word)) && rest.next().is_none()
    }

    /// Shows one word after the other, until one is refused; returns whether none was.
    #[inline(always)]
    fn each_word(&self, mut take: impl FnMut(u32) -> bool) -> bool {
        for node in &self.nodes {
            let go_on = match node.origin {
                Origin::Input(variable) => take(0) && take(u32::from(variable)),
                Origin::Constant(bits) => take(1) && take(bits),
                Origin::Call(operation, _) => {
                    take(2 + operation as u32) && node.args().iter().all(|arg| take(*arg))
                }
            };
            if !go_on {
                return false;
            }
        }
        take(u32::MAX)
            && self.outputs.iter().all(|output| take(*output))
            && self.states.iter().all(|c| take(u32::from(c.variable)) && take(c.result))
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
