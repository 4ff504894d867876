//! Log-likelihood in sixteenths of a bit, without a float.
//!
//! zᵢ = logitᵢ + 128      EXP2\[i\] = ⌊16 · 2^(i/16)⌋      LOG2(S) = ⌊16 log₂(S/16)⌋
//! ll = z_target − LOG2(Σᵢ EXP2\[zᵢ\])
//!
//! Logits are sixteenths of a bit too. The sum over 256 symbols stays below 2^28. Equal logits give exactly −128: 8 bits.
//!
//! Departure: the reference has LOG2 as a table of 2^28 entries. Here it is the position of the highest bit and a comparison
//! with sixteen thresholds: LOG2(S) ≥ v exactly if S ≥ ⌈16 · 2^(v/16)⌉.

/// 2^(f/16) in 2^−40, rounded down, for f from 0 to 15. No ⌊16 · 2^(i/16)⌋ or ⌈…⌉ needed here is near enough to an
/// integer for the missing digits to matter.
pub(crate) const POWERS: [u64; 16] = [
    1_099_511_627_776,
    1_148_191_166_360,
    1_199_025_932_245,
    1_252_111_345_494,
    1_307_547_050_779,
    1_365_437_104_419,
    1_425_890_169_698,
    1_489_019_720_837,
    1_554_944_255_987,
    1_623_787_519_664,
    1_695_678_735_018,
    1_770_752_846_399,
    1_849_150_772_653,
    1_931_019_671_637,
    2_016_513_216_442,
    2_105_791_883_849,
];

/// Powers of two, `EXP2[i]` for i from 0 to 255.
#[inline(always)]
pub const fn exp2(i: u32) -> u32 {
    (POWERS[(i & 15) as usize] >> (36 - (i >> 4))) as u32
}

/// EXP2 as a table.
pub const EXP2: [u32; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = exp2(i as u32);
        i += 1;
    }
    table
};

/// LOG2(S) for S from 16 to 2^32 − 1: sixteen times the binary logarithm of S/16, rounded down.
pub const fn log2(sum: u32) -> i32 {
    let octave = sum.ilog2();
    // S in 2^−40 of its octave, exact: sums have at most 32 bits.
    let mantissa = (sum as u64) << (40 - octave);
    let mut sixteenths = 15;
    // All powers but the first are irrational, and lie above what is written down here.
    while sixteenths > 0 && POWERS[sixteenths] >= mantissa {
        sixteenths -= 1;
    }
    16 * (octave as i32 - 4) + sixteenths as i32
}

/// Log-likelihood of `target` under 256 logits, in sixteenths of a bit, about 0 at most.
///
/// # Panics
/// If there are not 256 logits.
#[inline(always)]
pub fn log_likelihood(logits: &[i8], target: u8) -> i32 {
    let logits: &[i8; 256] = logits.try_into().expect("one logit for each byte");
    i32::from(logits[target as usize]) + 128 - log2(sum_of_powers(logits))
}

/// Σ EXP2[logit + 128], in four chains of additions.
#[inline(always)]
fn sum_of_powers(logits: &[i8; 256]) -> u32 {
    let mut sums = [0; 4];
    for four in logits.chunks_exact(4) {
        for (sum, &logit) in sums.iter_mut().zip(four) {
            *sum += EXP2[(logit as u8 ^ 0x80) as usize];
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_truncated() {
        assert_eq!((EXP2[0], EXP2[128], EXP2[255]), (16, 4096, 1_004_119));
        for (i, &power) in EXP2.iter().enumerate() {
            assert_eq!(power, (16.0 * (i as f64 / 16.0).exp2()).floor() as u32, "{i}");
        }
    }

    #[test]
    fn logarithms_are_truncated_at_every_step() {
        // Of small sums several thresholds round up to one.
        for v in 0..384 {
            let threshold = (16.0 * (f64::from(v) / 16.0).exp2()).ceil() as u32;
            assert!(log2(threshold) >= v, "{threshold}");
            assert!(threshold == 16 || log2(threshold - 1) < v, "{threshold} - 1");
        }
        for sum in 16..200_000u32 {
            let exact = (16.0 * (f64::from(sum) / 16.0).log2()).floor() as i32;
            assert_eq!(log2(sum), exact, "{sum}");
        }
    }

    #[test]
    fn equal_logits_cost_eight_bits() {
        // Where the power is exact; truncated powers make others up to a sixteenth of a bit cheaper.
        for value in [-112, -16, 0, 16, 112] {
            assert_eq!(log_likelihood(&[value; 256], 7), -128);
        }
        assert_eq!(log_likelihood(&[-127; 256], 7), -127);
    }

    #[test]
    fn a_sure_and_right_model_costs_little() {
        let mut logits = [-127i8; 256];
        logits[65] = 127;
        assert!((-1..=0).contains(&log_likelihood(&logits, 65)));
        assert!(log_likelihood(&logits, 66) < -253);
    }
}
