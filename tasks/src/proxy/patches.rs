//! 3×3 patches of pictures, for convolutions as products.
//!
//! `places` has the pixel of each place of each patch of a picture, or [`MARGIN`]; a pixel has `channels` numbers side by side.

use hatchery_kernels::simd::Kernel;

/// No pixel.
pub(super) const MARGIN: u32 = u32::MAX;

/// Patches of all pictures, zeros in the margin.
pub(super) struct Gather<'a> {
    pub(super) x: &'a [f32],
    pub(super) y: &'a mut [f32],
    pub(super) channels: usize,
    pub(super) pixels: usize,
    pub(super) places: &'a [u32],
}

impl Kernel for Gather<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        match self.channels {
            1 => self.copy::<1>(),
            8 => self.copy::<8>(),
            16 => self.copy::<16>(),
            _ => self.copy_any(),
        }
    }
}

impl Gather<'_> {
    #[inline(always)]
    fn copy<const CHANNELS: usize>(self) {
        let (x, y) = (self.x.as_chunks::<CHANNELS>().0, self.y.as_chunks_mut::<CHANNELS>().0);
        for (x, y) in x.chunks_exact(self.pixels).zip(y.chunks_exact_mut(self.places.len())) {
            for (y, place) in y.iter_mut().zip(self.places) {
                *y = x.get(*place as usize).copied().unwrap_or([0.0; CHANNELS]);
            }
        }
    }

    #[inline(always)]
    fn copy_any(self) {
        let (channels, pictures) =
            (self.channels, self.x.chunks_exact(self.pixels * self.channels));
        for (x, y) in pictures.zip(self.y.chunks_exact_mut(self.places.len() * channels)) {
            for (y, place) in y.chunks_exact_mut(channels).zip(self.places) {
                match *place {
                    MARGIN => y.fill(0.0),
                    place => y.copy_from_slice(&x[place as usize * channels..][..channels]),
                }
            }
        }
    }
}

/// Adds the slopes of [`Gather`].
pub(super) struct Scatter<'a> {
    pub(super) dx: &'a mut [f32],
    pub(super) dy: &'a [f32],
    pub(super) channels: usize,
    pub(super) pixels: usize,
    pub(super) places: &'a [u32],
}

impl Kernel for Scatter<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        match self.channels {
            8 => self.add::<8>(),
            16 => self.add::<16>(),
            _ => self.add_any(),
        }
    }
}

impl Scatter<'_> {
    #[inline(always)]
    fn add<const CHANNELS: usize>(self) {
        let (dx, dy) = (self.dx.as_chunks_mut::<CHANNELS>().0, self.dy.as_chunks::<CHANNELS>().0);
        for (dx, dy) in dx.chunks_exact_mut(self.pixels).zip(dy.chunks_exact(self.places.len())) {
            for (dy, place) in dy.iter().zip(self.places) {
                if let Some(dx) = dx.get_mut(*place as usize) {
                    for (dx, dy) in dx.iter_mut().zip(dy) {
                        *dx += dy;
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn add_any(self) {
        let channels = self.channels;
        let pictures = self.dx.chunks_exact_mut(self.pixels * channels);
        for (dx, dy) in pictures.zip(self.dy.chunks_exact(self.places.len() * channels)) {
            for (dy, place) in dy.chunks_exact(channels).zip(self.places) {
                if *place != MARGIN {
                    let dx = &mut dx[*place as usize * channels..][..channels];
                    for (dx, dy) in dx.iter_mut().zip(dy) {
                        *dx += dy;
                    }
                }
            }
        }
    }
}
