//! Saturation and floor division: what integers do where floats would round.
//!
//! sat(v) = min(max(v, −127), 127)      scaled(v) = sat(⌊v / (16 ⌊√n⌋)⌋)

/// The largest magnitude of an activation or a weight; −128 is never produced.
pub const LIMIT: i32 = 127;

/// Fractional bits of activations and weights: 16 stands for 1.
pub const FRACTION_BITS: u32 = 4;

/// `v` clipped to −127..=127.
#[inline(always)]
pub const fn saturate(v: i32) -> i8 {
    (if v > LIMIT {
        LIMIT
    } else if v < -LIMIT {
        -LIMIT
    } else {
        v
    }) as i8
}

/// The largest integer whose square is at most `n`.
pub const fn isqrt(n: u64) -> u64 {
    n.isqrt()
}

/// What a sum over `inputs` products is divided by: 16 ⌊√inputs⌋, rounding down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    divisor: i32,
    /// Set where the divisor is a power of two, as it is for powers of four.
    shift: Option<u32>,
}

impl Scale {
    /// The scale of a layer with so many inputs.
    ///
    /// # Panics
    /// If there are no inputs.
    pub const fn of(inputs: usize) -> Self {
        assert!(inputs > 0, "a layer needs inputs");
        let divisor = (1 << FRACTION_BITS) * isqrt(inputs as u64) as i32;
        let shift = if divisor.count_ones() == 1 { Some(divisor.trailing_zeros()) } else { None };
        Self { divisor, shift }
    }

    /// The number of bits to shift by, if division is a shift.
    #[inline(always)]
    pub const fn shift(self) -> Option<u32> {
        self.shift
    }

    /// The quotient of a sum, saturated.
    #[inline(always)]
    pub const fn apply(self, sum: i32) -> i8 {
        match self.shift {
            Some(bits) => saturate(sum >> bits),
            None => saturate(sum.div_euclid(self.divisor)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_four_are_shifts_and_others_floor() {
        assert_eq!(
            [16, 64, 256, 1024].map(|n| Scale::of(n).shift()),
            [Some(6), Some(7), Some(8), Some(9)]
        );
        assert_eq!(Scale::of(128).divisor, 16 * 11);
        assert_eq!(Scale::of(128).apply(-1), -1);
        assert_eq!(Scale::of(64).apply(-129), -2);
        assert_eq!(Scale::of(64).apply(i32::MAX), 127);
    }

    #[test]
    fn saturation_never_gives_minus_128() {
        assert_eq!([-1000, -128, -127, 0, 127, 128].map(saturate), [-127, -127, -127, 0, 127, 127]);
    }
}
