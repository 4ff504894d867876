//! How a number that a strategy uses, a learning rate or a `sigma`, changes over the generations.
//!
//! With `s` the starting value, `g` the generation counted from 0 and `G` the length in generations:
//!
//! | kind          | value at generation `g`                        | after `G`    |
//! |---------------|------------------------------------------------|--------------|
//! | `constant`    | `s`                                            | `s`          |
//! | `exponential` | `max(s · factor^g, floor)`                     | no end       |
//! | `linear`      | `s + (end − s) · g/G`                          | stays `end`  |
//! | `cosine`      | `end + (s − end) · (1 + cos(π g/G))/2`         | stays `end`  |
//!
//! The value is a pure function of the start and the generation: a resumed run needs no state of it.
//!
//! Source: the cosine is Loshchilov & Hutter, *SGDR* (2016), arXiv:1608.03983, equation 5, without
//! restarts. All kinds give the numbers of `optax.exponential_decay`, `linear_schedule` and
//! `cosine_decay_schedule` with `transition_steps = 1`; `end` is a value here, where optax's `alpha`
//! is a fraction of the start.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The course of one number over the generations. In TOML an inline table tagged by `kind`:
/// `learning_rate_schedule = { kind = "linear", generations = 1000 }`.
///
/// ```
/// use hatchery_engine::schedule::Schedule;
///
/// let schedule = Schedule::Linear { generations: 4, end: 0.0 };
/// let values: Vec<f64> = (0..6).map(|generation| schedule.value(1.0, generation)).collect();
/// assert_eq!(values, [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    /// The starting value for ever.
    // Braces, because serde lets unknown keys pass beside a tagged unit variant.
    Constant {},
    /// Multiplied by `factor` each generation, never below `floor`.
    Exponential {
        /// What the value is multiplied by each generation, in (0, 1].
        factor: f64,
        /// The least value, in the unit of the start, 0 or more; 0 if not written.
        #[serde(default)]
        floor: f64,
    },
    /// A straight line from the start to `end`.
    Linear {
        /// How many generations until `end` is reached, at least 1.
        generations: u32,
        /// The last value, in the unit of the start, 0 or more; 0 if not written.
        #[serde(default)]
        end: f64,
    },
    /// Half a cosine wave from the start to `end`: flat at both ends.
    Cosine {
        /// How many generations until `end` is reached, at least 1.
        generations: u32,
        /// The last value, in the unit of the start, 0 or more; 0 if not written.
        #[serde(default)]
        end: f64,
    },
}

impl Default for Schedule {
    fn default() -> Self {
        Self::Constant {}
    }
}

/// Why a written [`Schedule`] cannot be followed.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// A key of the schedule holds a value outside its range.
    #[error("schedule key `{key}` must be {expected}, but it is {got}")]
    OutOfRange {
        /// The offending key, as it is written in the configuration.
        key: &'static str,
        /// The range in words.
        expected: &'static str,
        /// The value that was written.
        got: f64,
    },
}

impl ScheduleError {
    /// The offending key, as it is written in the schedule's table.
    pub fn key(&self) -> &'static str {
        match self {
            Self::OutOfRange { key, .. } => key,
        }
    }
}

impl Schedule {
    /// Whether the schedule can be followed.
    ///
    /// # Errors
    /// Names the first key that is out of its range.
    pub fn check(&self) -> Result<(), ScheduleError> {
        match *self {
            Self::Constant {} => Ok(()),
            Self::Exponential { factor, floor } => {
                if !(factor > 0.0 && factor <= 1.0) {
                    let expected = "above 0 and at most 1";
                    return Err(ScheduleError::OutOfRange { key: "factor", expected, got: factor });
                }
                check_level("floor", floor)
            }
            Self::Linear { generations, end } | Self::Cosine { generations, end } => {
                if generations == 0 {
                    let expected = "at least 1";
                    return Err(ScheduleError::OutOfRange {
                        key: "generations",
                        expected,
                        got: 0.0,
                    });
                }
                check_level("end", end)
            }
        }
    }

    /// The value at `generation`, counted from 0, of a number that starts at `start`.
    pub fn value(&self, start: f64, generation: u32) -> f64 {
        match *self {
            Self::Constant {} => start,
            Self::Exponential { factor, floor } => {
                (start * power(factor, u64::from(generation))).max(floor)
            }
            Self::Linear { generations, end } => {
                // A weighted mean meets both ends exactly, `start + (end - start)` might not.
                let done = progress(generation, generations);
                start * (1.0 - done) + end * done
            }
            Self::Cosine { generations, end } => {
                let done = progress(generation, generations);
                let left = 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
                start * left + end * (1.0 - left)
            }
        }
    }
}

/// `base^exponent` by squaring: the same bits on every machine, which `powi` and `powf` do not promise.
pub(crate) fn power(base: f64, exponent: u64) -> f64 {
    let (mut result, mut square, mut bits) = (1.0, base, exponent);
    while bits > 0 {
        if bits & 1 == 1 {
            result *= square;
        }
        square *= square;
        bits >>= 1;
    }
    result
}

/// The part of the schedule that lies behind `generation`, in [0, 1].
fn progress(generation: u32, generations: u32) -> f64 {
    if generation >= generations {
        return 1.0;
    }
    f64::from(generation) / f64::from(generations)
}

fn check_level(key: &'static str, got: f64) -> Result<(), ScheduleError> {
    if got.is_finite() && got >= 0.0 {
        return Ok(());
    }
    Err(ScheduleError::OutOfRange { key, expected: "finite and at least 0", got })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(value: serde_json::Value) -> Result<Schedule, serde_json::Error> {
        serde_json::from_value(value)
    }

    #[test]
    fn schedules_equal_optax_at_every_generation() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../tests/golden/update_rules.json")).unwrap();
        let cases = golden["schedules"].as_array().unwrap();
        assert_eq!(cases.len(), 4);
        for case in cases {
            let schedule = read(case["schedule"].clone()).unwrap();
            schedule.check().unwrap();
            let start = case["start"].as_f64().unwrap();
            for (generation, expected) in (0..).zip(case["values"].as_array().unwrap()) {
                let (got, expected) =
                    (schedule.value(start, generation), expected.as_f64().unwrap());
                assert!(
                    (got - expected).abs() <= 1e-14 * start,
                    "{schedule:?} at generation {generation}: {got} for {expected}"
                );
            }
        }
    }

    #[test]
    fn a_schedule_reads_back_what_it_writes_and_fills_in_zero() {
        let linear = read(json!({"kind": "linear", "generations": 10})).unwrap();
        assert_eq!(linear, Schedule::Linear { generations: 10, end: 0.0 });
        let exponential = read(json!({"kind": "exponential", "factor": 0.5})).unwrap();
        assert_eq!(exponential, Schedule::Exponential { factor: 0.5, floor: 0.0 });
        let cosine = Schedule::Cosine { generations: 3, end: 0.25 };
        for schedule in [Schedule::default(), linear, exponential, cosine] {
            assert_eq!(read(serde_json::to_value(schedule).unwrap()).unwrap(), schedule);
        }
    }

    #[test]
    fn a_schedule_refuses_keys_that_its_kind_does_not_have() {
        for value in [
            json!({"kind": "constant", "factor": 0.5}),
            json!({"kind": "linear", "generations": 1, "floor": 0.5}),
            json!({"kind": "step", "generations": 1}),
            json!({"kind": "exponential"}),
        ] {
            assert!(read(value.clone()).is_err(), "{value} was accepted");
        }
    }

    #[test]
    fn check_names_the_key_that_is_out_of_range() {
        let bad = [
            (Schedule::Exponential { factor: 0.0, floor: 0.0 }, "factor"),
            (Schedule::Exponential { factor: 1.5, floor: 0.0 }, "factor"),
            (Schedule::Exponential { factor: f64::NAN, floor: 0.0 }, "factor"),
            (Schedule::Exponential { factor: 0.5, floor: -1.0 }, "floor"),
            (Schedule::Linear { generations: 0, end: 0.0 }, "generations"),
            (Schedule::Cosine { generations: 5, end: f64::INFINITY }, "end"),
        ];
        for (schedule, key) in bad {
            assert_eq!(schedule.check().unwrap_err().key(), key, "{schedule:?}");
        }
        let error = Schedule::Linear { generations: 0, end: 0.0 }.check().unwrap_err();
        assert_eq!(error.to_string(), "schedule key `generations` must be at least 1, but it is 0");
    }

    #[test]
    fn power_agrees_with_the_standard_library() {
        for exponent in [0, 1, 2, 3, 17, 100, 1023] {
            let expected = 0.999_f64.powf(f64::from(exponent));
            assert!((power(0.999, exponent as u64) / expected - 1.0).abs() < 1e-13);
        }
        assert_eq!(power(0.0, 0), 1.0);
    }

    proptest! {
        #[test]
        fn decays_start_at_the_start_fall_and_end_at_the_end(
            start in 0.1..10.0_f64, part in 0.0..1.0_f64, generations in 1..2000_u32,
        ) {
            let end = start * part;
            for schedule in [
                Schedule::Linear { generations, end },
                Schedule::Cosine { generations, end },
            ] {
                prop_assert_eq!(schedule.value(start, 0), start);
                prop_assert_eq!(schedule.value(start, generations), end);
                prop_assert_eq!(schedule.value(start, u32::MAX), end);
                let slack = 1e-15 * start;
                for g in 0..generations {
                    prop_assert!(schedule.value(start, g + 1) <= schedule.value(start, g) + slack);
                }
            }
        }
    }
}
