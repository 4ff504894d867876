//! A program of the user's as the proposer: [`External`] says to it what its documentation tells, and replays what was recorded.

mod child;
mod config;
mod item;
mod protocol;
mod record;
mod session;
mod state;

use std::collections::VecDeque;
use std::path::PathBuf;

use hatchery_engine::{Metrics, StrategyError};
use hatchery_kernels::{NoiseAddress, NoiseStream};

use super::proposer::Proposer;
use crate::meta_reward::expression::{Reward, Vocabulary};
pub use config::{ExternalConfig, OnFailure};
use item::{Proposed, judged, read_all};
use protocol::{Message, Tried};
use session::Session;
pub use state::ExternalState;

/// Name in configurations and errors.
const NAME: &str = "external";
/// Purpose of the seeds that the program is given.
const EXTERNAL: u32 = 0x4558_5450;

/// A program of the user's that proposes rewards. `F` goes on where it fails: it is told all values, so it must be able to learn from
/// rewards that it has not proposed itself, as [`Aging`](super::Aging) and [`Random`](super::Random) are.
///
#[doc = include_str!("README.md")]
#[derive(Debug)]
pub struct External<F> {
    vocabulary: Vocabulary,
    seed: u64,
    session: Session,
    /// The latest rewards, oldest first.
    history: VecDeque<Tried>,
    /// Most of them.
    history_max: usize,
    fallback: F,
    /// What the program has proposed and was not yet told about.
    proposed: Vec<Proposed>,
    /// Why the next step cannot be proposed: found out after the values of the last had come, which must not be lost with it.
    failure: Option<String>,
}

impl<F: Proposer> External<F> {
    /// A proposer for the rewards of the world `task`. The program is started when it is first needed. Messages are recorded in
    /// `folder`, what is recorded there is not asked again, and the program saves to it; without a folder none of that is done. The
    /// configuration must have been checked.
    ///
    /// # Errors
    /// [`StrategyError::Proposer`] if the record cannot be read.
    pub fn try_new(
        config: ExternalConfig,
        vocabulary: Vocabulary,
        task: &str,
        seed: u64,
        fallback: F,
        folder: Option<PathBuf>,
    ) -> Result<Self, StrategyError> {
        let history_max = config.history;
        let hello = Message::hello(task, &vocabulary).line();
        let session = Session::open(config, hello, folder).map_err(failed)?;
        let (history, proposed) = (VecDeque::new(), Vec::new());
        let failure = None;
        Ok(Self { vocabulary, seed, session, history, history_max, fallback, proposed, failure })
    }

    /// Why the program was given up, if it was.
    pub fn given_up(&self) -> Option<&str> {
        self.session.past.given_up.as_deref()
    }

    /// Times that the program was started again.
    pub fn restarts(&self) -> u32 {
        self.session.past.restarts
    }

    /// The seed of a step, below 2⁵³ so that every language reads it whole.
    fn seed(&self, step: u32) -> u64 {
        let at = NoiseAddress { generation: step, pair: 0, layer: 0, block: EXTERNAL };
        let words = NoiseStream::new(self.seed).words(at);
        u64::from(words[0]) << 21 | u64::from(words[1] >> 11)
    }

    /// What the program proposes; `None` once it is given up.
    fn ask(&mut self, step: u32, count: usize) -> Result<Option<Vec<Proposed>>, String> {
        let history = &self.history;
        let request = Message::Propose { step, n: count, seed: self.seed(step), history }.line();
        let heard = self.session.ask(step, &request)?;
        Ok(heard.map(|(exprs, malformed)| read_all(&exprs, malformed, count, &self.vocabulary)))
    }

    /// Tells the program what became of its proposals, with a value for each valid one.
    fn tell(&mut self, step: u32, values: &[f32]) -> Result<(), String> {
        let items = judged(&std::mem::take(&mut self.proposed), values);
        self.session.tell(step, &Message::Feedback { step, items: &items }.line())
    }
}

fn failed(reason: String) -> StrategyError {
    StrategyError::Proposer { name: NAME, reason }
}

impl<F: Proposer> Proposer for External<F> {
    type State = ExternalState<F::State>;

    fn name(&self) -> &'static str {
        NAME
    }

    fn propose(&mut self, step: u32, count: usize) -> Result<Vec<Reward>, StrategyError> {
        if let Some(reason) = self.failure.take() {
            return Err(failed(reason));
        }
        if !self.session.is_given_up() && !self.proposed.is_empty() {
            // Asked again for the same step, since nothing was valid: the program should know why.
            self.tell(step, &[]).map_err(failed)?;
        }
        if !self.session.is_given_up()
            && let Some(proposed) = self.ask(step, count).map_err(failed)?
        {
            self.proposed = proposed;
            return Ok(self.proposed.iter().filter_map(|one| one.reward.clone().ok()).collect());
        }
        self.fallback.propose(step, count)
    }

    fn learn(
        &mut self,
        step: u32,
        rewards: &[Reward],
        values: &[f32],
        metrics: &mut Metrics,
    ) -> Result<(), StrategyError> {
        self.fallback.learn(step, rewards, values, metrics)?;
        for (reward, &v) in rewards.iter().zip(values) {
            self.history.push_back(Tried { expr: reward.text(&self.vocabulary), v });
        }
        let excess = self.history.len().saturating_sub(self.history_max);
        self.history.drain(..excess);
        let invalid = self.proposed.iter().filter(|one| one.reward.is_err()).count();
        if !self.session.is_given_up() {
            self.failure = self.tell(step, values).err();
        }
        metrics.push("invalid", invalid as f64);
        metrics.push("restarts", f64::from(self.restarts()));
        metrics.push("fallback", if self.session.is_given_up() { 1.0 } else { 0.0 });
        Ok(())
    }

    /// What the fallback says, which has learnt from the same values.
    fn consensus(&self) -> Option<Reward> {
        self.fallback.consensus()
    }

    fn state(&self) -> Self::State {
        let (history, past) = (self.history.iter().cloned().collect(), self.session.past.clone());
        ExternalState { history, past, fallback: self.fallback.state() }
    }

    fn restore(&mut self, state: Self::State) -> Result<(), StrategyError> {
        let ExternalState { history, past, fallback } = state;
        let (expected, found) = (self.history_max, history.len());
        if found > expected {
            return Err(StrategyError::StateMismatch { what: "past rewards", expected, found });
        }
        self.fallback.restore(fallback)?;
        self.session.resume(past).map_err(failed)?;
        self.history = history.into();
        (self.proposed, self.failure) = (Vec::new(), None);
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests;
