//! Some neighbouring members of a population, ready for forward passes.

use std::cell::RefCell;
use std::ops::Range;

use hatchery_engine::{Perturbed, Population};
use hatchery_kernels::{
    Backend, EmbeddingCall, Input, KernelError, Lanes, LayerNoise, Packed, PerturbedLinear,
    TransposedLinear, VectorCall,
};

/// The noise of a block of members, drawn once and used for every step and both signs.
///
/// Lane `l` of the block is direction `first + l % directions`; the `+` members come first, then the `-` members.
/// A range of members that begins or ends inside a pair is completed to whole pairs; [`MemberBlock::lane_of`] says
/// where a member is.
#[derive(Debug)]
pub struct MemberBlock<'p> {
    population: &'p Perturbed,
    members: Range<usize>,
    directions: Range<u32>,
    lanes: Lanes,
    noise: Vec<LayerNoise>,
}

thread_local! {
    /// Noise of blocks that are gone: a generation has thousands of blocks of the same size, and fresh memory is slow.
    static SPARE: RefCell<Vec<LayerNoise>> = const { RefCell::new(Vec::new()) };
}

/// Spare tensors that a thread keeps.
const SPARE_MAX: usize = 64;

impl Drop for MemberBlock<'_> {
    fn drop(&mut self) {
        // At the end of a thread there is nothing left to keep it in.
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            let room = SPARE_MAX.saturating_sub(spare.len());
            // Last in, first out: the next block then finds each tensor at its old size.
            spare.extend(self.noise.drain(..).rev().take(room));
        });
    }
}

impl<'p> MemberBlock<'p> {
    /// Draws the noise of `members`.
    pub fn new(population: &'p Perturbed, members: Range<usize>) -> Self {
        let directions = population.directions_of(&members);
        let count = directions.len();
        let halves = population.sampling.members_per_direction();
        let signs = (0..halves)
            .flat_map(|half| {
                directions.clone().map(move |d| population.sign(d as usize * halves + half))
            })
            .collect();
        let lanes = Lanes { directions: count, halves, signs, sigma: population.sigma };
        let mut noise = Vec::new();
        for tensor in 0..population.theta.layout.specs().len() {
            let spare = SPARE.try_with(|spare| spare.borrow_mut().pop());
            let mut drawn = spare.ok().flatten().unwrap_or_default();
            drawn.draw(&population.tensor_noise(tensor), directions.clone());
            noise.push(drawn);
        }
        Self { population, members, directions, lanes, noise }
    }

    /// The lanes: directions, signs, σ.
    pub fn lanes(&self) -> &Lanes {
        &self.lanes
    }

    /// The lane of a member of the population.
    pub fn lane_of(&self, member: usize) -> usize {
        let halves = self.lanes.halves;
        (member / halves - self.directions.start as usize)
            + (member % halves) * self.lanes.directions
    }

    /// The member of the population that lane `lane` is; may lie outside the range the block was made for.
    pub fn member_of(&self, lane: usize) -> usize {
        let direction = self.directions.start as usize + lane % self.lanes.directions;
        direction * self.lanes.halves + lane / self.lanes.directions
    }

    /// The direction of lane `lane`.
    pub fn direction_of(&self, lane: usize) -> u32 {
        self.directions.start + (lane % self.lanes.directions) as u32
    }

    /// Generation of the population.
    pub fn generation(&self) -> u32 {
        self.population.generation()
    }

    /// Hands each member's value to its fitness slot; `of` is asked with lanes.
    pub fn scatter(&self, fitness: &mut [f32], of: impl Fn(usize) -> f32) {
        for (slot, member) in fitness.iter_mut().zip(self.members.clone()) {
            *slot = of(self.lane_of(member));
        }
    }

    /// `y = x Wᵀ + b` with each lane's own W and b; `y` is `(outputs, rows, lanes)`.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if `x` or `y` does not fit the tensors.
    pub fn linear(
        &self,
        weight: usize,
        bias: Option<usize>,
        x: Input<'_>,
        rows: usize,
        backend: &Backend,
        y: &mut [f32],
    ) -> Result<(), KernelError> {
        let theta = &self.population.theta;
        let spec = &theta.layout.specs()[weight];
        let call = PerturbedLinear {
            weights: theta.tensor(weight),
            packed: self.packed(weight, (spec.rows, spec.cols), false, x),
            outputs: spec.rows,
            inputs: spec.cols,
            bias: bias.map(|bias| (theta.tensor(bias), &self.noise[bias])),
            noise: &self.noise[weight],
            lanes: &self.lanes,
            x,
            rows,
        };
        backend.perturbed_linear(&call, y)
    }

    /// `y = x W` with each lane's own W `(inputs, outputs)`; `y` is `(outputs, rows, lanes)`.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if `x` or `y` does not fit the tensor.
    pub fn transposed_linear(
        &self,
        weight: usize,
        x: Input<'_>,
        rows: usize,
        backend: &Backend,
        y: &mut [f32],
    ) -> Result<(), KernelError> {
        let theta = &self.population.theta;
        let spec = &theta.layout.specs()[weight];
        let call = TransposedLinear {
            weights: theta.tensor(weight),
            packed: self.packed(weight, (spec.cols, spec.rows), true, x),
            inputs: spec.rows,
            outputs: spec.cols,
            noise: &self.noise[weight],
            lanes: &self.lanes,
            x,
            rows,
        };
        backend.transposed_linear(&call, y)
    }

    /// The packed matrix, where the layer will use it: inputs that all lanes share go through a plain product.
    fn packed(
        &self,
        index: usize,
        shape: (usize, usize),
        transposed: bool,
        x: Input<'_>,
    ) -> Option<&Packed> {
        let weights = self.population.theta.tensor(index);
        match x {
            Input::Shared(_) => None,
            _ => Some(self.population.packed.get(index, weights, shape, transposed)),
        }
    }

    /// Row `indices[row][lane]` of each lane's own table; `y` is `(width, rows, lanes)`.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if an index or `y` does not fit the table.
    pub fn embedding(
        &self,
        table: usize,
        indices: &[u32],
        rows: usize,
        backend: &Backend,
        y: &mut [f32],
    ) -> Result<(), KernelError> {
        let theta = &self.population.theta;
        let spec = &theta.layout.specs()[table];
        let call = EmbeddingCall {
            table: theta.tensor(table),
            entries: spec.rows,
            width: spec.cols,
            noise: &self.noise[table],
            lanes: &self.lanes,
            indices,
            rows,
        };
        backend.embedding(&call, y)
    }

    /// Each lane's own copy of a vector; `y` is `(length, lanes)`.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if `y` has another length.
    pub fn vector(
        &self,
        index: usize,
        backend: &Backend,
        y: &mut [f32],
    ) -> Result<(), KernelError> {
        let values = self.population.theta.tensor(index);
        let call = VectorCall { values, noise: &self.noise[index], lanes: &self.lanes };
        backend.vector(&call, y)
    }
}
