//! How a generation scales with the population: EGGROLL, plain batched inference, naive full-rank evolution.
//!
//! ```sh
//! cargo bench --bench population_scaling                      # the whole sweep, about 15 minutes on two cores
//! cargo bench --bench population_scaling -- --quick           # one minute
//! cargo bench --bench population_scaling -- --json FILE --layers 256,3x256 --ranks 1,4 --populations 8192,65536
//! ```
//!
//! With `--cuda` the same is measured on a GPU, with tables of its own: see [`cuda`].
//!
//! A *generation* is everything: noise, forward pass of all members, fitness shaping, update contraction, optimiser step,
//! through the same engine that `hatchery run` uses. Every member has its own inputs, `rows` of them. *Inference* is
//! the forward pass of as many inputs through the mean weights: the faster of our tiles and a packed library product.
//! *Full rank* is evolution with a dense matrix of noise per pair. Rates are medians.

mod args;
mod chart;
mod cuda;
mod inference;
mod measure;
mod stack;

use args::Args;
use hatchery::search::eggroll::Variant;
use measure::{Generations, median_rates};
use serde::Serialize;
use stack::{Shape, Stack};

/// One line of the table, and of the JSON file.
#[derive(Debug, Serialize)]
struct Point {
    layer: String,
    population: usize,
    rank: u32,
    rows: usize,
    eggroll_members_per_s: f64,
    inference_members_per_s: f64,
    full_rank_members_per_s: f64,
}

fn main() -> std::io::Result<()> {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(reason) => {
            eprintln!("{reason}");
            std::process::exit(2);
        }
    };
    if args.cuda {
        return on_cuda(&args);
    }
    println!(
        "threads {}, {}; rates in thousands of members a second; limit = 1/(1 + rank/(2 rows)) of inference",
        rayon::current_num_threads(),
        args.arithmetic()
    );
    println!(
        "{:>6} {:>10} {:>4} {:>4} | {:>10} {:>10} {:>10} | {:>9} {:>6} {:>10}",
        "layer",
        "population",
        "rank",
        "rows",
        "eggroll",
        "inference",
        "full rank",
        "/inference",
        "limit",
        "/full rank"
    );
    let mut points = Vec::new();
    for shape in &args.layers {
        for &rows in &args.rows {
            let full_rank = full_rank(&args, shape, rows);
            for &rank in &args.ranks {
                for &population in &args.populations {
                    if !args.fits(shape, population, rows) {
                        continue;
                    }
                    let point = measure(&args, shape, population, rank, rows, full_rank);
                    show(&point);
                    points.push(point);
                }
            }
        }
    }
    println!("peak resident memory {:.0} MiB", measure::peak_resident_mib());
    if let Some(path) = &args.json {
        std::fs::write(path, serde_json::to_string_pretty(&points)?)?;
        println!("wrote {}", path.display());
    }
    for path in chart::write(&points)? {
        println!("wrote {}", path.display());
    }
    Ok(())
}

fn on_cuda(args: &Args) -> std::io::Result<()> {
    let found = match cuda::run(args) {
        Ok(found) => found,
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(1);
        }
    };
    if let Some(path) = &args.json {
        std::fs::write(path, serde_json::to_string_pretty(&found)?)?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

fn measure(
    args: &Args,
    shape: &Shape,
    population: usize,
    rank: u32,
    rows: usize,
    full_rank: f64,
) -> Point {
    let stack = Stack::new(shape, population, rows);
    let library = inference::Library::new(&stack, population);
    let mut generations = Generations::new(&stack, Variant::Eggroll, rank, args, population);
    let [generation, tiles, packed] = median_rates(
        args.seconds,
        [&mut || generations.next(), &mut || stack.infer(population), &mut || library.infer()],
    );
    let eggroll = generation * population as f64;
    Point {
        layer: shape.name.clone(),
        population,
        rank,
        rows,
        eggroll_members_per_s: eggroll,
        inference_members_per_s: tiles.max(packed) * population as f64,
        full_rank_members_per_s: full_rank,
    }
}

/// Members a second of naive evolution; the rate does not depend on the population, so that a small one will do.
fn full_rank(args: &Args, shape: &Shape, rows: usize) -> f64 {
    let population = (1 << 26) / (shape.weights() * rows).next_power_of_two();
    let population = population.clamp(64, 1024);
    let stack = Stack::new(shape, population, rows);
    let mut generations = Generations::new(&stack, Variant::OpenEs, 1, args, population);
    let [rate] = median_rates(args.seconds, [&mut || generations.next()]);
    population as f64 * rate
}

fn show(point: &Point) {
    let Point { layer, population, rank, rows, .. } = point;
    let (eggroll, inference) = (point.eggroll_members_per_s, point.inference_members_per_s);
    let full = point.full_rank_members_per_s;
    let limit = 1.0 / (1.0 + f64::from(*rank) / (2.0 * *rows as f64));
    println!(
        "{layer:>6} {population:>10} {rank:>4} {rows:>4} | {:>10.1} {:>10.1} {:>10.2} | {:>9.1}% {:>5.1}% {:>9.1}x",
        eggroll / 1e3,
        inference / 1e3,
        full / 1e3,
        100.0 * eggroll / inference,
        100.0 * limit,
        eggroll / full
    );
}
