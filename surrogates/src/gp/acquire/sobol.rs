//! Sobol's points: evenly spread in every coordinate and in most pairs of them.
//!
//! ```text
//! xᵢ = s ⊕ i₁ v₁ ⊕ i₂ v₂ ⊕ …        vₖ = vₖ₋ₛ ⊕ (vₖ₋ₛ ≫ s) ⊕ a₁ vₖ₋₁ ⊕ … ⊕ aₛ₋₁ vₖ₋ₛ₊₁
//! ```
//!
//! | symbol | code          | meaning                                                             |
//! |--------|---------------|---------------------------------------------------------------------|
//! | iₖ     |               | the binary digits of the number of the point                        |
//! | vₖ     | `directions`  | direction numbers of a coordinate, 32-bit fractions                 |
//! | a, s   | `polynomial`  | coefficients and degree of a primitive polynomial over GF(2), one for each coordinate |
//! | s      | `shift`       | a random word for each coordinate                                   |
//!
//! Source: Sobol (1967); Bratley and Fox, algorithm 659 (1988). Departures: polynomials are found by trial, not read from a table, and the
//! free first direction numbers are random odd numbers, so that only what holds for all of them is promised: any 2ᵏ points from the
//! first have one in each 2⁻ᵏ of every coordinate.

use super::normal;
use crate::Draws;

/// Most coordinates that are Sobol's.
const DIMENSIONS_MAX: usize = 16;

/// A sequence of points in the open unit box.
#[derive(Debug, Clone)]
pub struct Sobol {
    directions: Vec<[u32; 32]>,
    shift: Vec<u32>,
}

impl Sobol {
    /// Points of 1 to 16 coordinates; `seed` shifts them.
    ///
    /// # Panics
    /// If there are more coordinates.
    pub fn new(dimensions: usize, seed: u64) -> Self {
        assert!(dimensions <= DIMENSIONS_MAX, "{dimensions} coordinates, at most {DIMENSIONS_MAX}");
        // Coordinate 0 is the mirror of the binary digits: all direction numbers are free, and 1.
        let mirror = std::array::from_fn(|k| 1 << (31 - k));
        let mut free = Draws::new(0, "sobol");
        let others = (2_u32..).filter(|&polynomial| is_primitive(polynomial));
        let others = others.map(|polynomial| directions(polynomial, &mut free));
        let directions = std::iter::once(mirror).chain(others).take(dimensions).collect();
        let mut draws = Draws::new(seed, "sobol shift");
        Self { directions, shift: (0..dimensions).map(|_| draws.word()).collect() }
    }

    /// Point number `index`, each coordinate strictly between 0 and 1.
    pub fn point(&self, index: u32) -> Vec<f64> {
        let coordinate = |(directions, shift): (&[u32; 32], &u32)| {
            let digits = directions.iter().enumerate().filter(|(k, _)| index >> k & 1 == 1);
            let word = digits.fold(*shift, |word, (_, direction)| word ^ direction);
            (f64::from(word) + 0.5) * 2f64.powi(-32)
        };
        self.directions.iter().zip(&self.shift).map(coordinate).collect()
    }
}

/// Whether x generates all 2ˢ - 1 residues that are not 0, the bits of `polynomial` being its coefficients.
fn is_primitive(polynomial: u32) -> bool {
    let degree = polynomial.ilog2();
    let residues = (1_u32 << degree) - 1;
    let times_x = |residue: u32| {
        let product = residue << 1;
        if product >> degree & 1 == 1 { product ^ polynomial } else { product }
    };
    let mut residue = 1;
    let order = (1..=residues).find(|_| {
        residue = times_x(residue);
        residue <= 1
    });
    residue == 1 && order == Some(residues)
}

fn directions(polynomial: u32, free: &mut Draws) -> [u32; 32] {
    let degree = polynomial.ilog2() as usize;
    let mut directions = [0; 32];
    for k in 0..32 {
        directions[k] = if k < degree {
            // An odd number of k + 1 binary digits, as a fraction.
            (free.word() << (31 - k)) | 1 << (31 - k)
        } else {
            let first = directions[k - degree] ^ directions[k - degree] >> degree;
            let middle = (1..degree).filter(|i| polynomial >> (degree - i) & 1 == 1);
            middle.fold(first, |sum, i| sum ^ directions[k - i])
        };
    }
    directions
}

/// Standard normal deviates, drawn once: `points` lists of `dimensions` numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Normals {
    /// Number of lists.
    pub points: usize,
    /// Numbers in each.
    pub dimensions: usize,
    /// The numbers, list after list.
    pub values: Vec<f64>,
}

impl Normals {
    /// Deviates of Sobol's points in the first 16 dimensions, random ones that come with both signs beyond; `points` is best a power of
    /// two, and 256 to 1024 are usual.
    ///
    /// # Panics
    /// If there is no point.
    pub fn new(points: usize, dimensions: usize, seed: u64) -> Self {
        assert!(points > 0, "nothing can be averaged over no points");
        let even = dimensions.min(DIMENSIONS_MAX);
        let sobol = Sobol::new(even, seed);
        let mut values = Vec::with_capacity(points * dimensions);
        for point in 0..points {
            let uniform = sobol.point(point as u32);
            values.extend(uniform.into_iter().map(normal::quantile));
            let mut draws = Draws::numbered(seed, "normals", point as u64 / 2);
            let sign = if point % 2 == 0 { 1.0 } else { -1.0 };
            values.extend((even..dimensions).map(|_| sign * draws.normal()));
        }
        Self { points, dimensions, values }
    }

    /// The first `dimensions` numbers of each list.
    pub(super) fn lists(&self, dimensions: usize) -> impl Iterator<Item = &[f64]> {
        let point = move |at| &self.values[at * self.dimensions..][..dimensions];
        (0..self.points).map(point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By degree: 1, 1, 2, 2, 6, 6 (A011260).
    #[test]
    fn there_are_as_many_primitive_polynomials_as_the_tables_say() {
        let counts: Vec<usize> = (1..=6)
            .map(|degree| (1 << degree..2 << degree).filter(|&p| is_primitive(p)).count())
            .collect();
        assert_eq!(counts, [1, 1, 2, 2, 6, 6]);
    }

    #[test]
    fn powers_of_two_of_points_have_one_in_each_interval() {
        let sobol = Sobol::new(16, 3);
        for count in [1_u32, 2, 64, 1024] {
            let points: Vec<Vec<f64>> = (0..count).map(|index| sobol.point(index)).collect();
            for coordinate in 0..16 {
                let mut seen = vec![false; count as usize];
                for point in &points {
                    let interval = (point[coordinate] * f64::from(count)) as usize;
                    assert!(!std::mem::replace(&mut seen[interval], true), "{coordinate}");
                }
            }
        }
    }

    #[test]
    fn points_of_a_seed_are_always_the_same() {
        assert_eq!(Sobol::new(3, 1).point(5), Sobol::new(7, 1).point(5)[..3]);
        assert_ne!(Sobol::new(3, 1).point(5), Sobol::new(3, 2).point(5));
    }

    /// The mean of products is 0 to 0.07 for independent random numbers (5 standard errors); Sobol's are nearer.
    #[test]
    fn normals_are_standard_and_uncorrelated() {
        let normals = Normals::new(4096, 20, 1);
        for a in 0..20 {
            for b in 0..=a {
                let products = normals.lists(20).map(|z| z[a] * z[b]);
                let mean = products.sum::<f64>() / 4096.0;
                let expected = f64::from(u8::from(a == b));
                assert!((mean - expected).abs() < 0.11, "{a} {b}: {mean}");
            }
        }
    }
}
