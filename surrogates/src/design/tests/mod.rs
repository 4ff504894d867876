//! The way from a table to a shortlist, on tables whose truth is known.

mod choice;
mod effects;
mod noise;

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
