//! The update: votes of all pairs on every weight, and who moves.
//!
//! Z = Σₖ Fₖ Aₖ Bₖᵀ      W ← sat(W + sign Z) where 16 |Z| ≥ q · t
//!
//! | symbol | code        | shape   | meaning                                                              |
//! |--------|-------------|---------|----------------------------------------------------------------------|
//! | F      | `votes`     | (K,)    | −127..=127 for each pair; ternary in the published algorithm         |
//! | Z      | `sums`      | (m, n)  | for vectors Σₖ Fₖ n₁ n₂                                              |
//! | q, t   | `threshold` |         | see [`move_weights`]                                                 |
//!
//! A_k B_kᵀ summed over pairs is a product of two thin matrices of bytes: the product of the forward pass does it.

use super::noise::{Int8Noise, Slice};
use super::packed::PackedInt8;
use super::product::{Int8Scratch, int8_sums};

/// Pairs that are drawn at once: their noise stays in the caches.
const CHUNK: usize = 512;

/// Z of a matrix or table `(outputs, inputs)` into `sums`. Pairs without a vote are not drawn.
///
/// `direction` says which slice of noise a pair has.
///
/// # Panics
/// If `sums` has another length, or a vote times a number of noise leaves −127..=127.
pub fn contract_matrix(
    noise: &Int8Noise,
    at: Slice,
    votes: &[i8],
    direction: impl Fn(u32) -> u32,
    (outputs, inputs): (usize, usize),
    sums: &mut [i32],
) {
    assert_eq!(sums.len(), outputs * inputs, "a sum for each weight");
    sums.fill(0);
    let voting: Vec<(u32, i32)> = voting(votes);
    let mut scratch = Int8Scratch::default();
    let mut slice = vec![0; inputs + outputs];
    for chunk in voting.chunks(CHUNK) {
        let width = chunk.len();
        let mut b = vec![0i8; inputs * width];
        let mut a = vec![0i8; outputs * width];
        for (column, &(pair, vote)) in chunk.iter().enumerate() {
            noise.fill(Slice { pair: direction(pair), ..at }, &mut slice);
            for (row, &number) in slice[..inputs].iter().enumerate() {
                b[row * width + column] = number;
            }
            for (row, &number) in slice[inputs..].iter().enumerate() {
                let voted = vote * i32::from(number);
                debug_assert!((-127..=127).contains(&voted), "a vote of {vote} is too loud");
                a[row * width + column] = voted as i8;
            }
        }
        let packed = PackedInt8::new(&b, inputs, width);
        int8_sums(&packed, &a, &mut scratch, sums);
    }
}

/// Z of a vector into `sums`.
pub fn contract_vector(
    noise: &Int8Noise,
    at: Slice,
    votes: &[i8],
    direction: impl Fn(u32) -> u32,
    sums: &mut [i32],
) {
    sums.fill(0);
    let mut slice = vec![0; 2 * sums.len()];
    for (pair, vote) in voting(votes) {
        noise.fill(Slice { pair: direction(pair), ..at }, &mut slice);
        for (sum, n) in sums.iter_mut().zip(slice.chunks_exact(2)) {
            *sum += vote * i32::from(n[0]) * i32::from(n[1]);
        }
    }
}

fn voting(votes: &[i8]) -> Vec<(u32, i32)> {
    let voting = votes.iter().enumerate().filter(|(_, vote)| **vote != 0);
    voting.map(|(pair, &vote)| (pair as u32, i32::from(vote))).collect()
}

/// Moves each weight with `16 |Z| ≥ threshold` by one towards the sign of Z, saturated; a Z of 0 counts as negative. Returns how
/// many changed.
pub fn move_weights(weights: &mut [i8], sums: &[i32], threshold: u64) -> u64 {
    let mut changed = 0;
    for (w, &z) in weights.iter_mut().zip(sums) {
        if 16 * u64::from(z.unsigned_abs()) >= threshold {
            let moved = if z > 0 { i32::from(*w) + 1 } else { i32::from(*w) - 1 };
            let moved = super::arithmetic::saturate(moved);
            changed += u64::from(moved != *w);
            *w = moved;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::noise::Table;
    use super::*;

    /// Section 2.8 of the specification. Its slices have starts of their own: the sum is made here, by the formula.
    #[test]
    fn updates_are_those_of_the_specification() {
        let table = Table::of((0..1 << 12).map(|i| ((37 * i + 11) % 95 - 47) as i8).collect(), 0);
        let mut sums = [0; 12];
        for (vote, start) in [(1, 100), (-1, 200), (1, 300), (0, 400)] {
            let slice = table.slice(start, 7);
            for (i, a) in slice[4..].iter().enumerate() {
                for (j, b) in slice[..4].iter().enumerate() {
                    sums[4 * i + j] += vote * i32::from(*a) * i32::from(*b);
                }
            }
        }
        assert_eq!(sums, [-82, -13, 246, -160, 5626, 34, -1853, 1105, -1111, 176, -342, 470]);
        let after = |q: u64| {
            let mut w = [15, -19, -12, -5, -10, -3, 4, 11, 6, 13, 20, -14];
            move_weights(&mut w, &sums, q * 2 * 256);
            w
        };
        assert_eq!(after(0), [14, -20, -11, -6, -9, -2, 3, 12, 5, 14, 19, -13]);
        assert_eq!(after(8), [15, -19, -12, -5, -9, -3, 3, 12, 5, 13, 19, -13]);
        assert_eq!(after(16), [15, -19, -12, -5, -9, -3, 3, 12, 5, 13, 20, -14]);
    }

    #[test]
    fn the_contraction_is_the_sum_over_pairs_that_vote() {
        let sources = [Int8Noise::counter(3), Int8Noise::Table(Arc::new(Table::new(3, 14)))];
        for noise in sources {
            let (outputs, inputs) = (21, 18);
            let at = Slice { generation: 4, pair: 0, tensor: 2 };
            let votes: Vec<i8> = (0..700).map(|k| (k % 3 - 1) as i8).collect();
            let direction = |pair| pair % 650;
            let mut sums = vec![0; outputs * inputs];
            contract_matrix(&noise, at, &votes, direction, (outputs, inputs), &mut sums);
            let mut vector = vec![0; 5];
            contract_vector(&noise, at, &votes, direction, &mut vector);
            let mut plain = vec![0; outputs * inputs];
            let mut plain_vector = [0; 5];
            for (k, &vote) in votes.iter().enumerate() {
                let mut slice = vec![0; outputs + inputs];
                noise.fill(Slice { pair: direction(k as u32), ..at }, &mut slice);
                for i in 0..outputs {
                    for j in 0..inputs {
                        plain[i * inputs + j] +=
                            i32::from(vote) * i32::from(slice[inputs + i]) * i32::from(slice[j]);
                    }
                }
                noise.fill(Slice { pair: direction(k as u32), ..at }, &mut slice[..10]);
                for (i, sum) in plain_vector.iter_mut().enumerate() {
                    *sum += i32::from(vote) * i32::from(slice[2 * i]) * i32::from(slice[2 * i + 1]);
                }
            }
            assert_eq!(sums, plain);
            assert_eq!(vector, plain_vector);
        }
    }
}
