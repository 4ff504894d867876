use std::sync::Arc;

use hatchery_engine::checkpoint::{Checkpoint, CheckpointStore, Progress};
use hatchery_engine::{Evaluator, Objective, Points};
use nalgebra::DMatrix;

use super::*;

/// A function to be made small, as an objective.
struct Loss<F>(usize, F);

impl<F: Fn(&[f64]) -> f64 + Sync> Objective for Loss<F> {
    fn dimension(&self) -> usize {
        self.0
    }

    fn value(&self, x: &[f32]) -> f32 {
        let x: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
        -(self.1)(&x) as f32
    }
}

fn sphere(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum()
}

fn ellipsoid(x: &[f64]) -> f64 {
    let last = x.len() as f64 - 1.0;
    x.iter().enumerate().map(|(at, x)| 1e6_f64.powf(at as f64 / last) * x * x).sum()
}

fn rosenbrock(x: &[f64]) -> f64 {
    x.windows(2).map(|x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2)).sum()
}

/// One generation; returns the best fitness.
fn generation<O: Objective>(search: &mut CmaEs, task: &Points<O>, number: u32) -> f32 {
    let population = search.ask(number).expect("asks");
    let backend = Backend::cpu();
    let fitness = Evaluator::new(backend.clone()).evaluate(task, &population).expect("evaluates");
    let best = fitness.values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    search.tell(population, &fitness, &backend).expect("learns");
    best
}

/// Evaluations until the loss is below 10⁻⁸.
fn evaluations(
    n: usize,
    sigma: f64,
    seed: u64,
    start: f32,
    loss: impl Fn(&[f64]) -> f64 + Sync,
) -> usize {
    let config = Config { sigma, ..Config::default() };
    let mut search = CmaEs::from_vector(config, &vec![start; n], seed).expect("valid");
    let task = Points(Loss(n, loss));
    let members = search.constants().weights.len();
    let solved = (0..5000).find(|&number| generation(&mut search, &task, number) > -1e-8);
    solved.map_or(usize::MAX, |number| (number as usize + 1) * members)
}

#[test]
fn the_sphere_is_solved_in_1800_evaluations() {
    for seed in 0..5 {
        let used = evaluations(10, 0.5, seed, 1.0, sphere);
        assert!(used < 1800, "seed {seed}: {used}");
    }
}

/// With four parameters and more it has a second minimum, near (-1, 1, 1, 1, 1): of the seeds 0 to 11 none ends there from deviations of
/// 0.1 and 0.5, and one from 0.3.
#[test]
fn rosenbrock_is_solved_in_2500_evaluations() {
    for seed in 0..5 {
        let used = evaluations(5, 0.1, seed, 0.0, rosenbrock);
        assert!(used < 2500, "seed {seed}: {used}");
    }
}

#[test]
fn an_ellipsoid_of_condition_a_million_is_solved_in_5500_evaluations() {
    for seed in 0..5 {
        let used = evaluations(10, 0.5, seed, 1.0, ellipsoid);
        assert!(used < 5500, "seed {seed}: {used}");
    }
}

#[test]
fn a_turned_ellipsoid_is_no_harder() {
    let rows =
        [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0, 8.0, 9.0, 7.0, 9.0, 3.0, 2.0];
    let turn = DMatrix::from_fn(8, 8, |i, j| rows[(i * 5 + j * 3) % 17] - 4.5).qr().q();
    let turned = |x: &[f64]| {
        let x = &turn * DMatrix::from_column_slice(8, 1, x);
        ellipsoid(x.as_slice())
    };
    for seed in 0..3 {
        let (plain, used) =
            (evaluations(8, 0.5, seed, 1.0, ellipsoid), evaluations(8, 0.5, seed, 1.0, turned));
        assert!(used < 4500 && plain < 4500, "seed {seed}: {used}, {plain}");
    }
}

/// It goes by ranks alone.
#[test]
fn increasing_maps_of_the_fitness_change_no_bit() {
    let run = |map: fn(f64) -> f64| {
        let start = [0.5, -1.0, 2.0, 0.1];
        let mut search = CmaEs::from_vector(Config::default(), &start, 3).expect("valid");
        let task = Points(Loss(4, move |x: &[f64]| map(rosenbrock(x))));
        (0..40).for_each(|number| _ = generation(&mut search, &task, number));
        search.state
    };
    let plain = run(|loss| loss);
    assert_eq!(plain, run(|loss| 0.25 * loss));
    assert_eq!(plain, run(f64::sqrt));
}

#[test]
fn the_covariance_becomes_the_inverse_of_the_curvature() {
    let config = Config { sigma: 0.5, ..Config::default() };
    let mut search = CmaEs::from_vector(config, &[1.0; 5], 1).expect("valid");
    let task = Points(Loss(5, ellipsoid));
    (0..250).for_each(|number| _ = generation(&mut search, &task, number));
    let deviations = search.state.deviations();
    let ratio = deviations[0] / deviations[4];
    assert!((300.0..3000.0).contains(&ratio), "{ratio}, 1000 is right");
    assert!(search.state.condition() > 1e5);
    // B D² Bᵀ is C as it was when it was last decomposed, which with five parameters is now.
    let mut left = search.state.covariance.clone();
    let axes = search.state.basis.chunks(5).zip(&search.state.scales);
    axes.for_each(|(axis, scale)| basis::add_square(&mut left, -scale * scale, axis));
    let largest = search.state.covariance.iter().fold(0.0_f64, |most, c| most.max(c.abs()));
    let off = left.iter().fold(0.0_f64, |most, c| most.max(c.abs()));
    assert!(search.state.basis_age == 0 && off < 1e-12 * largest, "{off}");
}

#[test]
fn a_resumed_run_equals_an_unbroken_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let task = Points(Loss(6, rosenbrock));
    // Members are few, so that the basis is older than the covariance where it is saved.
    let config = Config { population: 4, ..Config::default() };
    let fresh = || CmaEs::from_vector(config.clone(), &[0.2; 6], 9).expect("valid");
    let (mut unbroken, mut first, mut second) = (fresh(), fresh(), fresh());
    (0..41).for_each(|number| _ = generation(&mut unbroken, &task, number));
    (0..20).for_each(|number| _ = generation(&mut first, &task, number));
    let store = CheckpointStore::new(folder.path(), 2);
    let progress = Progress { generation: 20, ..Progress::default() };
    let state = first.state().expect("has one");
    store.save(&Checkpoint { config: String::new(), progress, state }).expect("saves");
    second.restore(store.latest::<State>().expect("loads").checkpoint.state).expect("fits");
    (20..41).for_each(|number| _ = generation(&mut second, &task, number));
    assert_eq!(unbroken.state, second.state);
    assert_eq!(unbroken.centre.values, second.centre.values);
    let mut other = CmaEs::from_vector(config.clone(), &[0.0; 5], 9).expect("valid");
    assert!(other.restore(second.state).is_err(), "a state of another length");
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let mut search = CmaEs::from_vector(Config::default(), &[0.0; 7], 5).expect("valid");
            let task = Points(Loss(7, rosenbrock));
            (0..30).for_each(|number| _ = generation(&mut search, &task, number));
            search.state
        })
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn members_stay_in_the_box_and_find_its_corner() {
    let config = Config { lower: vec![-1.0], upper: vec![0.3, 1.0, 1.0], ..Config::default() };
    let mut search = CmaEs::from_vector(config, &[0.0; 3], 2).expect("valid");
    let task = Points(Loss(3, |x: &[f64]| sphere(&[x[0] - 2.0, x[1] - 2.0, x[2] + 3.0])));
    for number in 0..150 {
        for x in search.ask(number).expect("asks").members {
            assert!(x[0] <= 0.3 && x[1] <= 1.0 && x[2] <= 1.0 && x.iter().all(|x| *x >= -1.0));
        }
        generation(&mut search, &task, number);
    }
    let centre = &search.centre.values;
    for (x, corner) in centre.iter().zip([0.3, 1.0, -1.0]) {
        assert!((x - corner).abs() < 1e-3, "{centre:?}");
    }
}

#[test]
fn failed_members_rank_last_and_flat_fitness_does_no_harm() {
    assert_eq!(CmaEs::ranking(&[1.0, f32::NAN, 3.0, 1.0, -2.0]), [2, 0, 3, 4, 1]);
    let mut search = CmaEs::from_vector(Config::default(), &[0.0; 3], 2).expect("valid");
    let half = Points(Loss(3, |x: &[f64]| if x[0] < 0.0 { f64::NAN } else { sphere(x) }));
    let best = (0..150).map(|number| generation(&mut search, &half, number));
    assert!(best.fold(f32::NEG_INFINITY, f32::max) > -1e-6);
    let flat = Points(Loss(3, |_: &[f64]| 1.0));
    (150..1000).for_each(|number| _ = generation(&mut search, &flat, number));
    let deviation = search.state.deviation_max();
    assert!((1e-3..3.0).contains(&deviation), "{deviation}");
}

#[test]
fn fitness_of_another_length_is_refused_and_changes_nothing() {
    let mut search = CmaEs::from_vector(Config::default(), &[0.0; 3], 2).expect("valid");
    let before = search.state.clone();
    let population = search.ask(0).expect("asks");
    let fitness = Fitness::new(vec![1.0], None);
    assert!(search.tell(population, &fitness, &Backend::cpu()).is_err());
    assert_eq!(search.state, before);
}

#[test]
fn any_layout_will_do() {
    let layout = Layout::new(vec![ParamSpec::matrix("w", 2, 3), ParamSpec::vector("b", 2)]);
    let search = CmaEs::try_new(Config::default(), Params::zeros(Arc::new(layout)), 1);
    assert_eq!(search.expect("valid").state.mean.len(), 8);
}
