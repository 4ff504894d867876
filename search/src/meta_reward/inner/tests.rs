use hatchery_engine::world::{
    Action, Controls, Features, Primitive, PrimitiveSet, Split, Trace, World,
};
use hatchery_kernels::Dice;

use super::gru::Memory;
use super::policy::{Scratch, deviation};
use super::vectors::soften;
use super::weight::Weight;
use super::*;

/// Five steps; the outcome is 1 if action 2 was taken at least three times, or if numbers add up to more than 1.5.
struct Toy {
    controls: Controls,
}

#[derive(Clone)]
struct State {
    step: u32,
    bias: f32,
    sum: f32,
}

const PRIMITIVES: [Primitive; 2] =
    [Primitive::unit("g1", "the outcome"), Primitive::unit("share", "of what is needed")];

impl World for Toy {
    type State = State;

    fn name(&self) -> String {
        "toy".into()
    }
    fn controls(&self) -> Controls {
        self.controls
    }
    fn horizon(&self) -> usize {
        5
    }
    fn primitives(&self) -> &[Primitive] {
        &PRIMITIVES
    }
    fn signals(&self) -> &[Primitive] {
        &PRIMITIVES[1..]
    }
    fn sets(&self) -> &[PrimitiveSet] {
        &[PrimitiveSet { name: "all", primitives: &["g1", "share"], signals: &[] }]
    }
    fn hand_made(&self) -> &str {
        "share"
    }
    fn reset(&self, _: Split, dice: &mut Dice) -> State {
        State { step: 0, bias: dice.unit() as f32, sum: 0.0 }
    }
    fn legal(&self, _: &State, codes: &mut Vec<u32>) {
        codes.extend(0..4);
    }
    fn describe(&self, state: &State, code: u32, features: &mut Features) {
        features.push(code as usize, 1.0);
        features.push(4 + (code % 2) as usize, state.bias);
    }
    fn observe(&self, state: &State, observation: &mut [f32]) {
        observation.copy_from_slice(&[state.step as f32 / 5.0, state.bias, state.sum]);
    }
    fn step(&self, state: &mut State, action: Action<'_>, signals: &mut [f32]) -> bool {
        let gain = match action {
            Action::Listed(code) => {
                if code == 2 {
                    0.5
                } else {
                    0.0
                }
            }
            Action::Continuous(numbers) => numbers[0].clamp(-1.0, 1.0),
        };
        state.sum += gain;
        state.step += 1;
        signals[0] = gain;
        state.step == 5
    }
    fn finish(&self, state: &State, _: Trace<'_>, primitives: &mut [f32]) {
        primitives[0] = if state.sum >= 1.5 { 1.0 } else { 0.0 };
        primitives[1] = (state.sum / 2.5).clamp(0.0, 1.0);
    }
    fn draw(&self, state: &State) -> String {
        state.step.to_string()
    }
    fn say(&self, _: &State, action: Action<'_>) -> String {
        format!("{action:?}")
    }
}

const LISTED: Toy = Toy { controls: Controls::Listed { features: 6 } };
const NUMBERS: Toy = Toy { controls: Controls::Continuous { observations: 3, dimension: 2 } };

/// Log-probability of what was done, and the entropy of all choices but for a constant, in double precision where sums are long.
fn log_probability(
    controls: Controls,
    policy: &Policy,
    theta: &[f32],
    episode: &Episode,
) -> [f64; 2] {
    let (mut scratch, mut memory) = (Scratch::default(), Memory::default());
    let [mut log, mut entropy] = [0.0; 2];
    policy.begin(&mut memory);
    if let Controls::Continuous { observations, dimension } = controls {
        for (seen, done) in episode.seen.chunks(observations).zip(episode.done.chunks(dimension)) {
            policy.mean(theta, seen, &mut memory, &mut scratch);
            for (at, number) in done.iter().enumerate() {
                let deviation = f64::from(deviation(theta, dimension, at));
                let off = (f64::from(*number) - f64::from(scratch.output(at))) / deviation;
                log -= 0.5 * off * off + deviation.ln();
                entropy += deviation.ln();
            }
            policy.remember_numbers(done, &mut memory);
        }
        return [log, entropy];
    }
    let mut first = 0;
    for (&end, &taken) in episode.ends.iter().zip(&episode.taken) {
        let mut chances = Vec::new();
        let rows = first..end as usize;
        let features = &episode.features;
        policy.scores(theta, features, rows, &mut chances, &mut memory, &mut scratch);
        soften(&mut chances, 1.0);
        log += f64::from(chances[taken as usize - first]).ln();
        entropy -= chances.iter().map(|&p| f64::from(p) * f64::from(p).ln()).sum::<f64>();
        policy.remember_row(taken as usize - first, &mut memory);
        first = end as usize;
    }
    [log, entropy]
}

#[test]
fn gradients_are_those_of_log_probability_and_entropy() {
    let cases = [
        (&LISTED, PolicyKind::Linear),
        (&LISTED, PolicyKind::Mlp),
        (&LISTED, PolicyKind::Gru),
        (&NUMBERS, PolicyKind::Mlp),
        (&NUMBERS, PolicyKind::Gru),
    ];
    for (world, kind) in cases {
        let policy = Policy::new(world.controls(), kind, 5);
        let mut theta = policy.init(3);
        let mut dice = Dice::new(1, 2, 3);
        theta.iter_mut().for_each(|weight| *weight += 0.3 * dice.normal() as f32);
        let mut episode = Episode::default();
        let mut scratch = Scratch::default();
        let mut state = world.reset(Split::Training, &mut dice);
        let watch = &mut |_: &State, _: Action<'_>| {};
        episode.play(world, &policy, &theta, &mut state, &mut dice, 1.0, &mut scratch, watch);
        assert_eq!(episode.steps(), 5);
        let mut gradient = vec![0.0; theta.len()];
        let weight = Weight { done: 2.0, entropy: 0.7 };
        policy.add_gradient(&theta, &episode, weight, &mut gradient, &mut scratch);
        for at in 0..theta.len() {
            let weight = theta[at];
            let mut by = |step: f32| {
                theta[at] = weight + step;
                let [log, entropy] = log_probability(world.controls(), &policy, &theta, &episode);
                theta[at] = weight;
                2.0 * log + 0.7 * entropy
            };
            let slope = (by(1e-2) - by(-1e-2)) / 2e-2;
            let found = f64::from(gradient[at]);
            assert!(
                (slope - found).abs() < 2e-3 + 5e-3 * slope.abs(),
                "{kind:?} {at}: {slope} {found}"
            );
        }
    }
}

fn share(primitives: &[f32], _: Trace<'_>, _: f32) -> f32 {
    primitives[1]
}

#[test]
fn every_policy_learns_from_a_reward() {
    let cases = [
        (&LISTED, PolicyKind::Linear, 0.1),
        (&LISTED, PolicyKind::Mlp, 0.03),
        (&LISTED, PolicyKind::Gru, 0.03),
        (&NUMBERS, PolicyKind::Mlp, 0.03),
        (&NUMBERS, PolicyKind::Gru, 0.03),
    ];
    for (world, policy, learning_rate) in cases {
        let config =
            Config { policy, learning_rate, hidden: 8, updates: 40, tasks: 8, ..Config::default() };
        let mut trainer = Trainer::new(world, &config);
        let before = trainer.evaluate(&trainer.policy().init(1), Split::L0, 1).success;
        let trained = trainer.train(&mut share, 1, None);
        let after = trainer.evaluate(&trained.theta, Split::L0, 1);
        assert!(after.success > before.max(0.8), "{policy:?}: {before} to {}", after.success);
        assert_eq!((after.steps, trained.steps), (5 * 256, 5 * 40 * 8 * 8));
        assert_eq!(trained, Trainer::new(world, &config).train(&mut share, 1, None));
    }
}

#[test]
fn scale_and_offset_of_a_reward_change_next_to_nothing() {
    let config = Config { updates: 5, ..Config::default() };
    let mut trainer = Trainer::new(&LISTED, &config);
    let plain = trainer.train(&mut share, 1, None).theta;
    let mut moved = |p: &[f32], t: Trace<'_>, progress: f32| 8.0 * share(p, t, progress) + 2.0;
    let moved = trainer.train(&mut moved, 1, None).theta;
    assert!(plain.iter().zip(&moved).all(|(a, b)| (a - b).abs() < 1e-3), "{plain:?} {moved:?}");
}

#[test]
fn a_reward_that_is_no_number_never_reaches_the_weights() {
    let config = Config { updates: 5, ..Config::default() };
    let mut broken = |p: &[f32], _: Trace<'_>, _: f32| if p[1] > 0.3 { f32::NAN } else { p[1] };
    let trained = Trainer::new(&LISTED, &config).train(&mut broken, 1, None);
    assert!(trained.theta.iter().all(|weight| weight.is_finite()));
    let nothing = |_: &[f32], _: Trace<'_>, _: f32| f32::INFINITY;
    let trained = Trainer::new(&LISTED, &config).train(&mut { nothing }, 1, None);
    assert!(trained.told == 0.0 && trained.theta.iter().all(|weight| *weight == 0.0));
}

#[test]
fn settings_out_of_range_are_named() {
    let wrong = [
        (Config { rollouts: 1, ..Config::default() }, "rollouts"),
        (Config { updates: 0, ..Config::default() }, "updates"),
        (Config { temperature: 0.0, ..Config::default() }, "temperature"),
        (Config { sigma: 0.0, ..Config::default() }, "sigma"),
        (Config { learning_rate: f32::NAN, ..Config::default() }, "learning_rate"),
        (Config { entropy: -0.1, ..Config::default() }, "entropy"),
        (Config { entropy: 0.1, trainer: TrainerName::Eggroll, ..Config::default() }, "entropy"),
    ];
    for (config, key) in wrong {
        assert_eq!(config.check().unwrap_err().0, key);
    }
    assert_eq!(Config::default().check(), Ok(()));
}

#[test]
fn what_is_watched_is_what_is_evaluated() {
    let kinds = [PolicyKind::Linear, PolicyKind::Gru];
    for (world, policy) in [LISTED, NUMBERS].iter().flat_map(|world| kinds.map(|k| (world, k))) {
        let config = Config { policy, episodes: 20, hidden: 4, ..Config::default() };
        let policy = Policy::new(world.controls, config.policy, config.hidden);
        let theta = policy.init(3);
        let expected = evaluate(world, &policy, &theta, Split::L1, 9, &config);
        let mut sums = [0.0; 2];
        for number in 0..20 {
            let (mut steps, mut gains) = (Vec::new(), 0.0);
            let watched = watch_episode(world, &config, &theta, Split::L1, 9, number, |frame| {
                // Before a step the state is that of the actions so far.
                assert!((frame.state.sum - gains).abs() < 1e-6);
                assert_eq!(frame.state.step as usize, frame.step);
                steps.push((frame.step, frame.action.is_some()));
                gains += match frame.action {
                    Some(Action::Listed(code)) => f32::from(u8::from(code == 2)) * 0.5,
                    Some(Action::Continuous(numbers)) => numbers[0].clamp(-1.0, 1.0),
                    None => 0.0,
                };
            });
            let frames: Vec<_> = (0..=5).map(|step| (step, step < 5)).collect();
            assert_eq!((steps, watched.steps), (frames, 5));
            sums.iter_mut().zip(&watched.primitives).for_each(|(sum, &p)| *sum += f64::from(p));
        }
        assert_eq!(sums.map(|sum| sum / 20.0).to_vec(), expected.primitives);
        assert_eq!(sums[0] / 20.0, expected.success);
    }
}

#[test]
fn an_evolution_strategy_trains_the_same_policies_for_as_many_episodes() {
    let cases = [
        (&LISTED, PolicyKind::Linear),
        (&LISTED, PolicyKind::Mlp),
        (&LISTED, PolicyKind::Gru),
        (&NUMBERS, PolicyKind::Mlp),
        (&NUMBERS, PolicyKind::Gru),
    ];
    for (world, policy) in cases {
        let suited = Config::suited(world, policy, TrainerName::Eggroll);
        let config = Config { hidden: 8, updates: 40, tasks: 8, ..suited };
        assert_eq!(config.members() * config.starts(), 8 * 8);
        let mut trainer = Trainer::new(world, &config);
        let before = trainer.evaluate(&trainer.policy().init(1), Split::L0, 1).success;
        let trained = trainer.train(&mut share, 1, None);
        let after = trainer.evaluate(&trained.theta, Split::L0, 1).success;
        assert!(after > before.max(0.8), "{policy:?}: {before} to {after}");
        assert_eq!(trained.steps, 5 * 40 * 8 * 8);
        let threads = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
        let again = threads.install(|| Trainer::new(world, &config).train(&mut share, 1, None));
        assert_eq!(trained, again);
        // Ranks see no scale; this one is exact in binary, so that ties stay ties.
        let mut scaled = |p: &[f32], t: Trace<'_>, progress: f32| 8.0 * share(p, t, progress);
        assert_eq!(trained.theta, Trainer::new(world, &config).train(&mut scaled, 1, None).theta);
    }
}

#[test]
fn nothing_is_learnt_by_evolution_where_all_rewards_are_equal() {
    let config = Config { trainer: TrainerName::Eggroll, updates: 5, ..Config::default() };
    let equal = |_: &[f32], _: Trace<'_>, _: f32| 0.5;
    let trained = Trainer::new(&LISTED, &config).train(&mut { equal }, 1, None);
    assert!(trained.told == 0.0 && trained.theta.iter().all(|weight| *weight == 0.0));
}

#[test]
fn a_limit_of_steps_ends_a_training_with_the_policy_so_far() {
    for trainer in [TrainerName::Grpo, TrainerName::Eggroll] {
        let whole = Config { trainer, updates: 6, ..Config::default() };
        // 640 steps an update: the third one goes beyond the limit, and a fourth does not begin.
        let short = Config { steps_max: 1300, ..whole.clone() };
        let capped = Trainer::new(&LISTED, &short).train(&mut share, 1, None);
        assert_eq!((capped.steps, capped.capped), (3 * 640, true));
        let three = Config { updates: 3, ..whole.clone() };
        let three = Trainer::new(&LISTED, &three).train(&mut share, 1, None);
        assert_eq!((capped.theta, three.capped), (three.theta, false));
        let enough = Config { steps_max: 6 * 640, ..whole };
        assert!(!Trainer::new(&LISTED, &enough).train(&mut share, 1, None).capped);
    }
}

#[test]
fn what_a_recurrent_policy_did_before_changes_what_it_does() {
    for world in [LISTED, NUMBERS] {
        let policy = Policy::new(world.controls, PolicyKind::Gru, 4);
        assert_eq!(policy.layout().len(), policy.weights());
        let mut theta = policy.init(3);
        theta.iter_mut().for_each(|weight| *weight *= 2.0);
        let scores = |first: usize| {
            let (mut memory, mut scratch) = (Memory::default(), Scratch::default());
            let mut scores = Vec::new();
            policy.begin(&mut memory);
            for number in [first, 0] {
                scores.clear();
                if let Controls::Continuous { .. } = world.controls {
                    policy.mean(&theta, &[0.1, 0.2, 0.3], &mut memory, &mut scratch);
                    policy.remember_numbers(&[number as f32, 0.0], &mut memory);
                    scores.extend([0, 1].map(|at| scratch.output(at)));
                    continue;
                }
                let mut features = Features::default();
                for code in 0..4 {
                    world.describe(&State { step: 0, bias: 0.5, sum: 0.0 }, code, &mut features);
                    features.close();
                }
                policy.scores(&theta, &features, 0..4, &mut scores, &mut memory, &mut scratch);
                policy.remember_row(number, &mut memory);
            }
            scores
        };
        assert_eq!(scores(0), scores(0));
        assert_ne!(scores(0), scores(1));
    }
}
