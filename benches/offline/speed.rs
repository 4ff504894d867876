//! How fast networks are trained and asked.

use std::time::Instant;

use hatchery::engine::StopFlag;
use hatchery::kernels::cpu::{Matrix, product};
use hatchery::surrogates::model::Surrogate;
use hatchery::surrogates::network::{Activation, Batch, Head, Mlp, Network, Plan, train};
use hatchery::surrogates::sharpness::{Regulariser, Sharpness};
use hatchery::surrogates::space::Design;
use hatchery::surrogates::{Draws, statistics};

use super::arena::Arena;
use super::args::Args;
use super::arms::Arm;
use super::networks::{Family, Training};

const BATCH: usize = 128;
const INPUTS: usize = 24;
const WIDE: usize = 2_048;

/// Prints all of it.
///
/// # Errors
/// What is wrong, as a sentence.
pub(crate) fn run(args: &Args) -> Result<(), String> {
    println!("{} threads", rayon::current_num_threads());
    reference(args)?;
    wide(args)
}

fn median_of(repeats: usize, mut seconds: impl FnMut() -> f64) -> f64 {
    statistics::median(&(0..repeats).map(|_| seconds()).collect::<Vec<f64>>())
}

/// 2 × 256, 5,120 steps of 128 on 32,768 strings of 8 letters; all 65,536 predictions.
fn reference(args: &Args) -> Result<(), String> {
    let arena = Arena::named("tfbind-like", None, 0, 0)?;
    let epochs = if args.quick { 2 } else { 20 };
    let head = Head::Normal;
    let training = Training { epochs, epochs_conservative: 1, width: 256, head };
    let steps = epochs as usize * (arena.designs.len() / BATCH);
    let mut networks = None;
    let mut seconds = |arm: Arm| {
        median_of(if args.quick { 1 } else { 3 }, || {
            let trained = training.train(&arena, Family::Single, arm, None).expect("it converges");
            networks = Some(trained.ensemble);
            trained.seconds
        })
    };
    let plain = seconds(Arm::Plain);
    println!(
        "2 x 256, {} rows, {steps} steps of {BATCH}: plain {plain:.2} s (target 6.7 for 5,120)",
        arena.designs.len()
    );
    for arm in [Arm::Ignite, Arm::Ignite2] {
        let seconds = seconds(arm);
        println!(
            "    {:8} {seconds:.2} s, {:.2} x plain (target 3.0)",
            arm.name(),
            seconds / plain
        );
    }
    let networks = networks.ok_or("nothing was trained")?;
    let every: Vec<Design> = arena.space.enumerate().ok_or("it is not small")?.collect();
    let asked = median_of(7, || {
        let clock = Instant::now();
        std::hint::black_box(networks.means(&every));
        clock.elapsed().as_secs_f64()
    });
    println!("{} predictions of designs: {asked:.3} s (target 0.2)", every.len());
    Ok(())
}

/// 2 × 2,048: the published size.
fn wide(args: &Args) -> Result<(), String> {
    let rows = BATCH * if args.quick { 4 } else { 16 };
    let mut draws = Draws::new(0, "rows of a speed test");
    let mut normals = |count: usize| (0..count).map(|_| draws.normal() as f32).collect();
    let (x, y): (Vec<f32>, Vec<f32>) = (normals(rows * INPUTS), normals(rows));
    let (left, right): (Vec<f32>, Vec<f32>) = (normals(BATCH * WIDE), normals(WIDE * WIDE));
    let mut out = vec![0.0; BATCH * WIDE];
    let mut peak = || {
        median_of(25, || {
            let (left, right) =
                (Matrix::plain(&left, BATCH, WIDE), Matrix::plain(&right, WIDE, WIDE));
            let clock = Instant::now();
            product(left, right, &mut out);
            clock.elapsed().as_secs_f64()
        })
    };
    let before = peak();
    let mlp = Mlp {
        inputs: INPUTS,
        hidden: vec![WIDE; 2],
        outputs: Head::Normal.outputs(),
        activation: Activation::LeakyRelu,
    };
    let weights = mlp.weights();
    let network = Network { mlp, head: Head::Normal };
    // Forward and both gradients: 2 operations each for a weight and row, but the gradient in the inputs is not taken.
    let operations = BATCH as f64 * (6 * weights - 2 * INPUTS * WIDE) as f64;
    let epochs = if args.quick { 1 } else { 4 };
    let time_of_step = |regulariser| {
        let plan = Plan { epochs, regulariser, ..Plan::default() };
        let clock = Instant::now();
        let batch = Batch { x: &x, y: &y, counts: None };
        train(&network, batch, None, &plan, &StopFlag::default()).map_err(|e| e.to_string())?;
        Ok::<f64, String>(clock.elapsed().as_secs_f64() / (epochs as usize * rows / BATCH) as f64)
    };
    let plain = time_of_step(Regulariser::None)?;
    let ignite = time_of_step(Regulariser::GradientNorm(Sharpness::ignite()))?;
    let peak = 2.0 * (BATCH * WIDE * WIDE) as f64 / (0.5 * (before + peak()));
    let rate = operations / plain;
    println!(
        "2 x {WIDE}, {INPUTS} inputs, {weights} weights, batch {BATCH}: {:.1} steps/s, {:.1} GFLOP/s, {:.0} % of a product of {BATCH} x {WIDE} x {WIDE} ({:.1} GFLOP/s, median of 50)",
        1.0 / plain,
        rate * 1e-9,
        100.0 * rate / peak,
        peak * 1e-9
    );
    println!("    ignite {:.1} steps/s, {:.2} x plain", 1.0 / ignite, ignite / plain);
    Ok(())
}
