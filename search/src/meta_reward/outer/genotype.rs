//! What a vector of weights means.

use serde::{Deserialize, Serialize};

use crate::ConfigError;
use crate::meta_reward::expression::{Node, Operator, ParseError, Reward, Vocabulary, significant};

/// Weights of less than this share of the largest of their sum are left out of it.
const SHARE_MIN: f32 = 0.01;

/// A form of reward in which only numbers are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Genotype {
    /// A weight for each primitive of the set.
    #[default]
    Linear,
    /// Twelve weights: three nodes over a set of four primitives, see [`Reward::graph`].
    Graph12,
}

impl Genotype {
    /// Whether it can be had over a vocabulary.
    ///
    /// # Errors
    /// For [`Genotype::Graph12`], if the set has not four primitives or there is no division.
    pub fn check(self, vocabulary: &Vocabulary) -> Result<(), ConfigError> {
        let primitives = vocabulary.chosen().len();
        let divides = vocabulary.operators().list().contains(&Operator::Divide);
        match self {
            Self::Graph12 if primitives != 4 => {
                let reason = format!("graph12 is over a set of 4 primitives, found {primitives}");
                Err(ConfigError::new("genotype", reason))
            }
            Self::Graph12 if !divides => {
                let name = vocabulary.operators().name();
                let reason =
                    format!("graph12 needs / among the operators, found those of '{name}'");
                Err(ConfigError::new("genotype", reason))
            }
            _ => Ok(()),
        }
    }

    /// Where a search begins: about as likely to look at the outcome, and as inclined to add than to subtract, as the prior of trees. With
    /// deviations of 1, the outcome has a positive weight in five of six, others in two of three.
    pub fn start(self, vocabulary: &Vocabulary) -> Vec<f32> {
        match self {
            Self::Linear => {
                let first = |node| if node == Node::Primitive(0) { 1.0 } else { 0.5 };
                vocabulary.chosen().map(first).collect()
            }
            // The sum of the four.
            Self::Graph12 => [1.0, 0.0, 0.0, 0.0].repeat(3),
        }
    }

    /// The reward that some weights mean. Constants have three digits and what hardly weighs is left out, then it is written and read back:
    /// what is trained is what is printed.
    ///
    /// # Errors
    /// [`ParseError`] if the weights are not finite or not as many as [`Genotype::start`] has.
    pub fn express(self, weights: &[f32], vocabulary: &Vocabulary) -> Result<Reward, ParseError> {
        let reward = match self {
            Self::Linear => {
                let mut weights = weights.to_vec();
                tidy(&mut weights);
                Reward::linear(&weights, vocabulary)
            }
            Self::Graph12 => {
                let primitives: Vec<Node> = vocabulary.chosen().collect();
                let node = |at: usize| {
                    let Some(&[p, q, r, s]) = weights.get(4 * at..4 * at + 4) else {
                        return [f32::NAN; 4];
                    };
                    let mut mixed = [p + q, p - q, r, s];
                    tidy(&mut mixed);
                    mixed
                };
                let primitive = |at| primitives.get(at).copied().unwrap_or(Node::Primitive(0));
                Reward::graph(&[0, 1, 2].map(node), [0, 1, 2, 3].map(primitive))
            }
        };
        let reward =
            reward.map_err(|error| ParseError { column: 1, message: error.to_string() })?;
        Reward::parse(&reward.text(vocabulary), vocabulary)
    }
}

fn tidy(weights: &mut [f32]) {
    let largest = weights.iter().fold(0.0, |largest: f32, weight| largest.max(weight.abs()));
    for weight in weights {
        let light = weight.abs() < SHARE_MIN * largest;
        *weight = if light { 0.0 } else { significant(*weight) };
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, vocabulary};
    use super::*;
    use crate::meta_reward::expression::Operators;
    use hatchery_engine::world::{Primitive, PrimitiveSet};
    use hatchery_kernels::Dice;

    #[test]
    fn weights_are_the_reward_that_is_printed() {
        let linear = |weights: &[f32]| Genotype::Linear.express(weights, &vocabulary());
        let reward = linear(&[1.234_567, 0.011, -2.999_9, 0.5]).expect("a reward");
        assert_eq!(reward, parse("1.23*g1 - 3*g3 + 0.5*g4"));
        assert_eq!(linear(&[0.0; 4]).expect("a reward"), parse("0"));
        assert!(linear(&[f32::NAN, 0.0, 0.0, 0.0]).is_err());
        let graph = |weights: &[f32]| Genotype::Graph12.express(weights, &vocabulary());
        let sum = Genotype::Graph12.start(&vocabulary());
        assert_eq!(graph(&sum).expect("a reward"), parse("g1 + g2 + g3 + g4"));
        assert!(graph(&sum[..11]).is_err());
    }

    #[test]
    fn any_weights_read_back_to_the_same_reward() {
        let mut dice = Dice::new(1, 0, 0);
        for _ in 0..200 {
            for genotype in [Genotype::Linear, Genotype::Graph12] {
                let mut weights = genotype.start(&vocabulary());
                weights.iter_mut().for_each(|weight| *weight += dice.normal() as f32);
                let reward = genotype.express(&weights, &vocabulary()).expect("a reward");
                assert_eq!(parse(&reward.text(&vocabulary())), reward);
            }
        }
    }

    #[test]
    fn the_graph_needs_four_primitives_and_a_division() {
        let of = |names: &'static [&'static str], operators| {
            let all = ["g1", "g2", "g3", "g4", "g5"].map(|name| Primitive::unit(name, "a number"));
            let set = PrimitiveSet { name: "some", primitives: names, signals: &[] };
            Vocabulary::try_new(&all, &[], &set, operators).expect("a vocabulary")
        };
        let check = |vocabulary: &Vocabulary| {
            Genotype::Graph12.check(vocabulary).expect_err("is refused").to_string()
        };
        let three = of(&["g1", "g2", "g5"], Operators::Derl4);
        assert_eq!(check(&three), "genotype: graph12 is over a set of 4 primitives, found 3");
        let sums = of(&["g1", "g2", "g3", "g5"], Operators::Linear);
        assert!(check(&sums).starts_with("genotype: graph12 needs /"), "{}", check(&sums));
        assert_eq!(Genotype::Linear.check(&sums), Ok(()));
        let four = of(&["g1", "g2", "g3", "g5"], Operators::Full);
        assert_eq!(Genotype::Graph12.check(&four), Ok(()));
        let reward = Genotype::Graph12.express(&[1.0; 12], &four).expect("a reward");
        assert!(reward.mentions(4) && !reward.mentions(3));
    }
}
