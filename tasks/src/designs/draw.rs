//! Random numbers in a row from one address of the noise stream, and a logarithm, with the same bits on every machine.

use hatchery_kernels::noise::box_muller;
use hatchery_kernels::{Domain, NoiseAddress, NoiseStream, math};

/// What numbers are for; different purposes have different numbers.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub(super) enum Purpose {
    /// Where an optimum lies.
    Shift = 1,
    /// Axes.
    Rotation,
    /// Designs that are uniform in their space.
    Points,
    /// Errors of scores.
    Noise,
    /// Which rows are kept.
    Keep,
    /// Which half space is missing.
    Slab,
    /// The chain of an Ehrlich function.
    Chain,
    /// Its motifs.
    Motifs,
    /// Its spacings.
    Spacings,
    /// Its pool.
    Mutants,
    /// Compositions of high score.
    Anchors,
    /// What a composition is seen through.
    Projection,
    /// A pool of compositions.
    Compounds,
    /// Weights of positions and terms.
    Weights,
    /// Weights of neighbours.
    Couplings,
}

/// Keeps these numbers apart from others of the same seed, which count generations from 0.
const BASE: u32 = 0xDE51_0000;

/// A sequence of random numbers.
#[derive(Debug)]
pub(super) struct Draws {
    stream: NoiseStream,
    next: NoiseAddress,
    words: [u32; 4],
    used: usize,
}

impl Draws {
    /// The sequence of an item, such as a row, for a purpose.
    pub(super) fn new(seed: u64, purpose: Purpose, item: usize) -> Self {
        let generation = BASE + purpose as u32;
        let next = NoiseAddress { generation, pair: item as u32, layer: 0, block: 0 };
        Self { stream: NoiseStream::new(seed).domain(Domain::Data), next, words: [0; 4], used: 4 }
    }

    fn word(&mut self) -> u32 {
        if self.used == 4 {
            self.words = self.stream.words(self.next);
            self.next.block += 1;
            self.used = 0;
        }
        self.used += 1;
        self.words[self.used - 1]
    }

    /// A number from 0 to 1, neither of them.
    pub(super) fn unit(&mut self) -> f64 {
        (f64::from(self.word()) + 0.5) * 2f64.powi(-32)
    }

    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number from 0 to `bound`, without it.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        ((u64::from(self.word()) * bound as u64) >> 32) as usize
    }

    pub(super) fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.word(), self.word());
        f64::from(box_muller(radius, angle).0)
    }

    /// Exponential of mean 1.
    pub(super) fn exponential(&mut self) -> f64 {
        -ln(self.unit())
    }

    /// An index with the given probabilities, whose sum is 1.
    pub(super) fn weighted(&mut self, probabilities: &[f64]) -> usize {
        let mut left = self.unit();
        let mut last = 0;
        for (index, p) in probabilities.iter().enumerate().filter(|(_, p)| **p > 0.0) {
            last = index;
            left -= p;
            if left < 0.0 {
                break;
            }
        }
        last
    }

    /// Fisher–Yates.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end + 1));
        }
    }
}

/// The natural logarithm of a number that is normal as an `f32`, to some 3e-16: Newton's steps on the exponential from the
/// logarithm in single precision.
pub(super) fn ln(x: f64) -> f64 {
    let mut y = f64::from(math::ln(x as f32));
    for _ in 0..2 {
        y += x * math::exp_f64(-y) - 1.0;
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_stability() {
        let mut draws = Draws::new(7, Purpose::Points, 3);
        let units = [draws.unit(), draws.unit()];
        let rest = (draws.below(1000), draws.normal().to_bits(), draws.exponential().to_bits());
        // A changed value here changes every pool that was ever drawn.
        assert_eq!(units, [0.07325695583131164, 0.9390299542574212]);
        assert_eq!(rest, (53, 0xbfd2_8f79_0000_0000, 0x3ff7_87b5_7ce8_0af0));
    }

    #[test]
    fn the_logarithm_is_that_of_the_library() {
        for i in 1..20_000 {
            let x = 1e-9 * 1.003_f64.powi(i % 15_000);
            assert!((ln(x) - x.ln()).abs() <= 4e-16 * x.ln().abs().max(1.0), "{x}");
        }
    }

    #[test]
    fn weights_are_frequencies_and_zeros_are_never_chosen() {
        let mut draws = Draws::new(1, Purpose::Points, 0);
        let mut counts = [0; 4];
        (0..10_000).for_each(|_| counts[draws.weighted(&[0.0, 0.25, 0.75, 0.0])] += 1);
        assert_eq!((counts[0], counts[3]), (0, 0));
        // The standard error is 43.
        assert!((counts[1] - 2500_i32).abs() < 200, "{counts:?}");
    }
}
