//! What every world has to keep, and how the tests of worlds play.

use hatchery_engine::world::{Action, Controls, Features, Split, Trace, World};
use hatchery_kernels::{Dice, Domain};

pub(super) const SPLITS: [Split; 5] =
    [Split::Training, Split::Validation, Split::L0, Split::L1, Split::L2];

/// A finished episode.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Episode<S> {
    pub(super) last: S,
    pub(super) signals: Vec<f32>,
    pub(super) primitives: Vec<f32>,
}

impl<S> Episode<S> {
    pub(super) fn won(&self) -> bool {
        self.primitives[0] == 1.0
    }
}

/// Plays from a state to the end with listed actions that `choose` takes.
pub(super) fn play_from<W: World>(
    world: &W,
    mut state: W::State,
    mut choose: impl FnMut(&W::State, &[u32]) -> u32,
) -> Episode<W::State> {
    let mut codes = Vec::new();
    run(world, &mut state, |world, state, signals| {
        codes.clear();
        world.legal(state, &mut codes);
        let code = choose(state, &codes);
        assert!(codes.contains(&code), "{code} is not legal\n{}", world.draw(state));
        world.step(state, Action::Listed(code), signals)
    })
}

/// Plays from a state to the end with numbers that `choose` writes.
pub(super) fn drive_from<W: World>(
    world: &W,
    mut state: W::State,
    mut choose: impl FnMut(&W::State, &mut [f32]),
) -> Episode<W::State> {
    let Controls::Continuous { dimension, .. } = world.controls() else { panic!("not listed") };
    let mut numbers = vec![0.0; dimension];
    run(world, &mut state, |world, state, signals| {
        choose(state, &mut numbers);
        world.step(state, Action::Continuous(&numbers), signals)
    })
}

fn run<W: World>(
    world: &W,
    state: &mut W::State,
    mut step: impl FnMut(&W, &mut W::State, &mut [f32]) -> bool,
) -> Episode<W::State> {
    let count = world.signals().len();
    let mut signals = Vec::new();
    for t in 1.. {
        assert!(t <= world.horizon(), "{} lasts longer than it says", world.name());
        let begin = signals.len();
        signals.resize(begin + count, f32::NAN);
        if step(world, state, &mut signals[begin..]) {
            break;
        }
    }
    let trace = Trace { values: &signals, signals: count, horizon: world.horizon() };
    let mut primitives = vec![f32::NAN; world.primitives().len()];
    world.finish(state, trace, &mut primitives);
    Episode { last: state.clone(), signals, primitives }
}

/// An episode of random actions, each legal code or number with the same chance.
pub(super) fn random_episode<W: World>(world: &W, split: Split, number: u64) -> Episode<W::State> {
    let state = world.reset(split, &mut split.dice(3, number));
    let mut dice = Dice::of(Domain::Perturb, 3, number, 9);
    match world.controls() {
        Controls::Listed { .. } => {
            play_from(world, state, |_, codes| codes[dice.below(codes.len())])
        }
        Controls::Continuous { .. } => drive_from(world, state, |_, numbers| {
            numbers.iter_mut().for_each(|number| *number = 2.0 * dice.unit() as f32 - 1.0);
        }),
    }
}

/// What the trait asks for: ranges, names, buffers, the same episode from the same dice.
pub(super) fn keeps_the_contract<W: World>(world: &W)
where
    W::State: PartialEq + std::fmt::Debug,
{
    let names: Vec<_> = world.primitives().iter().map(|primitive| primitive.name).collect();
    assert_eq!(names[0], "g1");
    for set in world.sets() {
        assert!(
            set.primitives[0] == "g1" && set.primitives.iter().all(|name| names.contains(name))
        );
        let known = |name: &str| world.signals().iter().any(|signal| signal.name == name);
        assert!(set.signals.iter().all(|name| known(name)));
    }
    let words = world.hand_made().split(|c: char| "+-*/()".contains(c));
    for word in words.map(str::trim).filter(|word| !word.is_empty()) {
        assert!(word.parse::<f32>().is_ok() || names.contains(&word), "{word}");
    }
    for split in SPLITS {
        for number in 0..50 {
            let episode = random_episode(world, split, number);
            assert!(!world.draw(&episode.last).is_empty());
            let steps = episode.signals.chunks_exact(world.signals().len());
            for (signal, value) in steps.flat_map(|step| world.signals().iter().zip(step)) {
                let [low, high] = signal.range;
                assert!((low..=high).contains(value), "{} is {value}", signal.name);
            }
            for (primitive, value) in world.primitives().iter().zip(&episode.primitives) {
                let [low, high] = primitive.range;
                assert!((low..=high).contains(value), "{} is {value}", primitive.name);
            }
            assert!([0.0, 1.0].contains(&episode.primitives[0]));
            assert_eq!(random_episode(world, split, number), episode);
        }
    }
    if let Controls::Listed { features } = world.controls() {
        describes_all_actions(world, features);
    }
    SPLITS.iter().for_each(|&split| pictures_fit(world, split));
}

/// Pictures of an episode have lines of at most 80 characters, and as many of them at each step as at its start.
fn pictures_fit<W: World>(world: &W, split: Split) {
    for number in 0..4 {
        let mut lines = None;
        let mut look = |state: &W::State| {
            let picture = world.draw(state);
            let longest = picture.lines().map(|line| line.chars().count()).max();
            assert!((1..=80).contains(&longest.unwrap_or(0)), "{picture}");
            assert_eq!(picture.lines().count(), *lines.get_or_insert(picture.lines().count()));
        };
        let mut state = world.reset(split, &mut split.dice(3, number));
        let mut dice = Dice::of(Domain::Perturb, 5, number, 9);
        run(world, &mut state, |world, state, signals| {
            look(state);
            let over = random_step(world, state, signals, &mut dice);
            if over {
                look(state);
            }
            over
        });
    }
}

/// A step with a random action.
fn random_step<W: World>(
    world: &W,
    state: &mut W::State,
    signals: &mut [f32],
    dice: &mut Dice,
) -> bool {
    match world.controls() {
        Controls::Listed { .. } => {
            let mut codes = Vec::new();
            world.legal(state, &mut codes);
            world.step(state, Action::Listed(codes[dice.below(codes.len())]), signals)
        }
        Controls::Continuous { dimension, .. } => {
            let numbers: Vec<f32> =
                (0..dimension).map(|_| 2.0 * dice.unit() as f32 - 1.0).collect();
            world.step(state, Action::Continuous(&numbers), signals)
        }
    }
}

fn describes_all_actions<W: World>(world: &W, count: usize) {
    let (mut dice, mut features) = (Dice::of(Domain::Perturb, 4, 0, 9), Features::default());
    for number in 0..20 {
        let start = world.reset(Split::Training, &mut Split::Training.dice(3, number));
        play_from(world, start, |state, codes| {
            for &code in codes {
                features.clear();
                world.describe(state, code, &mut features);
                features.close();
                let (indices, values) = features.row(0);
                assert!(!indices.is_empty() && indices.iter().all(|&i| (i as usize) < count));
                assert!(values.iter().all(|value| value.abs() <= 1.5), "{values:?}");
                assert!(!world.say(state, Action::Listed(code)).is_empty());
            }
            codes[dice.below(codes.len())]
        });
    }
}
/// Shares of random episodes: for each primitive, how often it is above `least`.
pub(super) fn random_shares<W: World>(
    world: &W,
    split: Split,
    episodes: u64,
    least: f32,
) -> Vec<f64> {
    let mut counts = vec![0.0; world.primitives().len()];
    for number in 0..episodes {
        let episode = random_episode(world, split, number);
        for (count, value) in counts.iter_mut().zip(&episode.primitives) {
            *count += f64::from(u8::from(*value > least));
        }
    }
    counts.iter().map(|count| count / episodes as f64).collect()
}

/// A share of so many trials is as expected, up to some standard errors of both measurements.
#[track_caller]
pub(super) fn assert_share(found: f64, expected: f64, trials: [u64; 2], errors: f64) {
    let variance = expected * (1.0 - expected);
    let scale: f64 = trials.iter().map(|&n| 1.0 / n as f64).sum();
    let error = (variance * scale).sqrt();
    let off = (found - expected) / error;
    assert!(off.abs() < errors, "{found} is {off:.1} standard errors from {expected}");
}
