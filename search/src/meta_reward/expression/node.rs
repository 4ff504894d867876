//! What a reward is made of: leaves and operators.

use std::hash::{Hash, Hasher};

use hatchery_engine::world::Reducer;
use serde::{Deserialize, Serialize};

/// One node of a reward, and one token of its prefix order.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Node {
    /// A primitive, by its number in the world: 0 is the outcome, whatever set was chosen.
    Primitive(u16),
    /// A per-step signal, by its number in the world, reduced over the episode.
    Reduced(Reducer, u16),
    /// A number. Sampled ones come from the vocabulary's table; written and mutated ones may be any.
    Constant(f32),
    /// An operator on the subtrees that follow.
    Call(Operator),
}

impl Node {
    /// Number of subtrees that follow it.
    pub const fn arity(self) -> usize {
        match self {
            Self::Call(operator) => operator.arity(),
            _ => 0,
        }
    }

    /// Whether it says something of the episode.
    pub const fn is_grounded(self) -> bool {
        matches!(self, Self::Primitive(_) | Self::Reduced(..))
    }

    /// Whether it is a number.
    pub const fn is_constant(self) -> bool {
        matches!(self, Self::Constant(_))
    }

    /// A number that tells nodes apart; constants by their bits.
    fn key(self) -> (u8, u32, u32) {
        match self {
            Self::Primitive(primitive) => (0, u32::from(primitive), 0),
            Self::Reduced(reducer, signal) => (1, u32::from(signal), reducer as u32),
            Self::Constant(value) => (2, value.to_bits(), 0),
            Self::Call(operator) => (3, operator as u32, 0),
        }
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Node {}

impl Hash for Node {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

/// What can be done with one or two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operator {
    /// a + b
    Add,
    /// a − b
    Subtract,
    /// a b
    Multiply,
    /// a / b, see [`Division`].
    Divide,
    /// The smaller.
    Min,
    /// The larger.
    Max,
    /// `gate(c, a)`: a where c > 0.5, else 0.
    Gate,
    /// `ramp(a, b)`: (1 − p) a + p b, where p is the share of the training that is over.
    Ramp,
    /// `clip01(a)`: a, but at least 0 and at most 1.
    Clip,
    /// The hyperbolic tangent.
    Tanh,
    /// −a
    Negate,
}

impl Operator {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Add,
        Self::Subtract,
        Self::Multiply,
        Self::Divide,
        Self::Min,
        Self::Max,
        Self::Gate,
        Self::Ramp,
        Self::Clip,
        Self::Tanh,
        Self::Negate,
    ];

    /// Number of operands.
    pub const fn arity(self) -> usize {
        match self {
            Self::Clip | Self::Tanh | Self::Negate => 1,
            _ => 2,
        }
    }

    /// Its sign or the name of its function.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Min => "min",
            Self::Max => "max",
            Self::Gate => "gate",
            Self::Ramp => "ramp",
            Self::Clip => "clip01",
            Self::Tanh => "tanh",
            Self::Negate => "neg",
        }
    }

    /// The function of that name; the four signs are none.
    pub fn function(name: &str) -> Option<Self> {
        Self::ALL[4..].iter().copied().find(|operator| operator.name() == name)
    }

    /// Its value; `b` counts for nothing where it takes one operand. What cannot be computed is infinite or NaN.
    #[inline]
    pub(super) fn apply(self, a: f32, b: f32, division: Division, progress: f32) -> f32 {
        match self {
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a * b,
            Self::Divide => division.apply(a, b),
            Self::Min => {
                if b < a {
                    b
                } else {
                    a
                }
            }
            Self::Max => {
                if b > a {
                    b
                } else {
                    a
                }
            }
            Self::Gate => {
                if a > 0.5 {
                    b
                } else {
                    0.0
                }
            }
            Self::Ramp => (1.0 - progress) * a + progress * b,
            Self::Clip => a.clamp(0.0, 1.0),
            Self::Tanh => libm::tanhf(a),
            Self::Negate => -a,
        }
    }
}

/// What `/` means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Division {
    /// a b / (b² + 1e-4): near a / b where b is not small, 0 where it is 0, never above 50 |a|.
    #[default]
    Safe,
    /// a / b, as the paper has it; by 0 it is an error, and the episode scores 0.
    Faithful,
}

impl Division {
    /// What keeps [`Division::Safe`] from infinity.
    pub const GUARD: f32 = 1e-4;

    #[inline]
    fn apply(self, a: f32, b: f32) -> f32 {
        match self {
            Self::Safe => a * b / (b * b + Self::GUARD),
            Self::Faithful => a / b,
        }
    }
}
