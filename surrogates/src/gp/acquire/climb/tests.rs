use super::*;
use crate::Draws;
use crate::gp::{Config, Noise};

#[test]
fn slopes_are_those_of_differences() {
    let rows = [0.1, 0.2, 0.8, 0.4, 0.5, 0.9, 0.3, 0.6];
    let scores = [1.0, 0.5, 2.0, 1.4];
    let gp = Gp::fit(&rows, &[0, 1], &scores, &Config::default()).expect("fits");
    let kinds = [
        Acquisition::LogExpectedImprovement { best: 2.0 },
        Acquisition::ConfidenceBound { beta: 1.3 },
        Acquisition::ConfidenceBound { beta: -2.0 },
    ];
    for kind in kinds {
        let x = [0.55, 0.7];
        let (value, slopes) = kind.slopes(&gp, &x);
        assert_eq!(value, kind.value(&gp, &x));
        for feature in 0..2 {
            let at = |step: f64| {
                let mut x = x;
                x[feature] += step;
                kind.value(&gp, &x)
            };
            let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
            let error = (slopes[feature] - difference).abs();
            assert!(error < 1e-5 * (1.0 + difference.abs()), "{kind:?}: {error}");
        }
    }
}

const BRANIN_MINIMUM: f64 = 0.397_887_357_729_739;

/// Branin's function of the unit square, negated.
fn branin(x: &[f64]) -> f64 {
    use std::f64::consts::PI;
    let (a, b) = (15.0 * x[0] - 5.0, 15.0 * x[1]);
    let parabola = b - 5.1 / (4.0 * PI * PI) * a * a + 5.0 / PI * a - 6.0;
    -(parabola * parabola + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * a.cos() + 10.0)
}

/// How far from the optimum the best of 40 evaluations is: 10 at random, then where the expected improvement is largest.
fn regret(seed: u64) -> f64 {
    let mut draws = Draws::new(seed, "branin");
    let mut rows: Vec<f64> = (0..20).map(|_| draws.uniform()).collect();
    let mut scores: Vec<f64> = rows.chunks(2).map(branin).collect();
    let mut config = Config { starts: 3, noise: Noise::Known(0.0), ..Config::default() };
    while scores.len() < 40 {
        let gp = Gp::fit(&rows, &[0, 1], &scores, &config).expect("fits");
        config.from = Some(gp.hyper().clone());
        let (at, best) = scores
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(b.1))
            .map(|(at, best)| (at, *best))
            .expect("there are scores");
        let acquisition = Acquisition::LogExpectedImprovement { best };
        let mut starts: Vec<Vec<f64>> =
            (0..200).map(|_| vec![draws.uniform(), draws.uniform()]).collect();
        let mut near = rows[2 * at..2 * at + 2].to_vec();
        near.iter_mut().for_each(|x| *x = (*x + 0.01 * draws.normal()).clamp(0.0, 1.0));
        starts.push(near);
        starts.sort_by_key(|x| std::cmp::Reverse((acquisition.value(&gp, x) * 1e6) as i64));
        starts.truncate(4);
        let (x, _) = climb(&gp, acquisition, &[(0.0, 1.0); 2], &starts, &Options::default());
        scores.push(branin(&x));
        rows.extend(x);
    }
    -BRANIN_MINIMUM - scores.iter().fold(f64::NEG_INFINITY, |best, score| best.max(*score))
}

#[test]
fn branin_is_solved_in_40_evaluations() {
    for seed in 0..2 {
        let regret = regret(seed);
        assert!(regret < 0.01, "seed {seed}: {regret}");
    }
}

#[test]
#[ignore = "takes half a minute: `just slow`; two of its seeds are a test above"]
fn branin_is_solved_in_40_evaluations_for_18_of_20_seeds() {
    let regrets: Vec<f64> = (0..20).map(regret).collect();
    let solved = regrets.iter().filter(|regret| **regret < 0.01).count();
    println!("{solved} of 20: {regrets:.4?}");
    assert!(solved >= 18, "{solved}: {regrets:?}");
}
