//! Rows whose noise is known.

use super::*;

/// Half of the rows are measured well and half badly, and a column says which.
#[test]
fn rows_with_less_noise_say_more_to_every_model() {
    let space = numbers(3);
    // A short training follows neither kind of row closely.
    for (model, share) in [(Model::PairwiseRidge, 0.5), (Model::Process, 0.5), (Model::Mlp, 0.9)] {
        let (mut better, mut errors) = (0, [0.0; 2]);
        for seed in 0..8 {
            let (designs, truths) = table(3, 120, 0.0, seed);
            let spread = statistics::population_sd(&truths);
            let deviation =
                |row: usize| if row.is_multiple_of(2) { 0.05 * spread } else { 3.0 * spread };
            let noise: Vec<f64> = (0..truths.len()).map(deviation).collect();
            let mut draws = Draws::new(seed, "noise of a test");
            let scores: Vec<f64> =
                truths.iter().zip(&noise).map(|(y, noise)| y + noise * draws.normal()).collect();
            let rows = Rows::new(&designs, &scores);
            let weights = weights(&space, rows, &noise).expect("it fits");
            let method = quick(model).method;
            let error = |weights: &[f64]| {
                let (stop, none) = (StopFlag::default(), Rows::default());
                let fitted = method.fit(&space, Rows { weights, ..rows }, none, seed, &stop);
                let means = fitted.expect("it fits").means(&designs);
                means.iter().zip(&truths).map(|(p, y)| (p - y).powi(2)).sum::<f64>()
            };
            let pair = [error(&[]), error(&weights)];
            better += u32::from(pair[1] < pair[0]);
            errors.iter_mut().zip(pair).for_each(|(sum, error)| *sum += error);
        }
        let is_less = errors[1] < share * errors[0];
        assert!(better >= 7 && is_less, "{model:?}: {better} of 8, {errors:?}");
    }
}

#[test]
fn equal_noise_weighs_nothing() {
    let space = numbers(2);
    let (designs, scores) = table(2, 30, 0.1, 1);
    let rows = Rows::new(&designs, &scores);
    assert!(weights(&space, rows, &[0.2; 30]).expect("it fits").is_empty());
    let fitted = |weights: &[f64]| {
        let rows = Rows { weights, ..rows };
        let model = crate::model::Ridge::fit(&space, rows, true).expect("it fits");
        crate::model::Surrogate::means(&model, &designs)
    };
    assert_eq!(fitted(&[]), fitted(&[1.0; 30]));
    let error = weights(&space, rows, &[0.2; 29]).expect_err("one is missing").to_string();
    assert!(error.contains("noises of rows"), "{error}");
}

/// Weights of any size: what is stated is the deviation of a measurement of weight 1.
#[test]
fn noise_is_that_of_a_measurement_of_weight_1() {
    let space = numbers(3);
    let (designs, truths) = table(3, 300, 0.0, 4);
    let spread = statistics::population_sd(&truths);
    let mut draws = Draws::new(4, "noise of a test");
    let deviation = |row: usize| if row.is_multiple_of(2) { 0.3 * spread } else { 3.0 * spread };
    let noisy = truths.iter().enumerate().map(|(row, y)| y + deviation(row) * draws.normal());
    let scores: Vec<f64> = noisy.collect();
    // A process looks for noise up to a multiple of the variance of the scores: both are within.
    for unit in [0.3, 3.0] {
        let weight = |row: usize| (unit * spread / deviation(row)).powi(2);
        let weights: Vec<f64> = (0..scores.len()).map(weight).collect();
        let rows = Rows { weights: &weights, ..Rows::new(&designs, &scores) };
        for model in [Model::PairwiseRidge, Model::Process] {
            let (method, stop) = (quick(model).method, StopFlag::default());
            let fitted = method.fit(&space, rows, Rows::default(), 1, &stop).expect("it fits");
            let found = fitted.noise() / (unit * spread);
            // A standard error of the deviation of 300 errors is 4 %; leaving rows out adds some.
            assert!((0.85..1.3).contains(&found), "{model:?} {unit}: {found}");
        }
    }
}
