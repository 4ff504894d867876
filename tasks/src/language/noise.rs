//! The noise of the members of a block, drawn once for each voter: a pair, or a member that has a direction of its own.

use std::ops::Range;

use hatchery_engine::{Int8Perturbed, Kind};
use hatchery_kernels::int8::RankOne;
use hatchery_kernels::int8::noise::{Slice, perturbed_vector};

/// Noise of neighbouring members, as the forward pass wants it: B of the voter, A with the sign, vectors perturbed.
#[derive(Debug)]
pub(super) struct BlockNoise {
    members: usize,
    /// The voter of each member, counted from the first.
    voters: Vec<usize>,
    /// Where the slice of each tensor begins in that of a voter.
    slices: Vec<usize>,
    /// Where A of each tensor begins among the numbers of a member; for vectors, where the perturbed vector does.
    starts: Vec<usize>,
    kinds: Vec<(Kind, usize, usize)>,
    /// Slices of all voters, `(voters, slices)`.
    drawn: Vec<i8>,
    /// s A of matrices and tables, `(members, rows)`.
    signed: Vec<i32>,
    /// Perturbed vectors, `(members, rows)`.
    vectors: Vec<i8>,
}

impl BlockNoise {
    /// Draws the noise of `members`.
    pub(super) fn new(population: &Int8Perturbed, members: Range<usize>) -> Self {
        let specs = population.centre.layout.specs();
        let (mut slices, mut starts) = (vec![0], Vec::new());
        let (mut rows, mut lengths) = (0, 0);
        for (tensor, spec) in specs.iter().enumerate() {
            slices.push(slices[tensor] + population.slice_len(tensor));
            let end = if spec.kind == Kind::Vector { &mut lengths } else { &mut rows };
            starts.push(*end);
            *end += spec.rows;
        }
        let first = population.voter(members.start);
        let voters: Vec<usize> = members.clone().map(|m| population.voter(m) - first).collect();
        let size = slices[specs.len()];
        let mut drawn = vec![0; voters.last().map_or(0, |last| last + 1) * size];
        for (voter, drawn) in (first..).zip(drawn.chunks_exact_mut(size.max(1))) {
            for tensor in 0..specs.len() {
                let at = Slice {
                    generation: population.noise_generation,
                    pair: population.direction(voter as u32),
                    tensor: tensor as u32,
                };
                population.noise.fill(at, &mut drawn[slices[tensor]..slices[tensor + 1]]);
            }
        }
        let mut noise = Self {
            members: members.len(),
            voters,
            slices,
            starts,
            kinds: specs.iter().map(|spec| (spec.kind, spec.rows, spec.cols)).collect(),
            drawn,
            signed: vec![0; members.len() * rows],
            vectors: vec![0; members.len() * lengths],
        };
        for (lane, member) in members.enumerate() {
            let sign = population.sign(member);
            for (tensor, spec) in specs.iter().enumerate() {
                let range = noise.slice_range(lane, tensor);
                let (start, slice) = (noise.starts[tensor], &noise.drawn[range]);
                if spec.kind == Kind::Vector {
                    let out = &mut noise.vectors[lane * lengths + start..][..spec.rows];
                    let centre = population.centre.tensor(tensor);
                    perturbed_vector(centre, slice, sign, population.sigma_shift, out);
                } else {
                    let out = &mut noise.signed[lane * rows + start..][..spec.rows];
                    for (out, &a) in out.iter_mut().zip(&slice[spec.cols..]) {
                        *out = sign * i32::from(a);
                    }
                }
            }
        }
        noise
    }

    fn slice_range(&self, lane: usize, tensor: usize) -> Range<usize> {
        let start = self.voters[lane] * self.slices[self.kinds.len()];
        start + self.slices[tensor]..start + self.slices[tensor + 1]
    }

    /// Noise of a matrix or table for one member of the block.
    pub(super) fn rank_one(&self, lane: usize, tensor: usize) -> RankOne<'_> {
        let (_, rows, cols) = self.kinds[tensor];
        let all = self.signed.len() / self.members;
        let b = &self.drawn[self.slice_range(lane, tensor)][..cols];
        RankOne { b, a: &self.signed[lane * all + self.starts[tensor]..][..rows] }
    }

    /// A vector of one member of the block.
    pub(super) fn vector(&self, lane: usize, tensor: usize) -> &[i8] {
        let (_, rows, _) = self.kinds[tensor];
        let all = self.vectors.len() / self.members;
        &self.vectors[lane * all + self.starts[tensor]..][..rows]
    }
}
