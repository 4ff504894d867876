//! The same evaluations on the CPU and on a device: same bits.

use std::sync::Arc;

use hatchery_engine::{Evaluator, Int8Perturbed, Params, Perturbed, Sampling, Task};
use hatchery_kernels::cuda::testing;
use hatchery_kernels::int8::noise::Table;
use hatchery_kernels::int8::{Int8Noise, ZeroMean};
use hatchery_kernels::{
    Backend, Distribution, Domain, NoiseStream, PackedCache, Perturbation, Precision,
};
use hatchery_tasks::classify::{self, Classifier, Loss, digits};
use hatchery_tasks::control::{
    Acrobot, CartPole, Config, DoorKey, Environment, MountainCar, MountainCarContinuous, Pendulum,
    Policy, SharedStarts,
};
use hatchery_tasks::language::{self, ByteLm, Corpus};
use hatchery_tasks::model::{Activation, mlp};
use hatchery_tasks::toys::{AlwaysTwo, Regression};

/// A population around `theta` with the given noise.
pub(crate) fn population(theta: Params, perturbation: Perturbation, directions: u32) -> Perturbed {
    let theta = Arc::new(theta);
    Perturbed {
        generation: 3,
        packed: PackedCache::new(theta.layout.specs().len(), Precision::F32),
        theta,
        sigma: 0.3,
        perturbation,
        distribution: Distribution::Normal,
        noise: NoiseStream::new(4).domain(Domain::Perturb),
        noise_generation: 2,
        directions,
        sampling: Sampling::Antithetic,
        vectors_frozen: false,
        baseline_group: 0,
        resident: None,
    }
}

fn same(task: &impl Task<Population = Perturbed>, population: &Perturbed, devices: usize) {
    near(task, population, devices, 0.0);
}

/// The same bits, or within a tolerance.
fn near(
    task: &impl Task<Population = Perturbed>,
    population: &Perturbed,
    devices: usize,
    tolerance: f32,
) {
    let Some(cuda) = testing::cuda(devices) else { return };
    let evaluate = |backend| {
        let fitness = Evaluator::new(backend).evaluate(task, population).expect("evaluated");
        fitness.values
    };
    let (expected, found) = (evaluate(Backend::cpu()), evaluate(Backend::Cuda(cuda)));
    let far = |(a, b): &(&f32, &f32)| {
        a.to_bits() != b.to_bits()
            && (tolerance == 0.0 || (*a - *b).abs() > tolerance * (1.0 + a.abs()))
    };
    let differ = expected.iter().zip(&found).filter(far).count();
    assert_eq!(differ, 0, "of {}: {:?} {:?}", expected.len(), &expected[..4], &found[..4]);
}

fn play(
    environment: impl Environment,
    config: Config,
    model: &mlp::Config,
    change: impl FnOnce(Perturbed) -> Perturbed,
) {
    let policy = Policy::new(environment, config, model, 11);
    let perturbation = Perturbation::LowRank { rank: 1 };
    let population = change(population(policy.init(5), perturbation, 19));
    same(&policy, &population, 1);
}

fn model(hidden: &[usize], activation: Activation, layer_norm: bool) -> mlp::Config {
    mlp::Config { hidden: hidden.to_vec(), activation, layer_norm }
}

#[test]
fn every_environment_plays_the_same_episodes() {
    let model = model(&[16], Activation::Tanh, false);
    let config = Config::default();
    play(CartPole, config.clone(), &model, |p| p);
    play(MountainCar, config.clone(), &model, |p| p);
    play(MountainCarContinuous, config.clone(), &model, |p| p);
    play(Pendulum, config.clone(), &model, |p| p);
    play(Acrobot, config.clone(), &model, |p| p);
    play(DoorKey, config, &model, |p| p);
}

#[test]
fn sampled_actions_are_the_same() {
    let model = model(&[8], Activation::Tanh, false);
    for shared_starts in [SharedStarts::Pair, SharedStarts::Generation, SharedStarts::Member] {
        let config = Config { episodes: 3, sample_actions: true, shared_starts };
        play(CartPole, config.clone(), &model, |p| p);
        play(Pendulum, config, &model, |p| p);
    }
}

#[test]
fn every_network_gives_the_same_outputs() {
    for (hidden, activation, layer_norm) in [
        (&[][..], Activation::Tanh, false),
        (&[7, 13][..], Activation::Relu, true),
        (&[33][..], Activation::Gelu, false),
        (&[12, 9][..], Activation::Pqn, false),
    ] {
        let model = model(hidden, activation, layer_norm);
        play(CartPole, Config { sample_actions: true, ..Config::default() }, &model, |p| p);
    }
}

#[test]
fn every_kind_of_noise_is_the_same() {
    let model = model(&[9], Activation::Tanh, false);
    let config = Config { episodes: 2, ..Config::default() };
    for perturbation in [
        Perturbation::None,
        Perturbation::LowRank { rank: 3 },
        Perturbation::Dense,
        Perturbation::Sparse,
    ] {
        play(CartPole, config.clone(), &model, |p| Perturbed { perturbation, ..p });
    }
    play(CartPole, config.clone(), &model, |p| Perturbed {
        distribution: Distribution::Uniform,
        sampling: Sampling::OneSided,
        ..p
    });
    play(CartPole, config.clone(), &model, |p| Perturbed {
        vectors_frozen: true,
        baseline_group: 6,
        ..p
    });
    play(CartPole, config, &model, |p| Perturbed {
        packed: PackedCache::new(p.theta.layout.specs().len(), Precision::Bf16),
        ..p
    });
}

/// Too wide for a thread each: layer by layer.
#[test]
fn wide_policies_play_the_same_episodes() {
    let wide = model(&[130, 20], Activation::Tanh, false);
    let few = |p| Perturbed { directions: 5, baseline_group: 4, ..p };
    play(DoorKey, Config::default(), &wide, few);
    let norm = model(&[140], Activation::Relu, true);
    let config =
        Config { episodes: 3, sample_actions: true, shared_starts: SharedStarts::Generation };
    play(CartPole, config.clone(), &norm, few);
    play(Pendulum, config, &wide, few);
}

#[test]
fn evaluation_episodes_of_the_centre_are_the_same() {
    let model = model(&[9], Activation::Tanh, false);
    play(CartPole, Config::default(), &model, |p| Perturbed::mean(p.theta, 37));
}

#[test]
fn a_pair_of_devices_gives_what_one_gives() {
    let policy =
        Policy::new(CartPole, Config::default(), &model(&[8], Activation::Tanh, false), 11);
    let perturbation = Perturbation::LowRank { rank: 2 };
    same(&policy, &population(policy.init(5), perturbation, 67), 2);
}

#[test]
fn networks_over_rows_give_the_same_scores() {
    let perturbation = Perturbation::LowRank { rank: 2 };
    for model in [
        model(&[], Activation::Tanh, false),
        model(&[20, 7], Activation::Relu, false),
        model(&[20, 7], Activation::Pqn, false),
        model(&[9], Activation::Tanh, true),
    ] {
        let regression = Regression::new(4, &model, 3);
        same(&regression, &population(regression.init(1), perturbation, 21), 1);
        let two = AlwaysTwo::new(3, &model, 3);
        same(&two, &population(two.init(1), perturbation, 21), 2);
    }
}

/// The first layer is a library's product on the CPU, with another order of sums.
#[test]
fn digits_are_scored_alike() {
    let (training, _) = digits::load().expect("embedded");
    for loss in [Loss::CrossEntropy, Loss::Accuracy] {
        let config = classify::Config { images: 40, loss };
        let model = model(&[24], Activation::Tanh, false);
        let task = Classifier::new(training.clone(), config, &model, 2);
        let population = population(task.init(1), Perturbation::LowRank { rank: 1 }, 13);
        near(&task, &population, 2, if loss == Loss::Accuracy { 0.026 } else { 1e-5 });
    }
}

/// Batches of odd numbers of members too, on one device and on two.
#[test]
fn the_integer_language_model_has_the_fitness_and_the_states_of_the_cpu() {
    let Some(cuda) = testing::cuda(2) else { return };
    let text: Vec<u8> = (0..2000u32).map(|i| (i * i % 251) as u8).collect();
    let corpus =
        Corpus { train: 0..text.len(), validation: 0..text.len(), test: 0..0, bytes: text.into() };
    let sources = [Int8Noise::counter(4), Int8Noise::Table(Arc::new(Table::new(4, 12)))];
    let settings =
        [(ZeroMean::Reference, Sampling::Antithetic), (ZeroMean::One, Sampling::OneSided)];
    for (noise, (zero, sampling)) in sources.into_iter().zip(settings) {
        let model = language::Model { width: 16, depth: 1, zero };
        let task = ByteLm::try_new(model, corpus.clone(), 4, 4).expect("long enough");
        let evaluate = |backend: Backend, batch: Option<usize>| {
            let carried =
                (0..14 * model.state_len()).map(|i| (i % 255) as u8 as i8).map(|s| s.max(-127));
            let carried = Arc::new(carried.collect());
            let centre = Arc::new(model.init(5));
            let mut population = Int8Perturbed::new(3, centre, noise.clone(), 4, (7, 5), carried);
            population.noise_generation = 2;
            population.sampling = sampling;
            let evaluator = match batch {
                Some(members) => Evaluator::new(backend).with_batch(members),
                None => Evaluator::new(backend),
            };
            let fitness = evaluator.evaluate(&task, &population).expect("evaluated");
            (fitness.values, population.carry())
        };
        let expected = evaluate(Backend::cpu(), None);
        for batch in [None, Some(5)] {
            assert_eq!(evaluate(Backend::Cuda(cuda.clone()), batch), expected, "{batch:?}");
        }
    }
}
