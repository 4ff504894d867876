//! Trains networks on past experiments, bounded in their sharpness, and lets a strategy of the engine search them: a surrogate is a task.
//!
//! `cargo run --release --example 08_offline_design`

use hatchery::engine::StopFlag;
use hatchery::prelude::*;
use hatchery::surrogates::model::{Ensemble, EnsembleConfig, Merit, Scored, Surrogate};
use hatchery::surrogates::searcher::{DesignEvolution, EvolutionConfig};
use hatchery::surrogates::sharpness::{Regulariser, Sharpness};
use hatchery::surrogates::space::{Design, Encoding, SpaceFile};
use hatchery::surrogates::{Draws, Rows};

/// What a design is: a mixture of three parts and a solvent.
const SPACE: &str = r#"
[columns]
water = { kind = "real", bounds = [0, 1] }
oil = { kind = "real", bounds = [0, 1] }
salt = { kind = "real", bounds = [0, 0.3] }
solvent = { kind = "categorical", levels = ["DMF", "THF", "none"] }
[[sum]]
columns = ["water", "oil", "salt"]
total = 1
"#;
/// Experiments in the table.
const EXPERIMENTS: usize = 200;
/// None of them was better than this, in percent.
const BEST: f64 = 82.0;
/// How far a measured yield is off, one standard deviation.
const ERROR: f64 = 0.5;
/// Deviations between networks that are taken off their mean.
const PESSIMISM: f64 = 1.0;
/// Generations of the search.
const GENERATIONS: u32 = 60;
/// Names all random numbers.
const SEED: u64 = 8;

/// The truth, which the search never asks: yield in percent.
fn laboratory(x: &[f64]) -> f64 {
    let solvent = [4.0, 9.0, 0.0][x[3] as usize];
    80.0 + solvent - 90.0 * (x[0] - 0.55).powi(2) - 120.0 * (x[2] - 0.12).powi(2)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let space = SpaceFile::parse(SPACE)?.space()?;
    let mut draws = Draws::new(SEED, "experiments");
    let tried = std::iter::repeat_with(|| space.sample(&mut draws));
    let tried = tried.filter(|x| laboratory(x) < BEST).take(EXPERIMENTS);
    let designs: Vec<Design> = tried.collect();
    let mut measured = |x: &Design| laboratory(x) + ERROR * draws.normal();
    let measured: Vec<f64> = designs.iter().map(&mut measured).collect();

    // IGNITE: a bound on how fast the mean prediction changes with the weights.
    let mut config = EnsembleConfig { hidden: vec![64, 64], ..EnsembleConfig::default() };
    config.plan.regulariser = Regulariser::GradientNorm(Sharpness::ignite());
    config.plan.batch = 32;
    let encoding = Encoding::logits(&space).z_scored(&designs);
    let stop = StopFlag::default();
    let (rows, none) = (Rows::new(&designs, &measured), Rows::default());
    let model = Ensemble::train(&encoding, &space, rows, none, &config, &stop)?;

    let task = Scored { surrogate: &model, merit: Merit::Bound { beta: PESSIMISM } };
    let mut search = DesignEvolution::try_new(&space, &designs, EvolutionConfig::default(), SEED)?;
    let budget = Budget { generations: Some(GENERATIONS), ..Budget::default() };
    let plan = RunPlan { budget, ..RunPlan::default() };
    run(&mut search, &task, &Evaluator::new(Backend::cpu()), &plan, &mut [])?;

    let found = search.members().next().expect("designs are kept").clone();
    let predicted = model.predict(std::slice::from_ref(&found))[0].mean;
    let best = measured.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    println!("best experiment {best:.1} %, predicted {predicted:.1} %");
    let (parts, solvent) = (&found[..3], &space.show(&found)[3]);
    println!(
        "{parts:.3?} in {solvent} gives in truth {:.1} %; the optimum is 89 %",
        laboratory(&found)
    );
    Ok(())
}
