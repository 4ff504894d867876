//! Noise by address: where each draw of a run comes from.

use std::marker::PhantomData;

use super::distribution::{Deviates, Distribution, Normals, Uniforms};
use super::philox::{philox4x32_10, philox4x32_10_lanes};
use crate::simd::{LANES, Vector, VectorKernel, dispatch_vector};

/// The address of four random words: the counter of the generator, word by word in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NoiseAddress {
    /// Generation of the run.
    pub generation: u32,
    /// Direction within the generation: a pair of members if sampling is antithetic.
    pub pair: u32,
    /// Parameter tensor, or another part of the draw.
    pub layer: u32,
    /// Group of four elements within the tensor.
    pub block: u32,
}

impl NoiseAddress {
    /// The counter words of this address.
    #[inline(always)]
    pub const fn counter(self) -> [u32; 4] {
        [self.generation, self.pair, self.layer, self.block]
    }
}

/// What the noise is for. Under one seed, no two domains share a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum Domain {
    /// First values of parameters.
    Init = 1,
    /// Perturbations of members.
    Perturb = 2,
    /// Batches, start states and other choices of data.
    Data = 3,
    /// Mutations and other choices of a strategy.
    Mutate = 4,
}

/// All the noise of one seed and one purpose: a pure function from [`NoiseAddress`] to numbers.
///
/// It has no state and no order, so that it may be copied and read from any thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NoiseStream {
    seed: u64,
    key: u64,
}

impl NoiseStream {
    /// The stream of `seed` that belongs to no domain.
    pub const fn new(seed: u64) -> Self {
        Self { seed, key: derive_key(seed, 0) }
    }

    /// The stream of the same seed for one purpose, whatever the domain was before.
    #[must_use]
    pub const fn domain(self, domain: Domain) -> Self {
        Self { seed: self.seed, key: derive_key(self.seed, domain as u64) }
    }

    /// The seed that this stream was made from.
    pub const fn seed(self) -> u64 {
        self.seed
    }

    /// The key of the generator, low word first.
    #[inline(always)]
    pub const fn key(self) -> [u32; 2] {
        [self.key as u32, (self.key >> 32) as u32]
    }

    /// The four random words at an address.
    #[inline(always)]
    pub const fn words(self, at: NoiseAddress) -> [u32; 4] {
        philox4x32_10(at.counter(), self.key())
    }

    /// Standard normal deviates: element `e` is number `e % 4` of the block `at.block + e / 4`,
    /// where block numbers wrap. The deviates of the words `w` of a block are
    /// `box_muller(w[0], w[1])` and `box_muller(w[2], w[3])`.
    pub fn fill_normals(self, at: NoiseAddress, out: &mut [f32]) {
        self.fill(Distribution::Normal, at, out);
    }

    /// Deviates of a distribution: element `e` is number `e % n` of the block `at.block + e / n`, where n is
    /// [`Distribution::per_block`] and block numbers wrap.
    pub fn fill(self, distribution: Distribution, at: NoiseAddress, out: &mut [f32]) {
        match distribution {
            Distribution::Normal => dispatch_vector(Fill::<Normals>::new(self, at, out)),
            Distribution::Uniform => dispatch_vector(Fill::<Uniforms>::new(self, at, out)),
        }
    }

    /// Uniform deviates strictly between 0 and 1: element `e` is `(w + ½) · 2⁻³²`, where `w` is
    /// word `e % 4` of the block `at.block + e / 4`. All are exact.
    pub fn fill_uniforms(self, at: NoiseAddress, out: &mut [f64]) {
        for (block, elements) in out.chunks_mut(4).enumerate() {
            let block = at.block.wrapping_add(block as u32);
            let words = self.words(NoiseAddress { block, ..at });
            for (element, word) in elements.iter_mut().zip(words) {
                *element = (f64::from(word) + 0.5) * 2.0f64.powi(-32);
            }
        }
    }
}

/// Both steps are bijections of 64 bits, so that under one seed distinct domains have distinct
/// keys; mixing the seed first keeps nearby seeds from meeting in each other's domains.
const fn derive_key(seed: u64, domain: u64) -> u64 {
    splitmix64(splitmix64(seed) ^ domain)
}

/// The output function of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) at state `x`.
const fn splitmix64(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

struct Fill<'a, D> {
    stream: NoiseStream,
    at: NoiseAddress,
    out: &'a mut [f32],
    deviates: PhantomData<D>,
}

impl<'a, D> Fill<'a, D> {
    fn new(stream: NoiseStream, at: NoiseAddress, out: &'a mut [f32]) -> Self {
        Self { stream, at, out, deviates: PhantomData }
    }
}

impl<D: Deviates> VectorKernel for Fill<'_, D> {
    /// Sixteen blocks at a time; what is too much of the last ones is thrown away.
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { stream, mut at, out, .. } = self;
        let mut chunks = out.chunks_exact_mut(D::PER_BLOCK * LANES);
        for chunk in &mut chunks {
            fill_blocks::<V, D>(stream, at, chunk);
            at.block = at.block.wrapping_add(LANES as u32);
        }
        let rest = chunks.into_remainder();
        if !rest.is_empty() {
            let mut last = [0.0; 16 * LANES];
            fill_blocks::<V, D>(stream, at, &mut last);
            rest.copy_from_slice(&last[..rest.len()]);
        }
    }
}

/// The deviates of `LANES` blocks in a row.
#[inline(always)]
pub(crate) fn fill_blocks<V: Vector, D: Deviates>(
    stream: NoiseStream,
    at: NoiseAddress,
    out: &mut [f32],
) {
    let mut blocks = [at.block; LANES];
    for (lane, block) in blocks.iter_mut().enumerate() {
        *block = block.wrapping_add(D::block_of(lane) as u32);
    }
    let mut words = [[at.generation; LANES], [at.pair; LANES], [at.layer; LANES], blocks];
    philox4x32_10_lanes(&mut words, stream.key());
    D::in_order::<V>(&words, out);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::noise::box_muller;
    use crate::simd::{Level, dispatch_vector_at};
    use crate::testing::assert_mean_within;

    const AT: NoiseAddress = NoiseAddress { generation: 3, pair: 1, layer: 4, block: 15 };
    const DOMAINS: [Domain; 4] = [Domain::Init, Domain::Perturb, Domain::Data, Domain::Mutate];

    #[test]
    fn splitmix64_gives_its_published_values() {
        // The first outputs of the reference generator from state 1234567.
        let weyl = 0x9E37_79B9_7F4A_7C15u64;
        let outputs =
            [0, 1, 2].map(|i| splitmix64(1_234_567u64.wrapping_add(weyl.wrapping_mul(i))));
        let published =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(outputs, published);
    }

    #[test]
    fn value_stability() {
        let stream = NoiseStream::new(42).domain(Domain::Perturb);
        let mut z = [0.0; 5];
        stream.fill_normals(AT, &mut z);
        let mut u = [0.0; 2];
        stream.fill_uniforms(AT, &mut u);
        // A changed value here changes every result that Hatchery ever gave for a seed.
        assert_eq!(stream.key(), [0x8690_ae46, 0x7253_9538]);
        assert_eq!(stream.words(AT), [0x620b_658f, 0x9582_cb16, 0xa90e_d8ca, 0xd7fa_760b]);
        let bits = [0xbf99_314b, 0xbf32_ad2f, 0x3f01_7604, 0xbf41_f998, 0xbfef_ca1b];
        assert_eq!(z.map(f32::to_bits), bits);
        assert_eq!(u, [0.3829864001600072, 0.5840269975597039]);
    }

    #[test]
    fn domains_never_share_a_key() {
        let mut keys = HashSet::new();
        for seed in (0..10_000).chain([u64::MAX, 1 << 63]) {
            let stream = NoiseStream::new(seed);
            assert!(keys.insert(stream.key()));
            for domain in DOMAINS {
                assert!(keys.insert(stream.domain(domain).key()), "seed {seed}, {domain:?}");
            }
        }
    }

    #[test]
    fn the_last_domain_counts() {
        let stream = NoiseStream::new(5);
        let twice = stream.domain(Domain::Init).domain(Domain::Data);
        assert_eq!(twice, stream.domain(Domain::Data));
        assert_eq!(twice.seed(), 5);
    }

    /// Deviate `e` by the definition.
    fn element(stream: NoiseStream, at: NoiseAddress, e: u32) -> f32 {
        let w = stream.words(NoiseAddress { block: at.block.wrapping_add(e / 4), ..at });
        let (z0, z1) = box_muller(w[(e % 4 / 2 * 2) as usize], w[(e % 4 / 2 * 2 + 1) as usize]);
        if e.is_multiple_of(2) { z0 } else { z1 }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn normals_of_any_length_follow_the_layout(
            length in 0usize..300, seed: u64, generation: u32, pair: u32, layer: u32, block: u32,
        ) {
            let stream = NoiseStream::new(seed);
            let at = NoiseAddress { generation, pair, layer, block };
            let mut z = vec![f32::NAN; length];
            stream.fill_normals(at, &mut z);
            for (e, z) in z.iter().enumerate() {
                prop_assert_eq!(z.to_bits(), element(stream, at, e as u32).to_bits());
            }
        }

        #[test]
        fn uniforms_of_any_length_follow_the_layout(length in 0usize..30, seed: u64, block: u32) {
            let (stream, at) = (NoiseStream::new(seed), NoiseAddress { block, ..AT });
            let mut u = vec![f64::NAN; length];
            stream.fill_uniforms(at, &mut u);
            for (e, u) in u.iter().enumerate() {
                let block = block.wrapping_add(e as u32 / 4);
                let word = stream.words(NoiseAddress { block, ..at })[e % 4];
                prop_assert_eq!(*u * 2f64.powi(32), f64::from(word) + 0.5);
                prop_assert!(*u > 0.0 && *u < 1.0);
            }
        }
    }

    #[test]
    fn every_level_draws_the_same_bits() {
        let stream = NoiseStream::new(7);
        let draw = |level| {
            let mut out = vec![0.0; 10_003];
            dispatch_vector_at(level, Fill::<Normals>::new(stream, AT, &mut out));
            out.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        let expected = draw(Level::Portable);
        for level in Level::ALL.into_iter().filter(|level| level.is_supported()) {
            assert!(draw(level) == expected, "{level} differs from portable");
        }
    }

    #[test]
    fn each_coordinate_gives_independent_draws() {
        let stream = NoiseStream::new(1).domain(Domain::Perturb);
        let draw = |at: NoiseAddress, stream: NoiseStream| {
            let mut z = vec![0.0; 100_000];
            stream.fill_normals(at, &mut z);
            z
        };
        let base = draw(AT, stream);
        let others = [
            draw(NoiseAddress { generation: AT.generation + 1, ..AT }, stream),
            draw(NoiseAddress { pair: AT.pair + 1, ..AT }, stream),
            draw(NoiseAddress { layer: AT.layer + 1, ..AT }, stream),
            draw(NoiseAddress { block: AT.block + 25_000, ..AT }, stream),
            draw(AT, stream.domain(Domain::Init)),
            draw(AT, NoiseStream::new(2).domain(Domain::Perturb)),
        ];
        for other in others {
            let products: Vec<f32> = base.iter().zip(&other).map(|(a, b)| a * b).collect();
            // False alarm: one in 1.7 million per test, six tests, one fixed seed.
            assert_mean_within(&products, 0.0, 5.0);
        }
    }
}
