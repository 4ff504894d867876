//! One episode as it was played, with all that its gradient needs.

use hatchery_engine::world::{Action, Controls, Features, Split, Trace, World};
use hatchery_kernels::{Dice, Domain};

use super::gru::Memory;
use super::policy::{Policy, Scratch, deviation};
use super::vectors::soften;

/// Which choices of a policy are drawn: those of training and of measuring share none.
const CHOICES: u32 = 64;

/// A played episode. Its buffers are kept from one to the next.
#[derive(Clone, Debug, Default)]
pub struct Episode {
    /// Listed actions: a row for each legal action of each step.
    pub(super) features: Features,
    /// Listed actions: rows up to and with each step.
    pub(super) ends: Vec<u32>,
    /// Listed actions: chance of each row within its step.
    pub(super) chances: Vec<f32>,
    /// Listed actions: the row that was taken, of each step.
    pub(super) taken: Vec<u32>,
    /// Continuous actions: what was seen (steps, observations) and done (steps, dimension), before it was clipped.
    pub(super) seen: Vec<f32>,
    pub(super) done: Vec<f32>,
    /// (steps, signals).
    signals: Vec<f32>,
    codes: Vec<u32>,
    /// What the policy saw of itself.
    pub(super) memory: Memory,
    /// Primitives at the end.
    pub primitives: Vec<f32>,
}

impl Episode {
    /// Steps that were made.
    pub fn steps(&self) -> usize {
        self.ends.len()
    }

    /// Signals of the steps.
    pub fn trace<W: World>(&self, world: &W) -> Trace<'_> {
        let signals = world.signals().len();
        Trace { values: &self.signals, signals, horizon: world.horizon() }
    }

    /// The true outcome, 0 or 1.
    pub fn outcome(&self) -> f32 {
        self.primitives.first().copied().unwrap_or(0.0)
    }

    /// The dice of the choices of episode `number` of a split.
    pub(super) fn choices(split: Split, seed: u64, number: u64) -> Dice {
        Dice::of(Domain::Mutate, seed, number, CHOICES + split as u32)
    }

    /// Plays an episode from a start: `temperature` divides scores, or multiplies deviations; `watch` sees each state and action.
    #[allow(clippy::too_many_arguments, reason = "the policy with its weights, and one episode")]
    pub(super) fn play<W: World>(
        &mut self,
        world: &W,
        policy: &Policy,
        theta: &[f32],
        state: &mut W::State,
        dice: &mut Dice,
        temperature: f32,
        scratch: &mut Scratch,
        watch: &mut dyn FnMut(&W::State, Action<'_>),
    ) {
        self.features.clear();
        for buffer in [&mut self.chances, &mut self.seen, &mut self.done, &mut self.signals] {
            buffer.clear();
        }
        self.ends.clear();
        self.taken.clear();
        policy.begin(&mut self.memory);
        let signals = world.signals().len();
        let horizon = world.horizon();
        while self.ends.len() < horizon {
            let from = self.signals.len();
            self.signals.resize(from + signals, 0.0);
            let over = match world.controls() {
                Controls::Listed { .. } => {
                    let first = self.features.rows();
                    self.codes.clear();
                    world.legal(state, &mut self.codes);
                    if self.codes.is_empty() {
                        // Nothing can be done: this step is none.
                        self.signals.truncate(from);
                        break;
                    }
                    for &code in &self.codes {
                        world.describe(state, code, &mut self.features);
                        self.features.close();
                    }
                    let rows = first..self.features.rows();
                    let (chances, memory) = (&mut self.chances, &mut self.memory);
                    policy.scores(theta, &self.features, rows, chances, memory, scratch);
                    soften(&mut chances[first..], temperature);
                    let chosen = choose(&chances[first..], dice);
                    policy.remember_row(chosen, memory);
                    self.taken.push((first + chosen) as u32);
                    let action = Action::Listed(self.codes[chosen]);
                    watch(state, action);
                    world.step(state, action, &mut self.signals[from..])
                }
                Controls::Continuous { observations, dimension } => {
                    let (seen, done) = (self.seen.len(), self.done.len());
                    self.seen.resize(seen + observations, 0.0);
                    self.done.resize(done + dimension, 0.0);
                    world.observe(state, &mut self.seen[seen..]);
                    policy.mean(theta, &self.seen[seen..], &mut self.memory, scratch);
                    for (at, number) in self.done[done..].iter_mut().enumerate() {
                        let deviation = deviation(theta, dimension, at) * temperature;
                        *number = scratch.output(at) + deviation * dice.normal() as f32;
                    }
                    policy.remember_numbers(&self.done[done..], &mut self.memory);
                    let action = Action::Continuous(&self.done[done..]);
                    watch(state, action);
                    world.step(state, action, &mut self.signals[from..])
                }
            };
            self.ends.push(self.features.rows() as u32);
            if over {
                break;
            }
        }
        self.primitives.clear();
        self.primitives.resize(world.primitives().len(), 0.0);
        let trace = Trace { values: &self.signals, signals, horizon };
        world.finish(state, trace, &mut self.primitives);
    }
}

/// A number by its chance; chances sum to about 1.
fn choose(chances: &[f32], dice: &mut Dice) -> usize {
    let mut rest = dice.unit() as f32;
    for (index, chance) in chances.iter().enumerate() {
        rest -= chance;
        if rest < 0.0 {
            return index;
        }
    }
    // Rounding has left a little: the last that can happen at all.
    chances.iter().rposition(|&chance| chance > 0.0).unwrap_or(0)
}
