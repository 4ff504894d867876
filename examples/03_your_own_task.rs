//! A task of your own: a network learns exclusive-or from right and wrong alone, without a gradient.
//!
//! `cargo run --release --example 03_your_own_task`

use std::ops::Range;

use hatchery::prelude::*;

/// The four questions, input by input, and the answers.
const QUESTIONS: [f32; 8] = [0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0];
const ANSWERS: [bool; 4] = [false, true, true, false];

struct ExclusiveOr(Mlp);

impl Task for ExclusiveOr {
    type Population = Perturbed;

    fn name(&self) -> &str {
        "exclusive-or"
    }

    /// The fitness is the number of right answers; a network says yes if its output is above 0.
    fn evaluate(
        &self,
        population: &Perturbed,
        members: Range<usize>,
        backend: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        let block = MemberBlock::new(population, members);
        let mut scratch = mlp::Scratch::default();
        let y = self.0.forward(&block, Input::Shared(&QUESTIONS), 4, backend, &mut scratch)?;
        let lanes = block.lanes().len();
        let right = |q: usize, lane: usize| (y[q * lanes + lane] > 0.0) == ANSWERS[q];
        block.scatter(fitness, |lane| (0..4).filter(|q| right(*q, lane)).count() as f32);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let network = Mlp::new(2, 1, &mlp::Config { hidden: vec![8], ..Default::default() }, vec![]);
    let start = network.init(3);
    let config = eggroll::Config { sigma: 0.5, learning_rate: 0.1, ..Default::default() };
    let mut search = Eggroll::try_new(eggroll::Variant::Eggroll, config, start, 3)?;
    let target_statistic = TargetStatistic::Mean;
    let budget = Budget {
        target: Some(3.9),
        target_statistic,
        generations: Some(500),
        ..Default::default()
    };
    let plan = RunPlan { budget, ..RunPlan::default() };
    let task = ExclusiveOr(network);
    let report = run(&mut search, &task, &Evaluator::new(Backend::cpu()), &plan, &mut [])?;
    println!("{}: {:.2} of 4 right", report.stopped_by, report.mean_fitness);
    println!("{} generations, {:.3} s", report.generations, report.seconds);
    Ok(())
}
