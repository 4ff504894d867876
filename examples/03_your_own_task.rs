//! A task of your own: a network tells two interleaved moons apart, from right and wrong alone.
//!
//! `cargo run --release --example 03_your_own_task`

use std::ops::Range;

use hatchery::prelude::*;

/// Points, half of them in each moon.
const POINTS: usize = 200;

/// The network, and the points `(2, points)`; those with even numbers are in the upper moon.
struct Moons(Mlp, Vec<f32>);

impl Task for Moons {
    type Population = Perturbed;

    fn name(&self) -> &str {
        "moons"
    }

    /// The fitness is the share of right answers, which has no gradient; an output above 0 means the upper moon.
    fn evaluate(
        &self,
        population: &Perturbed,
        members: Range<usize>,
        backend: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        let block = MemberBlock::new(population, members);
        let (input, mut scratch) = (Input::Shared(&self.1), mlp::Scratch::default());
        let y = self.0.forward(&block, input, POINTS, backend, &mut scratch)?;
        let lanes = block.lanes().len();
        let right = |lane| (0..POINTS).filter(move |p| (y[p * lanes + lane] > 0.0) == (p % 2 == 0));
        block.scatter(fitness, |lane| right(lane).count() as f32 / POINTS as f32);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let angle = |p: usize| std::f32::consts::PI * p as f32 / (POINTS - 1) as f32;
    let (x, y): (Vec<f32>, Vec<f32>) = (0..POINTS)
        .map(|p| (angle(p).cos(), angle(p).sin()))
        .enumerate()
        .map(|(p, (x, y))| if p % 2 == 0 { (x, y) } else { (1.0 - x, 0.5 - y) })
        .unzip();
    let model = mlp::Config { hidden: vec![16], ..Default::default() };
    let task = Moons(Mlp::new(2, 1, &model, vec![]), [x, y].concat());
    let start = task.0.init(3);
    let mut search = Eggroll::try_new(eggroll::Variant::Eggroll, Default::default(), start, 3)?;
    let budget = Budget { target: Some(1.0), generations: Some(500), ..Default::default() };
    let plan = RunPlan { budget, ..RunPlan::default() };
    let report = run(&mut search, &task, &Evaluator::new(Backend::cpu()), &plan, &mut [])?;
    println!("{}: {:.1} % right", report.stopped_by, 100.0 * report.best_fitness);
    println!("{} generations in {:.2} s", report.generations, report.seconds);
    Ok(())
}
