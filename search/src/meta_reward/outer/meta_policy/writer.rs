//! What policies have in common: token after token, each by its chance.

use serde::{Deserialize, Serialize};

use crate::meta_reward::expression::Reward;

/// A reward as it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The number of each token.
    pub tokens: Vec<u16>,
    /// The logarithm of its chance when it was written.
    pub logs: Vec<f64>,
}

/// The chances of the next token, (width,).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chances {
    /// Of the policy; 0 for what is illegal.
    pub now: Vec<f64>,
    /// Of the prior.
    pub prior: Vec<f64>,
}

impl Chances {
    /// Sets the chances of the policy: softmax(ln prior + learnt).
    pub(super) fn set(&mut self, learnt: impl Fn(usize) -> f64) {
        self.now.clear();
        let logits = self.prior.iter().enumerate().map(|(at, prior)| prior.ln() + learnt(at));
        self.now.extend(logits);
        let largest = self.now.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut sum = 0.0;
        for chance in &mut self.now {
            *chance = libm::exp(*chance - largest);
            sum += *chance;
        }
        self.now.iter_mut().for_each(|chance| *chance /= sum);
    }
}

/// What policies differ in.
pub(super) trait Writer {
    /// A reward under construction.
    type Draft<'a>
    where
        Self: 'a;
    /// What the gradient has to know of a token.
    type Memory;

    /// Nothing is written yet.
    fn begin(&self) -> Self::Draft<'_>;

    /// Sets the chances of the next token; nothing if the draft is finished. Called once before each token.
    fn next(&self, draft: &mut Self::Draft<'_>, chances: &mut Chances) -> Option<Self::Memory>;

    /// Writes a token that has a chance.
    fn push(&self, draft: &mut Self::Draft<'_>, token: usize);

    /// The finished reward, if it is valid.
    fn finish(&self, draft: Self::Draft<'_>) -> Option<Reward>;

    /// The tokens of a reward, if there are any for it.
    fn tokens(&self, reward: &Reward) -> Option<Vec<u16>>;

    /// Adds the slopes of a loss by the weights, its slopes by the logits (tokens, width) being given.
    fn pull(&self, memories: &[Self::Memory], slopes: &[f64], gradient: &mut [f32]);
}

pub(super) fn write<W: Writer>(
    policy: &W,
    mut choose: impl FnMut(&[f64]) -> usize,
) -> (Option<Reward>, Sample) {
    let (mut draft, mut chances) = (policy.begin(), Chances::default());
    let mut sample = Sample { tokens: Vec::new(), logs: Vec::new() };
    while policy.next(&mut draft, &mut chances).is_some() {
        let token = choose(&chances.now);
        sample.tokens.push(token as u16);
        sample.logs.push(chances.now[token].ln());
        policy.push(&mut draft, token);
    }
    (policy.finish(draft), sample)
}

pub(super) fn read<W: Writer>(policy: &W, reward: &Reward) -> Option<Sample> {
    let tokens = policy.tokens(reward)?;
    let (mut draft, mut chances) = (policy.begin(), Chances::default());
    let mut logs = Vec::with_capacity(tokens.len());
    for &token in &tokens {
        policy.next(&mut draft, &mut chances)?;
        let chance = *chances.now.get(usize::from(token))?;
        if chance <= 0.0 {
            return None;
        }
        logs.push(chance.ln());
        policy.push(&mut draft, usize::from(token));
    }
    policy.next(&mut draft, &mut chances).is_none().then_some(Sample { tokens, logs })
}

pub(super) fn backward<W: Writer>(
    policy: &W,
    sample: &Sample,
    gradient: &mut [f32],
    slopes: impl FnOnce(&[Chances], &mut [f64]),
) {
    let mut draft = policy.begin();
    let (mut memories, mut all) = (Vec::new(), Vec::new());
    for &token in &sample.tokens {
        let mut chances = Chances::default();
        let Some(memory) = policy.next(&mut draft, &mut chances) else { break };
        memories.push(memory);
        all.push(chances);
        policy.push(&mut draft, usize::from(token));
    }
    let width = all.first().map_or(0, |chances| chances.now.len());
    let mut by_logit = vec![0.0; width * all.len()];
    slopes(&all, &mut by_logit);
    policy.pull(&memories, &by_logit, gradient);
}
