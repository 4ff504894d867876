//! Configurations that work as they are.

/// A configuration that is built in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Preset {
    /// Name for `hatchery run`.
    pub(crate) name: &'static str,
    /// One line about it.
    pub(crate) about: &'static str,
    /// Its TOML, with comments.
    pub(crate) text: &'static str,
}

macro_rules! preset {
    ($name:literal, $about:literal) => {
        Preset {
            name: $name,
            about: $about,
            text: include_str!(concat!("../presets/", $name, ".toml")),
        }
    };
}

/// All presets, in the order in which to try them.
pub(crate) const ALL: [Preset; 25] = [
    preset!("cartpole", "balance a pole on a cart (CartPole-v1)"),
    preset!("acrobot", "swing up two links (Acrobot-v1)"),
    preset!("mountain-car", "rock a car out of a valley (MountainCar-v0)"),
    preset!("mountain-car-continuous", "the same with a throttle (MountainCarContinuous-v0)"),
    preset!("pendulum", "swing up and hold a pendulum (Pendulum-v1)"),
    preset!("door-key", "fetch a key, open a door, reach the goal: one reward at the end"),
    preset!("digits", "classify 1,797 handwritten digits without gradients"),
    preset!(
        "optimizer-search",
        "evolve the update rule of an optimizer; ends with table, curves and code"
    ),
    preset!("egg-bible", "a language model of integers learns English from the King James Bible"),
    preset!("egg", "the same on your own text: --set task.corpus=FILE, or a folder"),
    preset!("egg-parity", "the published configuration, noise table and schedule of that model"),
    preset!(
        "reward-tidy",
        "evolve the reward that trains a policy to keep house; ends with a formula"
    ),
    preset!("reward-lab", "the same for a laboratory, where good rewards are rare"),
    preset!("reward-keydoor", "the same for a key, a door and a goal"),
    preset!("reward-countdown", "the same for a game of numbers, where the outcome is frequent"),
    preset!("reward-sparsecar", "the same for a car that must swing out of a valley"),
    preset!("reward-pointmaze", "the same for a point in a maze"),
    preset!("formula-nguyen-7", "find a formula of logarithms again, from 20 rows"),
    preset!("formula-coulomb", "find Coulomb's law again"),
    preset!("formula-relativity", "find how velocities add, from rows with noise"),
    preset!("always-two", "toy: a network that answers 2"),
    preset!("regression", "toy: fit x² + x + 1"),
    preset!("sphere", "toy: sphere function"),
    preset!("rosenbrock", "toy: Rosenbrock's valley"),
    preset!("rastrigin", "toy: Rastrigin's many hills"),
];

/// The preset of that name.
pub(crate) fn find(name: &str) -> Option<&'static Preset> {
    ALL.iter().find(|preset| preset.name == name)
}
