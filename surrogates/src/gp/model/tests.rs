use super::*;
use crate::Draws;
use crate::gp::{Config, Noise};

/// Rows of unit range with three features, the last two of them one group.
fn table(rows: usize, seed: u64) -> (Vec<f64>, Vec<f64>) {
    let mut draws = Draws::new(seed, "table");
    let designs: Vec<f64> = (0..rows * 3).map(|_| draws.uniform()).collect();
    let scores =
        designs.chunks(3).map(|x| 5.0 + (6.0 * x[0]).sin() * (1.0 + x[1]) - x[2]).collect();
    (designs, scores)
}

const GROUPS: [usize; 3] = [0, 1, 1];

fn hyper(noise: f64) -> Hyper {
    Hyper { mean: 4.5, length_scales: vec![0.4, 0.9], signal: 1.5, noise }
}

fn gp(rows: usize, noise: f64) -> Gp {
    let (designs, scores) = table(rows, 1);
    Gp::new(&designs, &GROUPS, &scores, hyper(noise)).expect("valid")
}

#[test]
fn without_noise_the_posterior_goes_through_every_row() {
    for rows in [5, 70] {
        let (designs, scores) = table(rows, 1);
        let gp = gp(rows, 0.0);
        for (x, score) in designs.chunks(3).zip(&scores) {
            let there = gp.predict(x);
            assert!((there.mean - score).abs() < 1e-5, "{there:?}, {score}");
            assert!(there.deviation() < 1e-3, "{there:?}");
        }
    }
}

#[test]
fn far_from_all_rows_is_the_prior() {
    let far = gp(20, 0.1).predict(&[100.0, 100.0, 100.0]);
    assert!((far.mean - 4.5).abs() < 1e-12 && (far.variance - 1.5).abs() < 1e-12, "{far:?}");
}

#[test]
fn many_predictions_are_those_one_by_one() {
    let gp = gp(90, 0.01);
    let (designs, _) = table(40, 2);
    for (x, together) in designs.chunks(3).zip(gp.predict_all(&designs)) {
        let alone = gp.predict(x);
        assert!((alone.mean - together.mean).abs() < 1e-10);
        assert!((alone.variance - together.variance).abs() < 1e-10);
    }
    assert!(gp.predict_all(&[]).is_empty());
}

#[test]
fn slopes_are_those_of_differences() {
    let gp = gp(40, 0.01);
    let (designs, _) = table(10, 2);
    for x in designs.chunks(3) {
        let slopes = gp.slopes(x);
        assert_eq!(slopes.prediction, gp.predict(x));
        for feature in 0..3 {
            let at = |step: f64| {
                let mut x = x.to_vec();
                x[feature] += step;
                gp.predict(&x)
            };
            let (high, low) = (at(1e-5), at(-1e-5));
            let mean = (high.mean - low.mean) / 2e-5;
            let deviation = (high.deviation() - low.deviation()) / 2e-5;
            assert!((slopes.mean[feature] - mean).abs() < 1e-6, "{mean} {slopes:?}");
            assert!((slopes.deviation[feature] - deviation).abs() < 1e-6, "{deviation} {slopes:?}");
        }
    }
}

#[test]
fn leaving_a_row_out_is_a_fit_without_it() {
    let (designs, scores) = table(25, 1);
    let noise = 0.05;
    for (row, left_out) in gp(25, noise).leave_one_out().into_iter().enumerate() {
        let (mut fewer, mut scores) = (designs.clone(), scores.clone());
        fewer.drain(row * 3..row * 3 + 3);
        scores.remove(row);
        let without = Gp::new(&fewer, &GROUPS, &scores, hyper(noise)).expect("valid");
        let exact = without.predict(&designs[row * 3..row * 3 + 3]);
        assert!((left_out.mean - exact.mean).abs() < 1e-8, "{left_out:?} {exact:?}");
        assert!((left_out.variance - exact.variance - noise).abs() < 1e-8);
    }
}

#[test]
fn a_row_more_is_a_fit_with_it_and_never_raises_the_variance() {
    let (designs, scores) = table(60, 1);
    let (queries, _) = table(30, 2);
    for noise in [0.0, 0.02] {
        let mut gp = gp(20, noise);
        let mut before = gp.predict_all(&queries);
        for row in 20..60 {
            gp.add(&designs[row * 3..row * 3 + 3], scores[row]).expect("adds");
            let after = gp.predict_all(&queries);
            for (after, before) in after.iter().zip(&before) {
                assert!(after.variance <= before.variance * (1.0 + 1e-9) + 1e-12);
            }
            before = after;
        }
        let whole = self::gp(60, noise).predict_all(&queries);
        for (one, other) in before.iter().zip(&whole) {
            assert!((one.mean - other.mean).abs() < 1e-5, "noise {noise}: {one:?} {other:?}");
            assert!((one.variance - other.variance).abs() < 1e-6, "noise {noise}");
        }
    }
}

#[test]
fn the_same_row_again_and_again_is_no_trouble() {
    for noise in [0.0, 1e-6] {
        let mut gp = gp(10, noise);
        (0..10).for_each(|_| gp.add(&[0.5, 0.5, 0.5], 5.0).expect("adds"));
        let there = gp.predict(&[0.5, 0.5, 0.5]);
        assert!((there.mean - 5.0).abs() < 1e-3 && there.variance < 1e-4, "{there:?}");
    }
}

#[test]
fn the_fit_finds_what_the_rows_were_drawn_from() {
    let mut draws = Draws::new(5, "function");
    let rows: Vec<f64> = (0..200).map(|_| draws.uniform()).collect();
    // Depends on the first feature alone, with noise of deviation 0.1.
    let scores: Vec<f64> =
        rows.chunks(2).map(|x| 100.0 + (9.0 * x[0]).sin() + 0.1 * draws.normal()).collect();
    let gp = Gp::fit(&rows, &[0, 1], &scores, &Config::default()).expect("fits");
    let hyper = gp.hyper();
    assert!((hyper.noise.sqrt() - 0.1).abs() < 0.03, "{hyper:?}");
    assert!(hyper.length_scales[1] > 10.0 * hyper.length_scales[0], "{hyper:?}");
    assert!((gp.predict(&[0.5, 0.1]).mean - 100.0 - 4.5_f64.sin()).abs() < 0.1);
    // Known hyper-parameters are not looked for.
    let known = Config { noise: Noise::Known(0.25), ..Config::default() };
    assert_eq!(Gp::fit(&rows, &[0, 1], &scores, &known).expect("fits").hyper().noise, 0.25);
    // Nothing is found from there that was not found before.
    let from = Config { starts: 1, from: Some(hyper.clone()), ..Config::default() };
    let again = Gp::fit(&rows, &[0, 1], &scores, &from).expect("fits");
    assert!((again.log_likelihood() - gp.log_likelihood()).abs() < 0.1);
}

#[test]
fn the_same_table_gives_the_same_bits() {
    let (designs, scores) = table(30, 3);
    let fit = || Gp::fit(&designs, &GROUPS, &scores, &Config::default()).expect("fits");
    assert_eq!(fit().hyper(), fit().hyper());
}

#[test]
fn constant_scores_are_predicted() {
    let (designs, _) = table(12, 4);
    let gp = Gp::fit(&designs, &GROUPS, &[3.0; 12], &Config::default()).expect("fits");
    assert!((gp.predict(&[0.1, 0.2, 0.3]).mean - 3.0).abs() < 1e-9);
}

#[test]
fn what_does_not_fit_is_refused_one_by_one() {
    let (designs, scores) = table(4, 1);
    let config = Config::default();
    let fit = |rows: &[f64], groups: &[usize], scores: &[f64], config: &Config| {
        Gp::fit(rows, groups, scores, config).map(drop).expect_err("is refused").to_string()
    };
    let refusals = [
        fit(&designs[1..], &GROUPS, &scores, &config),
        fit(&designs, &[0, 2, 2], &scores, &config),
        fit(&designs, &[], &scores, &config),
        fit(&[], &GROUPS, &[], &config),
        fit(&vec![0.0; 2001], &[0], &vec![0.0; 2001], &config),
        fit(&designs, &GROUPS, &[1.0, f64::NAN, 1.0, 1.0], &config),
        fit(&designs, &GROUPS, &scores, &Config { starts: 0, ..Config::default() }),
        fit(&designs, &GROUPS, &scores, &Config { evaluations: 0, ..Config::default() }),
        fit(&designs, &GROUPS, &scores, &Config { rows_likelihood: 1, ..Config::default() }),
        fit(&designs, &GROUPS, &scores, &Config { noise: Noise::Known(-1.0), ..Config::default() }),
    ];
    let expected = [
        "11 features of all rows, 12 expected",
        "2 groups, 3 expected",
        "0 design columns",
        "0 rows",
        "takes 2000 rows, found 2001",
        "row 1, column \"score\"",
        "starts must be at least 1",
        "evaluations must be at least 1",
        "rows_likelihood must be at least 2",
        "noise must be 0 or more",
    ];
    for (refusal, expected) in refusals.iter().zip(expected) {
        assert!(refusal.contains(expected), "{refusal}");
    }
    let wrong = [
        Hyper { length_scales: vec![1.0], ..hyper(0.1) },
        Hyper { length_scales: vec![1.0, 0.0], ..hyper(0.1) },
        Hyper { signal: f64::NAN, ..hyper(0.1) },
        Hyper { mean: f64::INFINITY, ..hyper(0.1) },
        hyper(-0.1),
    ];
    for hyper in wrong {
        assert!(Gp::new(&designs, &GROUPS, &scores, hyper.clone()).is_err(), "{hyper:?}");
    }
    let mut gp = gp(4, 0.1);
    assert!(gp.add(&[f64::NAN, 0.0, 0.0], 1.0).is_err() && gp.scores().len() == 4);
}
