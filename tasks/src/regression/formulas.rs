//! The formulas, each with the ranges its columns are drawn from.

use std::f64::consts::PI;

/// A formula that samples are drawn from.
#[derive(Clone, Copy)]
pub struct Formula {
    /// Its name, in lower case with hyphens.
    pub name: &'static str,
    /// It in words of mathematics.
    pub text: &'static str,
    /// Names of its columns.
    pub columns: &'static [&'static str],
    /// Where each column is drawn from, uniformly.
    pub ranges: &'static [(f64, f64)],
    /// Rows to learn from.
    pub rows: usize,
    /// Its value.
    pub value: fn(&[f64]) -> f64,
}

impl std::fmt::Debug for Formula {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Formula").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Formula {
    /// The formula of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMULAS.iter().chain(&SPEED).find(|formula| formula.name == name)
    }
}

/// Rows of Nguyen's formulas.
const FEW: usize = 20;
/// Rows of all others.
const MANY: usize = 200;

const UNIT: (f64, f64) = (0.0, 1.0);
const SIGNED: (f64, f64) = (-1.0, 1.0);
const TO_3: (f64, f64) = (1.0, 3.0);
const TO_5: (f64, f64) = (1.0, 5.0);

macro_rules! formulas {
    ($($(#[$doc:meta])* $list:ident: $count:literal = { $($name:literal, $text:literal, ($($column:ident: $range:expr),*), $rows:expr, $value:expr;)* })*) => {
        $($(#[$doc])*
        pub static $list: [Formula; $count] = [$(Formula {
            name: $name,
            text: $text,
            columns: &[$(stringify!($column)),*],
            ranges: &[$($range),*],
            rows: $rows,
            #[allow(non_snake_case, reason = "the names are those of the formulas")]
            value: |row| {
                let [$($column),*] = *row else { panic!("one number for each column is needed") };
                $value
            },
        },)*];)*
    };
}

formulas! {
    /// The twenty-four.
    FORMULAS: 24 = {
        "nguyen-1", "x^3 + x^2 + x", (x: SIGNED), FEW, x.powi(3) + x * x + x;
        "nguyen-3", "x^5 + x^4 + x^3 + x^2 + x", (x: SIGNED), FEW, (1..=5).map(|n| x.powi(n)).sum();
        "nguyen-4", "x^6 + x^5 + x^4 + x^3 + x^2 + x", (x: SIGNED), FEW, (1..=6).map(|n| x.powi(n)).sum();
        "nguyen-5", "sin(x^2) * cos(x) - 1", (x: SIGNED), FEW, (x * x).sin() * x.cos() - 1.0;
        "nguyen-6", "sin(x) + sin(x + x^2)", (x: SIGNED), FEW, x.sin() + (x + x * x).sin();
        "nguyen-7", "log(x + 1) + log(x^2 + 1)", (x: (0.0, 2.0)), FEW, (x + 1.0).ln() + (x * x + 1.0).ln();
        "nguyen-8", "sqrt(x)", (x: (0.0, 4.0)), FEW, x.sqrt();
        "nguyen-9", "sin(x) + sin(y^2)", (x: UNIT, y: UNIT), FEW, x.sin() + (y * y).sin();
        "nguyen-10", "2 * sin(x) * cos(y)", (x: UNIT, y: UNIT), FEW, 2.0 * x.sin() * y.cos();
        "nguyen-12", "x^4 - x^3 + y^2 / 2 - y", (x: UNIT, y: UNIT), FEW, x.powi(4) - x.powi(3) + y * y / 2.0 - y;
        "feynman-i-6-20a", "exp(-t^2 / 2) / sqrt(2 * pi)", (t: TO_3), MANY, (-t * t / 2.0).exp() / (2.0 * PI).sqrt();
        "feynman-i-8-14", "sqrt((x2 - x1)^2 + (y2 - y1)^2)", (x1: TO_5, x2: TO_5, y1: TO_5, y2: TO_5), MANY, (x2 - x1).hypot(y2 - y1);
        "feynman-i-12-2", "q1 * q2 / (4 * pi * e * r^2)", (q1: TO_5, q2: TO_5, e: TO_5, r: TO_5), MANY, q1 * q2 / (4.0 * PI * e * r * r);
        "feynman-i-12-11", "q * (E + B * v * sin(t))", (q: TO_5, E: TO_5, B: TO_5, v: TO_5, t: TO_5), MANY, q * (E + B * v * t.sin());
        "feynman-i-13-4", "m * (v^2 + u^2 + w^2) / 2", (m: TO_5, v: TO_5, u: TO_5, w: TO_5), MANY, m * (v * v + u * u + w * w) / 2.0;
        "feynman-i-16-6", "(u + v) / (1 + u * v / c^2)", (c: TO_5, v: TO_5, u: TO_5), MANY, (u + v) / (1.0 + u * v / (c * c));
        "feynman-i-27-6", "1 / (1 / d1 + n / d2)", (d1: TO_5, d2: TO_5, n: TO_5), MANY, 1.0 / (1.0 / d1 + n / d2);
        "feynman-i-29-16", "sqrt(x1^2 + x2^2 - 2 * x1 * x2 * cos(t1 - t2))", (x1: TO_5, x2: TO_5, t1: TO_5, t2: TO_5), MANY,
            (x1 * x1 + x2 * x2 - 2.0 * x1 * x2 * (t1 - t2).cos()).sqrt();
        "feynman-i-40-1", "n0 * exp(-m * g * x / (k * T))", (n0: TO_5, m: TO_5, x: TO_5, T: TO_5, g: TO_5, k: TO_5), MANY,
            n0 * (-m * g * x / (k * T)).exp();
        "feynman-i-50-26", "x1 * (cos(w * t) + a * cos(w * t)^2)", (x1: TO_3, w: TO_3, t: TO_3, a: TO_3), MANY,
            x1 * ((w * t).cos() + a * (w * t).cos().powi(2));
        "feynman-ii-6-15b", "3 * p * cos(t) * sin(t) / (4 * pi * e * r^3)", (e: TO_3, p: TO_3, t: TO_3, r: TO_3), MANY,
            3.0 * p * t.cos() * t.sin() / (4.0 * PI * e * r.powi(3));
        "feynman-ii-35-18", "n0 / (exp(m * B / (k * T)) + exp(-m * B / (k * T)))", (n0: TO_3, k: TO_3, T: TO_3, m: TO_3, B: TO_3), MANY,
            n0 / ((m * B / (k * T)).exp() + (-m * B / (k * T)).exp());
        "feynman-iii-10-19", "m * sqrt(Bx^2 + By^2 + Bz^2)", (m: TO_5, Bx: TO_5, By: TO_5, Bz: TO_5), MANY, m * (Bx * Bx + By * By + Bz * Bz).sqrt();
        "feynman-iii-17-37", "b * (1 + a * cos(t))", (b: TO_5, a: TO_5, t: TO_5), MANY, b * (1.0 + a * t.cos());
    }
    /// Three that engines are timed on.
    SPEED: 3 = {
        "speed-nguyen-7", "log(x + 1) + log(x^2 + 1)", (x: (0.0, 2.0)), MANY, (x + 1.0).ln() + (x * x + 1.0).ln();
        "speed-wave", "x^2 * cos(y) + 2.5 * y", (x: (-3.0, 3.0), y: (-3.0, 3.0)), MANY, x * x * y.cos() + 2.5 * y;
        "speed-coulomb", "q1 * q2 / (4 * pi * r^2)", (q1: TO_5, q2: TO_5, r: TO_5), MANY, q1 * q2 / (4.0 * PI * r * r);
    }
}
