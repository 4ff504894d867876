//! The greedy choice of good designs that differ.

use crate::space::{Design, Space};

/// Numbers of `count` designs, the most promising first: each next one has the greatest `merit − diversity · spread · similarity`, where similarity is 1 less
/// the distance from the nearest that is chosen already, and spread the standard deviation of all merits. With diversity 0 they are the best `count`.
///
/// `merits` are in falling order, one for each design; equal designs are never chosen twice.
pub fn pick(
    space: &Space,
    designs: &[Design],
    merits: &[f64],
    count: usize,
    diversity: f64,
) -> Vec<usize> {
    let spread = crate::statistics::population_sd(merits);
    let mut similarity = vec![0.0_f64; designs.len()];
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < count.min(designs.len()) {
        let value = |at: usize| merits[at] - diversity * spread * similarity[at];
        let free = (0..designs.len()).filter(|at| similarity[*at] < 1.0);
        let Some(next) = free.max_by(|a, b| value(*a).total_cmp(&value(*b)).then(b.cmp(a))) else {
            break;
        };
        for (similarity, design) in similarity.iter_mut().zip(designs) {
            *similarity = similarity.max(1.0 - space.distance(design, &designs[next]));
        }
        similarity[next] = 1.0;
        chosen.push(next);
    }
    chosen
}
