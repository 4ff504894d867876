//! Values of formulas over the rows of a table, and their derivatives with respect to constants.
//!
//! Rows are taken in blocks that stay in the first cache. Every operation has a block of its own, so that the way back finds all
//! values. Operands that are the same for all rows stay single numbers. On the way back an adjoint is a number times a block that
//! lies somewhere already (a column, a value, an earlier adjoint), so that sums and products with constants cost nothing.
//! Only what depends on a constant is visited again when constants have changed, as long as the table fits one block.

use std::ops::Range;

use hatchery_kernels::cpu::elementwise::{Binary, Operand, Unary};

use super::sums::{Moments, MomentsOf, SquaredError};
use super::{Expression, NODES_MAX, Node, Table};
use crate::program::Action;

/// Rows of a block: with 30 operations a formula's values fill the first cache.
pub const BLOCK: usize = 256;

/// Where the value of a node is.
#[derive(Clone, Copy, Debug)]
enum Slot {
    /// The same in every row.
    Number(f32),
    /// A column of the table.
    Column(u16),
    /// One of the blocks of values.
    Block(u8),
}

/// Where the block of an adjoint is; the adjoint is `factor` times it.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// 1 in every row.
    Ones,
    /// The value of a node.
    Value(Slot),
    /// A block of adjoints.
    Block(u8),
}

/// The derivative of a formula with respect to the value of a node.
#[derive(Clone, Copy, Debug)]
struct Adjoint {
    factor: f32,
    place: Place,
}

/// Space for evaluating formulas one after the other on one table.
#[derive(Debug)]
pub struct Machine<'t> {
    table: &'t Table,
    nodes: Vec<Node>,
    /// First argument of each node that has two; the last argument is always the node before.
    first: [u8; NODES_MAX],
    slots: [Slot; NODES_MAX],
    depends: [bool; NODES_MAX],
    adjoints: [Adjoint; NODES_MAX],
    values: Vec<f32>,
    backward: Vec<f32>,
    ones: Vec<f32>,
    scratch: Vec<f32>,
    adjoint_blocks: usize,
    columns: Vec<f32>,
    /// Values of what does not depend on constants are those of this formula.
    warm: bool,
}

impl<'t> Machine<'t> {
    /// A machine for a table.
    pub fn new(table: &'t Table) -> Self {
        Self {
            table,
            nodes: Vec::with_capacity(64),
            first: [0; NODES_MAX],
            slots: [Slot::Number(0.0); NODES_MAX],
            depends: [false; NODES_MAX],
            adjoints: [Adjoint { factor: 0.0, place: Place::Ones }; NODES_MAX],
            values: Vec::new(),
            backward: Vec::new(),
            ones: vec![1.0; BLOCK],
            scratch: vec![0.0; 3 * BLOCK],
            adjoint_blocks: 0,
            columns: Vec::new(),
            warm: false,
        }
    }

    /// The table.
    pub fn table(&self) -> &'t Table {
        self.table
    }

    /// Takes up a formula.
    ///
    /// # Panics
    /// If it names a column that the table has not.
    pub fn load(&mut self, expression: &Expression) {
        self.nodes.clear();
        self.nodes.extend_from_slice(expression.nodes());
        self.warm = false;
        let mut begins = [0_u8; NODES_MAX];
        let mut blocks = 0_u8;
        for index in 0..self.nodes.len() {
            let node = self.nodes[index];
            let i = index as u8;
            match node {
                Node::Column(column) => {
                    assert!(usize::from(column) < self.table.columns().len(), "no such column");
                    (begins[index], self.depends[index]) = (i, false);
                    self.slots[index] = Slot::Column(column);
                }
                Node::Constant(value) => {
                    (begins[index], self.depends[index]) = (i, true);
                    self.slots[index] = Slot::Number(value);
                }
                Node::Call(operation) => {
                    let y = index - 1;
                    let mut x = y;
                    if operation.args() == 2 {
                        x = begins[y] as usize - 1;
                        self.first[index] = x as u8;
                    }
                    begins[index] = begins[x];
                    self.depends[index] = self.depends[x] || self.depends[y];
                    let number = |at: usize| matches!(self.slots[at], Slot::Number(_));
                    self.slots[index] = if number(x) && number(y) {
                        Slot::Number(0.0)
                    } else {
                        blocks += 1;
                        Slot::Block(blocks - 1)
                    };
                }
            }
        }
        let space = blocks as usize * BLOCK;
        if self.values.len() < space {
            self.values.resize(space, 0.0);
        }
    }

    /// The constants of the formula at hand, in order.
    pub(super) fn constants(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        self.nodes.iter().enumerate().filter_map(|(index, node)| match node {
            Node::Constant(value) => Some((index, *value)),
            _ => None,
        })
    }

    /// A constant of the formula at hand.
    pub(super) fn constant(&self, node: usize) -> f32 {
        match self.nodes[node] {
            Node::Constant(value) => value,
            _ => unreachable!("it is a constant"),
        }
    }

    /// Changes a constant of the formula at hand.
    pub(super) fn set_constant(&mut self, node: usize, value: f32) {
        self.nodes[node] = Node::Constant(value);
        self.slots[node] = Slot::Number(value);
    }

    /// Space for columns of derivatives.
    pub(super) fn columns(&mut self) -> &mut Vec<f32> {
        &mut self.columns
    }

    /// Blocks that the table is cut into.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let rows = self.table.rows();
        (0..rows).step_by(BLOCK).map(move |begin| begin..rows.min(begin + BLOCK))
    }

    /// Values of all nodes in the rows of a block; [`Self::result`] is the root's.
    pub(super) fn forward(&mut self, rows: Range<usize>) {
        let warm = self.warm;
        self.warm = self.table.rows() <= BLOCK;
        let count = rows.len();
        for index in 0..self.nodes.len() {
            let Node::Call(operation) = self.nodes[index] else { continue };
            if warm && !self.depends[index] {
                continue;
            }
            match operation.action() {
                Action::One(function) => self.one(function, index, &rows, count),
                Action::Two(function) => self.two(function, index, &rows, count),
                _ => unreachable!("a formula has operations of one or two numbers only"),
            }
        }
    }

    fn one(&mut self, function: Unary, index: usize, rows: &Range<usize>, count: usize) {
        match (self.slots[index - 1], self.slots[index]) {
            (Slot::Number(x), _) => {
                let mut out = [0.0];
                function.apply(&[x], &mut out);
                self.slots[index] = Slot::Number(out[0]);
            }
            (slot, Slot::Block(block)) => {
                let (before, out) = self.values.split_at_mut(block as usize * BLOCK);
                let x = block_of(self.table, before, slot, rows);
                function.apply(x, &mut out[..count]);
            }
            _ => unreachable!("what depends on rows has a block"),
        }
    }

    fn two(&mut self, function: Binary, index: usize, rows: &Range<usize>, count: usize) {
        let (x, y) = (self.slots[self.first[index] as usize], self.slots[index - 1]);
        match self.slots[index] {
            Slot::Block(block) => {
                let (before, out) = self.values.split_at_mut(block as usize * BLOCK);
                let x = operand_of(self.table, before, x, rows);
                let y = operand_of(self.table, before, y, rows);
                function.apply(x, y, &mut out[..count]);
            }
            _ => {
                let (Slot::Number(x), Slot::Number(y)) = (x, y) else {
                    unreachable!("what depends on rows has a block")
                };
                let mut out = [0.0];
                function.apply(Operand::Scalar(x), Operand::Scalar(y), &mut out);
                self.slots[index] = Slot::Number(out[0]);
            }
        }
    }

    /// The root's values after [`Self::forward`] over the same rows.
    pub(super) fn result(&self, rows: &Range<usize>) -> Operand<'_> {
        operand_of(self.table, &self.values, self.slots[self.nodes.len() - 1], rows)
    }

    /// Derivatives of the root with respect to every node that depends on constants, after [`Self::forward`] over the same rows.
    pub(super) fn reverse(&mut self, rows: Range<usize>) {
        self.adjoint_blocks = 0;
        let root = self.nodes.len() - 1;
        self.adjoints[root] = Adjoint { factor: 1.0, place: Place::Ones };
        for index in (0..=root).rev() {
            let Node::Call(operation) = self.nodes[index] else { continue };
            if !self.depends[index] {
                continue;
            }
            match operation.action() {
                Action::One(function) => self.back_one(function, index, &rows),
                Action::Two(function) => self.back_two(function, index, &rows),
                _ => unreachable!("a formula has operations of one or two numbers only"),
            }
        }
    }

    /// The derivative with respect to a constant, after [`Self::reverse`]: a factor and what it multiplies.
    pub(super) fn derivative(&self, node: usize, rows: &Range<usize>) -> (f32, Operand<'_>) {
        let Adjoint { factor, place } = self.adjoints[node];
        let block = match place {
            Place::Ones => Operand::Scalar(1.0),
            Place::Value(slot) => operand_of(self.table, &self.values, slot, rows),
            Place::Block(block) => {
                let begin = block as usize * BLOCK;
                Operand::Block(&self.backward[begin..begin + rows.len()])
            }
        };
        (factor, block)
    }

    /// A new block of adjoints.
    fn adjoint_block(&mut self) -> u8 {
        let block = self.adjoint_blocks;
        self.adjoint_blocks += 1;
        if self.backward.len() < self.adjoint_blocks * BLOCK {
            self.backward.resize(self.adjoint_blocks * BLOCK, 0.0);
        }
        block as u8
    }

    fn back_one(&mut self, function: Unary, index: usize, rows: &Range<usize>) {
        let Adjoint { factor, place } = self.adjoints[index];
        let (x, value) = (self.slots[index - 1], self.slots[index]);
        self.adjoints[index - 1] = match (function, x) {
            (Unary::Negative, _) => Adjoint { factor: -factor, place },
            (_, Slot::Number(x)) => {
                let Slot::Number(y) = value else { unreachable!("a function of a number is one") };
                let mut slope = [0.0];
                function.add_slope(&[x], &[y], &[1.0], &mut slope);
                Adjoint { factor: factor * slope[0], place }
            }
            (Unary::Square, _) => self.product(2.0 * factor, place, x, rows),
            (Unary::Exp, _) => self.product(factor, place, value, rows),
            _ => {
                let block = self.adjoint_block();
                let (before, out) = self.backward.split_at_mut(block as usize * BLOCK);
                let out = &mut out[..rows.len()];
                out.fill(0.0);
                let above = match place {
                    Place::Ones => &self.ones[..rows.len()],
                    Place::Value(Slot::Number(value)) => {
                        let above = &mut self.scratch[..rows.len()];
                        above.fill(value);
                        above
                    }
                    Place::Value(slot) => block_of(self.table, &self.values, slot, rows),
                    Place::Block(block) => {
                        &before[block as usize * BLOCK..block as usize * BLOCK + rows.len()]
                    }
                };
                let y = block_of(self.table, &self.values, value, rows);
                let x = block_of(self.table, &self.values, x, rows);
                function.add_slope(x, y, above, out);
                Adjoint { factor, place: Place::Block(block) }
            }
        };
    }

    /// `factor · place · value` as an adjoint.
    fn product(&mut self, factor: f32, place: Place, value: Slot, rows: &Range<usize>) -> Adjoint {
        match (place, value) {
            (_, Slot::Number(value)) => Adjoint { factor: factor * value, place },
            (Place::Ones, value) => Adjoint { factor, place: Place::Value(value) },
            _ => Adjoint { factor, place: self.combined(Binary::Multiply, place, value, rows) },
        }
    }

    /// `f(place, value)` in a block of its own.
    fn combined(
        &mut self,
        function: Binary,
        place: Place,
        value: Slot,
        rows: &Range<usize>,
    ) -> Place {
        let block = self.adjoint_block();
        let (before, out) = self.backward.split_at_mut(block as usize * BLOCK);
        let above = match place {
            Place::Ones => Operand::Scalar(1.0),
            Place::Value(slot) => operand_of(self.table, &self.values, slot, rows),
            Place::Block(block) => {
                Operand::Block(&before[block as usize * BLOCK..block as usize * BLOCK + rows.len()])
            }
        };
        let value = operand_of(self.table, &self.values, value, rows);
        function.apply(above, value, &mut out[..rows.len()]);
        Place::Block(block)
    }

    fn back_two(&mut self, function: Binary, index: usize, rows: &Range<usize>) {
        let Adjoint { factor, place } = self.adjoints[index];
        let (first, second) = (self.first[index] as usize, index - 1);
        let (to_x, to_y) = (self.depends[first], self.depends[second]);
        let (x, y, value) = (self.slots[first], self.slots[second], self.slots[index]);
        match function {
            Binary::Add => {
                self.adjoints[first] = Adjoint { factor, place };
                self.adjoints[second] = Adjoint { factor, place };
            }
            Binary::Subtract => {
                self.adjoints[first] = Adjoint { factor, place };
                self.adjoints[second] = Adjoint { factor: -factor, place };
            }
            Binary::Multiply => {
                if to_x {
                    self.adjoints[first] = self.product(factor, place, y, rows);
                }
                if to_y {
                    self.adjoints[second] = self.product(factor, place, x, rows);
                }
            }
            Binary::Divide => {
                if to_x {
                    self.adjoints[first] = self.quotient(factor, place, y, rows);
                }
                if to_y {
                    let above = self.product(-factor, place, value, rows);
                    self.adjoints[second] = self.quotient(above.factor, above.place, y, rows);
                }
            }
            _ => self.back_slopes(function, index, rows),
        }
    }

    /// The way back through a function of two whose slopes have no short form.
    fn back_slopes(&mut self, function: Binary, index: usize, rows: &Range<usize>) {
        let Adjoint { factor, place } = self.adjoints[index];
        let (first, second) = (self.first[index] as usize, index - 1);
        let Slot::Block(value) = self.slots[index] else {
            return self.back_numbers(function, index);
        };
        let (x_block, y_block) = (self.adjoint_block(), self.adjoint_block());
        let count = rows.len();
        let block = |block: u8| block as usize * BLOCK..block as usize * BLOCK + count;
        let (before, out) = self.backward.split_at_mut(x_block as usize * BLOCK);
        let (out_x, out_y) = out.split_at_mut(BLOCK);
        let (of_x, rest) = self.scratch.split_at_mut(BLOCK);
        let (of_y, of_above) = rest.split_at_mut(BLOCK);
        let operand = |slot: Slot| operand_of(self.table, &self.values, slot, rows);
        let x = filled(operand(self.slots[first]), of_x, count);
        let y = filled(operand(self.slots[second]), of_y, count);
        let above = match place {
            Place::Ones => Operand::Scalar(1.0),
            Place::Value(slot) => operand(slot),
            Place::Block(at) => Operand::Block(&before[block(at)]),
        };
        let above = filled(above, of_above, count);
        let value = &self.values[block(value)];
        function.slopes((x, y), value, above, (&mut out_x[..count], &mut out_y[..count]));
        self.adjoints[first] = Adjoint { factor, place: Place::Block(x_block) };
        self.adjoints[second] = Adjoint { factor, place: Place::Block(y_block) };
    }

    /// A function of two numbers that are the same in every row.
    fn back_numbers(&mut self, function: Binary, index: usize) {
        let Adjoint { factor, place } = self.adjoints[index];
        let (first, second) = (self.first[index] as usize, index - 1);
        let (Slot::Number(x), Slot::Number(y), Slot::Number(value)) =
            (self.slots[first], self.slots[second], self.slots[index])
        else {
            unreachable!("a function of numbers is one")
        };
        let (mut by_x, mut by_y) = ([0.0], [0.0]);
        function.slopes((&[x], &[y]), &[value], &[1.0], (&mut by_x, &mut by_y));
        self.adjoints[first] = Adjoint { factor: factor * by_x[0], place };
        self.adjoints[second] = Adjoint { factor: factor * by_y[0], place };
    }

    /// `factor · place / value` as an adjoint.
    fn quotient(&mut self, factor: f32, place: Place, value: Slot, rows: &Range<usize>) -> Adjoint {
        match value {
            Slot::Number(value) => Adjoint { factor: factor / value, place },
            _ => Adjoint { factor, place: self.combined(Binary::Divide, place, value, rows) },
        }
    }

    /// Sums over all rows that tell how well the formula at hand fits the deviations of a target.
    pub(super) fn moments(&mut self, deviations: &[f32]) -> Moments {
        let mut moments = Moments::default();
        for rows in self.blocks() {
            self.forward(rows.clone());
            let y = &deviations[rows.clone()];
            let weights = self.table.weights().map(|weights| &weights[rows.clone()]);
            moments.add(&MomentsOf { f: self.result(&rows), y, weights }.sum());
        }
        moments
    }

    /// Sums over all rows of the formula at hand and a target: what a search scores formulas by.
    pub fn sums(&mut self, target: usize) -> Moments {
        let table: &Table = self.table;
        self.moments(&table.targets()[target].deviations)
    }

    /// The relative loss of `offset + slope · f` for the formula at hand, without the cancellation that sums suffer from.
    pub(super) fn exact_loss(&mut self, target: usize, offset: f64, slope: f64) -> f64 {
        let table: &Table = self.table;
        let target = &table.targets()[target];
        let mut sum = 0.0;
        for rows in self.blocks() {
            self.forward(rows.clone());
            let weights = table.weights().map(|weights| &weights[rows.clone()]);
            let (f, y) = (self.result(&rows), &target.deviations[rows.clone()]);
            let offset = offset - target.mean;
            sum += SquaredError { f, slope, offset, y, weights }.sum();
        }
        sum / self.table.total() / target.variance
    }

    /// The values of a formula in every row of the table.
    pub fn predict(&mut self, expression: &Expression) -> Vec<f32> {
        self.load(expression);
        let mut all = Vec::with_capacity(self.table.rows());
        for rows in self.blocks() {
            self.forward(rows.clone());
            match self.result(&rows) {
                Operand::Block(block) => all.extend_from_slice(block),
                Operand::Scalar(value) => all.extend(std::iter::repeat_n(value, rows.len())),
            }
        }
        all
    }
}

fn block_of<'a>(table: &'a Table, values: &'a [f32], slot: Slot, rows: &Range<usize>) -> &'a [f32] {
    match operand_of(table, values, slot, rows) {
        Operand::Block(block) => block,
        Operand::Scalar(_) => unreachable!("numbers were dealt with before"),
    }
}

fn operand_of<'a>(
    table: &'a Table,
    values: &'a [f32],
    slot: Slot,
    rows: &Range<usize>,
) -> Operand<'a> {
    match slot {
        Slot::Number(value) => Operand::Scalar(value),
        Slot::Column(column) => {
            Operand::Block(&table.columns()[column as usize].values[rows.clone()])
        }
        Slot::Block(block) => {
            Operand::Block(&values[block as usize * BLOCK..block as usize * BLOCK + rows.len()])
        }
    }
}

fn filled<'a>(operand: Operand<'a>, space: &'a mut [f32], count: usize) -> &'a [f32] {
    match operand {
        Operand::Block(block) => block,
        Operand::Scalar(value) => {
            space[..count].fill(value);
            &space[..count]
        }
    }
}
