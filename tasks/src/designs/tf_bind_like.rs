//! A generated table as TF-Bind-8 is: strings of eight letters, scored by how well a factor binds one of the strands.
//!
//! score = ln Σ exp(E / ½) + 0.1 · (number of C and G), the sum being over 3 offsets on 2 strands, scaled to 0..1 over all strings
//!
//! E = Σᵢ W(i, sᵢ) + Σᵢ J(i, sᵢ, sᵢ₊₁) of the six letters s from an offset on, with W ~ N(0, 1) and J ~ N(0, 0.3²).

use hatchery_kernels::math;

use super::draw::{Draws, Purpose, ln};
use super::table::{letters, scale};
use super::{Protocol, Table};

/// Letters of a string.
const LENGTH: usize = 8;
/// Letters that the factor touches.
const SITE: usize = 6;
const STRINGS: usize = 1 << (2 * LENGTH);

/// The table of a seed: all 65,536 strings once, the lower half visible.
pub fn tf_bind_like(seed: u64) -> Table {
    let mut draws = Draws::new(seed, Purpose::Weights, 0);
    let weights: [[f64; 4]; SITE] =
        std::array::from_fn(|_| std::array::from_fn(|_| draws.normal()));
    let mut draws = Draws::new(seed, Purpose::Couplings, 0);
    let couplings: [[[f64; 4]; 4]; SITE - 1] = std::array::from_fn(|_| {
        std::array::from_fn(|_| std::array::from_fn(|_| 0.3 * draws.normal()))
    });
    let energy = |site: &[usize]| {
        let single: f64 = site.iter().zip(&weights).map(|(letter, row)| row[*letter]).sum();
        let pairs = site.windows(2).zip(&couplings);
        single + pairs.map(|(pair, table)| table[pair[0]][pair[1]]).sum::<f64>()
    };
    let score = |code: usize| {
        let forward: [usize; LENGTH] = std::array::from_fn(|at| letter(code, at));
        let backward: [usize; LENGTH] = std::array::from_fn(|at| 3 - forward[LENGTH - 1 - at]);
        let places = forward.windows(SITE).chain(backward.windows(SITE));
        let sum: f64 = places.map(|site| math::exp_f64(energy(site) / 0.5)).sum();
        let strong = forward.iter().filter(|letter| matches!(letter, 1 | 2)).count();
        ln(sum) + 0.1 * strong as f64
    };
    let mut scores: Vec<f64> = (0..STRINGS).map(score).collect();
    scale(&mut scores);
    Table::new("tfbind-like", letters(LENGTH, "ACGT"), scores, Protocol::lowest(0.5))
}

fn letter(code: usize, at: usize) -> usize {
    code >> (2 * (LENGTH - 1 - at)) & 3
}

#[cfg(test)]
mod tests {
    use super::super::Oracle;
    use super::*;

    #[test]
    fn both_strands_have_the_same_score_and_the_scale_is_full() {
        let table = tf_bind_like(3);
        let pool = table.pool(0);
        assert_eq!(pool.len(), 65_536);
        for code in (0..STRINGS).step_by(97) {
            let design = table.design(code);
            let other: Vec<f64> = design.iter().rev().map(|letter| 3.0 - letter).collect();
            let (a, b) = (table.truth(&design).unwrap(), table.truth(&other).unwrap());
            assert!((a - b).abs() < 1e-13);
        }
        assert_eq!(table.optimum(), Some(1.0));
        assert_eq!(pool.scores.iter().copied().fold(1.0, f64::min), 0.0);
    }
}
