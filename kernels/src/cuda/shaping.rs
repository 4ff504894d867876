//! From fitness to weights of directions on a device. Source, grids and twins: see `shaping.cu`.

use super::{Argument, Device, Memory, Shape, Source};
use crate::KernelError;

/// Members whose numbers are summed in order; sums of more are sums of these.
pub const SUM_CHUNK: usize = 4096;

/// How fitness becomes utility, of the whole population as one group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Utility {
    /// `(f − mean f) / √(var f + floor)`.
    ZScore {
        /// Added to the variance.
        floor: f64,
    },
    /// `(f − mean f) · factor`.
    Centred {
        /// The factor.
        factor: f64,
    },
    /// `rank/(N − 1) − ½`, ties sharing theirs.
    CentredRanks,
    /// `1`, `0` or `−1`: which twin was better.
    SignOfPair,
    /// `f`.
    Raw,
}

pub(super) fn source() -> Source {
    Source::new("shaping", include_str!("shaping.cu"))
}

impl Device {
    /// Utilities of finite fitness, `(members,)`.
    ///
    /// # Errors
    /// [`KernelError::DeviceMemory`] and [`KernelError::Device`] from the device.
    pub fn utilities(&self, utility: Utility, fitness: &[f32]) -> Result<Memory<f32>, KernelError> {
        let members = fitness.len();
        let fitness = self.upload(fitness)?;
        let centred = |mean, factor: f64| {
            let more = [Argument::F64(mean), Argument::F64(factor)];
            self.per_member("centred", &fitness, &more)
        };
        match utility {
            Utility::ZScore { floor } => {
                let mean = self.sum(&fitness, 0.0, false)? / members as f64;
                let variance = self.sum(&fitness, mean, true)? / members as f64;
                centred(mean, 1.0 / (variance + floor).sqrt())
            }
            Utility::Centred { factor } => {
                let mean = self.sum(&fitness, 0.0, false)? / members as f64;
                centred(mean, factor)
            }
            Utility::CentredRanks => self.ranks(&fitness),
            Utility::SignOfPair => self.per_member("signs_of_pairs", &fitness, &[]),
            Utility::Raw => Ok(fitness),
        }
    }

    /// Weight of each direction: `scale` times the sum of its members' utilities with their signs.
    ///
    /// # Errors
    /// [`KernelError::DeviceMemory`] and [`KernelError::Device`] from the device.
    pub fn fold(
        &self,
        utilities: &Memory<f32>,
        halves: usize,
        baseline_group: u32,
        scale: f64,
    ) -> Result<Memory<f32>, KernelError> {
        let directions = utilities.len() / halves.max(1);
        let weights = self.allocate::<f32>(directions)?;
        let arguments = [
            utilities.argument(),
            Argument::U32(directions as u32),
            Argument::U32(halves as u32),
            Argument::U32(baseline_group),
            Argument::F64(scale),
            weights.argument(),
        ];
        let shape = Shape::items(directions, 256);
        // SAFETY: the arguments are those of the kernel, the arrays have the sizes given.
        unsafe { self.launch(&source(), "fold_members", shape, &arguments)? };
        Ok(weights)
    }

    /// A kernel that makes one number of each member's.
    fn per_member(
        &self,
        kernel: &str,
        fitness: &Memory<f32>,
        more: &[Argument],
    ) -> Result<Memory<f32>, KernelError> {
        let out = self.allocate::<f32>(fitness.len())?;
        let mut arguments = vec![fitness.argument(), Argument::U32(fitness.len() as u32)];
        arguments.extend_from_slice(more);
        arguments.push(out.argument());
        let shape = Shape::items(fitness.len(), 256);
        // SAFETY: the callers give the arguments that the kernel takes between members and output.
        unsafe { self.launch(&source(), kernel, shape, &arguments)? };
        Ok(out)
    }

    fn sum(&self, fitness: &Memory<f32>, mean: f64, squared: bool) -> Result<f64, KernelError> {
        let chunks = fitness.len().div_ceil(SUM_CHUNK);
        let sums = self.allocate::<f64>(chunks)?;
        let arguments = [
            fitness.argument(),
            Argument::U32(fitness.len() as u32),
            Argument::F64(mean),
            Argument::U32(u32::from(squared)),
            sums.argument(),
        ];
        // SAFETY: the arguments are those of the kernel; there is one sum for each chunk.
        unsafe { self.launch(&source(), "chunk_sums", Shape::items(chunks, 32), &arguments)? };
        Ok(sums.download()?.iter().sum())
    }

    fn ranks(&self, fitness: &Memory<f32>) -> Result<Memory<f32>, KernelError> {
        /// Values that a block sorts in shared memory.
        const BLOCK: usize = 1024;
        let members = fitness.len();
        let padded = members.next_power_of_two().max(BLOCK);
        let sorted = self.allocate::<f32>(padded)?;
        let number = |n: usize| Argument::U32(n as u32);
        let launch = |kernel, shape, arguments: &[Argument]| {
            // SAFETY: the arguments are those of the kernels; `sorted` has `padded` values.
            unsafe { self.launch(&source(), kernel, shape, arguments) }
        };
        let arguments = [fitness.argument(), number(members), number(padded), sorted.argument()];
        launch("pad_fitness", Shape::items(padded, 256), &arguments)?;
        let blocks = Shape { block: [512, 1, 1], ..Shape::items(padded, BLOCK as u32) };
        let within = |first: usize, last: usize| {
            let runs = [number(first), number(last), number(BLOCK / 2)];
            let arguments = [&[sorted.argument(), number(padded)], runs.as_slice()].concat();
            launch("sort_block", blocks, &arguments)
        };
        within(2, BLOCK)?;
        let mut run = 2 * BLOCK;
        while run <= padded {
            let mut stride = run / 2;
            while stride >= BLOCK {
                let arguments = [sorted.argument(), number(padded), number(run), number(stride)];
                launch("sort_step", Shape::items(padded, 256), &arguments)?;
                stride /= 2;
            }
            within(run, run)?;
            run *= 2;
        }
        let utilities = self.allocate::<f32>(members)?;
        let arguments =
            [fitness.argument(), sorted.argument(), number(members), utilities.argument()];
        launch("ranks", Shape::items(members, 256), &arguments)?;
        Ok(utilities)
    }
}
