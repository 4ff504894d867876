//! TF-Bind-8 of SIX6 as in the reference run: networks of 256 by plain ascent, all visible rows, twenty epochs; what a linear model does beside them, and the default of the
//! library.
//!
//! `published` ranks and promises by the prediction at the point that ascent reached, `ascent` (ours) by that of the design it is rounded to. The reference has a
//! deviation with learned bounds: with fixed ones (`--head normal`) N is 5.2 for plain networks and 3.2 for IGNITE.

use std::time::Instant;

use hatchery::surrogates::model::{Climbable, Ensemble, Merit};
use hatchery::surrogates::network::Head;
use hatchery::surrogates::searcher::{Ascent, Exhaustive, Searcher};
use hatchery::surrogates::space::Design;
use hatchery::surrogates::statistics;

use super::arena::Arena;
use super::args::Args;
use super::arms::Arm;
use super::measures::Measures;
use super::methods::{OURS, judge, propose, reference};
use super::networks::{Family, Training, norms};
use super::record::{Figures, Record};
use super::store::Store;
use super::tf_bind_report::ROWS;

pub(crate) const TASK: &str = "tf-bind-8";
const ANSWERS: usize = 128;

/// Runs the cells that are not there yet, on all threads, one after the other: seconds are compared.
///
/// # Errors
/// What is wrong, as a sentence.
pub(crate) fn run(args: &Args, store: &Store) -> Result<(), String> {
    let epochs = args.epochs.unwrap_or(20);
    let head = args.head(Head::NormalLearned)?;
    let training = Training { epochs, epochs_conservative: 2, width: 256, head };
    let rows = args.rows.unwrap_or(0);
    let name = args.head.as_deref().unwrap_or("learned");
    store.agree(TASK, &serde_json::json!({ "epochs": epochs, "rows": rows, "head": name }))?;
    let has =
        |searcher: &str, arm: &str, seed| store.has(&Record::cell(TASK, TASK, searcher, arm, seed));
    for seed in args.seeds(if args.quick { 1 } else { 4 }) {
        if ROWS.iter().all(|(searcher, arm, _)| has(searcher, arm, seed)) {
            continue;
        }
        let arena = Arena::named(TASK, args.data.as_deref(), seed, rows)?;
        let keep = |record: Record| {
            eprintln!("seed {seed}: {} {}", record.searcher, record.arm);
            store.push(&record.name(TASK), &record)
        };
        if !has("random", "-", seed) {
            let mut record = Record::new(&arena, "random", "-");
            let designs = super::rank::model_free(&arena, "random", ANSWERS);
            record.measures = Measures::of(&arena, &designs, None);
            keep(record)?;
        }
        // Tables have no seed: one fit says it all.
        if !has("pairwise-ridge", "-", seed) && seed == args.first {
            keep(reference(&arena, "pairwise-ridge", ANSWERS))?;
        }
        if !has(OURS, "-", seed) {
            keep(reference(&arena, OURS, ANSWERS))?;
        }
        for arm in [Arm::Plain, Arm::Ignite2, Arm::Ignite] {
            if has("published", arm.name(), seed) {
                continue;
            }
            let trained = training.train(&arena, Family::Single, arm, None);
            let trained = trained.map_err(|error| error.to_string())?;
            let norm = statistics::mean(&norms(&arena, &trained.ensemble));
            let figures = Figures { norm: Some(norm), ..Figures::of(&arena, &trained.ensemble) };
            for name in ["published", "ascent", "exhaustive"] {
                if name == "exhaustive" && arm != Arm::Plain {
                    continue;
                }
                let mut record = Record::new(&arena, name, arm.name());
                (record.figures, record.train_seconds) = (figures, trained.seconds);
                let clock = Instant::now();
                if name == "published" {
                    let (designs, promised) = published(&arena, &trained.ensemble);
                    record.measures = Measures::of(&arena, &designs, Some(&promised));
                } else {
                    let search: &dyn Searcher =
                        if name == "ascent" { &Ascent::plain() } else { &Exhaustive };
                    let merit = Merit::default();
                    let found = propose(&arena, &trained.ensemble, merit, search, ANSWERS);
                    judge(&mut record, &arena, &trained.ensemble, found);
                }
                record.search_seconds = clock.elapsed().as_secs_f64();
                keep(record)?;
            }
        }
    }
    Ok(())
}

/// Two hundred plain steps from the best visible designs, as published: nothing is bounded, designs may come twice, and what is promised and ranked by is
/// the prediction at the point that was reached, not that of the design it is rounded to.
fn published(arena: &Arena, ensemble: &Ensemble) -> (Vec<Design>, Vec<f64>) {
    let encode = |design: &Design| -> Vec<f32> {
        arena.encoding.encode(design).into_iter().map(|v| v as f32).collect()
    };
    let mut x: Vec<f32> = arena.start[..ANSWERS].iter().flat_map(encode).collect();
    let features = arena.encoding.features();
    let factor = 0.01 * (features as f64).sqrt() / ensemble.score_deviation();
    let (mut values, mut slopes) = (vec![0.0; ANSWERS], vec![0.0; x.len()]);
    for _ in 0..200 {
        ensemble.slopes(&x, &mut values, &mut slopes);
        x.iter_mut().zip(&slopes).for_each(|(x, slope)| *x += factor as f32 * slope);
    }
    ensemble.values(&x, &mut values);
    let mut order: Vec<usize> = (0..ANSWERS).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    let decode = |at: &usize| {
        let row: Vec<f64> = x[at * features..][..features].iter().map(|v| f64::from(*v)).collect();
        arena.encoding.decode(&row)
    };
    (order.iter().map(decode).collect(), order.iter().map(|at| values[*at]).collect())
}
