//! Random choices by address: seed, purpose and number decide, no thread and no order of calls does.

use hatchery_kernels::math::sin_cos_f64;
use hatchery_kernels::{Dice, Domain};

/// An ordered stream of random numbers for one purpose.
///
/// ```
/// use hatchery_surrogates::Draws;
///
/// let mut draws = Draws::new(7, "bootstrap");
/// let mut again = Draws::new(7, "bootstrap");
/// assert_eq!(draws.below(1000), again.below(1000));
/// // One stream for each member, row or restart: they may be drawn in any order, on any thread.
/// let mut third = Draws::numbered(7, "bootstrap", 3);
/// assert_ne!(third.word(), draws.word());
/// ```
#[derive(Clone, Debug)]
pub struct Draws {
    dice: Dice,
    spare: Option<f64>,
}

impl Draws {
    /// The draws of a seed for one purpose: any text, which no other use of the seed has.
    pub fn new(seed: u64, purpose: &str) -> Self {
        Self::numbered(seed, purpose, 0)
    }

    /// The draws of a seed for one purpose and one of many: a member, a restart, a row.
    pub fn numbered(seed: u64, purpose: &str, number: u64) -> Self {
        let dice = Dice::of(Domain::Data, seed, number, fnv1a(purpose));
        Self { dice, spare: None }
    }

    /// 32 random bits. After 2³⁴ of them the stream starts again.
    pub fn word(&mut self) -> u32 {
        self.dice.word()
    }

    /// 64 random bits.
    pub fn word64(&mut self) -> u64 {
        let low = u64::from(self.word());
        u64::from(self.word()) << 32 | low
    }

    /// Uniform between 0 and 1, neither of them, in steps of 2⁻⁵².
    pub fn uniform(&mut self) -> f64 {
        ((self.word64() >> 12) as f64 + 0.5) * 2f64.powi(-52)
    }

    /// Uniform between two numbers, either order.
    pub fn between(&mut self, lower: f64, upper: f64) -> f64 {
        let share = self.uniform();
        lower * (1.0 - share) + upper * share
    }

    /// A whole number below `bound`, each with the same chance up to 2⁻⁶⁴ `bound`.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        assert!(bound > 0, "there must be something to choose from");
        ((u128::from(self.word64()) * bound as u128) >> 64) as usize
    }

    /// Whether something of that chance happens.
    pub fn chance(&mut self, chance: f64) -> bool {
        self.uniform() < chance
    }

    /// A standard normal deviate (Box and Muller's), with the same bits on every machine.
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * libm::log(self.uniform())).sqrt();
        let (sine, cosine) = sin_cos_f64(std::f64::consts::TAU * self.uniform());
        self.spare = Some(radius * sine);
        radius * cosine
    }

    /// An exponential deviate of mean 1.
    pub fn exponential(&mut self) -> f64 {
        -libm::log(self.uniform())
    }

    /// Puts the elements in random order, each order with the same chance.
    pub fn shuffle<T>(&mut self, elements: &mut [T]) {
        for last in (1..elements.len()).rev() {
            elements.swap(last, self.below(last + 1));
        }
    }

    /// The numbers below `count` in random order.
    pub fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        self.shuffle(&mut order);
        order
    }

    /// `chosen` of the numbers below `count`, none twice, in random order.
    ///
    /// # Panics
    /// If there are not as many.
    pub fn choose(&mut self, count: usize, chosen: usize) -> Vec<usize> {
        assert!(chosen <= count, "{chosen} of {count} cannot be chosen without repetition");
        let mut order: Vec<usize> = (0..count).collect();
        for at in 0..chosen {
            let other = at + self.below(count - at);
            order.swap(at, other);
        }
        order.truncate(chosen);
        order
    }
}

/// The hash of Fowler, Noll and Vo, 32 bits, version 1a.
fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_stability() {
        // A changed value here changes every result that was ever given for a seed.
        assert_eq!(fnv1a("foobar"), 0xbf9c_f968, "the published value");
        let mut draws = Draws::numbered(42, "test", 5);
        let words = [draws.word(), draws.word()];
        assert_eq!(words, [0xd29d_1a17, 0x16d4_8bf4]);
        let mut draws = Draws::new(42, "test");
        assert_eq!(draws.uniform(), 0.7087280803070585);
        assert_eq!((draws.normal(), draws.normal()), (0.09493234766169392, -0.826237440591922));
        assert_eq!(draws.below(1000), 160);
        assert_ne!(words[0], Draws::numbered(42, "test", 6).word());
        assert_ne!(words[0], Draws::numbered(42, "tests", 5).word());
        assert_ne!(words[0], Draws::numbered(43, "test", 5).word());
    }

    /// Means of 10⁵ draws, to 5 standard errors: a false alarm once in 1.7 million for each.
    #[test]
    fn moments_are_those_of_the_distributions() {
        let mut draws = Draws::new(1, "moments");
        let count = 100_000;
        let mean = |f: &mut dyn FnMut() -> f64| (0..count).map(|_| f()).sum::<f64>() / count as f64;
        let error = 5.0 / (count as f64).sqrt();
        assert!((mean(&mut || draws.uniform()) - 0.5).abs() < error * (1.0 / 12.0_f64).sqrt());
        assert!(mean(&mut || draws.normal()).abs() < error);
        assert!((mean(&mut || draws.normal().powi(2)) - 1.0).abs() < error * 2.0_f64.sqrt());
        assert!((mean(&mut || draws.exponential()) - 1.0).abs() < error);
        assert!((mean(&mut || draws.below(7) as f64) - 3.0).abs() < error * 2.0);
        assert!((mean(&mut || draws.between(4.0, 2.0)) - 3.0).abs() < error);
    }

    #[test]
    fn shuffles_and_choices_have_each_number_once() {
        let mut draws = Draws::new(2, "order");
        for count in [0, 1, 2, 9] {
            let mut order = draws.order(count);
            order.sort_unstable();
            assert_eq!(order, (0..count).collect::<Vec<_>>());
        }
        let mut chosen = draws.choose(20, 7);
        chosen.sort_unstable();
        chosen.dedup();
        assert!(chosen.len() == 7 && chosen[6] < 20);
        let mut first = [0usize; 4];
        (0..4000).for_each(|_| first[draws.order(4)[0]] += 1);
        assert!(first.iter().all(|&n| n.abs_diff(1000) < 150), "{first:?}: 5.5 standard errors");
    }
}
