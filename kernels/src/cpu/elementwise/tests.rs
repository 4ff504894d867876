use super::*;

const NUMBERS: [f32; 12] = [-2.0, -1.0, -0.5, -0.3, 0.0, 0.25, 0.5, 0.9, 1.0, 1.5, 2.0, 3.25];

/// Central differences in f64 of a function that is smooth there.
fn difference(f: impl Fn(f32) -> f32, x: f32) -> f64 {
    let step = 2f32.powi(-9);
    (f64::from(f(x + step)) - f64::from(f(x - step))) / f64::from((x + step) - (x - step))
}

fn one(f: Unary, x: f32) -> f32 {
    let mut out = [0.0];
    f.apply(&[x], &mut out);
    out[0]
}

fn two(f: Binary, x: f32, y: f32) -> f32 {
    let mut out = [0.0];
    f.apply(Operand::Scalar(x), Operand::Scalar(y), &mut out);
    out[0]
}

fn near(found: f32, expected: f64) -> bool {
    !expected.is_finite() || (f64::from(found) - expected).abs() <= 4e-3 * (1.0 + expected.abs())
}

#[test]
fn slopes_are_those_of_small_differences() {
    let kinks = |x: f32| [0.0, 1.0, -1.0].contains(&x);
    for &f in Unary::ALL {
        for x in NUMBERS.into_iter().filter(|&x| !kinks(x)) {
            let mut slope = [0.0];
            f.add_slope(&[x], &[one(f, x)], &[1.0], &mut slope);
            let expected = difference(|x| one(f, x), x);
            assert!(near(slope[0], expected), "{f:?}'({x}) = {} not {expected}", slope[0]);
        }
    }
    for &f in Binary::ALL {
        for x in NUMBERS.into_iter().filter(|&x| !kinks(x)) {
            for y in NUMBERS.into_iter().filter(|&y| !kinks(y) && y != x) {
                let value = [two(f, x, y)];
                let (mut by_x, mut by_y) = ([0.0], [0.0]);
                f.slopes((&[x], &[y]), &value, &[1.0], (&mut by_x, &mut by_y));
                let expected = (difference(|x| two(f, x, y), x), difference(|y| two(f, x, y), y));
                assert!(near(by_x[0], expected.0), "{f:?}({x}, {y}) by x: {by_x:?} {expected:?}");
                let power_of_negative = f == Binary::Power && x < 0.0;
                assert!(
                    near(by_y[0], expected.1) || power_of_negative,
                    "{f:?}({x}, {y}) by y: {by_y:?} {expected:?}"
                );
            }
        }
    }
}

#[test]
fn huge_angles_have_all_their_digits() {
    // sin 1e20 to twenty digits is −0.64525128526578084421; the nearest f32 of 1e20 is 100000002004087734272.
    assert_eq!(one(Unary::Sin, 1e20), libm::sinf(1e20));
    assert!((f64::from(one(Unary::Sin, 1e8)) - 0.931_639_027_109_726).abs() < 1e-7);
    assert!(one(Unary::Cos, f32::INFINITY).is_nan());
}

#[test]
fn larger_and_smaller_keep_nan() {
    for f in [Binary::Max, Binary::Min] {
        assert!(two(f, f32::NAN, 1.0).is_nan() && two(f, 1.0, f32::NAN).is_nan());
    }
}

#[test]
fn sums_do_not_depend_on_the_level() {
    let x: Vec<f32> = (0..1003).map(|i| ((i * 37 % 101) as f32 - 50.0) * 0.37).collect();
    let y: Vec<f32> = (0..1003).map(|i| ((i * 53 % 97) as f32 - 40.0) * 0.11).collect();
    let plain: f64 = x.iter().zip(&y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
    assert!((dot(&x, &y) - plain).abs() < 1e-9 * plain.abs().max(1.0));
    for level in crate::simd::Level::ALL.into_iter().filter(|level| level.is_supported()) {
        let found = crate::simd::dispatch_at(level, Dot { x: &x, y: &y });
        assert_eq!(found.to_bits(), dot(&x, &y).to_bits(), "{level}");
    }
}
