//! The nearest of many designs, found fast: a search asks for them with every design that it tries.

use hatchery_kernels::simd::{Kernel, dispatch};

use super::{Site, Space};

/// Designs that are compared at once.
const LANES: usize = 8;

/// Sites between two looks at whether a design can still be among the nearest.
const STRIDE: usize = 16;

/// Designs laid out for distances: those of [`Space::distance`] up to rounding.
#[derive(Clone, Debug)]
pub struct Nearest {
    /// Sites in the order of the layout: those that are measured, then those that are equal or not.
    order: Vec<usize>,
    /// Of each measured site: its lower bound, and the length that counts 1.
    scales: Vec<(f64, f64)>,
    /// `LANES` designs a block, site by site.
    blocks: Vec<f64>,
    designs: usize,
}

/// A design and how far away it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Gower's distance.
    pub distance: f64,
    /// Which design, from 0.
    pub index: usize,
}

impl Nearest {
    /// Lays out designs.
    ///
    /// # Panics
    /// If a design has another number of sites than the space.
    pub fn new<T: AsRef<[f64]>>(space: &Space, designs: &[T]) -> Self {
        let is_measured =
            |site: &Site| !matches!(site, Site::Categorical { .. }) && site.range() > 0.0;
        let sites = space.sites();
        let (mut order, others): (Vec<usize>, Vec<usize>) =
            (0..sites.len()).partition(|&at| is_measured(&sites[at]));
        let scales = order.iter().map(|&at| (sites[at].lower(), sites[at].range())).collect();
        order.extend(others);
        let mut nearest = Self { order, scales, blocks: Vec::new(), designs: designs.len() };
        nearest.blocks = vec![0.0; designs.len().div_ceil(LANES) * LANES * sites.len()];
        for (index, design) in designs.iter().enumerate() {
            let scaled = nearest.scaled(design.as_ref());
            let block = index / LANES * LANES * sites.len();
            for (site, value) in scaled.into_iter().enumerate() {
                nearest.blocks[block + site * LANES + index % LANES] = value;
            }
        }
        nearest
    }

    /// The nearest designs, at most `count` of them, the nearest first and of equals the first; `but` is left out.
    ///
    /// # Panics
    /// If the design has another number of sites.
    pub fn find(&self, from: &[f64], count: usize, but: Option<usize>) -> Vec<Neighbour> {
        let from = self.scaled(from);
        dispatch(Find { of: self, from: &from, count, but })
    }

    fn scaled(&self, design: &[f64]) -> Vec<f64> {
        assert_eq!(design.len(), self.order.len(), "a design has one number a site");
        let scale = |(at, &site): (usize, &usize)| match self.scales.get(at) {
            Some((lower, range)) => (design[site] - lower) / range,
            None => design[site],
        };
        self.order.iter().enumerate().map(scale).collect()
    }
}

struct Find<'a> {
    of: &'a Nearest,
    from: &'a [f64],
    count: usize,
    but: Option<usize>,
}

impl Kernel for Find<'_> {
    type Output = Vec<Neighbour>;

    #[inline(always)]
    fn run(self) -> Vec<Neighbour> {
        let Self { of, from, count, but } = self;
        let (sites, measured) = (from.len(), of.scales.len());
        let mut best: Vec<Neighbour> = Vec::with_capacity(count + 1);
        // The sum over sites that a design must stay below.
        let mut limit = f64::INFINITY;
        for block in 0..of.designs.div_ceil(LANES) {
            let values = &of.blocks[block * LANES * sites..(block + 1) * LANES * sites];
            let mut sums = [0.0; LANES];
            let mut site = 0;
            while site < sites {
                let end = (site + STRIDE).min(if site < measured { measured } else { sites });
                while site < end {
                    let (value, others) = (from[site], &values[site * LANES..(site + 1) * LANES]);
                    if site < measured {
                        for lane in 0..LANES {
                            sums[lane] += (value - others[lane]).abs();
                        }
                    } else {
                        for lane in 0..LANES {
                            sums[lane] += f64::from(u8::from(value != others[lane]));
                        }
                    }
                    site += 1;
                }
                if sums.iter().all(|sum| *sum >= limit) {
                    break;
                }
            }
            for (lane, &sum) in sums.iter().enumerate() {
                let index = block * LANES + lane;
                if sum >= limit || index >= of.designs || Some(index) == but {
                    continue;
                }
                let distance = sum / sites as f64;
                let at = best.partition_point(|other| other.distance <= distance);
                best.insert(at, Neighbour { distance, index });
                best.truncate(count);
                if best.len() == count {
                    limit = best[count - 1].distance * sites as f64;
                }
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Draws;
    use crate::space::{Constraints, Design, Field, Kind};

    /// Reals, whole numbers, levels with and without an order, words, and a number that is fixed.
    fn mixed() -> Space {
        let levels = |count: usize| (0..count).map(|level| level.to_string()).collect();
        let mut fields: Vec<Field> = (0..37)
            .map(|at| {
                let kind = match at % 4 {
                    0 => Kind::Real { lower: 1e6, upper: 1e6 + 3.0 },
                    1 => Kind::Integer { lower: -4.0, upper: 9.0 },
                    2 => Kind::Ordinal { levels: levels(5) },
                    _ => Kind::Categorical { levels: levels(3) },
                };
                Field::new(format!("x{at}"), kind)
            })
            .collect();
        fields.push(Field::new("word", Kind::Sequence { alphabet: vec!['a', 'b'], length: 4 }));
        let mut fixed = Field::new("fixed", Kind::Real { lower: 2.0, upper: 3.0 });
        fixed.fixed = vec![Some(2.0)];
        fields.push(fixed);
        Space::try_new(fields, Constraints::default()).expect("a space")
    }

    #[test]
    fn they_are_those_of_a_plain_search() {
        let space = mixed();
        let mut draws = Draws::new(3, "designs");
        for count in [0, 1, 4, 8, 9, 100, 1_001] {
            let mut designs: Vec<Design> = (0..count).map(|_| space.sample(&mut draws)).collect();
            // Some come twice, one lies outside the bounds and one differs where nothing may.
            if count > 4 {
                designs[3] = designs[0].clone();
                designs[2][0] = 0.0;
                designs[1][41] = 7.0;
            }
            let nearest = Nearest::new(&space, &designs);
            for (asked, but) in [(1, None), (5, None), (5, Some(3)), (2_000, Some(0))] {
                let from = space.mutate(&space.sample(&mut draws), 0.5, &mut draws);
                let from = if count > 4 && asked == 5 { designs[3].clone() } else { from };
                let mut plain: Vec<(usize, f64)> =
                    designs.iter().map(|to| space.distance(&from, to)).enumerate().collect();
                plain.retain(|(index, _)| Some(*index) != but);
                plain.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
                plain.truncate(asked);
                let found = nearest.find(&from, asked, but);
                assert_eq!(found.len(), plain.len());
                for (found, (index, distance)) in found.iter().zip(plain) {
                    assert!((found.distance - distance).abs() < 1e-9, "{found:?}, {distance}");
                    assert!(
                        found.index == index
                            || (space.distance(&from, &designs[found.index]) - distance).abs()
                                < 1e-9
                    );
                }
            }
        }
    }
}
