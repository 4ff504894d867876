//! The way from a table to a shortlist, on tables whose truth is known.

use hatchery_engine::StopFlag;

use super::*;
use crate::model::Merit;
use crate::space::{Constraints, Design, Field, Kind, Space};
use crate::{Draws, Rows, statistics};

fn numbers(columns: usize) -> Space {
    let field = |at| Field::new(format!("x{at}"), Kind::Real { lower: -1.0, upper: 1.0 });
    Space::try_new((0..columns).map(field).collect(), Constraints::default()).expect("a box")
}

fn bowl(x: &[f64]) -> f64 {
    10.0 - x.iter().map(|x| (x - 0.3).powi(2)).sum::<f64>()
}

/// Rows of the lower part of a bowl, with noise.
fn table(columns: usize, rows: usize, noise: f64, seed: u64) -> (Vec<Design>, Vec<f64>) {
    let space = numbers(columns);
    let mut draws = Draws::new(seed, "rows of a test");
    let designs: Vec<Design> = (0..rows).map(|_| space.sample(&mut draws)).collect();
    let scores = designs.iter().map(|x| bowl(x) + noise * draws.normal()).collect();
    (designs, scores)
}

fn quick(model: Model) -> Settings {
    let mut method = Method { model, ..Method::default() };
    method.process_rows = 150;
    method.networks.members = 2;
    method.networks.hidden = vec![24];
    method.networks.plan.epochs = 40;
    method.networks.plan.batch = 32;
    Settings { candidates: 6, method, ..Settings::default() }
}

#[test]
fn a_clean_quadratic_is_proposed_from() {
    let space = numbers(3);
    let (designs, scores) = table(3, 120, 0.05, 1);
    let settings = quick(Model::PairwiseRidge);
    let found = design(&space, Rows::new(&designs, &scores), &settings, None, &StopFlag::default())
        .expect("a shortlist");
    assert_eq!(found.candidates.len(), 6);
    assert_eq!(found.abstains, None);
    let best = found.best_known;
    for candidate in &found.candidates {
        assert!(space.is_valid(&candidate.design));
        assert!(bowl(&candidate.design) > best - 0.2, "{candidate:?}");
        assert!(candidate.low < candidate.predicted && candidate.predicted < candidate.high);
        assert!(candidate.low_95 <= candidate.low && candidate.high <= candidate.high_95);
        assert_ne!(candidate.verdict, Verdict::Abstain);
    }
    assert!(found.candidates.iter().any(|c| c.verdict == Verdict::Build), "{found:?}");
}

#[test]
fn a_table_of_noise_is_abstained_from() {
    let space = numbers(4);
    let mut proposed = 0;
    for seed in 0..40 {
        let (designs, _) = table(4, 80, 0.0, seed);
        let mut draws = Draws::new(seed, "noise of a test");
        let scores: Vec<f64> = designs.iter().map(|_| draws.normal()).collect();
        let rehearsal = Rehearsal::of(
            &quick(Model::PairwiseRidge).method,
            &space,
            Rows::new(&designs, &scores),
            6,
            Merit::Bound { beta: 1.0 },
            seed,
            &StopFlag::default(),
        );
        proposed += usize::from(rehearsal.expect("it rehearses").succeeded());
    }
    // A chance of 5 % each would give more than 5 with probability 0.01.
    assert!(proposed <= 5, "{proposed} of 40");
}

#[test]
fn candidates_of_a_table_of_noise_say_abstain() {
    let space = numbers(4);
    let (designs, _) = table(4, 60, 0.0, 3);
    let mut draws = Draws::new(3, "noise of a test");
    let scores: Vec<f64> = designs.iter().map(|_| draws.normal()).collect();
    let settings = quick(Model::Auto);
    let found = design(&space, Rows::new(&designs, &scores), &settings, None, &StopFlag::default())
        .expect("a shortlist");
    assert!(found.abstains.is_some(), "{:?}", found.rehearsals);
    assert!(found.candidates.iter().all(|c| c.verdict == Verdict::Abstain));
    assert_eq!(found.rehearsals.len(), 3);
}

#[test]
fn too_few_rows_are_not_rehearsed_and_abstained_from() {
    let space = numbers(2);
    let (designs, scores) = table(2, 12, 0.1, 1);
    let found = design(
        &space,
        Rows::new(&designs, &scores),
        &quick(Model::Auto),
        None,
        &StopFlag::default(),
    )
    .expect("a shortlist");
    assert!(found.abstains.is_some_and(|why| why.contains("too few")));
}

#[test]
fn intervals_cover_what_they_say() {
    let space = numbers(3);
    let (designs, scores) = table(3, 600, 0.3, 5);
    let (others, truths) = table(3, 2_000, 0.3, 6);
    for model in [Model::PairwiseRidge, Model::Process] {
        let settings = quick(model);
        let found =
            design(&space, Rows::new(&designs, &scores), &settings, None, &StopFlag::default())
                .expect("a shortlist");
        // Both the coverage that it states of itself and that on fresh rows; standard error of the latter about 1 %.
        for (stated, (level, from, to)) in
            found.left_out.coverage.iter().zip([(0.8, 0.77, 0.83), (0.95, 0.93, 0.97)])
        {
            assert!((from..=to).contains(stated), "{model:?} {level}: {stated}");
        }
        let predictions = found.surrogate.predict(&others);
        let noise = found.surrogate.noise();
        let errors: Vec<f64> = predictions
            .iter()
            .zip(&truths)
            .map(|(p, y)| (p.mean - y).abs() / (noise * noise + p.deviation * p.deviation).sqrt())
            .collect();
        assert!((0.9..1.6).contains(&statistics::quantile(&errors, 0.8)), "{model:?}");
    }
}

/// Two proposals each for the lower half of 24 functions that a quadratic cannot follow, measured without noise.
#[test]
fn intervals_of_proposals_hold_about_what_they_say() {
    let space = numbers(3);
    let (mut by_rows, mut inside, mut inside_95, mut count) = (0, 0, 0, 0);
    for seed in 0..24 {
        let mut draws = Draws::new(seed, "a wavy function of a test");
        let waves: Vec<[f64; 2]> =
            (0..3).map(|_| [draws.between(2.0, 4.0), draws.between(0.0, 6.0)]).collect();
        let truth = |x: &[f64]| -> f64 {
            x.iter().zip(&waves).map(|(x, [pace, start])| (pace * x + start).sin()).sum()
        };
        let mut rows: Vec<Design> = (0..160).map(|_| space.sample(&mut draws)).collect();
        rows.sort_by(|a, b| truth(a).total_cmp(&truth(b)));
        rows.truncate(80);
        let scores: Vec<f64> = rows.iter().map(|x| truth(x)).collect();
        let settings = Settings { candidates: 2, ..quick(Model::PairwiseRidge) };
        let found =
            design(&space, Rows::new(&rows, &scores), &settings, None, &StopFlag::default())
                .expect("a shortlist");
        let noise = found.surrogate.noise();
        for c in &found.candidates {
            let y = truth(&c.design);
            let of = crate::model::Prediction { mean: c.predicted, deviation: c.deviation };
            let rows = found.left_out.calibration.interval(of, noise, 0.8);
            by_rows += usize::from((rows.low..=rows.high).contains(&y));
            inside += usize::from((c.low..=c.high).contains(&y));
            inside_95 += usize::from((c.low_95..=c.high_95).contains(&y));
            count += 1;
        }
    }
    let share = |hits: usize| hits as f64 / f64::from(count);
    println!("{:.3} {:.3} {:.3}", share(by_rows), share(inside), share(inside_95));
    // The two of a table stand or fall together: with 24 tables the standard errors are 8 and 4.5 points, and these are two of them.
    assert!((0.64..=0.96).contains(&share(inside)), "{}", share(inside));
    assert!((0.86..=1.0).contains(&share(inside_95)), "{}", share(inside_95));
    // Left-out rows alone hold about half.
    assert!(by_rows + 5 < inside, "{by_rows} {inside}");
}

#[test]
fn a_rehearsal_keeps_the_errors_of_its_best_answers() {
    let space = numbers(3);
    let (designs, scores) = table(3, 300, 0.3, 5);
    let method = quick(Model::PairwiseRidge).method;
    let merit = Merit::Bound { beta: 1.0 };
    let rows = Rows::new(&designs, &scores);
    let found = Rehearsal::of(&method, &space, rows, 6, merit, 0, &StopFlag::default())
        .expect("it rehearses");
    // The model is right and extrapolates a little: scaled errors are near a normal one, of twelve rows in all.
    let square = statistics::mean(&found.squares);
    assert!(found.squares.len() == 3 && (0.3..6.0).contains(&square), "{:?}", found.squares);
    let [of_80, of_95] = found.coverage.expect("three draws");
    assert!((0.6..=1.0).contains(&of_80) && of_80 <= of_95, "{of_80} {of_95}");
}

#[test]
fn networks_take_a_regulariser_and_state_their_epochs() {
    use crate::sharpness::{Regulariser, Sharpness};
    let space = numbers(2);
    let (designs, scores) = table(2, 100, 0.1, 7);
    for model in [Model::Mlp, Model::Ensemble, Model::ListNet, Model::Conservative] {
        let mut settings = quick(model);
        settings.method.networks.plan.regulariser = Regulariser::GradientNorm(Sharpness::ignite());
        let found =
            design(&space, Rows::new(&designs, &scores), &settings, None, &StopFlag::default())
                .expect("a shortlist");
        assert_eq!(found.candidates.len(), 6, "{model:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_shortlist_on_any_number_of_threads() {
    let space = numbers(3);
    let (designs, scores) = table(3, 150, 0.2, 8);
    let of = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let settings = quick(Model::Auto);
        pool.install(|| {
            design(&space, Rows::new(&designs, &scores), &settings, None, &StopFlag::default())
                .expect("a shortlist")
                .candidates
        })
    };
    assert_eq!(of(1), of(2));
}

#[test]
fn candidates_differ_more_with_more_diversity() {
    let space = numbers(3);
    let (designs, scores) = table(3, 120, 0.05, 1);
    let spread = |diversity: f64| {
        let settings = Settings { diversity, ..quick(Model::PairwiseRidge) };
        let found =
            design(&space, Rows::new(&designs, &scores), &settings, None, &StopFlag::default())
                .expect("a shortlist");
        let mut sum = 0.0;
        for (at, a) in found.candidates.iter().enumerate() {
            for b in &found.candidates[..at] {
                assert_ne!(a.design, b.design);
                sum += space.distance(&a.design, &b.design) / 15.0;
            }
        }
        sum
    };
    let distances: Vec<f64> = [0.0, 0.05, 0.5, 5.0].map(spread).to_vec();
    println!("mean distance of pairs by diversity: {distances:?}");
    assert!(distances.is_sorted() && distances[2] > 5.0 * distances[0], "{distances:?}");
}

#[test]
fn a_price_of_distance_keeps_candidates_near_the_data() {
    let space = numbers(3);
    let (designs, scores) = table(3, 120, 0.05, 1);
    let distance = |distance_price: f64| {
        let settings = Settings { distance_price, ..quick(Model::PairwiseRidge) };
        let found =
            design(&space, Rows::new(&designs, &scores), &settings, None, &StopFlag::default())
                .expect("a shortlist");
        let of: Vec<f64> = found.candidates.iter().map(|c| c.distance).collect();
        statistics::mean(&of)
    };
    let (free, near) = (distance(0.0), distance(5.0));
    assert!(near < free, "{near} against {free}");
}

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
