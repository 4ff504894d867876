//! What a policy has decided, as a world expects it.

use hatchery_engine::world::Action;

/// The code of a listed action.
///
/// # Panics
/// If the action is made of numbers.
#[inline]
pub(super) fn code(action: Action<'_>) -> u32 {
    match action {
        Action::Listed(code) => code,
        Action::Continuous(_) => panic!("the actions of this world are listed"),
    }
}

/// Number `index` of a continuous action, clipped to [-1, 1]; 0 if it is not a number.
///
/// # Panics
/// If the action is listed, or has fewer numbers.
#[inline]
pub(super) fn number(action: Action<'_>, index: usize) -> f32 {
    match action {
        Action::Continuous(numbers) if numbers[index].is_nan() => 0.0,
        Action::Continuous(numbers) => numbers[index].clamp(-1.0, 1.0),
        Action::Listed(_) => panic!("the actions of this world are numbers"),
    }
}
