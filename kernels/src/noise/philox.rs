//! Philox4x32-10: 128 bits of counter and 64 bits of key to 128 random bits.
//!
//! One round on the words (c0, c1, c2, c3) with the key (k0, k1), products being 64 bits wide:
//!
//! ```text
//! hi0:lo0 = M0 · c0      hi1:lo1 = M1 · c2
//! c ← (hi1 ^ c1 ^ k0,  lo1,  hi0 ^ c3 ^ k1,  lo0)      k ← (k0 + W0, k1 + W1)
//! ```
//!
//! | symbol | code           | meaning                                   |
//! |--------|----------------|-------------------------------------------|
//! | Mᵢ     | `MULTIPLIERS`  | odd multipliers found by search           |
//! | Wᵢ     | `WEYL`         | golden ratio and √3 − 1, in 32 bits       |
//!
//! Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy
//! as 1, 2, 3", SC 2011. No departures: the published answers are golden vectors here.

#![expect(clippy::needless_range_loop, reason = "loops over lanes of several arrays at once")]

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// The four random words at `counter` under `key`.
#[inline(always)]
pub const fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let (mut words, mut key, mut round) = (counter, key, 0);
    while round < ROUNDS {
        words = philox_round(words, key);
        key = next(key);
        round += 1;
    }
    words
}

/// [`philox4x32_10`] for `N` counters side by side: `counters[word][lane]` is replaced by the
/// random words of its lane. Vectorises over the lanes when called inside a
/// [`Kernel`](crate::simd::Kernel); 16 or 32 lanes are a good choice.
///
/// Words live in the low halves of 64-bit lanes from the first round to the last. A vector product of
/// 32-bit numbers reads exactly these and fills the whole lane, so that a round is two products, two shifts and
/// four exclusive ors, without a shuffle; what is left in the high halves is never read.
#[inline(always)]
pub fn philox4x32_10_lanes<const N: usize>(counters: &mut [[u32; N]; 4], key: [u32; 2]) {
    // Plain loops: `map` is not always inlined, and what is not inlined is not vectorised.
    let mut wide = [[0_u64; N]; 4];
    for (wide, word) in wide.iter_mut().zip(counters.iter()) {
        for lane in 0..N {
            wide[lane] = u64::from(word[lane]);
        }
    }
    rounds(&mut wide, key, ROUNDS);
    for (word, wide) in counters.iter_mut().zip(&wide) {
        for lane in 0..N {
            word[lane] = wide[lane] as u32;
        }
    }
}

/// So many rounds on words in the low halves of 64-bit lanes, `key` being that of the first of them.
#[inline(always)]
fn rounds<const N: usize>(wide: &mut [[u64; N]; 4], mut key: [u32; 2], count: usize) {
    for _ in 0..count {
        let (k0, k1) = (u64::from(key[0]), u64::from(key[1]));
        let [c0, c1, c2, c3] = &mut *wide;
        for lane in 0..N {
            let p0 = (c0[lane] & LOW) * MULTIPLIERS[0] as u64;
            let p1 = (c2[lane] & LOW) * MULTIPLIERS[1] as u64;
            c0[lane] = (p1 >> 32) ^ c1[lane] ^ k0;
            c1[lane] = p1;
            c2[lane] = (p0 >> 32) ^ c3[lane] ^ k1;
            c3[lane] = p0;
        }
        key = next(key);
    }
}

/// The key of the next round.
#[inline(always)]
const fn next(key: [u32; 2]) -> [u32; 2] {
    [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])]
}

/// [`philox4x32_10`] of the counters `(first, second[lane], third, fourth)` for many values of the fourth word.
///
/// The second and fourth words meet only in the third round: what each becomes until then is worked out apart, the
/// lanes' half once in [`new`](Self::new) and the other without vectors, so that seven rounds of ten are left.
#[derive(Clone, Copy, Debug)]
pub struct PhiloxLanes<const N: usize> {
    /// Product with `M0` of the second round, and with `M1` of the third.
    products: [[u64; N]; 2],
    first: u32,
    third: u32,
    key: [u32; 2],
}

impl<const N: usize> PhiloxLanes<N> {
    /// The lanes' half of the first three rounds.
    #[inline(always)]
    pub fn new(first: u32, second: &[u32; N], third: u32, key: [u32; 2]) -> Self {
        let [m0, m1] = [u64::from(MULTIPLIERS[0]), u64::from(MULTIPLIERS[1])];
        let (p0, p1) = (m0 * u64::from(first), m1 * u64::from(third));
        let key2 = next(key);
        let lanes = (p1 >> 32) ^ u64::from(key[0]);
        let rest = (p0 & LOW) ^ u64::from(key2[1]);
        let mut products = [[0_u64; N]; 2];
        for lane in 0..N {
            let p0 = m0 * (lanes ^ u64::from(second[lane]));
            products[0][lane] = p0;
            products[1][lane] = m1 * ((p0 >> 32) ^ rest);
        }
        Self { products, first, third, key }
    }

    /// The random words of all lanes at a fourth counter word.
    #[inline(always)]
    pub fn words(&self, fourth: u32) -> [[u32; N]; 4] {
        let [m0, m1] = [u64::from(MULTIPLIERS[0]), u64::from(MULTIPLIERS[1])];
        let (key1, key2) = (self.key, next(self.key));
        let key3 = next(key2);
        let (p0, p1) = (m0 * u64::from(self.first), m1 * u64::from(self.third));
        // Second round: the words 0 and 1 are the same in all lanes.
        let p1_second = m1 * ((p0 >> 32) ^ u64::from(fourth ^ key1[1]));
        let c0 = (p1_second >> 32) ^ (p1 & LOW) ^ u64::from(key2[0]);
        // Third round.
        let p0_third = m0 * c0;
        let (to0, to2) =
            ((p1_second & LOW) ^ u64::from(key3[0]), (p0_third >> 32) ^ u64::from(key3[1]));
        let mut wide = [[0_u64; N]; 4];
        for lane in 0..N {
            wide[0][lane] = (self.products[1][lane] >> 32) ^ to0;
            wide[1][lane] = self.products[1][lane];
            wide[2][lane] = self.products[0][lane] ^ to2;
            wide[3][lane] = p0_third;
        }
        rounds(&mut wide, next(key3), ROUNDS - 3);
        let mut words = [[0_u32; N]; 4];
        for (word, wide) in words.iter_mut().zip(&wide) {
            for lane in 0..N {
                word[lane] = wide[lane] as u32;
            }
        }
        words
    }
}

/// The low half of a 64-bit lane.
const LOW: u64 = 0xFFFF_FFFF;

#[inline(always)]
const fn philox_round(c: [u32; 4], k: [u32; 2]) -> [u32; 4] {
    let p0 = MULTIPLIERS[0] as u64 * c[0] as u64;
    let p1 = MULTIPLIERS[1] as u64 * c[2] as u64;
    let (hi0, lo0) = ((p0 >> 32) as u32, p0 as u32);
    let (hi1, lo1) = ((p1 >> 32) as u32, p1 as u32);
    [hi1 ^ c[1] ^ k[0], lo1, hi0 ^ c[3] ^ k[1], lo0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words<const N: usize>(value: &serde_json::Value) -> [u32; N] {
        let text = value.as_str().expect("a line of hexadecimal words");
        let words: Vec<u32> =
            text.split(' ').map(|word| u32::from_str_radix(word, 16).unwrap()).collect();
        words.try_into().expect("as many words as the field has")
    }

    #[test]
    fn published_random123_answers_hold() {
        let golden = include_str!("../../tests/golden/philox.json");
        let golden: serde_json::Value = serde_json::from_str(golden).unwrap();
        let answers = golden["answers"].as_array().unwrap();
        assert_eq!(answers.len(), 3);
        for answer in answers {
            let (counter, key) = (words::<4>(&answer["counter"]), words::<2>(&answer["key"]));
            assert_eq!(philox4x32_10(counter, key), words::<4>(&answer["words"]), "{answer}");
        }
    }

    #[test]
    fn the_zero_answer_holds_at_compile_time() {
        const ZERO: [u32; 4] = philox4x32_10([0; 4], [0; 2]);
        assert_eq!(ZERO, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    }

    #[test]
    fn lanes_equal_single_draws() {
        let counter = |lane: u32| [7, lane, 3, lane.wrapping_mul(0x8000_0001)];
        let key = [0xDEAD_BEEF, 0x0123_4567];
        let mut lanes = [0, 1, 2, 3].map(|word| std::array::from_fn(|l| counter(l as u32)[word]));
        philox4x32_10_lanes::<5>(&mut lanes, key);
        for lane in 0..5 {
            let words = lanes.map(|word| word[lane as usize]);
            assert_eq!(words, philox4x32_10(counter(lane), key));
        }
    }

    #[test]
    fn lanes_with_a_common_counter_equal_single_draws() {
        let key = [0xDEAD_BEEF, 0xFFFF_FFFE];
        let second = [0, 1, 0xFFFF_FFFF, 0x8000_0000, 12_345];
        for (first, third, fourth) in [(0, 0, 0), (7, 3, 9), (u32::MAX, u32::MAX, u32::MAX)] {
            let words = PhiloxLanes::new(first, &second, third, key).words(fourth);
            for (lane, second) in second.into_iter().enumerate() {
                let single = philox4x32_10([first, second, third, fourth], key);
                assert_eq!(words.map(|word| word[lane]), single);
            }
        }
    }
}
