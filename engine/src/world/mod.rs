//! Worlds whose outcome is too sparse to learn from, and what else can be said of an episode: what rewards are searched for.
//!
//! A [`World`] plays episodes. At their end it reports *primitives*: numbers between known bounds that say how the episode went, the
//! first of which is the true outcome. A reward is an expression over primitives and over reduced per-step signals.

mod check;
mod features;
mod split;
mod trace;

pub use check::{WorldError, check};
pub use features::Features;
pub use split::Split;
pub use trace::{Reducer, Trace};

use hatchery_kernels::Dice;

/// What a policy decides in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controls {
    /// One of the actions that are legal now, each described by some of so many features.
    Listed {
        /// Number of features of an action.
        features: usize,
    },
    /// So many numbers, clipped to [-1, 1] by the world.
    Continuous {
        /// Numbers of an observation.
        observations: usize,
        /// Numbers of an action.
        dimension: usize,
    },
}

/// What a policy has decided.
#[derive(Clone, Copy, Debug)]
pub enum Action<'a> {
    /// The code of a legal action, as [`World::legal`] lists it.
    Listed(u32),
    /// The numbers of a continuous action.
    Continuous(&'a [f32]),
}

/// A number that says how an episode, or a step of one, went.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Primitive {
    /// Name in expressions: a letter, then letters, digits and `_`.
    pub name: &'static str,
    /// What it means, in a few words.
    pub doc: &'static str,
    /// Smallest and largest value.
    pub range: [f32; 2],
}

impl Primitive {
    /// A primitive between 0 and 1.
    pub const fn unit(name: &'static str, doc: &'static str) -> Self {
        Self { name, doc, range: [0.0, 1.0] }
    }
}

/// A choice of primitives under a name, such as `derl4` or `full`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrimitiveSet {
    /// Name in configurations.
    pub name: &'static str,
    /// Names of its primitives.
    pub primitives: &'static [&'static str],
    /// Names of the per-step signals that an expression may reduce; most sets have none.
    pub signals: &'static [&'static str],
}

/// A reward problem: an environment with a sparse outcome, its primitives and its splits.
///
/// An episode is a function of its start, which is a function of the dice, and of the actions: nothing else is random. A state has
/// a fixed size, and no method that is called at each step allocates once its buffers have grown.
///
/// A first world of yours needs no more than `name`, `controls`, `horizon`, `primitives`, `reset`, `legal` and `describe` (or
/// `observe`), `step` and `finish`.
pub trait World: Send + Sync {
    /// All that changes during an episode.
    type State: Clone + Send + Sync;

    /// A short name, with what differs from the defaults.
    fn name(&self) -> String;

    /// What a policy decides.
    fn controls(&self) -> Controls;

    /// Most steps of an episode, over all splits.
    fn horizon(&self) -> usize;

    /// What is known of a finished episode; the first is the outcome, 0 or 1.
    fn primitives(&self) -> &[Primitive];

    /// What is known of each step; nothing by default.
    fn signals(&self) -> &[Primitive] {
        &[]
    }

    /// Named choices of primitives, of which the first is the default. Without any, which is the default here, rewards are over all.
    fn sets(&self) -> &[PrimitiveSet] {
        &[]
    }

    /// Whether a weighted sum of the features of an action can play well; where not, policies are perceptrons unless asked for otherwise.
    /// Only for [`Controls::Listed`].
    fn is_linear(&self) -> bool {
        true
    }

    /// A reward that a person would write, over any of the primitives, as an expression in infix. By default the outcome alone.
    fn hand_made(&self) -> &str {
        self.primitives().first().map_or("0", |outcome| outcome.name)
    }

    /// The start of an episode.
    fn reset(&self, split: Split, dice: &mut Dice) -> Self::State;

    /// The codes of the legal actions into `codes`, which comes empty. Where there is none the episode is over. Only for
    /// [`Controls::Listed`], where [`check`] asks for it; nothing by default.
    fn legal(&self, state: &Self::State, codes: &mut Vec<u32>) {
        let _ = (state, codes);
    }

    /// What an action looks like from this state, appended to the open row of `features`. Only for [`Controls::Listed`], where [`check`]
    /// asks for it; nothing by default.
    fn describe(&self, state: &Self::State, code: u32, features: &mut Features) {
        let _ = (state, code, features);
    }

    /// What the policy sees, all of `observation` (observations,). Only for [`Controls::Continuous`], where [`check`] asks for it; nothing
    /// by default.
    fn observe(&self, state: &Self::State, observation: &mut [f32]) {
        let _ = (state, observation);
    }

    /// One step: writes the signals of the step (signals,), and says whether the episode is over. Never called after that.
    fn step(&self, state: &mut Self::State, action: Action<'_>, signals: &mut [f32]) -> bool;

    /// The primitives of a finished episode (primitives,), from its last state and the signals of its steps.
    fn finish(&self, state: &Self::State, trace: Trace<'_>, primitives: &mut [f32]);

    /// A picture in characters: some lines of at most 80, as many at each step of an episode. None by default.
    fn draw(&self, state: &Self::State) -> String {
        let _ = state;
        String::new()
    }

    /// Words for an action, as a person would say it. By default its code or numbers.
    fn say(&self, state: &Self::State, action: Action<'_>) -> String {
        let _ = state;
        match action {
            Action::Listed(code) => format!("action {code}"),
            Action::Continuous(numbers) => format!("{numbers:.2?}"),
        }
    }
}
