//! Whether a world says all that its controls ask for.

use super::{Controls, Features, Split, World};

/// A world lacks a method that its [`Controls`] need, or an outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// No primitive.
    #[error("the world {world} has no primitives; the first is the outcome, and must be there")]
    NoOutcome {
        /// Its name.
        world: String,
    },
    /// It lists its actions, but there are none.
    #[error(
        "the world {world} lists its actions, but none is legal at a start; does it implement `legal`?"
    )]
    NothingLegal {
        /// Its name.
        world: String,
    },
    /// Actions without features.
    #[error(
        "the world {world} lists its actions, but describes none of them; does it implement `describe`?"
    )]
    NothingDescribed {
        /// Its name.
        world: String,
    },
    /// Numbers of an observation that were not written.
    #[error(
        "the world {world} has {expected} observations, of which {found} are numbers at a start; does it implement `observe`?"
    )]
    NotObserved {
        /// Its name.
        world: String,
        /// Numbers of an observation.
        expected: usize,
        /// How many were written.
        found: usize,
    },
}

/// Looks at one start of a training episode. Called before trainings, so that what is missing is an error with a name.
///
/// # Errors
/// The first thing that is missing.
pub fn check<W: World>(world: &W) -> Result<(), WorldError> {
    let name = || world.name();
    if world.primitives().is_empty() {
        return Err(WorldError::NoOutcome { world: name() });
    }
    let split = Split::Training;
    let state = world.reset(split, &mut split.dice(0, 0));
    match world.controls() {
        Controls::Listed { .. } => {
            let (mut codes, mut features) = (Vec::new(), Features::default());
            world.legal(&state, &mut codes);
            if codes.is_empty() {
                return Err(WorldError::NothingLegal { world: name() });
            }
            for &code in &codes {
                world.describe(&state, code, &mut features);
                features.close();
            }
            if (0..features.rows()).all(|row| features.row(row).0.is_empty()) {
                return Err(WorldError::NothingDescribed { world: name() });
            }
        }
        Controls::Continuous { observations, .. } => {
            let mut observation = vec![f32::NAN; observations];
            world.observe(&state, &mut observation);
            let found = observation.iter().filter(|number| number.is_finite()).count();
            if found < observations {
                let expected = observations;
                return Err(WorldError::NotObserved { world: name(), expected, found });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use hatchery_kernels::Dice;

    use super::super::{Action, Primitive, Trace};
    use super::*;

    /// What a user begins with: only what has no default.
    struct Bare {
        controls: Controls,
        primitives: &'static [Primitive],
    }

    const OUTCOME: [Primitive; 1] = [Primitive::unit("g1", "it is done")];

    impl World for Bare {
        type State = ();

        fn name(&self) -> String {
            "bare".to_owned()
        }

        fn controls(&self) -> Controls {
            self.controls
        }

        fn horizon(&self) -> usize {
            1
        }

        fn primitives(&self) -> &[Primitive] {
            self.primitives
        }

        fn reset(&self, _: Split, _: &mut Dice) {}

        fn step(&self, (): &mut (), _: Action<'_>, _: &mut [f32]) -> bool {
            true
        }

        fn finish(&self, (): &(), _: Trace<'_>, _: &mut [f32]) {}
    }

    #[test]
    fn what_a_world_lacks_is_named() {
        let listed = Controls::Listed { features: 3 };
        let continuous = Controls::Continuous { observations: 2, dimension: 1 };
        for (controls, primitives, words) in [
            (listed, &OUTCOME[..], "does it implement `legal`"),
            (continuous, &OUTCOME[..], "has 2 observations, of which 0"),
            (listed, &[][..], "has no primitives"),
        ] {
            let error = check(&Bare { controls, primitives }).expect_err("it lacks something");
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
