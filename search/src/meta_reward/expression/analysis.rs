//! What can be said of a reward without training: its sign, its vetoes, its class.

use std::fmt;

use hatchery_kernels::Dice;
use serde::{Deserialize, Serialize};

use super::canonical::Invariance;
use super::interval::is_away_from_zero;
use super::polynomial::{Atom, Monomial, Sum};
use super::{Evaluator, Inputs, Node, Reward, Vocabulary};

/// Corners are listed for at most so many inputs; for more, so many are drawn as they would have.
const LISTED_MAX: usize = 10;

/// The authors' classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// A weighted sum, or divided by something that stays away from zero.
    Stable,
    /// It has a product of two parts that depend on the episode, so that one zero vetoes the rest, or a division by what may be zero.
    Unstable,
    /// Where the outcome matters, it mostly lowers the reward.
    Adversarial,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stable => "stable",
            Self::Unstable => "unstable",
            Self::Adversarial => "adversarial",
        })
    }
}

/// The static checks of a reward, over the corners of the ranges of all that it mentions and of the outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// Share of the corners in which the outcome, raised from its smallest to its largest value, raises the reward.
    pub sign: f32,
    /// Share of the corners with the outcome in which the reward is what it is where all is smallest.
    pub veto: f32,
    /// Class.
    pub class: Class,
    /// One line in words.
    pub description: String,
}

impl Reward {
    /// The static checks.
    pub fn analyse(&self, vocabulary: &Vocabulary) -> Analysis {
        let corners = Corners::count(self, vocabulary);
        let canonical = self.canonical(vocabulary, Invariance::Exact);
        let structure = Structure::of(&canonical.sum, vocabulary);
        let is_wrong = corners.lowered > corners.raised;
        let class = match structure {
            _ if is_wrong => Class::Adversarial,
            Structure::Constant | Structure::Sum => Class::Stable,
            Structure::Product | Structure::Pole => Class::Unstable,
        };
        let outcome = vocabulary.name_of(Node::Primitive(0));
        let words = match structure {
            _ if is_wrong => {
                format!("raising {outcome} lowers it in {}", corners.share(corners.lowered))
            }
            Structure::Constant => "it is a number and teaches nothing".to_owned(),
            Structure::Sum => "a weighted sum".to_owned(),
            Structure::Product => format!(
                "a product of parts that depend on the episode; with {outcome} it is as if nothing was done in {}",
                corners.share(corners.vetoed)
            ),
            Structure::Pole => "a division by what may be near zero".to_owned(),
        };
        let blind = !canonical.is_constant() && corners.raised + corners.lowered == 0;
        let blind = if blind { format!("; it never looks at {outcome}") } else { String::new() };
        Analysis {
            sign: corners.raised as f32 / corners.pairs as f32,
            veto: corners.vetoed as f32 / corners.pairs as f32,
            class,
            description: format!("{class}: {words}{blind}"),
        }
    }
}

/// Pairs of corners that differ in the outcome alone.
struct Corners {
    pairs: usize,
    raised: usize,
    lowered: usize,
    vetoed: usize,
}

impl Corners {
    fn count(reward: &Reward, vocabulary: &Vocabulary) -> Self {
        let evaluator = Evaluator::new(reward, vocabulary.division());
        let reductions = evaluator.reductions();
        let mentioned: Vec<usize> = (1..vocabulary.primitives().len())
            .filter(|&primitive| reward.mentions(primitive))
            .collect();
        let mut primitives: Vec<f32> = vocabulary.primitives().iter().map(|s| s.range[0]).collect();
        let range = |slot: usize| match reductions.get(slot) {
            Some(&(reducer, signal)) => vocabulary.range_of(Node::Reduced(reducer, signal as u16)),
            None => [0.0; 2],
        };
        let mut reduced: Vec<f32> = (0..reductions.len()).map(|slot| range(slot)[0]).collect();
        // Whether ramps have begun or ended is a corner, too.
        let inputs = mentioned.len() + reductions.len() + 1;
        let value = |primitives: &[f32], reduced: &[f32], progress: f32| {
            evaluator.value(&Inputs { primitives, reduced, progress }).ok()
        };
        let nothing = [0.0, 1.0].map(|progress| value(&primitives, &reduced, progress));
        let pairs = if inputs <= LISTED_MAX { 1 << inputs } else { 1 << LISTED_MAX };
        let mut dice = Dice::new(0, 0, 0);
        let mut corners = Self { pairs, raised: 0, lowered: 0, vetoed: 0 };
        let outcome = vocabulary.range_of(Node::Primitive(0));
        for pair in 0..pairs {
            let mut high = |input: usize| {
                if inputs <= LISTED_MAX { pair >> input & 1 } else { dice.below(2) }
            };
            for (input, &primitive) in mentioned.iter().enumerate() {
                primitives[primitive] = vocabulary.primitives()[primitive].range[high(input)];
            }
            for (slot, value) in reduced.iter_mut().enumerate() {
                *value = range(slot)[high(mentioned.len() + slot)];
            }
            let end = high(inputs - 1);
            let [without, with] = outcome.map(|outcome| {
                primitives[0] = outcome;
                value(&primitives, &reduced, end as f32)
            });
            if let (Some(without), Some(with)) = (without, with) {
                corners.raised += usize::from(with > without);
                corners.lowered += usize::from(with < without);
            }
            corners.vetoed += usize::from(with.is_some() && with == nothing[end]);
        }
        corners
    }

    fn share(&self, count: usize) -> String {
        format!("{} % of the corners", 100 * count / self.pairs)
    }
}

/// What of a canonical form makes training hard.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Structure {
    Constant,
    Sum,
    Product,
    Pole,
}

impl Structure {
    fn of(sum: &Sum, vocabulary: &Vocabulary) -> Self {
        let structures = sum.0.iter().map(|(monomial, _)| Self::of_monomial(monomial, vocabulary));
        structures.fold(Self::Constant, |a, b| if b > a { b } else { a })
    }

    fn of_monomial(monomial: &Monomial, vocabulary: &Vocabulary) -> Self {
        let (mut numerators, mut divided) = (0, false);
        let mut worst = Self::Constant;
        for atom in &monomial.0 {
            let inside = match atom {
                Atom::Primitive(_) | Atom::Reduced(..) => Self::Sum,
                Atom::Factor(sum) => Self::of(sum, vocabulary),
                Atom::Inverse(sum) if is_away_from_zero(sum, vocabulary) => {
                    divided = true;
                    Self::Sum
                }
                Atom::Inverse(_) => Self::Pole,
                Atom::Function(super::Operator::Gate, sums) => {
                    // A condition is a factor of 0 or 1.
                    let depends = sums.iter().filter(|sum| sum.constant().is_none()).count();
                    if depends > 1 { Self::Product } else { Self::Sum }
                }
                Atom::Function(_, sums) => {
                    let inside = sums.iter().map(|sum| Self::of(sum, vocabulary));
                    inside.fold(Self::Sum, |a, b| if b > a { b } else { a })
                }
            };
            numerators += usize::from(!matches!(atom, Atom::Inverse(_)));
            worst = if inside > worst { inside } else { worst };
        }
        if numerators > 1 && !divided && worst < Self::Product { Self::Product } else { worst }
    }
}
