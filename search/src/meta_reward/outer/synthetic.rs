//! Values that behave like those of trainings, in a microsecond.
//!
//! ```text
//! p = 1 / (1 + exp(−12 (c − 0.6)))      c: cosine of the reward's weights and hidden ones
//! v = mean of trainings, each 0.85 to 0.95 with the chance p, else 0
//! ```
//!
//! Of twelve primitives the hidden weights want six, fear two and ignore four. As in real ones, the outcome alone and the sum of all reach
//! next to nothing, and so do nine of ten rewards from the prior; products only make the norm larger.
//! For comparisons of methods that cannot wait for trainings: `cargo bench --bench rewards -- synthetic`.

use hatchery_engine::world::{Primitive, PrimitiveSet};
use hatchery_engine::{Fitness, Strategy, StrategyError};
use hatchery_kernels::{Backend, Cpu, Dice};

use super::race::{Entrant, Raced};
use super::{Outer, Proposer};
use crate::meta_reward::expression::{Invariance, Operators, Reward, Vocabulary};

const NAMES: [&str; 12] = ["g1", "g2", "g3", "g4", "g5", "g6", "g7", "g8", "g9", "ga", "gb", "gc"];

/// How the trainings of a search are spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Outer steps.
    pub steps: u32,
    /// Rewards of each.
    pub group: usize,
    /// Trainings of each reward.
    pub trainings: u32,
}

/// A value function.
#[derive(Clone, Debug)]
pub struct Synthetic {
    /// What rewards are made of.
    pub vocabulary: Vocabulary,
    weights: Vec<f64>,
    seed: u64,
}

/// What a search came to, in true values from 0 to 0.9.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// Mean of each step's group.
    pub means: Vec<f64>,
    /// Of the best of six finalists after a race of eight trainings each.
    pub choice: f64,
    /// The same if only the race counted.
    pub raced: f64,
    /// Of the consensus.
    pub consensus: f64,
}

impl Synthetic {
    /// The function with the hidden weights of a seed.
    pub fn new(seed: u64) -> Self {
        let primitives = NAMES.map(|name| Primitive::unit(name, "a number"));
        let set = PrimitiveSet { name: "all", primitives: &NAMES, signals: &[] };
        let vocabulary =
            Vocabulary::try_new(&primitives, &[], &set, Operators::Derl4).expect("names are right");
        let mut dice = Dice::new(seed, 0, 1);
        let mut weights = vec![0.0; NAMES.len()];
        weights[0] = 0.5;
        let mut order = dice.order(NAMES.len() - 1);
        for place in 0..7 {
            let at = order.next().expect("there are eleven") + 1;
            let size = 0.3 + 0.3 * order.dice().unit();
            weights[at] = if place < 5 { size } else { -size };
        }
        Self { vocabulary, weights, seed }
    }

    /// The chance of success times the mean of success.
    pub fn truth(&self, reward: &Reward) -> f64 {
        0.9 * self.chance(reward)
    }

    fn chance(&self, reward: &Reward) -> f64 {
        let canonical = reward.canonical(&self.vocabulary, Invariance::Affine);
        let leaves = self.vocabulary.chosen().zip(&self.weights);
        let product: f64 = leaves.map(|(leaf, weight)| weight * canonical.weight(leaf)).sum();
        let norm = self.weights.iter().map(|weight| weight * weight).sum::<f64>().sqrt();
        let cosine = product / (norm * canonical.norm()).max(f64::MIN_POSITIVE);
        1.0 / (1.0 + libm::exp(-12.0 * (cosine - 0.6)))
    }

    /// Its mean over some trainings, which a step repeats for the same reward, and other steps do not.
    fn measured(&self, reward: &Reward, step: u32, trainings: u32) -> f64 {
        let hash = reward.canonical_hash(&self.vocabulary, Invariance::Affine);
        let value = |training: u32| {
            let ticket = hash ^ u64::from(step) << 8 ^ u64::from(training);
            let mut dice = Dice::new(self.seed, ticket, 2);
            let succeeds = dice.chance(self.chance(reward));
            if succeeds { 0.85 + 0.1 * dice.unit() } else { 0.0 }
        };
        (0..trainings).map(value).sum::<f64>() / f64::from(trainings)
    }

    /// A whole search.
    ///
    /// # Errors
    /// Those of the method.
    pub fn search<P: Proposer>(&self, proposer: P, plan: Plan) -> Result<Course, StrategyError> {
        let budget = plan.group * plan.steps as usize;
        let mut outer = Outer::new(proposer, self.vocabulary.clone(), plan.group, budget);
        let mut course = Course::default();
        for step in 0..plan.steps {
            let population = outer.ask(step)?;
            let rewards = &population.members;
            let truth: f64 = rewards.iter().map(|reward| self.truth(reward)).sum();
            course.means.push(truth / rewards.len().max(1) as f64);
            let values =
                rewards.iter().map(|reward| self.measured(reward, step, plan.trainings) as f32);
            let fitness = Fitness::new(values.collect(), None);
            outer.tell(population, &fitness, &Backend::Cpu(Cpu))?;
        }
        let race = |Entrant { reward, belief }: Entrant| {
            let values = (0..8).map(|n| self.measured(&reward, u32::MAX - n, 1)).collect();
            Raced { reward, belief, values }
        };
        let raced: Vec<Raced> = outer.finalists(6).into_iter().map(race).collect();
        let best_by = |value: fn(&Raced) -> f64| {
            let best = raced.iter().max_by(|a, b| value(a).total_cmp(&value(b)));
            best.map_or(0.0, |raced| self.truth(&raced.reward))
        };
        (course.choice, course.raced) = (best_by(Raced::estimate), best_by(Raced::mean));
        course.consensus = outer.proposer().consensus().map_or(0.0, |reward| self.truth(&reward));
        Ok(course)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Aging, AgingConfig, Derl, DerlConfig};
    use super::*;

    #[test]
    fn a_learned_distribution_moves_its_samples_more_than_evolution_does() {
        const STEPS: u32 = 20;
        const PLAN: Plan = Plan { steps: STEPS, group: 16, trainings: 1 };
        /// Mean true value of the last quarter of proposals, and of the consensus, over ten searches.
        fn reached<P: Proposer>(make: impl Fn(Vocabulary, u64) -> P) -> [f64; 2] {
            let mut sums = [0.0; 2];
            for seed in 0..10 {
                let synthetic = Synthetic::new(seed);
                let proposer = make(synthetic.vocabulary.clone(), seed);
                let course = synthetic.search(proposer, PLAN).expect("it goes on");
                let last = &course.means[course.means.len() - STEPS as usize / 4..];
                sums[0] += last.iter().sum::<f64>() / last.len() as f64 / 10.0;
                sums[1] += course.consensus / 10.0;
            }
            sums
        }
        let aging = reached(|v, seed| Aging::new(v, AgingConfig::default(), seed));
        let derl = reached(|v, seed| Derl::new(v, DerlConfig::default(), seed, STEPS));
        assert!(derl[0] > 3.0 * aging[0] && derl[1] > aging[1], "{derl:?} {aging:?}");
    }
}
