//! The elementwise part of the recurrent cell.
//!
//! f = sat(p + q + b_f)      s' = ((f + 127) s) >> 8      h = sat(p + q + b_h)
//! out = s + (((f + 127) (h − s)) >> 8)
//!
//! p and q are the scaled products with input and state. There is no sigmoid and no tanh: saturation is the
//! nonlinearity. `>>` rounds down. The last line is evaluated in 32 bits; it stays within −127..=127.

use super::arithmetic::saturate;

/// f of each unit into `f`, and the reset state s' into `reset`. All slices have the same length.
#[inline(always)]
pub fn forget(p: &[i8], q: &[i8], bias: &[i8], state: &[i8], f: &mut [i8], reset: &mut [i8]) {
    let width = state.len();
    let (p, q, bias) = (&p[..width], &q[..width], &bias[..width]);
    let (f, reset) = (&mut f[..width], &mut reset[..width]);
    for i in 0..width {
        let sum = i16::from(p[i]) + i16::from(q[i]) + i16::from(bias[i]);
        let gate = sum.clamp(-127, 127);
        f[i] = gate as i8;
        reset[i] = (((gate + 127) * i16::from(state[i])) >> 8) as i8;
    }
}

/// The new state, which is also the output of the cell, in place of the old one.
#[inline(always)]
pub fn update(p: &[i8], q: &[i8], bias: &[i8], f: &[i8], state: &mut [i8]) {
    let width = state.len();
    let (p, q, bias, f) = (&p[..width], &q[..width], &bias[..width], &f[..width]);
    for i in 0..width {
        let sum = i16::from(p[i]) + i16::from(q[i]) + i16::from(bias[i]);
        let (h, s) = (i32::from(sum.clamp(-127, 127)), i32::from(state[i]));
        state[i] = (s + (((i32::from(f[i]) + 127) * (h - s)) >> 8)) as i8;
    }
}

/// Adds `by` to `to`, saturated.
#[inline(always)]
pub fn add(to: &mut [i8], by: &[i8]) {
    for (to, &by) in to.iter_mut().zip(by) {
        *to = saturate(i32::from(*to) + i32::from(by));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_state_leaves_the_range_and_all_are_exact() {
        for f in -127..=127i32 {
            for s in -127..=127i32 {
                let (mut gate, mut reset) = ([0i8], [0i8]);
                forget(&[f as i8], &[0], &[0], &[s as i8], &mut gate, &mut reset);
                assert_eq!((i32::from(gate[0]), i32::from(reset[0])), (f, ((f + 127) * s) >> 8));
                for h in [-127, -64, -1, 0, 1, 100, 127] {
                    let mut state = [s as i8];
                    update(&[h as i8], &[0], &[0], &gate, &mut state);
                    let exact = s + (((f + 127) * (h - s)) >> 8);
                    assert!((-127..=127).contains(&exact));
                    assert_eq!(i32::from(state[0]), exact);
                }
            }
        }
    }
}
