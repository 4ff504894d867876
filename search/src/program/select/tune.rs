//! The same tuning for every rule: random draws of its literals.
//!
//! The first half of the draws goes far (a deviation of 1.5 binary orders), the second goes around the best so far (0.5). In every
//! draw each literal is changed with chance ½: near 1 its distance from 1 is multiplied with 2^(s z), elsewhere the
//! literal itself, z standard normal. So decay rates move as decay rates, step sizes as step sizes, and no literal changes
//! its sign. Draw 0 is the rule as it is. A literal that is used twice moves as two.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::program::{Dice, Program};

/// How much a rule is tuned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Draws, the rule as it is among them.
    pub draws: u32,
    /// Names the draws.
    pub seed: u64,
}

/// A tuned rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tuned {
    /// It, with the best literals.
    pub program: Program,
    /// Their score: a mean loss or ratio, smaller is better.
    pub score: f64,
    /// Draws that had a score.
    pub scored: u32,
}

/// Purpose of the dice of tuning; a search has smaller numbers.
const TUNING: u32 = 16;
const FAR: f64 = 1.5;
const NEAR: f64 = 0.5;

/// Tunes a rule by `score`, where smaller is better and failures are none. None if every draw failed.
///
/// The result does not depend on the number of threads.
pub fn tune(
    program: &Program,
    tuning: Tuning,
    score: impl Fn(&Program) -> Option<f64> + Sync,
) -> Option<Tuned> {
    let mut tidy = program.clone();
    tidy.tidy_constants();
    let far = tuning.draws.div_ceil(2).max(1);
    let from = |base: &Program, draws: std::ops::Range<u32>, spread: f64| {
        let one = |draw: u32| {
            let program = match draw {
                0 => base.clone(),
                _ => drawn(base, spread, &mut Dice::new(tuning.seed, u64::from(draw), TUNING)),
            };
            let score = score(&program).filter(|score| score.is_finite())?;
            Some((score, program))
        };
        draws.into_par_iter().map(one).collect::<Vec<_>>()
    };
    let mut all = from(&tidy, 0..far, FAR);
    let best_of = |all: &[Option<(f64, Program)>]| {
        let known = all.iter().flatten();
        // Of equals the first.
        known.reduce(|a, b| if b.0 < a.0 { b } else { a }).cloned()
    };
    let base = best_of(&all).map_or(tidy, |(_, program)| program);
    all.extend(from(&base, far..tuning.draws.max(far), NEAR));
    let (score, program) = best_of(&all)?;
    Some(Tuned { program, score, scored: all.iter().flatten().count() as u32 })
}

fn drawn(base: &Program, spread: f64, dice: &mut Dice) -> Program {
    let mut program = base.clone();
    for literal in &mut program.constants {
        let changes = dice.chance(0.5);
        let factor = (spread * dice.normal()).exp2();
        if changes {
            *literal = moved(*literal, factor);
        }
    }
    program
}

/// A literal by a factor: its distance from 1 if it is near 1.
fn moved(literal: f32, factor: f64) -> f32 {
    let value = f64::from(literal);
    let moved = if (0.5..1.5).contains(&value) {
        (1.0 + (value - 1.0) * factor).clamp(0.0, 2.0)
    } else {
        value * factor
    };
    moved as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::{Signature, parse};

    fn program(text: &str) -> Program {
        parse(text, &Signature::optimizer(false)).expect("a program").0
    }

    #[test]
    fn a_step_size_that_is_off_is_found() {
        let rule = program("lr = lr * 0.001\n update = g * lr");
        let loss = |p: &Program| Some((f64::from(p.constants[0]).log2() - 0.01f64.log2()).abs());
        let tuned = tune(&rule, Tuning { draws: 40, seed: 1 }, loss).expect("scored");
        assert!(tuned.score < 0.5, "{tuned:?}");
        assert_eq!(tuned.scored, 40);
    }

    #[test]
    fn one_draw_is_the_rule_itself_and_failures_are_left_out() {
        let rule = program("update = interp(g, v1, 0.9)\n v1 = update * 1");
        let itself = tune(&rule, Tuning { draws: 1, seed: 1 }, |_| Some(1.0)).expect("scored");
        assert_eq!(itself.program.constants, [0.9, 1.0]);
        assert_eq!(tune(&rule, Tuning { draws: 9, seed: 1 }, |_| None), None);
        let fails_as_it_is = |p: &Program| (p.constants[0] != 0.9).then_some(1.0);
        assert!(tune(&rule, Tuning { draws: 9, seed: 1 }, fails_as_it_is).is_some());
    }

    #[test]
    fn decay_rates_stay_decay_rates_and_one_stays_one() {
        for factor in [0.01, 0.5, 3.0, 20.0] {
            assert!((0.0..=1.0).contains(&moved(0.9, factor)));
            assert_eq!(moved(1.0, factor), 1.0);
            assert!(moved(1.109, factor) >= 1.0);
            assert!(moved(-0.3, factor) < 0.0);
        }
    }
}
