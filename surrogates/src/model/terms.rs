//! The terms of a linear model: sites alone, or with their squares and products.
//!
//! A categorical site has one 0/1 term for each level; a number or an ordinal has its z-score z, and with products also z² − 1. Products of the terms of two
//! different sites follow. A row of terms is sparse: of a categorical only the level it has is written.

use crate::space::{Design, Site, Space};

/// Most terms of a model with products; beyond, sites alone.
pub const TERMS_MAX: usize = 1_000;

/// One row: numbers of terms and their values, without those that are 0.
pub(super) type Sparse = Vec<(u32, f64)>;

/// The terms of a space.
#[derive(Clone, Debug)]
pub struct Terms {
    sites: Vec<OfSite>,
    /// Where the products of each pair of sites begin, if there are products.
    pairs: Option<Vec<usize>>,
    count: usize,
}

#[derive(Clone, Copy, Debug)]
struct OfSite {
    /// Which site of a design.
    site: usize,
    first: usize,
    width: usize,
    /// Mean and deviation of a number; none for a categorical.
    scale: Option<(f64, f64)>,
    square: Option<usize>,
}

impl Terms {
    /// The terms of the free sites of a space, z-scored by the given designs. `products` asks for squares and products, which are left out
    /// if they would be more than [`TERMS_MAX`].
    pub fn new(space: &Space, designs: &[Design], products: bool) -> Self {
        let with = products.then(|| Self::build(space, designs, true));
        let with = with.filter(|terms| terms.count <= TERMS_MAX);
        with.unwrap_or_else(|| Self::build(space, designs, false))
    }

    fn build(space: &Space, designs: &[Design], products: bool) -> Self {
        let mut sites = Vec::new();
        let mut count = 0;
        for &site in space.free_sites() {
            let first = count;
            let of_site = if let Site::Categorical { levels } = space.sites()[site] {
                OfSite { site, first, width: levels, scale: None, square: None }
            } else {
                let values: Vec<f64> = designs.iter().map(|design| design[site]).collect();
                let deviation = crate::statistics::population_sd(&values);
                let deviation = if deviation > 0.0 { deviation } else { 1.0 };
                let scale = Some((crate::statistics::mean(&values), deviation));
                let square = products.then_some(first + 1);
                OfSite { site, first, width: 1, scale, square }
            };
            count += of_site.width + usize::from(of_site.square.is_some());
            sites.push(of_site);
        }
        let pairs = products.then(|| {
            let mut starts = Vec::new();
            for (at, a) in sites.iter().enumerate() {
                for b in &sites[at + 1..] {
                    starts.push(count);
                    count += a.width * b.width;
                }
            }
            starts
        });
        Self { sites, pairs, count }
    }

    /// Number of terms.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether products are among them.
    pub fn has_products(&self) -> bool {
        self.pairs.is_some()
    }

    /// Writes the terms of a design into `out`, in increasing order of their numbers within sites and within products.
    pub(super) fn write(&self, design: &[f64], out: &mut Sparse) {
        out.clear();
        for of in &self.sites {
            let (at, value) = of.term(design);
            out.push(((of.first + at) as u32, value));
        }
        let Some(pairs) = &self.pairs else { return };
        for of in &self.sites {
            if let Some(square) = of.square {
                let z = of.term(design).1;
                out.push((square as u32, z * z - 1.0));
            }
        }
        let mut pair = 0;
        for (at, a) in self.sites.iter().enumerate() {
            let (level, value) = a.term(design);
            for b in &self.sites[at + 1..] {
                let (other, other_value) = b.term(design);
                out.push(((pairs[pair] + level * b.width + other) as u32, value * other_value));
                pair += 1;
            }
        }
    }
}

impl OfSite {
    #[inline]
    fn term(&self, design: &[f64]) -> (usize, f64) {
        let value = design[self.site];
        match self.scale {
            Some((mean, deviation)) => (0, (value - mean) / deviation),
            None => (value as usize, 1.0),
        }
    }
}
