//! Learns from a table of past experiments, then searches the model instead of the laboratory.
//!
//! `cargo run --release --example 06_surrogate`

use hatchery::kernels::{Domain, NoiseAddress, NoiseStream};
use hatchery::prelude::*;
use hatchery::surrogates::{Dataset, Normalised, Quadratic};

/// Experiments in the table.
const EXPERIMENTS: u32 = 40;
/// Error of a measured yield, one standard deviation, in percent.
const ERROR: f64 = 1.0;
/// Strengths of the penalty; the fit that predicts left-out experiments best is kept.
const RIDGES: [f64; 4] = [1e-4, 1e-2, 1.0, 10.0];
/// Generations of the search.
const GENERATIONS: u32 = 200;
/// Names all random numbers.
const SEED: u64 = 6;

/// The truth, which the search never asks: yield in percent by temperature (°C), time (min) and catalyst (g).
fn laboratory(x: &[f64]) -> f64 {
    let (hot, long, rich) = ((x[0] - 172.0) / 20.0, (x[1] - 48.0) / 15.0, (x[2] - 2.6) / 0.8);
    91.0 - 6.0 * hot * hot - 4.0 * long * long - 3.0 * rich * rich - 4.0 * hot * long
}

/// A table as it might come from a notebook: scattered designs, measured with error.
fn table() -> String {
    let mut text = String::from("temperature,time,catalyst,yield\n");
    let stream = NoiseStream::new(SEED).domain(Domain::Data);
    for pair in 0..EXPERIMENTS {
        let mut z = [0.0; 4];
        stream.fill_normals(NoiseAddress { generation: 0, pair, layer: 0, block: 0 }, &mut z);
        let z = z.map(f64::from);
        let x = [160.0 + 12.0 * z[0], 40.0 + 10.0 * z[1], 2.0 + 0.5 * z[2]];
        let measured = laboratory(&x) + ERROR * z[3];
        text += &format!("{:.1},{:.1},{:.2},{measured:.2}\n", x[0], x[1], x[2]);
    }
    text
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dataset = Dataset::from_csv(table().as_bytes(), "yield")?;
    let model = Quadratic::fit_best(&dataset, &RIDGES)?;
    println!("ridge {}, leave-one-out R² {:.3}", model.ridge(), model.r2_leave_one_out());

    // Searched in z-scores, so that one noise scale suits degrees, minutes and grams.
    let normaliser = model.normaliser().clone();
    let task = PerturbedPoints(Normalised { objective: model, normaliser });
    let start = Params::zeros(task.layout());
    let config = eggroll::Config { pairs: 16, shaping: Shaping::ZScore, ..Default::default() };
    let mut search = Eggroll::try_new(eggroll::Variant::Eggroll, config, start, SEED)?;
    let budget = Budget { generations: Some(GENERATIONS), ..Budget::default() };
    let plan = RunPlan { budget, ..RunPlan::default() };
    run(&mut search, &task, &Evaluator::new(Backend::cpu()), &plan, &mut [])?;

    let centre = &search.centre().expect("an evolution strategy has a centre").values;
    let z: Vec<f64> = centre.iter().map(|&z| f64::from(z)).collect();
    let found = task.0.normaliser.undo(&z);
    let best = dataset.scores().iter().copied().fold(f64::NEG_INFINITY, f64::max);
    println!("best experiment {best:.1} %, predicted {:.1} %", task.0.objective.predict(&found));
    println!("{found:.1?} gives in truth {:.1} %; the optimum is 91 %", laboratory(&found));
    Ok(())
}
