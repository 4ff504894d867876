//! Steps that are smaller than a weight can hold: what is left of them is kept.
//!
//! δ = ⌊2¹⁶ g Z⌉      v ← v + ⌊(δ − v) / 2^b⌉      w + r/2¹⁶ ← w + (r + v)/2¹⁶
//!
//! | symbol | code       | range              | meaning                                                      |
//! |--------|------------|--------------------|--------------------------------------------------------------|
//! | Z      | `sums`     |                    | votes on each weight                                         |
//! | g      | [`Gain`]   |                    | steps for a vote of 1                                        |
//! | v, b   | `velocity` | i32; 0..=16        | mean of past steps over about 2^b of them; v = δ without     |
//! | w      | `weights`  | −127..=127         | what the model multiplies with                               |
//! | r      | `rest`     | −2¹⁵..2¹⁵          | what the weight has not taken yet; so it is the nearest one  |
//!
//! A weight at its limit drops what would carry it beyond.

use super::arithmetic::saturate;

/// Binary places of a rest.
const PLACES: u32 = 16;

/// Steps for a vote of 1: `numerator / (2^16 denominator)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gain {
    /// At most 2^30.
    pub numerator: u64,
    /// Not zero.
    pub denominator: u64,
}

impl Gain {
    /// ⌊2^16 g z⌉, halves up.
    #[inline(always)]
    fn of(self, z: i32) -> i64 {
        let (twice, unit) = (2 * i64::from(z) * self.numerator as i64, self.denominator as i64);
        (twice + unit).div_euclid(2 * unit)
    }
}

/// Moves each weight by its share of the votes. Without `velocity` (an empty slice) steps are taken as they come, otherwise as their mean over about
/// 2^`shift` generations. Returns how many weights changed.
///
/// # Panics
/// If slices differ in length, or the denominator is zero.
pub fn accumulate(
    weights: &mut [i8],
    rest: &mut [i16],
    velocity: &mut [i32],
    shift: u32,
    sums: &[i32],
    gain: Gain,
) -> u64 {
    assert!(rest.len() == weights.len() && sums.len() == weights.len(), "one for each weight");
    assert!(velocity.is_empty() || velocity.len() == weights.len(), "one for each weight");
    let mut changed = 0;
    for (i, (w, rest)) in weights.iter_mut().zip(rest).enumerate() {
        let mut step = gain.of(sums[i]);
        if let Some(v) = velocity.get_mut(i) {
            let half = (1i64 << shift) >> 1;
            let mean = i64::from(*v) + ((step - i64::from(*v) + half) >> shift);
            *v = mean.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
            step = i64::from(*v);
        }
        let total = i64::from(*rest) + step;
        let whole = (total + (1 << (PLACES - 1))) >> PLACES;
        let moved = saturate((i64::from(*w) + whole).clamp(-1000, 1000) as i32);
        let taken = i64::from(moved) - i64::from(*w);
        *rest = if taken == whole { (total - (whole << PLACES)) as i16 } else { 0 };
        changed += u64::from(taken != 0);
        *w = moved;
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_steps_add_up_to_whole_ones() {
        // A third of a step each: after three, one; rests are kept to a 2^16th.
        let gain = Gain { numerator: 1 << 16, denominator: 3 };
        let (mut w, mut rest) = ([5i8, -5, 0], [0i16; 3]);
        let sums = [1, -1, 0];
        let changed: Vec<u64> =
            (0..3).map(|_| accumulate(&mut w, &mut rest, &mut [], 0, &sums, gain)).collect();
        assert_eq!((changed, w), (vec![0, 2, 0], [6, -6, 0]), "two thirds are nearer to one");
        assert!(rest.iter().all(|r| r.abs() <= 2), "{rest:?}");
    }

    #[test]
    fn a_weight_at_its_limit_drops_the_rest() {
        let gain = Gain { numerator: 1 << 16, denominator: 1 };
        let (mut w, mut rest) = ([126i8, -126], [10i16, -10]);
        assert_eq!(accumulate(&mut w, &mut rest, &mut [], 0, &[9, -9], gain), 2);
        assert_eq!((w, rest), ([127, -127], [0, 0]));
        accumulate(&mut w, &mut rest, &mut [], 0, &[-1, 1], gain);
        assert_eq!(w, [126, -126]);
    }

    #[test]
    fn with_velocity_one_vote_is_spread_over_generations() {
        let gain = Gain { numerator: 100 << 16, denominator: 1 };
        let (mut w, mut rest, mut velocity) = ([0i8], [0i16], [0i32]);
        accumulate(&mut w, &mut rest, &mut velocity, 2, &[1], gain);
        assert_eq!(w, [25]);
        for _ in 0..40 {
            accumulate(&mut w, &mut rest, &mut velocity, 2, &[0], gain);
        }
        assert_eq!(w, [100], "all of it in the end");
    }

    #[test]
    fn rounding_favours_no_direction() {
        let gain = Gain { numerator: 1 << 16, denominator: 1 << 20 };
        let total: i64 = (-1000..=1000).map(|z| gain.of(z)).sum();
        assert!(total.abs() <= 100, "{total}: halves only");
    }
}
