use hatchery_engine::update::Optimiser;
use hatchery_engine::{Evaluator, Layout, Objective, ParamSpec, PerturbedPoints, Task};
use hatchery_kernels::LayerNoise;

use super::*;

/// `-|θ - 1|²` over all values.
struct Bowl(usize);

impl Objective for Bowl {
    fn dimension(&self) -> usize {
        self.0
    }

    fn value(&self, x: &[f32]) -> f32 {
        -x.iter().map(|v| (v - 1.0) * (v - 1.0)).sum::<f32>()
    }
}

fn layout() -> Arc<hatchery_engine::Layout> {
    Arc::new(Layout::new(vec![
        ParamSpec::matrix("w", 6, 5),
        ParamSpec::vector("b", 6),
        ParamSpec::embedding("e", 7, 3),
    ]))
}

fn strategy(variant: Variant, config: Config) -> Eggroll {
    Eggroll::try_new(variant, config, Params::zeros(layout()), 7).expect("valid")
}

fn climb(mut eggroll: Eggroll, generations: u32) -> (f64, Params) {
    let backend = Backend::cpu();
    let task = PerturbedPoints(Bowl(layout().len()));
    let evaluator = Evaluator::new(Backend::cpu());
    let mut mean = f64::NAN;
    for generation in 0..generations {
        let population = eggroll.ask(generation).expect("asks");
        let fitness = evaluator.evaluate(&task, &population).expect("evaluates");
        mean = fitness.stats().mean;
        eggroll.tell(population, &fitness, &backend).expect("learns");
    }
    (mean, eggroll.theta.as_ref().clone())
}

#[test]
fn every_variant_climbs_a_bowl() {
    for variant in [Variant::Eggroll, Variant::OpenEs, Variant::SignUpdate, Variant::Sparse] {
        for rank in [1, 3] {
            let config = Config { pairs: 64, rank, ..Config::default() };
            let (_, theta) = climb(strategy(variant, config), 150);
            let distance = -Bowl(theta.values.len()).value(&theta.values);
            assert!(distance < 2.0, "{variant:?} rank {rank}: {distance} of 57 left");
        }
    }
}

#[test]
fn one_sided_leave_one_out_climbs_a_bowl() {
    let config = Config {
        sampling: Sampling::OneSided,
        shaping: Shaping::LeaveOneOut,
        scaling: Scaling::Unbiased,
        pairs: 64,
        ..Config::default()
    };
    let (_, theta) = climb(strategy(Variant::Eggroll, config), 150);
    assert!(-Bowl(theta.values.len()).value(&theta.values) < 2.0);
}

#[test]
fn frozen_vectors_keep_their_values() {
    let config = Config { freeze_vectors: true, ..Config::default() };
    let (_, theta) = climb(strategy(Variant::Eggroll, config), 5);
    assert_eq!(theta.tensor(1), [0.0; 6]);
    assert!(theta.tensor(0).iter().all(|w| *w != 0.0));
}

#[test]
fn noise_reuse_keeps_directions_for_n_generations() {
    let generations = |reuse| {
        let config = Config { noise_reuse: reuse, ..Config::default() };
        let eggroll = strategy(Variant::Eggroll, config);
        [0, 1, 2, 3, 4].map(|g| eggroll.population(g).noise_generation)
    };
    assert_eq!(generations(0), [0, 0, 0, 0, 0]);
    assert_eq!(generations(1), [0, 1, 2, 3, 4]);
    assert_eq!(generations(2), [0, 0, 1, 1, 2]);
}

#[test]
fn baseline_members_have_no_noise_and_no_weight() {
    let config = Config { shaping: Shaping::Baseline, group: 8, pairs: 8, ..Config::default() };
    let eggroll = strategy(Variant::Eggroll, config);
    let population = eggroll.population(0);
    let mut member = Params::zeros(layout());
    let mut noise = LayerNoise::default();
    for index in 0..16 {
        hatchery_engine::write_member(&population, index, &mut noise, &mut member);
        assert_eq!(member.norm() == 0.0, index % 8 < 2, "member {index}");
    }
}

#[test]
fn restored_strategy_goes_on_to_the_bit() {
    let mut first = strategy(Variant::Eggroll, Config::default());
    let task = PerturbedPoints(Bowl(layout().len()));
    let evaluator = Evaluator::new(Backend::cpu());
    let step = |eggroll: &mut Eggroll, generation| {
        let population = eggroll.ask(generation).expect("asks");
        let fitness = evaluator.evaluate(&task, &population).expect("evaluates");
        eggroll.tell(population, &fitness, &evaluator.backend).expect("learns");
    };
    (0..5).for_each(|g| step(&mut first, g));
    let mut second = strategy(Variant::Eggroll, Config::default());
    second.restore(first.state().expect("read")).expect("fits");
    (5..10).for_each(|g| step(&mut first, g));
    (5..10).for_each(|g| step(&mut second, g));
    assert_eq!(first.theta.digest(), second.theta.digest());
    let wrong = State { theta: vec![0.0; 3], ..first.state().expect("read") };
    assert!(second.restore(wrong).is_err());
}

/// With SGD and fitness that is pure noise of unit variance, each element moves by about lr σ (spec 1.5).
#[test]
fn null_fitness_moves_each_element_by_learning_rate_times_sigma() {
    let shapes = vec![ParamSpec::matrix("w", 48, 40)];
    let theta = Params::zeros(Arc::new(Layout::new(shapes)));
    let (learning_rate, sigma) = (0.3, 0.2);
    for (rank, pairs) in [(1, 512), (4, 128)] {
        let config = Config {
            optimiser: Optimiser::Sgd,
            shaping: Shaping::ZScore,
            learning_rate,
            sigma,
            rank,
            pairs,
            ..Config::default()
        };
        let mut eggroll =
            Eggroll::try_new(Variant::Eggroll, config, theta.clone(), 3).expect("valid");
        let noise = NoiseStream::new(99).domain(Domain::Data);
        let mut squares = 0.0;
        let rounds = 20;
        for generation in 0..rounds {
            let population = eggroll.ask(generation).expect("asks");
            let mut values = vec![0.0; population.len()];
            let at = hatchery_kernels::NoiseAddress { generation, pair: 0, layer: 0, block: 0 };
            noise.fill_normals(at, &mut values);
            let before = eggroll.theta.values.clone();
            eggroll.tell(population, &Fitness::new(values, None), &Backend::cpu()).expect("learns");
            let moved = eggroll.theta.values.iter().zip(&before);
            squares += moved.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
        }
        let deviation = (squares / f64::from(rounds) / (48.0 * 40.0)).sqrt();
        let expected = f64::from(learning_rate * sigma);
        assert!((deviation / expected - 1.0).abs() < 0.05, "{deviation} against {expected}");
    }
}

/// Reference scaling before the square root of N: mean(F σE) of a linear fitness <G, W> is σ² G (spec 6.2).
#[test]
fn linear_fitness_gives_sigma_squared_times_its_gradient() {
    struct Linear;
    impl Task for Linear {
        type Population = Perturbed;
        fn name(&self) -> &str {
            "linear"
        }
        fn evaluate(
            &self,
            population: &Perturbed,
            members: std::ops::Range<usize>,
            _: &Backend,
            fitness: &mut [f32],
        ) -> Result<(), hatchery_engine::TaskError> {
            let mut x = Params::zeros(population.theta.layout.clone());
            let mut noise = LayerNoise::default();
            for (slot, member) in fitness.iter_mut().zip(members) {
                hatchery_engine::write_member(population, member, &mut noise, &mut x);
                *slot = x.values.iter().enumerate().map(|(k, v)| v * slope(k)).sum();
            }
            Ok(())
        }
    }
    fn slope(k: usize) -> f32 {
        (k % 7) as f32 - 3.0
    }
    let pairs = 20_000;
    let config = Config {
        optimiser: Optimiser::Sgd,
        shaping: Shaping::Raw,
        learning_rate: 1.0,
        sigma: 0.5,
        pairs,
        ..Config::default()
    };
    let mut eggroll = strategy(Variant::Eggroll, config);
    let population = eggroll.ask(0).expect("asks");
    let fitness = Evaluator::new(Backend::cpu()).evaluate(&Linear, &population).expect("evaluates");
    eggroll.tell(population, &fitness, &Backend::cpu()).expect("learns");
    let members = f64::from(2 * pairs);
    let norm = layout().len() as f64 * 4.0;
    for (k, moved) in eggroll.theta.values.iter().enumerate() {
        let mean = f64::from(*moved) / members.sqrt();
        let expected = 0.25 * f64::from(slope(k));
        // Entry error of K directions is at most σ² |G| √(3 + 6/r)/√K; z = 4, 57 entries: false alarm 4e-3.
        let error = 0.25 * (9.0 * norm).sqrt() / f64::from(pairs).sqrt();
        assert!((mean - expected).abs() < 4.0 * error, "entry {k}: {mean} against {expected}");
    }
}

#[test]
fn a_diverging_step_is_an_error_and_leaves_the_state_alone() {
    let config = Config { learning_rate: f32::MAX, ..Config::default() };
    let mut eggroll = strategy(Variant::Eggroll, config);
    let evaluator = Evaluator::new(Backend::cpu());
    let task = PerturbedPoints(Bowl(layout().len()));
    let population = eggroll.ask(0).expect("asks");
    let fitness = evaluator.evaluate(&task, &population).expect("evaluates");
    drop(population);
    let mut error = None;
    for generation in 0..3 {
        let population = eggroll.ask(generation).expect("asks");
        error = error.or(eggroll.tell(population, &fitness, &evaluator.backend).err());
    }
    let error = error.expect("steps of 1e38 leave the numbers");
    assert!(error.to_string().contains("NaN or infinite"), "{error}");
    assert!(eggroll.state().expect("read").theta.iter().all(|v| v.is_finite()));
}

fn by_program(text: &str) -> Config {
    let program = Some(text.to_owned());
    Config { optimiser: Optimiser::Program, program, ..Config::default() }
}

#[test]
fn lion_as_a_program_moves_the_centre_as_lion_does() {
    let text = "update = (sign(interp(g, v1, 0.9)) + 0.001 * w) * lr\nv1 = interp(g, v1, 0.99)";
    let lion = Config { optimiser: Optimiser::Lion, ..Config::default() };
    let (_, a) = climb(strategy(Variant::Eggroll, by_program(text)), 60);
    let (_, b) = climb(strategy(Variant::Eggroll, lion), 60);
    for (a, b) in a.values.iter().zip(&b.values) {
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
    assert!(a.norm() > 1.0, "nothing moved");
}

/// What the strategy saves of a rule that is a program is enough to go on.
#[test]
fn a_restored_program_goes_on_to_the_bit() {
    let config = || Config { learning_rate: 1.0, ..by_program("adamw") };
    let (_, whole) = climb(strategy(Variant::Eggroll, config()), 8);
    let mut first = strategy(Variant::Eggroll, config());
    let task = PerturbedPoints(Bowl(layout().len()));
    let evaluator = Evaluator::new(Backend::cpu());
    let step = |eggroll: &mut Eggroll, generation| {
        let population = eggroll.ask(generation).expect("asks");
        let fitness = evaluator.evaluate(&task, &population).expect("evaluates");
        eggroll.tell(population, &fitness, &evaluator.backend).expect("learns");
    };
    (0..5).for_each(|g| step(&mut first, g));
    let mut second = strategy(Variant::Eggroll, config());
    second.restore(first.state().expect("read")).expect("fits");
    (5..8).for_each(|g| step(&mut second, g));
    assert_eq!(second.theta.digest(), whole.digest());
}

#[test]
fn programs_and_optimisers_must_fit() {
    let key = |config: Config| config.check().expect_err("it is wrong").key;
    assert_eq!(key(Config { program: None, ..by_program("lion") }), "optimiser");
    assert_eq!(key(Config { optimiser: Optimiser::Adam, ..by_program("lion") }), "program");
    assert_eq!(key(Config { beta1: Some(0.5), ..by_program("lion") }), "beta1");
    assert_eq!(key(Config { weight_decay: Some(0.5), ..by_program("lion") }), "weight_decay");
    assert_eq!(key(by_program("update = g +")), "program");
}
