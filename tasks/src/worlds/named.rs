//! Names to worlds: the one `match` that knows them all.

use hatchery_engine::world::World;

use super::{countdown, keydoor, lab, pointmaze, sparsecar, tidy};

/// Ids and what they are.
pub const WORLDS: [(&str, &str); 11] = [
    (
        "tidy-hard",
        "put a thing away after it was cleaned, heated or cooled: eleven steps before any outcome",
    ),
    ("tidy-mixed", "the same household with easy tasks among the hard ones"),
    ("lab-hard", "treat a substance at stations in the right order, then report"),
    ("lab-mixed", "the same laboratory with short recipes among the long ones"),
    ("keydoor", "fetch a key, open a door, reach the goal behind it"),
    ("keydoor-hard", "the same in larger rooms and less time"),
    ("countdown-3", "combine three numbers to a target: the outcome is frequent"),
    ("countdown-4", "the same with four numbers"),
    ("sparsecar", "swing out of a valley"),
    ("pointmaze", "reach a goal round a wall"),
    ("pointmaze-hard", "the same round two walls"),
];

/// What is done with a world, whichever it is.
pub trait WithWorld {
    /// What comes of it.
    type Output;

    /// Called once with the world that was named.
    fn with<W: World + Clone + 'static>(self, world: W) -> Self::Output;
}

/// Does something with the world of an id of [`WORLDS`]; nothing if there is none of that name.
pub fn with_world<V: WithWorld>(id: &str, action: V) -> Option<V::Output> {
    let tidy = |variant| tidy::Config { variant, ..tidy::Config::default() }.world();
    let countdown = |numbers| countdown::Config { numbers, ..countdown::Config::default() }.world();
    let lab = |variant| lab::Config { variant }.world();
    Some(match id {
        "tidy-hard" => action.with(tidy(tidy::Variant::Hard)),
        "tidy-mixed" => action.with(tidy(tidy::Variant::Mixed)),
        "lab-hard" => action.with(lab(tidy::Variant::Hard)),
        "lab-mixed" => action.with(lab(tidy::Variant::Mixed)),
        "keydoor" => action.with(keydoor::Config::default().world()),
        "keydoor-hard" => action.with(keydoor::Config::hard().world()),
        "countdown-3" => action.with(countdown(3)),
        "countdown-4" => action.with(countdown(4)),
        "sparsecar" => action.with(sparsecar::Config::default().world()),
        "pointmaze-hard" => action.with(pointmaze::Config::hard().world()),
        "pointmaze" => action.with(pointmaze::Config::default().world()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Name;

    impl WithWorld for Name {
        type Output = String;

        fn with<W: World>(self, world: W) -> String {
            world.name()
        }
    }

    #[test]
    fn every_id_is_the_name_of_its_world() {
        for (id, _) in WORLDS {
            assert_eq!(with_world(id, Name).as_deref(), Some(id));
        }
        assert_eq!(with_world("tidy-hart", Name), None);
    }
}
