//! Noise on a device: the twin of [`NoiseStream::fill`], same bits.

use std::ops::Range;

use super::{Argument, Device, Memory, Shape, Source};
use crate::{Distribution, KernelError, NoiseAddress, NoiseStream};

/// Which axis of a block of noise is contiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoiseLayout {
    /// `(elements, directions)`, as the CPU's blocks: threads are members.
    DirectionsLast,
    /// `(directions, elements)`: threads are features.
    ElementsLast,
}

/// The kernels that draw noise.
pub(super) fn source(distribution: Distribution) -> Source {
    with_distribution(Source::new("noise", include_str!("noise.cu")), distribution)
}

/// A source for a distribution.
pub(crate) fn with_distribution(source: Source, distribution: Distribution) -> Source {
    match distribution {
        Distribution::Normal => source,
        Distribution::Uniform => source.define("NOISE_UNIFORM", 1),
    }
}

/// Deviates to draw: `elements` of each direction; those of direction d are what [`NoiseStream::fill`] gives at pair
/// `at.pair + d`.
#[derive(Clone, Debug)]
pub struct Draw {
    /// The stream.
    pub stream: NoiseStream,
    /// The distribution.
    pub distribution: Distribution,
    /// Address of the first number of direction 0.
    pub at: NoiseAddress,
    /// The directions.
    pub directions: Range<u32>,
    /// Numbers of each.
    pub elements: usize,
    /// Which axis is contiguous.
    pub layout: NoiseLayout,
    /// Numbers from one direction to the next, if elements are contiguous.
    pub stride: usize,
}

impl Device {
    /// Writes deviates to `out` from element `first` on.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if `out` is too short; [`KernelError::Device`] if the device fails.
    pub fn draw_noise(
        &self,
        draw: &Draw,
        out: &Memory<f32>,
        first: usize,
    ) -> Result<(), KernelError> {
        let Draw { stream, distribution, at, elements, layout, stride, .. } = *draw;
        let count = draw.directions.len();
        if count * elements == 0 {
            return Ok(());
        }
        let end = first
            + match layout {
                NoiseLayout::DirectionsLast => count * elements,
                NoiseLayout::ElementsLast => (count - 1) * stride + elements,
            };
        if end > out.len() {
            let (expected, got) = (end, out.len());
            return Err(KernelError::ShapeMismatch {
                op: "draw_noise",
                what: "out",
                expected,
                got,
            });
        }
        let [key0, key1] = stream.key();
        let blocks = elements.div_ceil(distribution.per_block());
        let (kernel, along, across) = match layout {
            NoiseLayout::DirectionsLast => ("draw_noise", count, blocks),
            NoiseLayout::ElementsLast => ("draw_noise_rows", blocks, count),
        };
        let mut shape = Shape::items(along, 128);
        shape.grid[1] = across.min(65_535) as u32;
        let arguments = [
            out.argument_from(first),
            Argument::U32(key0),
            Argument::U32(key1),
            Argument::U32(at.generation),
            Argument::U32(at.layer),
            Argument::U32(at.pair.wrapping_add(draw.directions.start)),
            Argument::U32(count as u32),
            Argument::U32(elements as u32),
            Argument::U32(at.block),
            Argument::U64(stride as u64),
        ];
        let arguments = match layout {
            NoiseLayout::DirectionsLast => &arguments[..9],
            NoiseLayout::ElementsLast => &arguments,
        };
        // SAFETY: the arguments are those of the kernel, which writes only the elements that were checked above.
        unsafe { self.launch(&source(distribution), kernel, shape, arguments) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuda::testing;

    #[test]
    fn a_device_draws_the_bits_of_the_cpu() {
        let Some(device) = testing::device() else { return };
        let stream = NoiseStream::new(9);
        let at = NoiseAddress { generation: 3, pair: 2, layer: 5, block: 1 };
        for distribution in [Distribution::Normal, Distribution::Uniform] {
            for (directions, elements) in [(1, 1), (3, 9), (130, 37), (16, 64)] {
                for layout in [NoiseLayout::DirectionsLast, NoiseLayout::ElementsLast] {
                    let out = device.zeros::<f32>(7 + directions * elements).expect("memory");
                    let range = 4..4 + directions as u32;
                    let draw = Draw {
                        stream,
                        distribution,
                        at,
                        directions: range,
                        elements,
                        layout,
                        stride: elements,
                    };
                    device.draw_noise(&draw, &out, 7).expect("drawn");
                    let found = out.download().expect("read");
                    assert!(found[..7].iter().all(|v| *v == 0.0));
                    let mut expected = vec![0.0; elements];
                    for d in 0..directions {
                        let pair = 2 + 4 + d as u32;
                        stream.fill(distribution, NoiseAddress { pair, ..at }, &mut expected);
                        for (e, value) in expected.iter().enumerate() {
                            let at = match layout {
                                NoiseLayout::DirectionsLast => e * directions + d,
                                NoiseLayout::ElementsLast => d * elements + e,
                            };
                            assert_eq!(found[7 + at].to_bits(), value.to_bits());
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let Some(device) = testing::device() else { return };
        let out = device.zeros::<f32>(11).expect("memory");
        let (stream, at) = (NoiseStream::new(0), NoiseAddress::default());
        let layout = NoiseLayout::ElementsLast;
        let (distribution, directions, elements) = (Distribution::Normal, 0..3, 4);
        let draw = Draw { stream, distribution, at, directions, elements, layout, stride: 4 };
        assert!(device.draw_noise(&draw, &out, 0).is_err());
    }
}
