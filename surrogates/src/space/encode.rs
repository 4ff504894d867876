//! Designs as features for a model, and back.
//!
//! | site | one-hot | logits |
//! |---|---|---|
//! | real, integer | `(x − lower) / range` | `x` |
//! | ordinal of c levels | `level / (c − 1)` | the same |
//! | category, letter of c | c numbers, 1 at its level | c − 1 numbers, below |
//!
//! s = 0.6 h + 0.4/c       ℓₖ = ln sₖ − ln s₀,  k = 1 … c − 1       back: the greatest of 0, ℓ₁, …, ℓ₍c−1₎
//!
//! | symbol | code         | shape  | meaning                                               |
//! |--------|--------------|--------|-------------------------------------------------------|
//! | h      |              | (c,)   | 1 at the level of the design, else 0                  |
//! | ℓ      | the features | (c−1,) | logarithms relative to the first level, which is left out |
//!
//! Of 4 letters a letter that is there and not the first gives ln 7 = 1.946 in its place and 0 in the others; the
//! first gives −1.946 in all. Source: Trabucco, Geng, Kumar, Levine, "Design-Bench" (ICML 2022), `to_logits` of its
//! discrete data sets. On top of either a z-score of every feature can be put, with divisor 1 where the designs do not
//! differ, as there.

use std::ops::Range;

use super::{Design, Site, Space};

/// How designs of a space become features. Features of one site lie side by side, sites in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoding {
    codes: Vec<Code>,
    /// Of each site its first feature, and the number of features at the end.
    starts: Vec<usize>,
    /// Of each feature: what is taken away, and what the rest is divided by.
    scales: Vec<(f64, f64)>,
}

/// How a site is written down.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Code {
    /// `(x - lower) / range`.
    Scaled { lower: f64, range: f64 },
    /// One feature a level.
    OneHot { levels: usize },
    /// One feature a level but the first.
    Logits { levels: usize },
}

impl Code {
    fn features(self) -> usize {
        match self {
            Self::Scaled { .. } => 1,
            Self::OneHot { levels } => levels,
            Self::Logits { levels } => levels - 1,
        }
    }
}

impl Encoding {
    /// One-hot categories, ranks of ordinals and ranges of numbers between 0 and 1.
    pub fn one_hot(space: &Space) -> Self {
        Self::new(space, |site| match site {
            Site::Categorical { levels } => Code::OneHot { levels },
            Site::Real { lower, .. } | Site::Integer { lower, .. } => {
                Code::Scaled { lower, range: divisor(site.range()) }
            }
            Site::Ordinal { .. } => Code::Scaled { lower: 0.0, range: divisor(site.range()) },
        })
    }

    /// Categories as logits, ranks of ordinals between 0 and 1, numbers as they are: z-scores are meant to follow.
    pub fn logits(space: &Space) -> Self {
        Self::new(space, |site| match site {
            Site::Categorical { levels } => Code::Logits { levels },
            Site::Real { .. } | Site::Integer { .. } => Code::Scaled { lower: 0.0, range: 1.0 },
            Site::Ordinal { .. } => Code::Scaled { lower: 0.0, range: divisor(site.range()) },
        })
    }

    fn new(space: &Space, code: impl Fn(Site) -> Code) -> Self {
        let codes: Vec<Code> = space.sites().iter().map(|&site| code(site)).collect();
        let mut starts = vec![0];
        for code in &codes {
            starts.push(starts[starts.len() - 1] + code.features());
        }
        let features = starts[codes.len()];
        Self { codes, starts, scales: vec![(0.0, 1.0); features] }
    }

    /// The same with z-scores of every feature: mean 0 and deviation 1 over these designs (population deviation; 1 where
    /// it is 0).
    #[must_use]
    pub fn z_scored(self, designs: &[Design]) -> Self {
        self.z_scored_where(designs, |_| true)
    }

    /// The same with z-scores of numbers and ordinals, letters and categories left as they are.
    #[must_use]
    pub fn z_scored_numbers(self, designs: &[Design]) -> Self {
        self.z_scored_where(designs, |code| matches!(code, Code::Scaled { .. }))
    }

    fn z_scored_where(mut self, designs: &[Design], wanted: impl Fn(Code) -> bool) -> Self {
        self.scales = vec![(0.0, 1.0); self.features()];
        let rows: Vec<Vec<f64>> = designs.iter().map(|design| self.encode(design)).collect();
        if rows.is_empty() {
            return self;
        }
        for site in (0..self.codes.len()).filter(|&site| wanted(self.codes[site])) {
            for feature in self.starts[site]..self.starts[site + 1] {
                let column: Vec<f64> = rows.iter().map(|row| row[feature]).collect();
                let same = column.iter().all(|value| *value == column[0]);
                let deviation =
                    if same { 1.0 } else { divisor(crate::statistics::population_sd(&column)) };
                self.scales[feature] = (crate::statistics::mean(&column), deviation);
            }
        }
        self
    }

    /// Number of features.
    pub fn features(&self) -> usize {
        self.scales.len()
    }

    /// The features of a site.
    pub fn features_of(&self, site: usize) -> Range<usize> {
        self.starts[site]..self.starts[site + 1]
    }

    /// The site of a feature.
    pub fn site_of(&self, feature: usize) -> usize {
        self.starts.partition_point(|&start| start <= feature) - 1
    }

    /// What is taken from each feature and what the rest is divided by: `(0, 1)` unless z-scored.
    pub fn scales(&self) -> &[(f64, f64)] {
        &self.scales
    }

    /// The features of a design.
    ///
    /// # Panics
    /// If the design has another number of sites.
    pub fn encode(&self, design: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.features()];
        self.encode_into(design, &mut out);
        out
    }

    /// The features of a design, written to `out`, `(features,)`.
    ///
    /// # Panics
    /// If a length does not fit.
    pub fn encode_into(&self, design: &[f64], out: &mut [f64]) {
        assert_eq!(design.len(), self.codes.len(), "a design has one number a site");
        assert_eq!(out.len(), self.features(), "one place a feature");
        for ((&value, code), start) in design.iter().zip(&self.codes).zip(&self.starts) {
            let out = &mut out[*start..start + code.features()];
            match *code {
                Code::Scaled { lower, range } => out[0] = (value - lower) / range,
                Code::OneHot { .. } => {
                    out.fill(0.0);
                    out[value as usize] = 1.0;
                }
                Code::Logits { levels } => {
                    let logit = logit(levels);
                    out.fill(if value == 0.0 { -logit } else { 0.0 });
                    if value != 0.0 {
                        out[value as usize - 1] = logit;
                    }
                }
            }
        }
        for (feature, (mean, deviation)) in out.iter_mut().zip(&self.scales) {
            *feature = (*feature - mean) / deviation;
        }
    }

    /// As [`encode_into`](Self::encode_into), in 32 bits.
    ///
    /// # Panics
    /// If a length does not fit.
    pub fn encode_f32(&self, design: &[f64], out: &mut [f32]) {
        assert_eq!(out.len(), self.features(), "one place a feature");
        let features = self.encode(design);
        out.iter_mut().zip(features).for_each(|(out, feature)| *out = feature as f32);
    }

    /// The point that features stand for: of categories the level with the greatest feature (the first of equals), else the
    /// number, for whole ones and ordinals too. It may lie outside of the space, or between two levels:
    /// [`Space::repair`] it.
    ///
    /// # Panics
    /// If there is another number of features.
    pub fn decode(&self, features: &[f64]) -> Design {
        assert_eq!(features.len(), self.features(), "one number a feature");
        let raw = features.iter().zip(&self.scales);
        let raw: Vec<f64> = raw.map(|(z, (mean, deviation))| z * deviation + mean).collect();
        let site = |(code, &start): (&Code, &usize)| match *code {
            Code::Scaled { lower, range } => raw[start] * range + lower,
            Code::OneHot { levels } => greatest(raw[start..start + levels].iter().copied()),
            Code::Logits { levels } => {
                let logits = raw[start..start + levels - 1].iter().copied();
                greatest(std::iter::once(0.0).chain(logits))
            }
        };
        self.codes.iter().zip(&self.starts).map(site).collect()
    }
}

/// The logarithm of the softened share of a level that is there over that of one that is not.
fn logit(levels: usize) -> f64 {
    let other = 0.4 / levels as f64;
    libm::log((0.6 + other) / other)
}

fn divisor(range: f64) -> f64 {
    if range > 0.0 { range } else { 1.0 }
}

/// Index of the greatest number, the first of equals.
fn greatest(values: impl Iterator<Item = f64>) -> f64 {
    let mut best = (0, f64::NEG_INFINITY);
    for (at, value) in values.enumerate() {
        if value > best.1 {
            best = (at, value);
        }
    }
    best.0 as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Draws;
    use crate::space::{Constraints, Field, Kind};

    fn octamers() -> Space {
        let word = Kind::Sequence { alphabet: "ACGT".chars().collect(), length: 8 };
        Space::try_new(vec![Field::new("dna", word)], Constraints::default()).expect("a space")
    }

    #[test]
    fn all_octamers_come_back_from_logits_and_one_hot() {
        let space = octamers();
        let sample: Vec<Design> =
            (0..50).map(|at| space.sample(&mut Draws::numbered(1, "sample", at))).collect();
        let encodings = [
            Encoding::logits(&space),
            Encoding::logits(&space).z_scored(&sample),
            Encoding::one_hot(&space),
            Encoding::one_hot(&space).z_scored(&sample),
        ];
        let mut count = 0;
        for design in space.enumerate().expect("it is small") {
            for encoding in &encodings {
                assert_eq!(encoding.decode(&encoding.encode(&design)), design);
            }
            count += 1;
        }
        assert_eq!((count, space.size()), (65_536, Some(65_536)));
        assert_eq!([0, 2].map(|e: usize| encodings[e].features()), [24, 32]);
    }

    #[test]
    fn logits_are_those_of_design_bench() {
        let encoding = Encoding::logits(&octamers());
        let features = encoding.encode(&[0.0, 1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 0.0]);
        let l = 1.945_910_149_055_313_3; // ln 7
        let expected = [-l, -l, -l, l, 0.0, 0.0, 0.0, l, 0.0, 0.0, 0.0, l];
        for (found, expected) in features.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{features:?}");
        }
    }

    #[test]
    fn mixed_designs_come_back_and_columns_have_mean_0_and_deviation_1() {
        let levels = |names: &[&str]| names.iter().map(|n| n.to_string()).collect();
        let fields = vec![
            Field::new("t", Kind::Real { lower: -20.0, upper: 120.0 }),
            Field::new("n", Kind::Integer { lower: 0.0, upper: 9.0 }),
            Field::new("size", Kind::Ordinal { levels: levels(&["s", "m", "l"]) }),
            Field::new("base", Kind::Categorical { levels: levels(&["NaH", "KOH"]) }),
            Field::new("held", Kind::Real { lower: 0.0, upper: 5.0 }).with_fixed(&[2.5]),
        ];
        let space = Space::try_new(fields, Constraints::default()).expect("a space");
        let mut draws = Draws::new(2, "sample");
        let designs: Vec<Design> = (0..200).map(|_| space.sample(&mut draws)).collect();
        for encoding in [
            Encoding::one_hot(&space),
            Encoding::one_hot(&space).z_scored_numbers(&designs),
            Encoding::logits(&space).z_scored(&designs),
        ] {
            for design in &designs {
                let back = encoding.decode(&encoding.encode(design));
                for (found, expected) in back.iter().zip(design) {
                    assert!((found - expected).abs() < 1e-12 * 120.0, "{back:?} {design:?}");
                }
                assert!(space.repair(&back).is_some());
            }
        }
        let encoding = Encoding::logits(&space).z_scored(&designs);
        assert_eq!(encoding.features(), 5);
        let rows: Vec<Vec<f64>> = designs.iter().map(|design| encoding.encode(design)).collect();
        for feature in 0..5 {
            let column: Vec<f64> = rows.iter().map(|row| row[feature]).collect();
            let deviation = crate::statistics::population_sd(&column);
            assert!(crate::statistics::mean(&column).abs() < 1e-12);
            assert!((deviation - if feature == 4 { 0.0 } else { 1.0 }).abs() < 1e-12);
        }
        let one_hot = Encoding::one_hot(&space);
        let sites: Vec<usize> = (0..6).map(|feature| one_hot.site_of(feature)).collect();
        assert_eq!((sites, one_hot.features_of(3)), (vec![0, 1, 2, 3, 3, 4], 3..5));
        let mut half = [0.0f32; 6];
        one_hot.encode_f32(&designs[0], &mut half);
        assert_eq!(half[4], one_hot.encode(&designs[0])[4] as f32);
    }
}
