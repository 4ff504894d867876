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
