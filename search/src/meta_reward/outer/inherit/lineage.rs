//! Where policies come from.

use hatchery_engine::{Digest, Explicit, Headline, Layout, ParamSpec, Params, StrategyError};
use serde::{Deserialize, Serialize};

use super::Heir;
use crate::meta_reward::expression::{Reward, Vocabulary};

/// One slice in the life of a line of policies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// The outer step.
    pub step: u32,
    /// What trained them.
    pub reward: Reward,
    /// Mean validation success after it.
    pub value: f32,
    /// Hash of the weights after it: the start of the next link, if that one inherits from here.
    pub digest: Digest,
}

/// Policies, and the sequence of rewards that trained them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lineage {
    /// The slices, the first one first.
    pub links: Vec<Link>,
    /// The weights after the last one, (policies, weights); none before the first.
    pub policies: Vec<Vec<f32>>,
}

impl Lineage {
    /// One slice more.
    pub(super) fn extend(&mut self, step: u32, reward: Reward, value: f32, policies: &[Vec<f32>]) {
        self.links.push(Link { step, reward, value, digest: digest(policies) });
        self.policies = policies.to_vec();
    }

    /// Value after the last slice.
    pub fn value(&self) -> Option<f32> {
        self.links.last().map(|link| link.value)
    }

    /// How a search is doing whose result this would be, after `steps` slices.
    pub(super) fn headline(&self, steps: u32, vocabulary: &Vocabulary) -> Option<Headline> {
        let Link { step, reward, value, .. } = self.links.last()?;
        let reward = reward.text(vocabulary);
        let text = format!("slice {} of {steps}, value {value:.3} with {reward}", step + 1);
        Some(Headline { text, done: Some(f64::from(step + 1) / f64::from(steps)) })
    }

    /// Hash of the policies.
    pub fn digest(&self) -> Option<Digest> {
        self.links.last().map(|link| link.digest)
    }

    /// The sequence of rewards, a line for each slice: step, hash of the weights after it, value, reward.
    pub fn text(&self, vocabulary: &Vocabulary) -> String {
        let line = |link: &Link| {
            let Link { step, reward, value, digest } = link;
            format!("{step:>4}  {digest}  {value:.3}  {}\n", reward.text(vocabulary))
        };
        self.links.iter().map(line).collect()
    }
}

/// The members that were trained and have a value, the best first; of equals the one with the lower number.
///
/// # Errors
/// [`StrategyError::Proposer`] if there are none: the task does not hand weights back.
pub(super) fn ranking(
    name: &'static str,
    heirs: &Explicit<Heir>,
    values: &[f32],
) -> Result<Vec<usize>, StrategyError> {
    let trained = |m: &usize| heirs.members[*m].trained().is_some() && values[*m].is_finite();
    let members = 0..heirs.members.len().min(values.len());
    let mut order: Vec<usize> = members.filter(trained).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    if order.is_empty() {
        let reason = format!("no policy came back from the trainings of step {}", heirs.generation);
        return Err(StrategyError::Proposer { name, reason });
    }
    Ok(order)
}

/// Hash of the weights of policies, (policies, weights).
pub(super) fn digest(policies: &[Vec<f32>]) -> Digest {
    let values = policies.concat();
    let layout = Layout::new(vec![ParamSpec::vector("policies", values.len())]);
    Params { layout: layout.into(), values }.digest()
}
