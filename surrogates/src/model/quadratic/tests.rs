use hatchery_engine::{
    Budget, Evaluator, Params, PerturbedPoints, RunPlan, Strategy, run, shaping::Shaping,
};
use hatchery_kernels::{Backend, Domain, NoiseAddress, NoiseStream};
use hatchery_search::Eggroll;
use hatchery_search::eggroll::{Config, Variant};

use super::*;
use crate::Normalised;

/// Standard normal numbers of a fixed stream.
fn normals(count: usize, layer: u32) -> Vec<f64> {
    let mut drawn = vec![0.0_f32; count];
    let at = NoiseAddress { generation: 0, pair: 0, layer, block: 0 };
    NoiseStream::new(7).domain(Domain::Data).fill_normals(at, &mut drawn);
    drawn.into_iter().map(f64::from).collect()
}

/// Columns on three scales, a known quadratic of them, and noise.
fn table(rows: usize, noise: f64) -> Dataset {
    let (drawn, errors) = (normals(3 * rows, 0), normals(rows, 1));
    let designs: Vec<Vec<f64>> =
        drawn.chunks_exact(3).map(|z| vec![20.0 + 10.0 * z[0], 0.01 * z[1], -3.0 + z[2]]).collect();
    let scores: Vec<f64> = designs.iter().zip(errors).map(|(x, e)| known(x) + noise * e).collect();
    Dataset::from_arrays(["a", "b", "c"].map(String::from).to_vec(), &designs, &scores)
        .expect("it is sound")
}

/// Largest, 5, at (25, 0.005, -2).
fn known(x: &[f64]) -> f64 {
    let (a, b, c) = ((x[0] - 25.0) / 10.0, (x[1] - 0.005) / 0.01, x[2] + 2.0);
    5.0 - a * a - 2.0 * b * b - 0.5 * c * c - a * b + 0.3 * b * c
}

const BEST: [f64; 3] = [25.0, 0.005, -2.0];

#[test]
fn a_known_quadratic_is_recovered() {
    let model = Quadratic::fit(&table(40, 0.0), 1e-10).expect("it fits");
    for x in table(80, 0.0).designs().skip(40) {
        assert!((model.predict(x) - known(x)).abs() < 1e-7, "{x:?}");
    }
    assert!(model.r2_leave_one_out() > 1.0 - 1e-12, "{}", model.r2_leave_one_out());
    for (found, expected) in model.maximum().expect("it curves downwards").iter().zip(BEST) {
        assert!((found - expected).abs() < 1e-6, "{found} instead of {expected}");
    }
}

#[test]
fn closed_form_leave_one_out_equals_refitting_without_each_row() {
    for (rows, ridge) in [(30, 1e-3), (30, 5.0), (8, 0.1)] {
        let dataset = table(rows, 0.5);
        let model = Quadratic::fit(&dataset, ridge).expect("it fits");
        let phi = design_matrix(&dataset, model.normaliser());
        let scores = DVector::from_column_slice(dataset.scores());
        let (mut unexplained, mut variance) = (0.0, 0.0);
        for row in 0..rows {
            let others = phi.clone().remove_row(row);
            let other_scores = scores.clone().remove_row(row);
            let system = factorise(&others, ridge).expect("positive definite");
            let weights = system.solve(&others.tr_mul(&other_scores));
            unexplained += (scores[row] - phi.row(row).transpose().dot(&weights)).powi(2);
            variance += (scores[row] - other_scores.mean()).powi(2);
        }
        let expected = 1.0 - unexplained / variance;
        assert!((model.r2_leave_one_out() - expected).abs() < 1e-8, "{rows} rows, ridge {ridge}");
    }
}

#[test]
fn noise_alone_is_not_explained() {
    let dataset = table(60, 0.0);
    let names = dataset.names().to_vec();
    let designs: Vec<Vec<f64>> = dataset.designs().map(<[f64]>::to_vec).collect();
    let unrelated = Dataset::from_arrays(names, &designs, &normals(60, 2)).expect("it is sound");
    let model = Quadratic::fit(&unrelated, 1e-3).expect("it fits");
    assert!(model.r2_leave_one_out() < 0.0, "{}", model.r2_leave_one_out());
    let best = Quadratic::fit_best(&unrelated, &[1e-3, 1.0, 1e3]).expect("it fits");
    assert_eq!(best.ridge(), 1e3);
}

#[test]
fn a_saddle_has_no_maximum() {
    let designs: Vec<Vec<f64>> = normals(40, 3).chunks_exact(2).map(<[f64]>::to_vec).collect();
    let scores: Vec<f64> = designs.iter().map(|x| x[0] * x[0] - x[1] * x[1]).collect();
    let names = vec!["a".into(), "b".into()];
    let dataset = Dataset::from_arrays(names, &designs, &scores).expect("it is sound");
    assert_eq!(Quadratic::fit(&dataset, 1e-6).expect("it fits").maximum(), None);
}

#[test]
fn wide_tables_do_without_products_and_may_have_few_rows() {
    let columns = PRODUCTS_MAX + 1;
    let designs: Vec<Vec<f64>> =
        normals(50 * columns, 4).chunks_exact(columns).map(<[f64]>::to_vec).collect();
    let scores: Vec<f64> = designs.iter().map(|x| x[0] - 2.0 * x[columns - 1]).collect();
    let names = (0..columns).map(|k| format!("x{k}")).collect();
    let dataset = Dataset::from_arrays(names, &designs, &scores).expect("it is sound");
    let model = Quadratic::fit(&dataset, 1.0).expect("it fits");
    assert_eq!(model.weights.len(), 1 + 2 * columns);
    assert!(model.r2_leave_one_out().is_finite());
}

#[test]
fn a_ridge_that_is_not_above_zero_is_refused() {
    for ridge in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = Quadratic::fit(&table(20, 0.1), ridge).expect_err("refused").to_string();
        assert!(error.contains("must be a number above 0"), "{error}");
    }
    assert!(Quadratic::fit_best(&table(20, 0.1), &[]).is_err());
}

#[test]
fn eggroll_climbs_a_fitted_table_to_its_maximum() {
    let model = Quadratic::fit_best(&table(60, 0.1), &[1e-6, 1e-3, 1.0]).expect("it fits");
    let best = model.maximum().expect("it curves downwards");
    let normaliser = model.normaliser().clone();
    let task = PerturbedPoints(Normalised { objective: model, normaliser });
    let config = Config {
        pairs: 32,
        sigma: 0.05,
        learning_rate: 0.05,
        shaping: Shaping::ZScore,
        ..Config::default()
    };
    let start = Params::zeros(task.layout());
    let mut search = Eggroll::try_new(Variant::Eggroll, config, start, 1).expect("it is valid");
    let plan = RunPlan {
        budget: Budget { generations: Some(300), ..Budget::default() },
        ..RunPlan::default()
    };
    let evaluator = Evaluator::new(Backend::cpu());
    run(&mut search, &task, &evaluator, &plan, &mut []).expect("it runs");
    let z: Vec<f64> =
        search.centre().expect("it has one").values.iter().map(|&z| f64::from(z)).collect();
    let Normalised { objective, normaliser } = &task.0;
    let found = normaliser.undo(&z);
    let (reached, highest) = (objective.predict(&found), objective.predict(&best));
    assert!(highest - reached < 0.01, "{reached} at {found:?}, {highest} at {best:?}");
}
