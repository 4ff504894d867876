//! The signals of the steps of one episode, and what they are reduced to.

use serde::{Deserialize, Serialize};

/// Signals of an episode, (steps, signals).
#[derive(Clone, Copy, Debug)]
pub struct Trace<'a> {
    /// All signals of the first step, then of the second, ...
    pub values: &'a [f32],
    /// Signals of a step.
    pub signals: usize,
    /// Most steps that the episode could have had.
    pub horizon: usize,
}

/// One number from those of the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reducer {
    /// Mean over the steps.
    Mean,
    /// Sum over the steps, divided by the horizon.
    Sum,
    /// The largest.
    Max,
    /// That of the last step.
    Last,
    /// Mean over the first third of the steps.
    First,
    /// Mean over the middle third.
    Middle,
    /// Mean over the last third.
    Final,
}

impl Reducer {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Mean, Self::Sum, Self::Max, Self::Last, Self::First, Self::Middle, Self::Final];

    /// Name in expressions: `mean(s)`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Sum => "sum",
            Self::Max => "max",
            Self::Last => "last",
            Self::First => "first",
            Self::Middle => "middle",
            Self::Final => "final",
        }
    }
}

impl Trace<'_> {
    /// Steps of the episode.
    pub fn steps(&self) -> usize {
        self.values.len().checked_div(self.signals).unwrap_or(0)
    }

    /// One signal, step by step.
    pub fn of(&self, signal: usize) -> impl Iterator<Item = f32> + '_ {
        self.values.iter().skip(signal).step_by(self.signals.max(1)).copied()
    }

    /// Mean of a signal over one of three parts of the steps, cut at floor(j steps / 3); 0 for an empty part.
    ///
    /// # Panics
    /// If there is no such part.
    pub fn third(&self, signal: usize, part: usize) -> f32 {
        assert!(part < 3, "an episode has three thirds");
        let cut = |j: usize| j * self.steps() / 3;
        self.mean_over(signal, cut(part), cut(part + 1))
    }

    /// A signal, reduced; 0 for an episode without steps.
    pub fn reduce(&self, reducer: Reducer, signal: usize) -> f32 {
        match reducer {
            Reducer::Mean => self.mean_over(signal, 0, self.steps()),
            Reducer::Sum => self.of(signal).sum::<f32>() / self.horizon.max(1) as f32,
            Reducer::Max => self.of(signal).reduce(f32::max).unwrap_or(0.0),
            Reducer::Last => self.of(signal).last().unwrap_or(0.0),
            Reducer::First => self.third(signal, 0),
            Reducer::Middle => self.third(signal, 1),
            Reducer::Final => self.third(signal, 2),
        }
    }

    fn mean_over(&self, signal: usize, begin: usize, end: usize) -> f32 {
        if begin >= end {
            return 0.0;
        }
        let sum: f32 = self.of(signal).skip(begin).take(end - begin).sum();
        sum / (end - begin) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirds_of_the_worked_example() {
        let trace = Trace { values: &[1.0, 0.0, 1.0, 1.0, 0.0, 0.0], signals: 1, horizon: 30 };
        let thirds = [0, 1, 2].map(|part| trace.third(0, part));
        assert_eq!(thirds, [0.5, 1.0, 0.0]);
    }

    #[test]
    fn an_episode_may_be_shorter_than_three_steps() {
        let trace = Trace { values: &[0.25, 8.0, 0.75, 9.0], signals: 2, horizon: 4 };
        assert_eq!([0, 1, 2].map(|part| trace.third(0, part)), [0.0, 0.25, 0.75]);
        assert_eq!(trace.reduce(Reducer::Sum, 0), 0.25);
        assert_eq!(trace.reduce(Reducer::Max, 1), 9.0);
        assert_eq!(trace.reduce(Reducer::Last, 0), 0.75);
        let empty = Trace { values: &[], signals: 2, horizon: 4 };
        assert!(Reducer::ALL.iter().all(|&reducer| empty.reduce(reducer, 1) == 0.0));
    }
}
