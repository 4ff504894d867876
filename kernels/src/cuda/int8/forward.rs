//! The forward pass of a batch of members. Source, grid and twins: see `int8_forward.cu`.

use std::ops::Range;

use super::super::plan::Footprint;
use super::super::{Argument, Cuda, Device, Shape, Source};
use super::centre::Int8Centre;
use super::model::Int8Model;
use crate::KernelError;
use crate::int8::{Int8Noise, ZeroMean};

/// Threads of a block.
const THREADS: u32 = 256;

/// Neighbouring pairs of a generation, and what they read.
#[derive(Clone, Debug)]
pub struct Int8Batch<'a> {
    /// The pairs: members `2 k` and `2 k + 1` of each pair k.
    pub pairs: Range<u32>,
    /// Members of a voter: 2, a pair with signs + and −, or 1, with sign +.
    pub halves: u32,
    /// Voter k has direction `k mod directions`.
    pub directions: u32,
    /// Generation word of the noise address.
    pub generation: u32,
    /// S: noise is scaled by 2^−S.
    pub sigma_shift: u32,
    /// Bytes that are read, `(pairs, tokens)`; both members of a pair read the same.
    pub inputs: &'a [u8],
    /// Bytes that are to be predicted, `(pairs, tokens)`.
    pub targets: &'a [u8],
}

impl Int8Batch<'_> {
    /// Voters of the batch.
    pub(super) fn voters(&self) -> Range<u32> {
        2 / self.halves * self.pairs.start..2 / self.halves * self.pairs.end
    }
}

/// The forward pass of a model for blocks of so many members, `halves` of a voter.
pub(in crate::cuda) fn source(model: &Int8Model, rows: usize, halves: u32) -> Source {
    // Wide layers keep all warps busy with all rows of a block, narrow ones share out the rows.
    let tiles = match model.width {
        0..96 => 1,
        96..160 => 2,
        _ => 4,
    };
    let source = Source::new("int8_forward", include_str!("../int8_forward.cu"))
        .with(include_str!("../matrix.cuh"))
        .with(include_str!("../int8.cuh"))
        .define("WIDTH", model.width)
        .define("DEPTH", model.depth)
        .define("ROWS", rows)
        .define("TILES", tiles.min(rows / 16))
        .define("HALVES", halves);
    match model.zero {
        ZeroMean::One => source,
        ZeroMean::Reference => source.define("REFERENCE_ZERO", 1),
    }
}

impl Int8Centre {
    /// Runs all tokens of a batch. `states`, `(members, depth, width)`, go from before the first token to behind the last; the answer is
    /// the log-likelihood of each member, in sixteenths of a bit.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if texts or states have other lengths than the batch says, or noise does not fit its table;
    /// [`KernelError::DeviceMemory`] and [`KernelError::Device`] from the device.
    ///
    /// # Panics
    /// If this centre is on another device, or `halves` is neither 1 nor 2.
    pub fn forward(
        &self,
        device: &Device,
        batch: &Int8Batch<'_>,
        states: &mut [i8],
    ) -> Result<Vec<i32>, KernelError> {
        let rows = self.model.rows(device, 2 * batch.pairs.len());
        self.forward_in(rows, device, batch, states)
    }

    /// The same in blocks of `rows` members, 16, 32 or 64.
    pub(super) fn forward_in(
        &self,
        rows: usize,
        device: &Device,
        batch: &Int8Batch<'_>,
        states: &mut [i8],
    ) -> Result<Vec<i32>, KernelError> {
        const OP: &str = "int8_forward";
        assert!(self.is_on(device), "the centre is on another device");
        assert!(matches!(batch.halves, 1 | 2), "a voter has one member or two");
        let pairs = batch.pairs.len();
        if pairs == 0 {
            return Ok(Vec::new());
        }
        let tokens = batch.inputs.len() / pairs;
        KernelError::check_len(OP, "inputs", pairs * tokens, batch.inputs.len())?;
        KernelError::check_len(OP, "targets", pairs * tokens, batch.targets.len())?;
        let state_len = self.model.state_len();
        KernelError::check_len(OP, "states", 2 * pairs * state_len, states.len())?;
        KernelError::check_len(
            OP,
            "directions",
            batch.directions.max(1) as usize,
            batch.directions as usize,
        )?;

        let blocks = (2 * pairs).div_ceil(rows);
        let members = blocks * rows;
        let footprint = Self::footprint_without_centre(&self.model, rows, tokens, batch.halves);
        device.check_fit(footprint, pairs)?;
        let noise = self.draw(device, batch, members)?;
        let text = |bytes: &[u8]| {
            let memory = device.zeros::<u8>(members / 2 * tokens)?;
            memory.write_at(0, bytes).map(|()| memory)
        };
        let (inputs, targets) = (text(batch.inputs)?, text(batch.targets)?);
        let kept = device.zeros::<i8>(members * state_len)?;
        kept.write_at(0, states)?;
        let sums = device.allocate::<i32>(members)?;
        let arguments = [
            self.packed.argument(),
            self.table.argument(),
            noise.factors.argument(),
            noise.vectors.argument(),
            inputs.argument(),
            targets.argument(),
            self.powers_of_two.argument(),
            self.powers.argument(),
            Argument::U32(tokens as u32),
            Argument::U32(4 + batch.sigma_shift),
            kept.argument(),
            sums.argument(),
        ];
        let shape = Shape {
            grid: [blocks as u32, 1, 1],
            block: [THREADS, 1, 1],
            shared_bytes: self.model.shared_bytes(rows) as u32,
        };
        let source = source(&self.model, rows, batch.halves);
        // SAFETY: the arguments are those of the kernel. Noise, texts, states and sums were allocated for `members` members, which is
        // the grid times its rows; weights and tables are those of the model that the source is compiled for.
        unsafe { device.launch(&source, "int8_forward", shape, &arguments)? };
        kept.read(0, states)?;
        let mut of_members = vec![0; 2 * pairs];
        sums.read(0, &mut of_members)?;
        Ok(of_members)
    }

    /// Whether this is in the memory of `device`.
    pub fn is_on(&self, device: &Device) -> bool {
        self.packed.is_on(device)
    }

    /// What a batch needs besides the centre. The last block of it may be of one pair.
    fn footprint_without_centre(
        model: &Int8Model,
        rows: usize,
        tokens: usize,
        halves: u32,
    ) -> Footprint {
        let of_member = model.vectors() + model.state_len() + tokens + size_of::<i32>();
        let per_pair = (2 / halves) as usize * model.factors() + 2 * of_member;
        Footprint { fixed: rows / 2 * per_pair, per_direction: per_pair }
    }
}

impl Cuda {
    /// Pairs of a batch, of `pairs` in all, `halves` members to a voter, that read `tokens` bytes each: as many as fit, and whole blocks of members.
    pub fn int8_batch(
        &self,
        model: &Int8Model,
        noise: &Int8Noise,
        tokens: usize,
        (pairs, halves): (usize, u32),
    ) -> usize {
        let Some(device) = self.devices().first() else { return pairs };
        let rows = model.rows(device, 2 * pairs / self.devices().len());
        let mut footprint = Int8Centre::footprint_without_centre(model, rows, tokens, halves);
        footprint.fixed += Int8Centre::bytes(model, noise);
        let batch = self.batch(footprint, pairs);
        // `fixed` has room for what rounding up adds.
        batch.next_multiple_of(rows / 2)
    }
}
