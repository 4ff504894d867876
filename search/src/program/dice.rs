//! Choices by address: seed, ticket and purpose decide, no thread and no order does.

use hatchery_kernels::{Domain, NoiseAddress, NoiseStream};

/// An ordered stream of choices at one address.
#[derive(Clone, Debug)]
pub struct Dice {
    stream: NoiseStream,
    at: NoiseAddress,
    words: [u32; 4],
    used: usize,
}

impl Dice {
    /// The choices of one ticket for one purpose.
    pub fn new(seed: u64, ticket: u64, purpose: u32) -> Self {
        let stream = NoiseStream::new(seed).domain(Domain::Mutate);
        let at = NoiseAddress {
            generation: ticket as u32,
            pair: (ticket >> 32) as u32,
            layer: purpose,
            block: 0,
        };
        Self { stream, at, words: [0; 4], used: 4 }
    }

    /// 32 random bits.
    pub fn word(&mut self) -> u32 {
        if self.used == 4 {
            self.words = self.stream.words(self.at);
            self.at.block = self.at.block.wrapping_add(1);
            self.used = 0;
        }
        self.used += 1;
        self.words[self.used - 1]
    }

    /// A number below `bound`, each with the same chance up to 2⁻³² `bound`.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        assert!(bound > 0, "there must be something to choose from");
        ((u64::from(self.word()) * bound as u64) >> 32) as usize
    }

    /// Between 0 and 1, neither of them.
    pub fn unit(&mut self) -> f64 {
        (f64::from(self.word()) + 0.5) * 2f64.powi(-32)
    }

    /// Whether something of that chance happens.
    pub fn chance(&mut self, chance: f64) -> bool {
        self.unit() < chance
    }

    /// A standard normal deviate.
    pub fn normal(&mut self) -> f64 {
        let (u, v) = (self.unit(), self.unit());
        let (_, cosine) = hatchery_kernels::math::sin_cos_f64(std::f64::consts::TAU * v);
        (-2.0 * f64::from(hatchery_kernels::math::rounded::ln(u as f32))).max(0.0).sqrt() * cosine
    }

    /// A number by its weight.
    ///
    /// # Panics
    /// If no weight is positive.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let total: f64 = weights.iter().sum();
        assert!(total > 0.0, "there must be something to choose from");
        let mut rest = self.unit() * total;
        for (index, weight) in weights.iter().enumerate() {
            rest -= weight;
            if rest < 0.0 {
                return index;
            }
        }
        weights.iter().rposition(|weight| *weight > 0.0).unwrap_or(0)
    }

    /// Numbers below `count` in a random order.
    pub fn shuffled(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
    }
}
