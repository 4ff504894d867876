//! Names to worlds of reward search: the one `match` that knows them all.

use anyhow::{Result, anyhow};
use hatchery_engine::world::World;
use hatchery_search::meta_reward::inner::{Config, PolicyKind};
use hatchery_tasks::worlds::{countdown, keydoor, lab, pointmaze, sparsecar, tidy};

use crate::config::nearest;

/// Ids and what they are.
pub(crate) const WORLDS: [(&str, &str); 9] = [
    (
        "tidy-hard",
        "put a thing away after it was cleaned, heated or cooled: eleven steps before any outcome",
    ),
    ("tidy-mixed", "the same household with easy tasks among the hard ones"),
    ("lab-hard", "treat a substance at stations in the right order, then report"),
    ("lab-mixed", "the same laboratory with short recipes among the long ones"),
    ("keydoor", "fetch a key, open a door, reach the goal behind it"),
    ("countdown-3", "combine three numbers to a target: the outcome is frequent"),
    ("countdown-4", "the same with four numbers"),
    ("sparsecar", "swing out of a valley"),
    ("pointmaze", "reach a goal round a wall"),
];

/// What is done with a world, whichever it is.
pub(crate) trait WithWorld {
    /// What comes of it.
    type Output;

    /// `inner` is how policies are trained there unless something else was asked for.
    fn with<W: World>(self, world: W, inner: Config) -> Self::Output;
}

/// Does something with the world of an id.
///
/// # Errors
/// An unknown id, with the nearest and all known ones.
pub(crate) fn with_world<V: WithWorld>(id: &str, action: V) -> Result<V::Output> {
    let tidy = |variant| tidy::Config { variant, ..tidy::Config::default() }.world();
    let countdown = |numbers| countdown::Config { numbers, ..countdown::Config::default() }.world();
    let lab = |variant| lab::Config { variant }.world();
    let linear = Config::default();
    // Features of numbers say little one by one.
    let mlp = Config { policy: PolicyKind::Mlp, learning_rate: 0.01, ..Config::default() };
    let numbers = Config { hidden: 16, ..mlp.clone() };
    Ok(match id {
        "tidy-hard" => action.with(tidy(tidy::Variant::Hard), linear),
        "tidy-mixed" => action.with(tidy(tidy::Variant::Mixed), linear),
        "lab-hard" => action.with(lab(tidy::Variant::Hard), linear),
        "lab-mixed" => action.with(lab(tidy::Variant::Mixed), linear),
        "keydoor" => action.with(keydoor::Config::default().world(), linear),
        "countdown-3" => action.with(countdown(3), mlp),
        "countdown-4" => action.with(countdown(4), mlp),
        "sparsecar" => action.with(sparsecar::Config::default().world(), numbers),
        "pointmaze" => action.with(pointmaze::Config::default().world(), numbers),
        _ => {
            let names = || WORLDS.iter().map(|(name, _)| *name);
            let hint = nearest(id, names()).map_or(String::new(), |near| format!("; {near}"));
            let known: Vec<&str> = names().collect();
            return Err(anyhow!(
                "there is no environment '{id}'{hint} Known are {}",
                known.join(", ")
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Name;

    impl WithWorld for Name {
        type Output = String;

        fn with<W: World>(self, world: W, _: Config) -> String {
            world.name()
        }
    }

    #[test]
    fn every_id_is_the_name_of_its_world() {
        for (id, _) in WORLDS {
            assert_eq!(with_world(id, Name).expect("it is known"), id);
        }
        let error = with_world("tidy-hart", Name).expect_err("it is unknown").to_string();
        assert!(error.contains("did you mean `tidy-hard`"), "{error}");
    }
}
