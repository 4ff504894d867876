//! Models against known functions.

use hatchery_engine::StopFlag;

use super::*;
use crate::space::{Constraints, Field, Kind};
use crate::{Draws, Rows, statistics};

fn numbers(columns: usize) -> Space {
    let field = |at| Field::new(format!("x{at}"), Kind::Real { lower: -2.0, upper: 2.0 });
    Space::try_new((0..columns).map(field).collect(), Constraints::default()).expect("a box")
}

fn words(length: usize) -> Space {
    let kind = Kind::Sequence { alphabet: "ACGT".chars().collect(), length };
    Space::try_new(vec![Field::new("word", kind)], Constraints::default()).expect("words")
}

fn samples(space: &Space, count: usize) -> Vec<Design> {
    let mut draws = Draws::new(1, "samples of a test");
    (0..count).map(|_| space.sample(&mut draws)).collect()
}

fn bowl(x: &[f64]) -> f64 {
    3.0 - (x[0] - 0.5).powi(2) - 0.5 * x[1] * x[1] + 0.7 * x[0] * x[1]
}

#[test]
fn a_ridge_with_products_learns_a_quadratic() {
    let space = numbers(2);
    let designs = samples(&space, 60);
    let scores: Vec<f64> = designs.iter().map(|x| bowl(x)).collect();
    let ridge = Ridge::fit(&space, Rows::new(&designs, &scores), true).expect("it fits");
    assert!(ridge.has_products() && ridge.penalty() == PENALTIES[0]);
    for design in samples(&space, 200).iter().skip(60) {
        let [Prediction { mean, deviation }] = ridge.predict(std::slice::from_ref(design))[..]
        else {
            panic!("one prediction")
        };
        assert!((mean - bowl(design)).abs() < 0.01 && deviation < 0.01, "{mean} {deviation}");
    }
}

/// By plain normal equations, of fewer rows than terms and of more.
#[test]
fn a_ridge_in_closed_form_is_that_of_normal_equations() {
    let space = words(3);
    for count in [25, 90] {
        let designs = samples(&space, count);
        let mut draws = Draws::new(2, "scores of a test");
        let scores: Vec<f64> = designs.iter().map(|d| d[0] - d[2] + 0.3 * draws.normal()).collect();
        let weights: Vec<f64> = (0..count).map(|at| 0.3 + 0.1 * (at % 25) as f64).collect();
        let weighted = designs.iter().zip(&weights).zip(&scores);
        let mean = weighted.map(|((_, w), y)| w * y).sum::<f64>() / weights.iter().sum::<f64>();
        let table = Rows { weights: &weights, ..Rows::new(&designs, &scores) };
        let all = Ridge::fit(&space, table, true).expect("it fits");
        let terms = Terms::new(&space, &designs, true);
        assert_eq!(count < terms.count(), count == 25);
        let row = |design: &Design| {
            let (mut sparse, mut full) = (Vec::new(), nalgebra::DVector::zeros(terms.count()));
            terms.write(design, &mut sparse);
            sparse.iter().for_each(|&(term, value)| full[term as usize] = value);
            full
        };
        // The penalised fit without a row, with the same centre.
        let fit = |but: usize| {
            let mut gram = nalgebra::DMatrix::identity(terms.count(), terms.count());
            gram *= all.penalty();
            let mut target = nalgebra::DVector::zeros(terms.count());
            for at in (0..count).filter(|at| *at != but) {
                let features = row(&designs[at]);
                gram += &features * features.transpose() * weights[at];
                target += features * (scores[at] - mean) * weights[at];
            }
            let root = gram.cholesky().expect("positive definite");
            (root.solve(&target), root)
        };
        let wanted = mean + fit(4).0.dot(&row(&designs[4]));
        assert!((all.left_out()[4] - wanted).abs() < 1e-9, "{} {wanted}", all.left_out()[4]);
        let (solved, root) = fit(count);
        let fresh = samples(&space, 200).split_off(150);
        for (design, found) in fresh.iter().zip(all.predict(&fresh)) {
            let features = row(design);
            let length = features.dot(&root.solve(&features));
            assert!((found.mean - mean - solved.dot(&features)).abs() < 1e-9, "{found:?}");
            assert!((found.deviation - all.noise() * length.sqrt()).abs() < 1e-8, "{found:?}");
        }
    }
}

#[test]
fn means_of_a_ridge_are_those_of_its_predictions() {
    let space = words(5);
    let designs = samples(&space, 3_000);
    let scores: Vec<f64> = designs.iter().map(|d| d[0] * d[1] - d[4]).collect();
    let ridge = Ridge::fit(&space, Rows::new(&designs, &scores), true).expect("it fits");
    let predicted: Vec<f64> = ridge.predict(&designs).iter().map(|p| p.mean).collect();
    assert_eq!(predicted, ridge.means(&designs));
    assert!(statistics::pearson(&predicted, &scores) > 0.999);
}

fn trained(config: &EnsembleConfig, space: &Space, designs: &[Design]) -> Ensemble {
    let scores: Vec<f64> = designs.iter().map(|x| 100.0 + 20.0 * bowl(x)).collect();
    let encoding = Encoding::logits(space).z_scored(designs);
    let rows = Rows::new(designs, &scores);
    Ensemble::train(&encoding, space, rows, Rows::default(), config, &StopFlag::default())
        .expect("it trains")
}

fn small() -> EnsembleConfig {
    let plan = crate::network::Plan {
        epochs: 60,
        batch: 32,
        step_size: 5e-3,
        bootstrap: true,
        ..Default::default()
    };
    EnsembleConfig { members: 3, hidden: vec![32, 32], plan, ..Default::default() }
}

#[test]
fn an_ensemble_learns_in_the_units_of_its_scores() {
    let space = numbers(2);
    let designs = samples(&space, 600);
    for loss in
        [crate::network::Loss::Rows, crate::network::Loss::List(crate::network::Ranking::ListNet)]
    {
        let mut config = small();
        config.plan.loss = loss;
        let ensemble = trained(&config, &space, &designs);
        let truth: Vec<f64> = designs.iter().map(|x| 100.0 + 20.0 * bowl(x)).collect();
        let means = ensemble.means(&designs);
        assert!(statistics::spearman(&means, &truth) > 0.9, "{loss:?}");
        assert!((statistics::mean(&means) - statistics::mean(&truth)).abs() < 5.0, "{loss:?}");
    }
}

#[test]
fn a_mean_is_the_mean_and_not_the_least() {
    let space = numbers(2);
    let designs = samples(&space, 100);
    let ensemble = trained(&small(), &space, &designs);
    let lowest = ensemble.clone().with_vote(Vote::Lowest).means(&designs);
    let single = |member: usize| {
        let mut one = ensemble.clone();
        one.members = vec![ensemble.members[member].clone()];
        one.means(&designs)
    };
    let members = [single(0), single(1), single(2)];
    for (row, (mean, lowest)) in ensemble.means(&designs).iter().zip(&lowest).enumerate() {
        let of: Vec<f64> = members.iter().map(|member| member[row]).collect();
        assert!((mean - statistics::mean(&of)).abs() < 1e-4 * mean.abs());
        let least = of.iter().copied().fold(f64::INFINITY, f64::min);
        assert!((lowest - least).abs() < 1e-4 * least.abs());
        assert!(lowest < mean);
    }
}

#[test]
fn slopes_of_models_agree_with_differences() {
    let space = numbers(2);
    let designs = samples(&space, 80);
    let scores: Vec<f64> = designs.iter().map(|x| bowl(x)).collect();
    let mut config = small();
    config.activation = crate::network::Activation::Tanh;
    let ensemble = trained(&config, &space, &designs);
    let encoding = Encoding::one_hot(&space);
    let process =
        Process::fit(&encoding, &space, Rows::new(&designs, &scores), 60, 3).expect("it fits");
    let models: [&dyn Climbable; 2] = [&ensemble, &process];
    for model in models {
        let x = [0.3_f32, -0.4];
        let at = |x: [f32; 2]| {
            let (mut value, mut slopes) = ([0.0], [0.0; 2]);
            model.slopes(&x, &mut value, &mut slopes);
            (value[0], slopes)
        };
        let (value, slopes) = at(x);
        let mut alone = [0.0];
        model.values(&x, &mut alone);
        assert!((value - alone[0]).abs() < 1e-5 * (1.0 + value.abs()), "{value} {alone:?}");
        for (feature, slope) in slopes.iter().enumerate() {
            let shifted = |by: f32| {
                let mut x = x;
                x[feature] += by;
                at(x).0
            };
            let wanted = (shifted(1e-2) - shifted(-1e-2)) / 2e-2;
            let error = (f64::from(*slope) - wanted).abs();
            assert!(error < 0.02 * (1.0 + wanted.abs()), "{slope} {wanted}");
        }
    }
}

#[test]
fn merits_are_what_they_say() {
    let prediction = Prediction { mean: 2.0, deviation: 0.5 };
    assert_eq!(Merit::Bound { beta: 2.0 }.of(prediction), 1.0);
    let unsure = Prediction { mean: 2.0, deviation: 1.0 };
    let merit = Merit::ExpectedImprovement { best: 2.5 };
    assert!(merit.of(unsure) > merit.of(prediction));
}
