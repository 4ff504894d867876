//! What is chosen from what a search has found.

use super::*;
use crate::searcher::{Ascent, Searcher};

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
