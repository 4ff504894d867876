//! A reward compiled for many episodes: a stack machine that allocates nothing.

use hatchery_engine::world::{Reducer, Trace};

use super::evaluate::finite;
use super::{DEPTH_MAX, Division, Inputs, Node, Operator, Reward, Undefined};

#[derive(Clone, Copy, Debug)]
enum Step {
    Primitive(u16),
    /// The number of a pair of [`Evaluator::reductions`].
    Reduced(u16),
    Constant(f32),
    Call(Operator),
}

/// A reward that is quick to evaluate. Same bits as [`Reward::evaluate`].
#[derive(Clone, Debug)]
pub struct Evaluator {
    /// The nodes from the last to the first, so that operands come before their operator, the left one on top.
    steps: Vec<Step>,
    reductions: Vec<(Reducer, usize)>,
    division: Division,
}

impl Evaluator {
    /// Compiles a reward.
    pub fn new(reward: &Reward, division: Division) -> Self {
        let reductions = reward.reductions();
        let slot = |reducer, signal: u16| {
            let wanted = (reducer, usize::from(signal));
            reductions.iter().position(|pair| *pair == wanted).unwrap_or(usize::MAX)
        };
        let steps = reward.nodes().iter().rev().map(|node| match *node {
            Node::Primitive(primitive) => Step::Primitive(primitive),
            Node::Reduced(reducer, signal) => Step::Reduced(slot(reducer, signal) as u16),
            Node::Constant(value) => Step::Constant(value),
            Node::Call(operator) => Step::Call(operator),
        });
        Self { steps: steps.collect(), reductions, division }
    }

    /// Which signals must come reduced, in the order of [`Inputs::reduced`].
    pub fn reductions(&self) -> &[(Reducer, usize)] {
        &self.reductions
    }

    /// The value at the end of one episode.
    ///
    /// # Errors
    /// As [`Reward::evaluate`].
    #[inline]
    pub fn value(&self, inputs: &Inputs<'_>) -> Result<f32, Undefined> {
        self.run(inputs.primitives, |slot| inputs.reduced.get(slot).copied(), inputs.progress)
    }

    /// The value at the end of one episode of which the signals are still step by step.
    ///
    /// # Errors
    /// As [`Reward::evaluate`].
    pub fn of_episode(
        &self,
        primitives: &[f32],
        trace: Trace<'_>,
        progress: f32,
    ) -> Result<f32, Undefined> {
        let reduce = |slot: usize| {
            let (reducer, signal) = *self.reductions.get(slot)?;
            (signal < trace.signals).then(|| trace.reduce(reducer, signal))
        };
        self.run(primitives, reduce, progress)
    }

    /// The values of many episodes into `out` (episodes,), 0 where there is none; says how often that was. `primitives` is (episodes,
    /// primitives) and `reduced` (episodes, reductions), one episode behind the other.
    pub fn fill(
        &self,
        primitives: &[f32],
        reduced: &[f32],
        progress: f32,
        out: &mut [f32],
    ) -> usize {
        let episodes = out.len().max(1);
        let (width, depth) = (primitives.len() / episodes, reduced.len() / episodes);
        let mut undefined = 0;
        for (episode, out) in out.iter_mut().enumerate() {
            let inputs = Inputs {
                primitives: &primitives[episode * width..(episode + 1) * width],
                reduced: &reduced[episode * depth..(episode + 1) * depth],
                progress,
            };
            let value = self.value(&inputs);
            undefined += usize::from(value.is_err());
            *out = value.unwrap_or(0.0);
        }
        undefined
    }

    #[inline]
    fn run(
        &self,
        primitives: &[f32],
        reduced: impl Fn(usize) -> Option<f32>,
        progress: f32,
    ) -> Result<f32, Undefined> {
        // A right operand waits at each operator above the leaf that is read.
        let mut stack = [0.0_f32; DEPTH_MAX + 1];
        let mut top = 0;
        for step in &self.steps {
            let value = match *step {
                Step::Primitive(primitive) => {
                    let value = primitives.get(usize::from(primitive)).copied();
                    finite(value.ok_or(Undefined::Missing)?, None, 0.0)?
                }
                Step::Reduced(slot) => {
                    finite(reduced(usize::from(slot)).ok_or(Undefined::Missing)?, None, 0.0)?
                }
                Step::Constant(value) => value,
                Step::Call(operator) => {
                    top -= operator.arity();
                    let a = stack[top + operator.arity() - 1];
                    let b = if operator.arity() == 2 { stack[top] } else { 0.0 };
                    finite(operator.apply(a, b, self.division, progress), Some(operator), b)?
                }
            };
            stack[top] = value;
            top += 1;
        }
        Ok(stack[0])
    }
}
