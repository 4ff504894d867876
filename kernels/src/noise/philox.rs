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

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// The four random words at `counter` under `key`.
#[inline(always)]
pub const fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let (mut words, mut key, mut round) = (counter, key, 0);
    while round < ROUNDS {
        words = philox_round(words, key);
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
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
    let mut key = key;
    // Plain loops: `map` is not always inlined, and what is not inlined is not vectorised.
    let mut wide = [[0_u64; N]; 4];
    for (wide, word) in wide.iter_mut().zip(counters.iter()) {
        for lane in 0..N {
            wide[lane] = u64::from(word[lane]);
        }
    }
    for _ in 0..ROUNDS {
        let (k0, k1) = (u64::from(key[0]), u64::from(key[1]));
        let [c0, c1, c2, c3] = &mut wide;
        for lane in 0..N {
            let p0 = (c0[lane] & LOW) * MULTIPLIERS[0] as u64;
            let p1 = (c2[lane] & LOW) * MULTIPLIERS[1] as u64;
            c0[lane] = (p1 >> 32) ^ c1[lane] ^ k0;
            c1[lane] = p1;
            c2[lane] = (p0 >> 32) ^ c3[lane] ^ k1;
            c3[lane] = p0;
        }
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    for (word, wide) in counters.iter_mut().zip(&wide) {
        for lane in 0..N {
            word[lane] = wide[lane] as u32;
        }
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
}
