//! Functions of each number of a block: what evolved programs and formulas are made of.
//!
//! Blocks are slices of equal length. Each function has its value and its slope, the latter for reverse mode. Values
//! are those of [`rounded`]: the same bits on every processor and for any cut into blocks, at most 0.51 units in the
//! last place off. Slopes are good to a few units.

use std::f32::consts as f32c;

use crate::math::rounded;
use crate::simd::{Kernel, dispatch};

/// What [`Binary::ProtectedDivide`] adds to the divisor, whatever its sign.
pub const EPSILON: f32 = 1e-8;

/// One argument of a function of two: a number for each place, or the same for all.
#[derive(Clone, Copy, Debug)]
pub enum Operand<'a> {
    /// The same for all places.
    Scalar(f32),
    /// One for each place.
    Block(&'a [f32]),
}

trait Function1 {
    fn value(x: f32) -> f32;
    fn slope(x: f32, y: f32) -> f32;
}

trait Function2 {
    fn value(x: f32, y: f32) -> f32;
    fn slopes(x: f32, y: f32, value: f32) -> (f32, f32);
}

struct Map<'a, F> {
    x: &'a [f32],
    out: &'a mut [f32],
    _function: F,
}

impl<F: Function1> Kernel for Map<'_, F> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        for (x, y) in self.x.iter().zip(self.out) {
            *y = F::value(*x);
        }
    }
}

struct MapBack<'a, F> {
    x: &'a [f32],
    y: &'a [f32],
    above: &'a [f32],
    to_x: &'a mut [f32],
    _function: F,
}

impl<F: Function1> Kernel for MapBack<'_, F> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let (y, above) = (&self.y[..self.x.len()], &self.above[..self.x.len()]);
        for (i, (x, to_x)) in self.x.iter().zip(self.to_x).enumerate() {
            *to_x += above[i] * F::slope(*x, y[i]);
        }
    }
}

struct Map2<'a, F> {
    x: Operand<'a>,
    y: Operand<'a>,
    out: &'a mut [f32],
    _function: F,
}

impl<F: Function2> Kernel for Map2<'_, F> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        match (self.x, self.y) {
            (Operand::Block(x), Operand::Block(y)) => {
                for ((x, y), out) in x.iter().zip(y).zip(self.out) {
                    *out = F::value(*x, *y);
                }
            }
            (Operand::Block(x), Operand::Scalar(y)) => {
                for (x, out) in x.iter().zip(self.out) {
                    *out = F::value(*x, y);
                }
            }
            (Operand::Scalar(x), Operand::Block(y)) => {
                for (y, out) in y.iter().zip(self.out) {
                    *out = F::value(x, *y);
                }
            }
            (Operand::Scalar(x), Operand::Scalar(y)) => self.out.fill(F::value(x, y)),
        }
    }
}

struct Map2Back<'a, F> {
    x: &'a [f32],
    y: &'a [f32],
    value: &'a [f32],
    above: &'a [f32],
    to_x: &'a mut [f32],
    to_y: &'a mut [f32],
    _function: F,
}

impl<F: Function2> Kernel for Map2Back<'_, F> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let places = self.x.len();
        let (y, value, above) = (&self.y[..places], &self.value[..places], &self.above[..places]);
        let (to_x, to_y) = (&mut self.to_x[..places], &mut self.to_y[..places]);
        for i in 0..places {
            let (by_x, by_y) = F::slopes(self.x[i], y[i], value[i]);
            to_x[i] = above[i] * by_x;
            to_y[i] = above[i] * by_y;
        }
    }
}

macro_rules! functions_of_one {
    ($($(#[$doc:meta])* $name:ident($x:ident, $y:ident) = $value:expr, $slope:expr;)*) => {
        /// A function of one number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Unary { $($(#[$doc])* $name,)* }

        #[allow(unused_variables, reason = "some slopes need the argument, some the value, some neither")]
        mod one {
            use super::*;
            $(pub(super) struct $name;
            impl Function1 for $name {
                #[inline(always)]
                fn value($x: f32) -> f32 { $value }
                #[inline(always)]
                fn slope($x: f32, $y: f32) -> f32 { $slope }
            })*
        }

        impl Unary {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// `out = f(x)`, place by place.
            pub fn apply(self, x: &[f32], out: &mut [f32]) {
                match self {
                    $(Self::$name => dispatch(Map { x, out: &mut *out, _function: one::$name }),)*
                }
                self.mend_large_angles(x, out);
            }

            /// `to_x += above · f′(x)`, where `y = f(x)`.
            pub fn add_slope(self, x: &[f32], y: &[f32], above: &[f32], to_x: &mut [f32]) {
                match self {
                    $(Self::$name => dispatch(MapBack { x, y, above, to_x, _function: one::$name }),)*
                }
            }
        }
    };
}

macro_rules! functions_of_two {
    ($($(#[$doc:meta])* $name:ident($x:ident, $y:ident, $v:ident) = $value:expr, $slopes:expr;)*) => {
        /// A function of two numbers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Binary { $($(#[$doc])* $name,)* }

        #[allow(unused_variables, reason = "some slopes need the arguments, some the value, some neither")]
        mod two {
            use super::*;
            $(pub(super) struct $name;
            impl Function2 for $name {
                #[inline(always)]
                fn value($x: f32, $y: f32) -> f32 { $value }
                #[inline(always)]
                fn slopes($x: f32, $y: f32, $v: f32) -> (f32, f32) { $slopes }
            })*
        }

        impl Binary {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// `out = f(x, y)`, place by place.
            pub fn apply(self, x: Operand<'_>, y: Operand<'_>, out: &mut [f32]) {
                match self {
                    $(Self::$name => dispatch(Map2 { x, y, out, _function: two::$name }),)*
                }
            }

            /// `to_x = above · ∂f/∂x`, `to_y = above · ∂f/∂y`, where `value = f(x, y)`.
            pub fn slopes(self, (x, y): (&[f32], &[f32]), value: &[f32], above: &[f32], (to_x, to_y): (&mut [f32], &mut [f32])) {
                match self {
                    $(Self::$name => dispatch(Map2Back { x, y, value, above, to_x, to_y, _function: two::$name }),)*
                }
            }
        }
    };
}

functions_of_one! {
    /// |x|.
    Abs(x, y) = x.abs(), 1.0_f32.copysign(x);
    /// Sine.
    Sin(x, y) = rounded::sin(x), rounded::cos(x);
    /// Cosine.
    Cos(x, y) = rounded::cos(x), -rounded::sin(x);
    /// Tangent.
    Tan(x, y) = rounded::tan(x), y.mul_add(y, 1.0);
    /// Inverse sine.
    Arcsin(x, y) = rounded::arcsin(x), 1.0 / ((1.0 - x) * (1.0 + x)).sqrt();
    /// Inverse cosine.
    Arccos(x, y) = rounded::arccos(x), -1.0 / ((1.0 - x) * (1.0 + x)).sqrt();
    /// Inverse tangent.
    Arctan(x, y) = rounded::arctan(x), 1.0 / x.mul_add(x, 1.0);
    /// Hyperbolic sine.
    Sinh(x, y) = rounded::sinh(x), rounded::cosh(x);
    /// Hyperbolic cosine.
    Cosh(x, y) = rounded::cosh(x), rounded::sinh(x);
    /// Hyperbolic tangent.
    Tanh(x, y) = rounded::tanh(x), y.mul_add(-y, 1.0);
    /// Inverse hyperbolic sine.
    Arcsinh(x, y) = rounded::arcsinh(x), 1.0 / x.mul_add(x, 1.0).sqrt();
    /// Inverse hyperbolic cosine.
    Arccosh(x, y) = rounded::arccosh(x), 1.0 / ((x - 1.0) * (x + 1.0)).sqrt();
    /// Inverse hyperbolic tangent.
    Arctanh(x, y) = rounded::arctanh(x), 1.0 / ((1.0 - x) * (1.0 + x));
    /// eˣ.
    Exp(x, y) = rounded::exp(x), y;
    /// 2ˣ.
    Exp2(x, y) = rounded::exp2(x), y * f32c::LN_2;
    /// 10ˣ.
    Exp10(x, y) = rounded::exp10(x), y * f32c::LN_10;
    /// eˣ − 1.
    Expm1(x, y) = rounded::expm1(x), y + 1.0;
    /// ln |x|.
    LogAbs(x, y) = rounded::ln(x.abs()), 1.0 / x;
    /// log₁₀ |x|.
    Log10Abs(x, y) = rounded::log10(x.abs()), f32c::LOG10_E / x;
    /// log₂ |x|.
    Log2Abs(x, y) = rounded::log2(x.abs()), f32c::LOG2_E / x;
    /// ln |1 + x|.
    Log1pAbs(x, y) = rounded::log1p(x), 1.0 / (1.0 + x);
    /// ln x; NaN below 0.
    Log(x, y) = rounded::ln(x), 1.0 / x;
    /// x².
    Square(x, y) = x * x, x + x;
    /// √|x|.
    SqrtAbs(x, y) = x.abs().sqrt(), 0.5_f32.copysign(x) / y;
    /// √x; NaN below 0.
    Sqrt(x, y) = x.sqrt(), 0.5 / y;
    /// x³.
    Cube(x, y) = x * x * x, 3.0 * x * x;
    /// Real cube root.
    Cbrt(x, y) = rounded::cbrt(x), y / (3.0 * x);
    /// −1, 0 or 1.
    Sign(x, y) = if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { x }, 0.0;
    /// 1/x.
    Reciprocal(x, y) = 1.0 / x, -y * y;
    /// −x.
    Negative(x, y) = -x, -1.0;
}

functions_of_two! {
    /// x + y.
    Add(x, y, v) = x + y, (1.0, 1.0);
    /// x − y.
    Subtract(x, y, v) = x - y, (1.0, -1.0);
    /// x y.
    Multiply(x, y, v) = x * y, (y, x);
    /// x / (y + 1e-8).
    ProtectedDivide(x, y, v) = x / (y + EPSILON), (1.0 / (y + EPSILON), -v / (y + EPSILON));
    /// x / y.
    Divide(x, y, v) = x / y, (1.0 / y, -v / y);
    /// The larger; NaN if one is NaN.
    Max(x, y, v) = if x > y || x.is_nan() { x } else { y }, if x > y { (1.0, 0.0) } else { (0.0, 1.0) };
    /// The smaller; NaN if one is NaN.
    Min(x, y, v) = if x < y || x.is_nan() { x } else { y }, if x < y { (1.0, 0.0) } else { (0.0, 1.0) };
    /// xʸ; NaN of a negative x where y is no whole number.
    Power(x, y, v) = rounded::power(x, y), (
        if x == 0.0 { if y == 1.0 { 1.0 } else { 0.0 } } else { y * v / x },
        if x > 0.0 { v * rounded::ln(x) } else { 0.0 },
    );
}

impl Unary {
    /// The reduction of huge angles needs hundreds of digits of π: libm has them.
    fn mend_large_angles(self, x: &[f32], out: &mut [f32]) {
        let function = match self {
            Self::Sin => libm::sinf,
            Self::Cos => libm::cosf,
            Self::Tan => libm::tanf,
            _ => return,
        };
        if !dispatch(AnyBeyond { x, bound: rounded::ANGLE_MAX }) {
            return;
        }
        for (x, y) in x.iter().zip(out) {
            if x.abs() > rounded::ANGLE_MAX {
                *y = function(*x);
            }
        }
    }
}

struct AnyBeyond<'a> {
    x: &'a [f32],
    bound: f32,
}

impl Kernel for AnyBeyond<'_> {
    type Output = bool;
    #[inline(always)]
    fn run(self) -> bool {
        let beyond = self.x.iter().fold(0_u32, |any, x| any | u32::from(x.abs() > self.bound));
        beyond != 0
    }
}

/// `out = (1 − weight) x + weight y`.
pub fn interpolate(x: Operand<'_>, y: Operand<'_>, weight: f32, out: &mut [f32]) {
    dispatch(Interpolate { x, y, weight, out });
}

struct Interpolate<'a> {
    x: Operand<'a>,
    y: Operand<'a>,
    weight: f32,
    out: &'a mut [f32],
}

impl Kernel for Interpolate<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let (a, b) = (1.0 - self.weight, self.weight);
        match (self.x, self.y) {
            (Operand::Block(x), Operand::Block(y)) => {
                for ((x, y), out) in x.iter().zip(y).zip(self.out) {
                    *out = a * x + b * y;
                }
            }
            (Operand::Block(x), Operand::Scalar(y)) => {
                for (x, out) in x.iter().zip(self.out) {
                    *out = a * x + b * y;
                }
            }
            (Operand::Scalar(x), Operand::Block(y)) => {
                for (y, out) in y.iter().zip(self.out) {
                    *out = a * x + b * y;
                }
            }
            (Operand::Scalar(x), Operand::Scalar(y)) => self.out.fill(a * x + b * y),
        }
    }
}

/// Lanes that sums of products are kept in; they are added up in pairs at the end.
const SUM_LANES: usize = 16;

/// Σ x y in `f64`: lane `l` sums places `l`, `l + 16`, …, and the lanes are added by halves.
pub fn dot(x: &[f32], y: &[f32]) -> f64 {
    dispatch(Dot { x, y })
}

struct Dot<'a> {
    x: &'a [f32],
    y: &'a [f32],
}

impl Kernel for Dot<'_> {
    type Output = f64;
    #[inline(always)]
    fn run(self) -> f64 {
        let mut sums = [0.0_f64; SUM_LANES];
        let (x, x_rest) = self.x.as_chunks::<SUM_LANES>();
        let (y, y_rest) = self.y.as_chunks::<SUM_LANES>();
        for (x, y) in x.iter().zip(y) {
            for lane in 0..SUM_LANES {
                sums[lane] = f64::from(x[lane]).mul_add(f64::from(y[lane]), sums[lane]);
            }
        }
        for (lane, (x, y)) in x_rest.iter().zip(y_rest).enumerate() {
            sums[lane] = f64::from(*x).mul_add(f64::from(*y), sums[lane]);
        }
        let mut half = SUM_LANES / 2;
        while half > 0 {
            for lane in 0..half {
                sums[lane] += sums[lane + half];
            }
            half /= 2;
        }
        sums[0]
    }
}

#[cfg(test)]
mod tests;
