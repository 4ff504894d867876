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
    let reasons = |c: &Candidate| c.reasons.contains(&Reason::TooFewRows);
    assert!(found.candidates.iter().all(reasons), "{:?}", found.candidates);
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

/// Candidates are experiments of their own where a model rises to a corner of the space, and that corner is a row.
#[test]
fn candidates_at_a_corner_differ_from_each_other_and_from_rows() {
    use crate::searcher::{Ascent, Searcher};
    let space = numbers(3);
    for seed in 0..20 {
        let (mut designs, _) = table(3, 60, 0.0, seed);
        designs[7] = vec![1.0; 3];
        let scores: Vec<f64> = designs.iter().map(|x| 100.0 * x.iter().sum::<f64>()).collect();
        let (model, searcher) = match seed % 4 {
            0 => (Model::Process, Some(&Ascent::plain() as &dyn Searcher)),
            _ => (Model::PairwiseRidge, None),
        };
        let settings = Settings { candidates: 8, seed, ..quick(model) };
        let rows = Rows::new(&designs, &scores);
        let found = design(&space, rows, &settings, searcher, &StopFlag::default());
        let chosen: Vec<Design> =
            found.expect("a shortlist").candidates.into_iter().map(|c| c.design).collect();
        let support = Support::new(&space, &designs, seed);
        assert_eq!(chosen.len(), 8);
        for (at, one) in chosen.iter().enumerate() {
            let others = chosen[..at].iter().chain(&designs);
            let nearest = others.map(|other| space.distance(one, other)).fold(1.0, f64::min);
            // A row may have another within a tenth of what is usual.
            assert!(nearest > 0.02 * support.median(), "{seed}: {nearest}");
            let apart = chosen[..at].iter().map(|other| space.distance(one, other));
            assert!(apart.fold(1.0, f64::min) >= 0.24 * support.median(), "{seed}: {chosen:?}");
        }
    }
}

/// Of 4 × 4 × 4 designs all but five are rows, the best ones among them.
#[test]
fn a_nearly_complete_table_is_completed() {
    let field = |at| Field::new(format!("x{at}"), Kind::Integer { lower: 0.0, upper: 3.0 });
    let space = Space::try_new((0..3).map(field).collect(), Constraints::default()).expect("a box");
    let mut designs: Vec<Design> = space.enumerate().expect("few").collect();
    let score = |x: &Design| x[0] + 2.0 * x[1] - x[2] + 0.1 * x[0] * x[2];
    designs.sort_by(|a, b| score(b).total_cmp(&score(a)));
    let left: Vec<Design> = designs.split_off(59);
    let scores: Vec<f64> = designs.iter().map(score).collect();
    let of = |designs: &[Design], scores: &[f64], candidates| {
        let settings = Settings { candidates, ..quick(Model::PairwiseRidge) };
        design(&space, Rows::new(designs, scores), &settings, None, &StopFlag::default())
    };
    for candidates in [2, 5, 16] {
        let found = of(&designs, &scores, candidates).expect("a shortlist").candidates;
        assert_eq!(found.len(), candidates.min(5));
        assert!(found.iter().all(|c| left.contains(&c.design)), "{found:?}");
    }
    let (mut all, mut every) = (designs.clone(), scores.clone());
    all.extend(left.clone());
    every.extend(left.iter().map(score));
    let error = of(&all, &every, 2).expect_err("there is nothing left").to_string();
    assert!(error.contains("not in the table yet"), "{error}");
}

/// Copies of rows say no more than the rows; a design that was measured again is one design.
#[test]
fn copied_rows_change_nothing_and_repeats_are_not_learned_from_and_asked_for() {
    let space = numbers(3);
    let (designs, scores) = table(3, 60, 0.3, 2);
    let of = |designs: &[Design], scores: &[f64]| {
        let (settings, stop) = (quick(Model::Process), StopFlag::default());
        design(&space, Rows::new(designs, scores), &settings, None, &stop).expect("a shortlist")
    };
    let twice: Vec<Design> = designs.iter().chain(&designs).cloned().collect();
    let copied = of(&twice, &[&scores[..], &scores].concat());
    assert_eq!(copied.candidates, of(&designs, &scores).candidates);
    // Other measurements of the same designs: one prediction left out for each design.
    let (_, again) = table(3, 60, 0.3, 2);
    let mut draws = Draws::new(9, "second measurements of a test");
    let again: Vec<f64> = again.iter().map(|y| y + 0.3 * draws.normal()).collect();
    let repeated = of(&twice, &[&scores[..], &again].concat());
    assert_eq!(repeated.left_out.points.len(), 60);
}

#[test]
fn few_candidates_are_rehearsed_as_several_are() {
    let space = numbers(3);
    let (designs, scores) = table(3, 120, 0.05, 1);
    let of = |candidates| {
        let settings = Settings { candidates, ..quick(Model::Auto) };
        let rows = Rows::new(&designs, &scores);
        design(&space, rows, &settings, None, &StopFlag::default()).expect("a shortlist")
    };
    let (one, eight) = (of(1), of(8));
    assert_eq!(one.rehearsals, eight.rehearsals);
    assert_eq!((one.abstains, one.candidates[0].verdict), (None, Verdict::Build));
    // The fewest rows of which a perfect model can pass, also as one of two.
    let (designs, scores) = table(1, REHEARSED_MIN, 0.0, 4);
    let settings = Settings { candidates: 1, ..quick(Model::Auto) };
    let rows = Rows::new(&designs, &scores);
    let found = design(&numbers(1), rows, &settings, None, &StopFlag::default());
    assert_eq!(found.expect("a shortlist").abstains, None);
}

/// Successes are rare: whatever is hidden, the other rows have one score.
#[test]
fn rare_successes_leave_intervals_finite() {
    let space = numbers(2);
    let (designs, _) = table(2, 60, 0.0, 4);
    let success = |at: usize| f64::from(u8::from(at < 3));
    let scores: Vec<f64> = (0..60).map(success).collect();
    let rows = Rows::new(&designs, &scores);
    let found = design(&space, rows, &quick(Model::PairwiseRidge), None, &StopFlag::default())
        .expect("a shortlist");
    let finite = |c: &Candidate| [c.low, c.high, c.low_95, c.high_95].iter().all(|x| x.is_finite());
    assert!(found.candidates.iter().all(finite), "{:?}", found.candidates);
}

#[test]
fn the_best_row_is_one_that_is_allowed() {
    let mut fields = numbers(2).fields().to_vec();
    fields[0].fixed = vec![Some(0.5)];
    let space = Space::try_new(fields, Constraints::default()).expect("a line");
    let (mut designs, mut scores) = table(2, 40, 0.05, 1);
    (0..20).for_each(|row| designs[row][0] = 0.5);
    scores[30] = 50.0;
    let rows = Rows::new(&designs, &scores);
    let found = design(&space, rows, &quick(Model::PairwiseRidge), None, &StopFlag::default());
    let best = scores[..20].iter().copied().fold(f64::MIN, f64::max);
    assert_eq!(found.expect("a shortlist").best_known, best);
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
