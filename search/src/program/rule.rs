//! A program as the update rule of a strategy that estimates gradients.
//!
//! What a search of optimizers finds can move the centre of an evolution strategy: [`ProgramRule`] is an [`UpdateRule`] like Adam. `w`
//! is the centre, `g` the estimate of the gradient of the loss, the leaves of the trees are the tensors of the layout, and `lr` is
//! **the learning rate of this generation**: the configured rate times its schedule. A program that carries a step size of its own
//! (as those of a search do, whose `lr` is the bare schedule) wants a learning rate of 1.

use hatchery_engine::update::{UpdateError, UpdateRule};

use super::interpret::{Leaves, Machine, Plan};
use super::{Graph, Program, Signature, parse, start};

/// An update rule that runs a program.
#[derive(Debug)]
pub struct ProgramRule {
    machine: Machine,
    /// Both states of the signature; those that are not carried are empty.
    states: Vec<Vec<f32>>,
}

impl ProgramRule {
    /// The rule that a text means, for tensors of these sizes: a name of [`start`], or statements.
    ///
    /// # Errors
    /// One line: what is wrong with the text, and where.
    pub fn of_text(text: &str, sizes: &[usize]) -> Result<Self, String> {
        let signature = Signature::optimizer(false);
        let graph = Graph::of(&read(text)?, &signature).map_err(|error| error.to_string())?;
        let mut states = vec![Vec::new(); signature.states().len()];
        let first = signature.states()[0].0;
        for carried in &graph.states {
            states[usize::from(carried.variable - first)] = vec![0.0; sizes.iter().sum()];
        }
        let plan = Plan::compile(&graph, &signature);
        Ok(Self { machine: Machine::new(plan, Leaves::of_sizes(sizes)), states })
    }
}

/// The program that a text means: a name of [`start`], or statements.
///
/// # Errors
/// One line: what is wrong, and where.
fn read(text: &str) -> Result<Program, String> {
    let signature = Signature::optimizer(false);
    if let Some(program) = start::named(text.trim(), &signature) {
        return Ok(program);
    }
    if !text.contains(['=', '\n']) {
        let names: Vec<&str> = start::names().collect();
        return Err(format!(
            "there is no program `{}`; there are {}",
            text.trim(),
            names.join(", ")
        ));
    }
    let (program, _) = parse(text, &signature).map_err(|error| {
        format!("line {}, column {}: {}", error.line, error.column, error.message)
    })?;
    Ok(program)
}

impl UpdateRule for ProgramRule {
    fn step(&mut self, theta: &mut [f32], gradient: &[f32], learning_rate: f32, _t: u64) {
        self.machine.step(theta, gradient, &mut self.states, &[learning_rate]);
    }

    fn moments(&self) -> Vec<&[f32]> {
        self.states.iter().filter(|state| !state.is_empty()).map(Vec::as_slice).collect()
    }

    fn restore(&mut self, moments: Vec<Vec<f32>>) -> Result<(), UpdateError> {
        let own: Vec<&mut Vec<f32>> =
            self.states.iter_mut().filter(|state| !state.is_empty()).collect();
        if own.len() != moments.len() {
            return Err(UpdateError::MomentCount { expected: own.len(), got: moments.len() });
        }
        for (index, (own, saved)) in own.iter().zip(&moments).enumerate() {
            if own.len() != saved.len() {
                let (expected, got) = (own.len(), saved.len());
                return Err(UpdateError::MomentLength { index, expected, got });
            }
        }
        for (own, saved) in own.into_iter().zip(moments) {
            *own = saved;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
