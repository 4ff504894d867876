//! What an action looks like: numbers about operands, result and target, in a block for each count of numbers that it leaves.
//!
//! | features of a block | meaning |
//! |---|---|
//! | 0–3 | the operation, one-hot |
//! | 4–7 | x, y, result, target as ln(1 + n) / 8 |
//! | 8 | result - target as sign ln(1 + distance) / 8 |
//! | 9–11 | exp(-distance / 10), exp(-distance / 2), both 0 from 256 on, and 1 if the result is the target |
//! | 12, 13 | 1 if the result is a proper divisor of the target; a multiple |
//! | 14–17 | 1 if result and target agree modulo 2, 3, 5, 7 |
//! | 18–20 | the other numbers, largest first, as ln(1 + n) / 8 |
//! | 21 | the result is larger than the target |
//! | 22 | the choice has no result; then 6 and 8–21 are absent |
//!
//! Blocks are for 1 to 4 numbers left. Zeros are left out.

use hatchery_engine::world::Features;
use hatchery_kernels::math;

use super::state::{Choice, NUMBERS, State};

const BLOCK: usize = 23;

/// Number of features.
pub(super) const COUNT: usize = BLOCK * (NUMBERS - 1);

/// Logarithms and exponentials of small numbers: each action needs about ten of them.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    logarithms: Vec<f32>,
    near: Vec<[f32; 2]>,
}

impl Tables {
    pub(super) fn new() -> Self {
        let near = |distance| [near(distance, 10.0), near(distance, 2.0)];
        Self { logarithms: (0..1024).map(logarithm).collect(), near: (0..256).map(near).collect() }
    }

    #[inline]
    fn logarithm(&self, value: u32) -> f32 {
        self.logarithms.get(value as usize).copied().unwrap_or_else(|| logarithm(value))
    }

    /// exp(-distance / 10) and exp(-distance / 2), which are 0 for large distances.
    #[inline]
    fn near(&self, distance: u32) -> [f32; 2] {
        self.near.get(distance as usize).copied().unwrap_or_default()
    }
}

fn logarithm(value: u32) -> f32 {
    math::ln(1.0 + value as f32) / 8.0
}

fn near(distance: u32, scale: f32) -> f32 {
    math::exp(-(distance as f32) / scale)
}

/// Appends the features of an action to the open row.
#[inline]
pub(super) fn describe(tables: &Tables, state: &State, choice: Choice, features: &mut Features) {
    let logarithm = |value| tables.logarithm(value);
    let numbers = state.numbers();
    let block = BLOCK * (numbers.len() - 2);
    let mut put = |feature: usize, value: f32| {
        if value != 0.0 {
            features.push(block + feature, value);
        }
    };
    let flag = |holds: bool| f32::from(u8::from(holds));
    let (x, y) = state.operands(choice);
    let target = state.target;
    put(choice.operation as usize, 1.0);
    put(4, logarithm(x));
    put(5, logarithm(y));
    put(7, logarithm(target));
    let Some(result) = choice.operation.apply(x, y) else {
        put(22, 1.0);
        return;
    };
    put(6, logarithm(result));
    let distance = result.abs_diff(target);
    let sign = if result < target { -1.0 } else { 1.0 };
    put(8, sign * logarithm(distance));
    let [wide, narrow] = tables.near(distance);
    put(9, wide);
    put(10, narrow);
    put(11, flag(distance == 0));
    put(12, flag(result > 1 && result < target && target.is_multiple_of(result)));
    put(13, flag(result > target && result % target == 0));
    for (place, modulus) in [2, 3, 5, 7].into_iter().enumerate() {
        put(14 + place, flag(distance % modulus == 0));
    }
    // At most three, so each finds its place by the number of larger ones before and behind it.
    let others =
        || numbers.iter().enumerate().filter(|(i, _)| *i != choice.first && *i != choice.second);
    for (index, &number) in others() {
        let before = |(i, other): &(usize, &u32)| (**other, index) > (number, *i);
        put(18 + others().filter(before).count(), logarithm(number));
    }
    put(21, flag(result > target));
}
