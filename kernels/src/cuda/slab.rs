//! The noise of neighbouring members on a device: drawn once, read by every pass.

use super::column::{Members, Places};
use super::noise::{Draw, NoiseLayout};
use super::{Argument, Device, Memory, Shape};
use crate::KernelError;
use crate::cpu::{Perturbation, TensorNoise};

/// Noise of all tensors for D directions, `(elements, D)` with directions contiguous: what `LayerNoise` is on the CPU.
///
/// A low-rank tensor has B `(rank, padded cols)` then A `(rank, padded rows)`, a sparse one its values, then its places as
/// bits.
#[derive(Debug)]
pub(super) struct Slab {
    pub values: Memory<f32>,
}

impl Slab {
    /// Numbers of one direction.
    pub(super) fn elements(members: &Members<'_>) -> usize {
        Places::of_noise(members).len
    }

    pub(super) fn draw(device: &Device, members: &Members<'_>) -> Result<Self, KernelError> {
        let places = Places::of_noise(members);
        let values = device.allocate(places.len * members.count())?;
        for (tensor, element) in members.tensors.iter().zip(&places.firsts) {
            let (layout, first) = (NoiseLayout::DirectionsLast, element * members.count());
            draw_tensor(device, &tensor.noise, members, layout, first, &values)?;
        }
        Ok(Self { values })
    }
}

/// Draws the noise of one tensor from number `first` on.
pub(super) fn draw_tensor(
    device: &Device,
    noise: &TensorNoise,
    members: &Members<'_>,
    layout: NoiseLayout,
    first: usize,
    values: &Memory<f32>,
) -> Result<(), KernelError> {
    let elements = noise.elements();
    let drawn = match noise.perturbation {
        Perturbation::Sparse => noise.entries(),
        _ => elements,
    };
    let (at, stream, distribution) = (noise.at(0), noise.stream, noise.distribution);
    let draw = Draw {
        stream,
        distribution,
        at,
        directions: members.directions.clone(),
        elements: drawn,
        layout,
        stride: elements,
    };
    device.draw_noise(&draw, values, first)?;
    if noise.perturbation == Perturbation::Sparse {
        let [key0, key1] = stream.key();
        let mut shape = Shape::items(members.count(), 128);
        shape.grid[1] = drawn.div_ceil(4).min(65_535) as u32;
        let (by_element, by_direction) = match layout {
            NoiseLayout::DirectionsLast => (members.count(), 1),
            NoiseLayout::ElementsLast => (1, elements),
        };
        let source = super::noise::source(distribution);
        let arguments = [
            values.argument_from(first + drawn * by_element),
            Argument::U32(key0),
            Argument::U32(key1),
            Argument::U32(at.generation),
            Argument::U32(at.layer),
            Argument::U32(members.directions.start),
            Argument::U32(members.count() as u32),
            Argument::U32(drawn as u32),
            Argument::U32((noise.pad(drawn) / distribution.per_block()) as u32),
            Argument::U64((noise.rows * noise.cols) as u64),
            Argument::U64(by_element as u64),
            Argument::U64(by_direction as u64),
        ];
        // SAFETY: the arguments are those of the kernel; the slab has room for `2 * entries` numbers of each direction.
        unsafe { device.launch(&source, "draw_places", shape, &arguments)? };
    }
    Ok(())
}
