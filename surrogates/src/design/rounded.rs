//! Numbers that can be weighed out: a design with fewer digits.
//!
//! A real site is rounded to four decimals of its range: of 0 to 50 to thousandths, and to its bounds. Where columns have a sum, the largest of them takes what is missing.

use crate::space::{Design, Site, Space};

/// Decimals of a range that are kept.
const DECIMALS: i32 = 4;

/// The design with fewer digits, or the design itself where that would break a constraint.
pub fn rounded(space: &Space, design: &[f64]) -> Design {
    let of_site = |(at, (site, &value)): (usize, (&Site, &f64))| match *site {
        Site::Real { lower, upper } if space.fixed(at).is_none() && upper > lower => {
            let power = DECIMALS - (upper - lower).log10().floor() as i32;
            short(value, power).clamp(lower, upper)
        }
        _ => value,
    };
    let mut rounded: Design = space.sites().iter().zip(design).enumerate().map(of_site).collect();
    for sum in &space.constraints().sums {
        let fields = sum.columns.iter().filter_map(|column| space.field(column));
        let sites: Vec<usize> = fields.map(|field| field.sites.start).collect();
        let free = sites.iter().copied().filter(|&at| space.is_free(at));
        let Some(largest) = free.max_by(|a, b| rounded[*a].total_cmp(&rounded[*b])) else {
            continue;
        };
        let others: f64 = sites.iter().filter(|at| **at != largest).map(|&at| rounded[at]).sum();
        // Without the last digits of a sum of decimals.
        rounded[largest] = short(sum.total - others, 12);
    }
    if space.is_valid(&rounded) { rounded } else { design.to_vec() }
}

/// The decimal number with so many places nearest to a number.
fn short(value: f64, places: i32) -> f64 {
    if !(0..=300).contains(&places) {
        let unit = 10_f64.powi(-places);
        return (value / unit).round() * unit;
    }
    format!("{value:.*}", places as usize).parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Draws;
    use crate::space::SpaceFile;

    fn space(text: &str) -> Space {
        SpaceFile::parse(text).and_then(|file| file.space()).expect("a space")
    }

    #[test]
    fn digits_follow_the_range_and_other_columns_are_left_alone() {
        let space = space(
            "[columns.t]\nkind = \"real\"\nbounds = [20, 70]\n\
             [columns.n]\nkind = \"integer\"\nbounds = [0, 9]\n\
             [columns.k]\nkind = \"real\"\nbounds = [0, 0.00123]\n\
             [columns.big]\nkind = \"real\"\nbounds = [-2e9, 2e9]\n\
             [columns.held]\nkind = \"real\"\nbounds = [0, 1]\nfixed = 0.123456789",
        );
        let design = [20.000_000_1, 7.0, 0.001_229_999_99, 1_234_567_890.123, 0.123_456_789];
        let found = rounded(&space, &design);
        assert_eq!(found, [20.0, 7.0, 0.001_23, 1_234_600_000.0, 0.123_456_789]);
    }

    #[test]
    fn sums_are_kept_to_the_last_digit() {
        let space = space(
            "[columns.a]\nkind = \"real\"\nbounds = [0, 1]\n\
             [columns.b]\nkind = \"real\"\nbounds = [0, 1]\n\
             [columns.c]\nkind = \"real\"\nbounds = [0, 1]\n\
             [[sum]]\ncolumns = [\"a\", \"b\", \"c\"]\ntotal = 1",
        );
        let mut draws = Draws::new(5, "mixtures of a test");
        for _ in 0..1_000 {
            let design = space.sample(&mut draws);
            let found = rounded(&space, &design);
            assert!(space.is_valid(&found) && space.distance(&design, &found) < 2e-4);
            assert!(found.iter().all(|x| x.to_string().len() <= 6), "{found:?}");
        }
    }

    #[test]
    fn a_limit_is_not_broken_for_a_digit() {
        let space = space(
            "[columns.a]\nkind = \"real\"\nbounds = [0, 1]\n\
             [[linear]]\nterms = { a = 1.0 }\nat_most = 0.123456",
        );
        assert_eq!(rounded(&space, &[0.123_456]), [0.123_456]);
        assert_eq!(rounded(&space, &[0.123_444]), [0.1234]);
    }
}
