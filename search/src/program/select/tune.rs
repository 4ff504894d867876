//! The same tuning for every rule: random draws of its literals.
//!
//! A third of the draws scales the peak of the schedule, which `lr` carries, over six decades around 1, at random in equal slices of its
//! logarithm: step sizes of rules differ by orders of magnitude. The second third goes far from the best of these, the last third
//! near. In each of these two every literal is changed with chance ½: near 1 its distance from 1 is multiplied with 2^(s z), elsewhere
//! the literal itself, z standard normal and s 1.5 or 2.5 when far, 0.5 when near. So decay rates move as decay rates, step sizes
//! as step sizes, and no literal changes its sign. Draw 0 is the rule as it is. A literal that is used twice moves as two.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::program::{Argument, Dice, Operation, Program, Statement, optimizer};

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
/// Deviations of binary orders: of a literal near 1, and of others.
const FAR: (f64, f64) = (1.5, 2.5);
const NEAR: (f64, f64) = (0.5, 0.5);
/// Decades of the peak, from its lowest value to its highest.
const DECADES: f64 = 6.0;

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
    let third = tuning.draws.div_ceil(3).max(1);
    let dice = |draw: u32| Dice::new(tuning.seed, u64::from(draw), TUNING);
    let scored = |draws: std::ops::Range<u32>, make: &(dyn Fn(u32) -> Program + Sync)| {
        let one = |draw: u32| {
            let program = make(draw);
            let score = score(&program).filter(|score| score.is_finite())?;
            Some((score, program))
        };
        draws.into_par_iter().map(one).collect::<Vec<Option<(f64, Program)>>>()
    };
    let best_of = |all: &[Option<(f64, Program)>]| {
        // Of equals the first.
        all.iter().flatten().reduce(|a, b| if b.0 < a.0 { b } else { a }).cloned()
    };
    let mut all = scored(0..third, &|draw| match draw {
        0 => tidy.clone(),
        _ => {
            let slice = (f64::from(draw - 1) + dice(draw).unit()) / f64::from(third - 1);
            with_peak(&tidy, 10f64.powf(DECADES * (slice - 0.5)) as f32)
        }
    });
    for (spread, end) in [(FAR, 2 * third), (NEAR, tuning.draws)] {
        let base = best_of(&all).map_or_else(|| tidy.clone(), |(_, program)| program);
        let begin = all.len() as u32;
        let end = end.min(tuning.draws).max(begin);
        all.extend(scored(begin..end, &|draw| drawn(&base, spread, &mut dice(draw))));
    }
    let (score, program) = best_of(&all)?;
    Some(Tuned { program, score, scored: all.iter().flatten().count() as u32 })
}

/// The rule under a schedule with that peak: a literal that `lr` is multiplied with first takes it in, else a statement is added.
fn with_peak(program: &Program, peak: f32) -> Program {
    let mut scaled = program.clone();
    let rate = Argument::Variable(optimizer::RATE);
    let reads: Vec<usize> = (0..program.statements.len())
        .filter(|&index| program.statements[index].args().contains(&rate))
        .collect();
    let written = program.statements.iter().position(|one| one.target == optimizer::RATE);
    // Readers of what comes in, not of what was assigned since.
    let of_input = reads.iter().filter(|&&index| written.is_none_or(|at| index <= at)).count();
    if let (1, Some(first)) = (of_input, reads.first()) {
        let statement = &program.statements[*first];
        if statement.operation == Operation::Multiply {
            let literal = statement.args().iter().find_map(|argument| match argument {
                Argument::Constant(index) => Some(*index as usize),
                Argument::Variable(_) => None,
            });
            if let Some(index) = literal {
                scaled.constants[index] *= peak;
                return scaled;
            }
        }
    }
    let literal = scaled.literal(peak);
    let statement = Statement::new(Operation::Multiply, optimizer::RATE, &[rate, literal]);
    scaled.statements.insert(0, statement);
    scaled.tidy_constants();
    scaled
}

fn drawn(base: &Program, spread: (f64, f64), dice: &mut Dice) -> Program {
    let mut program = base.clone();
    for literal in &mut program.constants {
        let changes = dice.chance(0.5);
        let deviate = dice.normal();
        if changes {
            *literal = moved(*literal, spread, deviate);
        }
    }
    program
}

/// A literal by a factor: its distance from 1 if it is near 1.
fn moved(literal: f32, (near_one, other): (f64, f64), deviate: f64) -> f32 {
    let value = f64::from(literal);
    let moved = if (0.5..1.5).contains(&value) {
        (1.0 + (value - 1.0) * (near_one * deviate).exp2()).clamp(0.0, 2.0)
    } else {
        value * (other * deviate).exp2()
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
    fn a_step_size_is_refined() {
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
        for deviate in [-3.0, -0.5, 0.7, 2.5] {
            assert!((0.0..=1.0).contains(&moved(0.9, FAR, deviate)));
            assert_eq!(moved(1.0, FAR, deviate), 1.0);
            assert!(moved(1.109, FAR, deviate) >= 1.0);
            assert!(moved(-0.3, FAR, deviate) < 0.0);
        }
    }

    #[test]
    fn the_peak_goes_into_the_literal_of_lr_or_before_everything() {
        let into =
            with_peak(&program("lr = lr * 0.25\n update = g * lr\n update = update * 3"), 8.0);
        assert_eq!(into.constants, [2.0, 3.0]);
        let before = with_peak(&program("g = clip(g, lr)\n update = g * lr"), 8.0);
        assert_eq!(before.statements.len(), 3);
        assert_eq!(before, program("lr = lr * 8\n g = clip(g, lr)\n update = g * lr"));
    }

    #[test]
    fn a_step_size_that_is_far_off_is_found() {
        let rule = program("update = sign(g)\n lr = lr * 0.0001\n update = update * lr");
        let off = |p: &Program| Some((f64::from(p.constants[0]) / 0.05).log2().abs());
        let tuned = tune(&rule, Tuning { draws: 24, seed: 3 }, off).expect("scored");
        assert!(tuned.score < 1.0, "{tuned:?}");
    }
}
