//! Choices by address: seed, ticket and purpose decide, no thread and no order does.

use super::stream::{Domain, NoiseAddress, NoiseStream};

/// An ordered stream of choices at one address.
#[derive(Clone, Debug)]
pub struct Dice {
    stream: NoiseStream,
    at: NoiseAddress,
    words: [u32; 4],
    used: usize,
}

impl Dice {
    /// The choices of a strategy for one ticket and one purpose.
    pub fn new(seed: u64, ticket: u64, purpose: u32) -> Self {
        Self::of(Domain::Mutate, seed, ticket, purpose)
    }

    /// The choices of another domain: start states, actions, rows.
    pub fn of(domain: Domain, seed: u64, ticket: u64, purpose: u32) -> Self {
        let stream = NoiseStream::new(seed).domain(domain);
        let at = NoiseAddress {
            generation: ticket as u32,
            pair: (ticket >> 32) as u32,
            layer: purpose,
            block: 0,
        };
        Self { stream, at, words: [0; 4], used: 4 }
    }

    /// 32 random bits. After 2³⁴ of them the stream starts again.
    #[inline]
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
        let (_, cosine) = crate::math::sin_cos_f64(std::f64::consts::TAU * v);
        (-2.0 * f64::from(crate::math::rounded::ln(u as f32))).max(0.0).sqrt() * cosine
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

    /// Numbers below `count` in a random order, drawn as they are asked for.
    pub fn order(&mut self, count: usize) -> Order<'_> {
        Order { dice: self, count, drawn: 0, order: Vec::new() }
    }
}

/// See [`Dice::order`]. Most often the first number will do, so the others are only listed when the second is asked for.
#[derive(Debug)]
pub struct Order<'a> {
    dice: &'a mut Dice,
    count: usize,
    drawn: usize,
    order: Vec<usize>,
}

impl Order<'_> {
    /// The next number.
    #[allow(clippy::should_implement_trait, reason = "the dice are lent out in between")]
    pub fn next(&mut self) -> Option<usize> {
        if self.drawn == self.count {
            return None;
        }
        let at = self.drawn + self.dice.below(self.count - self.drawn);
        if self.drawn == 0 {
            self.order.push(at);
        } else {
            if self.drawn == 1 {
                let first = self.order[0];
                self.order = (0..self.count).collect();
                self.order.swap(0, first);
            }
            self.order.swap(self.drawn, at);
        }
        self.drawn += 1;
        Some(self.order[self.drawn - 1])
    }

    /// The dice, for what else is drawn in between.
    pub fn dice(&mut self) -> &mut Dice {
        self.dice
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_has_each_number_once() {
        for count in [0, 1, 2, 7] {
            let mut dice = Dice::new(1, count as u64, 0);
            let mut order = dice.order(count);
            let mut found: Vec<usize> = std::iter::from_fn(|| order.next()).collect();
            found.sort_unstable();
            assert_eq!(found, (0..count).collect::<Vec<_>>());
        }
    }

    /// Each of the 24 orders of four numbers has its share: chi-square with 23 degrees of freedom exceeds 49.7 once in a thousand seeds.
    #[test]
    fn all_orders_have_the_same_chance() {
        let mut counts = std::collections::HashMap::new();
        for ticket in 0..24_000 {
            let mut dice = Dice::new(2, ticket, 0);
            let mut order = dice.order(4);
            let found: Vec<usize> = std::iter::from_fn(|| order.next()).collect();
            *counts.entry(found).or_insert(0.0_f64) += 1.0;
        }
        assert_eq!(counts.len(), 24);
        let chi_square: f64 = counts.values().map(|n| (n - 1000.0).powi(2) / 1000.0).sum();
        assert!(chi_square < 49.7, "{chi_square}");
    }
}
