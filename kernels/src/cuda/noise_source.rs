//! Whether the noise of layers is drawn where it is used or made before and read: the rule, in one place.

use super::column::{Members, Network, Stage};
use super::layers::{Team, Tile};
use crate::cpu::{Perturbation, Precision};

/// Draws of a number, all passes together, from which on it is made once and read.
///
/// Measured on an H200: both are even after 2.4 to 13 draws, in the median after 7.6 (`population_scaling --cuda`, column `even`; raw
/// numbers in `benches/runs`).
pub const STORED_FROM_DRAWS: f64 = 8.0;

/// Where a pass has low-rank factors and the noise of biases from. The results are the same bits either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoiseSource {
    /// Drawn by the kernels that use them, again in each pass: no memory.
    Drawn,
    /// Made before and read by each pass.
    Stored,
}

impl NoiseSource {
    /// The better one for so many passes with `rows` inputs per member: stored if a number would be drawn
    /// [`STORED_FROM_DRAWS`] times or more.
    pub fn choose(network: &Network, members: &Members<'_>, rows: usize, passes: usize) -> Self {
        let draws = passes as f64 * Self::draws_per_pass(network, members, rows);
        if draws >= STORED_FROM_DRAWS { Self::Stored } else { Self::Drawn }
    }

    /// How often a pass that draws would draw a number, on average over all numbers; 0 if there are none.
    ///
    /// A factor of the outputs is drawn by each tile of columns that its direction has a part in; one of the inputs by each
    /// team that has some of its columns in bf16, and for every 32 of them in f32.
    pub fn draws_per_pass(network: &Network, members: &Members<'_>, rows: usize) -> f64 {
        let columns = members.halves * rows;
        let tiles = columns.div_ceil(Tile::of(members.precision).columns);
        let (mut draws, mut numbers) = (0, 0);
        let mut count = |length: usize, times: usize| {
            draws += length * times;
            numbers += length;
        };
        for stage in &network.stages {
            let &Stage::Linear { inputs, outputs, weight, bias } = stage else { continue };
            if let Perturbation::LowRank { rank } = members.tensors[weight].noise.perturbation {
                let times = match members.precision {
                    Precision::F32 => columns.div_ceil(32),
                    Precision::Bf16 => Team::new(inputs, rank, columns).parts,
                };
                count(rank as usize * inputs, times);
                count(rank as usize * outputs, tiles);
            }
            if members.tensors[bias].noise.perturbation == Perturbation::Dense {
                count(outputs, tiles);
            }
        }
        if numbers == 0 { 0.0 } else { draws as f64 / numbers as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::TensorNoise;
    use crate::cuda::{Centred, Tensor};
    use crate::{Distribution, NoiseStream};

    fn draws(
        width: usize,
        rank: u32,
        rows: usize,
        precision: Precision,
    ) -> (f64, [NoiseSource; 2]) {
        let stages = vec![Stage::Linear { inputs: width, outputs: width, weight: 0, bias: 1 }];
        let network = Network { inputs: width, stages };
        let tensor = |perturbation, cols| Tensor {
            values: Centred::Host(&[]),
            noise: TensorNoise {
                perturbation,
                distribution: Distribution::Normal,
                stream: NoiseStream::new(1),
                generation: 0,
                layer: 0,
                rows: width,
                cols,
            },
        };
        let members = Members {
            tensors: vec![
                tensor(Perturbation::LowRank { rank }, width),
                tensor(Perturbation::None, 1),
            ],
            directions: 0..4,
            halves: 2,
            sigma: 1.0,
            baseline_group: 0,
            precision,
        };
        let choose = |passes| NoiseSource::choose(&network, &members, rows, passes);
        (NoiseSource::draws_per_pass(&network, &members, rows), [choose(1), choose(200)])
    }

    #[test]
    fn one_pass_draws_and_many_passes_store() {
        use NoiseSource::{Drawn, Stored};
        for precision in [Precision::F32, Precision::Bf16] {
            assert_eq!(draws(8192, 1, 1, precision), (1.0, [Drawn, Stored]));
        }
    }

    #[test]
    fn many_rows_draw_a_number_often() {
        use NoiseSource::Stored;
        // 1024 columns of a direction: 8 tiles of 128 for one half of the numbers, 16 teams with 64 for the other.
        assert_eq!(draws(8192, 1, 512, Precision::Bf16), (12.0, [Stored, Stored]));
        assert_eq!(draws(256, 4, 512, Precision::F32), (24.0, [Stored, Stored]));
    }
}
