//! Runs a plan, step by step.

use hatchery_kernels::cpu::elementwise::{Operand, dot, interpolate};

use super::BLOCK;
use super::plan::{BlockAction, BlockStep, Plan, Small, Source, Spot, Sum, SumKind, Target};
use crate::program::graph::{clip_factor, evaluate};
use crate::program::{Action, Reduction, Variable};

/// Where the leaves of a tree begin; the last number is where the tree ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaves(Vec<usize>);

impl Leaves {
    /// From the sizes of the leaves.
    pub fn of_sizes(sizes: &[usize]) -> Self {
        let mut ends = vec![0];
        for size in sizes {
            ends.push(ends[ends.len() - 1] + size);
        }
        Self(ends)
    }

    /// Number of leaves.
    pub fn len(&self) -> usize {
        self.0.len() - 1
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Numbers of the whole tree.
    pub fn size(&self) -> usize {
        self.0[self.len()]
    }

    /// The leaves that have places in `[begin, end)`, with these places counted from `begin`.
    pub(super) fn within(
        &self,
        begin: usize,
        end: usize,
    ) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> + '_ {
        let first = self.0.partition_point(|leaf_begin| *leaf_begin <= begin).saturating_sub(1);
        (first..self.len()).take_while(move |leaf| self.0[*leaf] < end).map(move |leaf| {
            let (from, to) = (self.0[leaf].max(begin), self.0[leaf + 1].min(end));
            (leaf, from - begin..to.max(from) - begin)
        })
    }
}

/// What runs a plan: its scalars, registers and temporaries.
#[derive(Clone, Debug)]
pub struct Machine {
    plan: Plan,
    leaves: Leaves,
    scalars: Vec<f32>,
    leaf_values: Vec<Vec<f32>>,
    temporaries: Vec<Vec<f32>>,
    registers: Vec<Vec<f32>>,
    /// What carried states will be after the step, for those that are made by an operation of the last phase.
    next: Vec<Vec<f32>>,
    /// Blocks of states that another state or the output takes over.
    moved: Vec<Vec<f32>>,
    sums: Vec<Vec<[f64; 3]>>,
}

/// The trees of one step.
#[derive(Debug)]
struct Trees<'a> {
    weights: &'a mut [f32],
    gradient: &'a [f32],
    states: &'a mut [Vec<f32>],
}

impl Trees<'_> {
    /// Variables of [`Signature::optimizer`](crate::program::Signature::optimizer).
    fn get(&self, variable: Variable) -> &[f32] {
        match variable {
            0 => self.weights,
            1 => self.gradient,
            state => &self.states[state as usize - 2],
        }
    }
}

impl Machine {
    /// Room for a plan over trees of this shape.
    pub fn new(plan: Plan, leaves: Leaves) -> Self {
        let mut scalars = vec![0.0; plan.scalars];
        for (slot, number) in &plan.constants {
            scalars[*slot] = *number;
        }
        let size = leaves.size();
        let writes = plan.outputs.len() + plan.carried.len();
        let sums = plan.phases.iter().map(|phase| phase.sums.len()).max().unwrap_or(0);
        Self {
            scalars,
            leaf_values: vec![vec![0.0; leaves.len()]; plan.leaf_values],
            temporaries: vec![vec![0.0; size]; plan.temporaries],
            registers: vec![vec![0.0; BLOCK]; plan.registers],
            next: plan
                .carried
                .iter()
                .map(|(_, source)| match source {
                    Source::Next(_) => vec![0.0; size],
                    _ => Vec::new(),
                })
                .collect(),
            moved: vec![vec![0.0; BLOCK]; writes],
            sums: vec![vec![[0.0; 3]; leaves.len().max(1)]; sums],
            plan,
            leaves,
        }
    }

    /// One step of an optimizer: `w ← w − update`, and the states. `scalars` are `lr` and, with progress, `t` and `log_n`.
    ///
    /// # Panics
    /// If a slice has another length than the tree.
    pub fn step(
        &mut self,
        weights: &mut [f32],
        gradient: &[f32],
        states: &mut [Vec<f32>],
        scalars: &[f32],
    ) {
        let size = self.leaves.size();
        assert!(weights.len() == size && gradient.len() == size, "trees have {size} numbers");
        for (variable, slot) in &self.plan.scalar_inputs {
            self.scalars[*slot] = scalars[*variable as usize - 4];
        }
        let mut trees = Trees { weights, gradient, states: &mut *states };
        let phases = std::mem::take(&mut self.plan.phases);
        for (number, phase) in phases.iter().enumerate() {
            for small in &phase.small {
                self.small(small);
            }
            let last = number + 1 == phases.len();
            if phase.block.is_empty() && phase.sums.is_empty() && !last {
                continue;
            }
            for sum in &mut self.sums {
                sum.fill([0.0; 3]);
            }
            for begin in (0..size).step_by(BLOCK) {
                let end = (begin + BLOCK).min(size);
                for step in &phase.block {
                    self.block(step, &trees, begin, end);
                }
                for (index, sum) in phase.sums.iter().enumerate() {
                    self.add_up(index, sum, &trees, begin, end);
                }
                if last {
                    self.write(&mut trees, begin, end);
                }
            }
            for (index, sum) in phase.sums.iter().enumerate() {
                self.finish_sum(index, sum);
            }
        }
        self.plan.phases = phases;
        for (number, (variable, source)) in self.plan.carried.iter().enumerate() {
            if *source == Source::Next(number) {
                std::mem::swap(&mut states[*variable as usize - 2], &mut self.next[number]);
            }
        }
    }

    fn small(&mut self, small: &Small) {
        let used = small.operation.args();
        let args = &small.args[..used];
        let leaves = |spot: &Spot| matches!(spot, Spot::Leaves(_));
        if !args.iter().any(leaves) {
            let mut numbers = [0.0; 3];
            for (number, arg) in numbers.iter_mut().zip(args) {
                *number = self.small_value(*arg, 0);
            }
            let value = evaluate(small.operation, &numbers[..used]);
            return self.set_small(small.to, 0, value);
        }
        match small.operation.action() {
            Action::Reduce(
                reduction @ (Reduction::GlobalNorm | Reduction::Dot | Reduction::CosineSimilarity),
            ) => {
                let x: Vec<f32> =
                    (0..self.leaves.len()).map(|leaf| self.small_value(args[0], leaf)).collect();
                let second = args.get(1).unwrap_or(&args[0]);
                let y: Vec<f32> =
                    (0..self.leaves.len()).map(|leaf| self.small_value(*second, leaf)).collect();
                let sums = [dot(&x, &y), dot(&x, &x), dot(&y, &y)];
                let value = match reduction {
                    Reduction::GlobalNorm => sums[1].sqrt(),
                    Reduction::Dot => sums[0],
                    _ => sums[0] / (sums[1].sqrt() * sums[2].sqrt()),
                };
                self.set_small(small.to, 0, value as f32);
            }
            Action::Clip => {
                let x: Vec<f32> =
                    (0..self.leaves.len()).map(|leaf| self.small_value(args[0], leaf)).collect();
                let factor = clip_factor(dot(&x, &x).sqrt() as f32, self.small_value(args[1], 0));
                for (leaf, x) in x.iter().enumerate() {
                    self.set_small(small.to, leaf, factor * x);
                }
            }
            _ => {
                for leaf in 0..self.leaves.len() {
                    let mut numbers = [0.0; 3];
                    for (number, arg) in numbers.iter_mut().zip(args) {
                        *number = self.small_value(*arg, leaf);
                    }
                    self.set_small(small.to, leaf, evaluate(small.operation, &numbers[..used]));
                }
            }
        }
    }

    fn small_value(&self, spot: Spot, leaf: usize) -> f32 {
        match spot {
            Spot::Scalar(slot) => self.scalars[slot],
            Spot::Leaves(value) => self.leaf_values[value][leaf],
        }
    }

    fn set_small(&mut self, spot: Spot, leaf: usize, number: f32) {
        match spot {
            Spot::Scalar(slot) => self.scalars[slot] = number,
            Spot::Leaves(value) => self.leaf_values[value][leaf] = number,
        }
    }

    fn operand<'a>(
        &'a self,
        source: Source,
        trees: &'a Trees<'_>,
        begin: usize,
        end: usize,
    ) -> Operand<'a> {
        match source {
            Source::Input(variable) => Operand::Block(&trees.get(variable)[begin..end]),
            Source::Register(register) => Operand::Block(&self.registers[register][..end - begin]),
            Source::Temporary(tree) => Operand::Block(&self.temporaries[tree][begin..end]),
            Source::Next(state) => Operand::Block(&self.next[state][begin..end]),
            Source::Scalar(slot) => Operand::Scalar(self.scalars[slot]),
        }
    }

    fn block(&mut self, step: &BlockStep, trees: &Trees<'_>, begin: usize, end: usize) {
        let places = match step.to {
            Target::Register(_) => 0..end - begin,
            Target::Next(_) => begin..end,
        };
        let mut taken = std::mem::take(self.target(step.to));
        let out = &mut taken[places.clone()];
        match step.action {
            BlockAction::One(function, x) => match self.operand(x, trees, begin, end) {
                Operand::Block(x) => function.apply(x, out),
                Operand::Scalar(_) => unreachable!("functions of scalars are scalars"),
            },
            BlockAction::Two(function, x, y) => {
                function.apply(
                    self.operand(x, trees, begin, end),
                    self.operand(y, trees, begin, end),
                    out,
                );
            }
            BlockAction::Interpolate(x, y, weight) => {
                let (x, y) =
                    (self.operand(x, trees, begin, end), self.operand(y, trees, begin, end));
                interpolate(x, y, self.scalars[weight], out);
            }
            BlockAction::Spread(value) => {
                for (leaf, places) in self.leaves.within(begin, end) {
                    out[places].fill(self.leaf_values[value][leaf]);
                }
            }
        }
        if let Some(tree) = step.keep {
            self.temporaries[tree][begin..end].copy_from_slice(&taken[places]);
        }
        *self.target(step.to) = taken;
    }

    fn target(&mut self, target: Target) -> &mut Vec<f32> {
        match target {
            Target::Register(register) => &mut self.registers[register],
            Target::Next(state) => &mut self.next[state],
        }
    }

    fn add_up(&mut self, index: usize, sum: &Sum, trees: &Trees<'_>, begin: usize, end: usize) {
        let mut sums = std::mem::take(&mut self.sums[index]);
        let (Operand::Block(x), y) =
            (self.operand(sum.x, trees, begin, end), self.operand(sum.y, trees, begin, end))
        else {
            unreachable!("sums are over trees")
        };
        match (sum.kind, y) {
            (SumKind::Norm, _) => {
                for (leaf, places) in self.leaves.within(begin, end) {
                    sums[leaf][1] += dot(&x[places.clone()], &x[places]);
                }
            }
            (SumKind::GlobalNorm | SumKind::ClipFactor(_), _) => sums[0][1] += dot(x, x),
            (SumKind::Dot, Operand::Block(y)) => sums[0][0] += dot(x, y),
            (SumKind::CosineSimilarity, Operand::Block(y)) => {
                for (sum, (x, y)) in sums[0].iter_mut().zip([(x, y), (x, x), (y, y)]) {
                    *sum += dot(x, y);
                }
            }
            (SumKind::Dot | SumKind::CosineSimilarity, Operand::Scalar(_)) => {
                unreachable!("kinds are equal")
            }
        }
        self.sums[index] = sums;
    }

    fn finish_sum(&mut self, index: usize, sum: &Sum) {
        let leaves = if sum.kind == SumKind::Norm { self.leaves.len() } else { 1 };
        for leaf in 0..leaves {
            let [xy, xx, yy] = self.sums[index][leaf];
            let value = match sum.kind {
                SumKind::Norm | SumKind::GlobalNorm => xx.sqrt() as f32,
                SumKind::Dot => xy as f32,
                SumKind::CosineSimilarity => (xy / (xx.sqrt() * yy.sqrt())) as f32,
                SumKind::ClipFactor(c) => clip_factor(xx.sqrt() as f32, self.scalars[c]),
            };
            self.set_small(sum.to, leaf, value);
        }
    }

    /// The results of one block. What is a state itself is set aside first, since states may change places.
    fn write(&mut self, trees: &mut Trees<'_>, begin: usize, end: usize) {
        let places = end - begin;
        let mut moved = std::mem::take(&mut self.moved);
        let results =
            self.plan.outputs.iter().chain(self.plan.carried.iter().map(|(_, source)| source));
        for (source, aside) in results.zip(&mut moved) {
            if let Source::Input(variable) = *source {
                aside[..places].copy_from_slice(&trees.get(variable)[begin..end]);
            }
        }
        let outputs = self.plan.outputs.len();
        for (number, (variable, source)) in self.plan.carried.iter().enumerate() {
            let to = &mut trees.states[*variable as usize - 2][begin..end];
            match *source {
                // The whole tree takes the state's place at the end of the step.
                Source::Next(state) if state == number => {}
                Source::Next(state) => to.copy_from_slice(&self.next[state][begin..end]),
                Source::Input(_) => to.copy_from_slice(&moved[outputs + number][..places]),
                Source::Register(register) => {
                    to.copy_from_slice(&self.registers[register][..places])
                }
                Source::Temporary(tree) => to.copy_from_slice(&self.temporaries[tree][begin..end]),
                Source::Scalar(slot) => to.fill(self.scalars[slot]),
            }
        }
        let weights = &mut trees.weights[begin..end];
        let update = match self.plan.outputs[0] {
            Source::Input(_) => &moved[0][..places],
            Source::Register(register) => &self.registers[register][..places],
            Source::Temporary(tree) => &self.temporaries[tree][begin..end],
            Source::Next(state) => &self.next[state][begin..end],
            Source::Scalar(_) => unreachable!("updates are trees"),
        };
        for (w, u) in weights.iter_mut().zip(update) {
            *w -= u;
        }
        self.moved = moved;
    }
}
