//! Whether the noise of layers is drawn where it is used or made before and read: the rule, in one place.

use super::column::{Members, Network, Stage};
use super::layers::{Team, Tile};
use crate::cpu::{Perturbation, Precision};

/// Draws of a number, all passes together, from which on it is made once and read.
///
/// An estimate for an H100, still to be measured: drawing a number is about 45 operations, 1.6 ps of the whole device;
/// writing or reading its four bytes takes 1.2 ps. So a stored number costs 1.6 + 1.2 ps once and 1.2 ps a use instead of 1.6,
/// and the two are even after seven uses. `population_scaling --cuda` prints where they are even on the device it runs on.
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
    /// A factor of the outputs is drawn by each tile of columns that its direction has a part in; one of the inputs once for all
    /// columns of a direction in bf16, if shared memory holds it, and for every 32 of them in f32.
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
                    Precision::Bf16 if Team::new(inputs, rank).chunk >= inputs => 1,
                    Precision::Bf16 => columns.div_ceil(4),
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
        use NoiseSource::{Drawn, Stored};
        // 1024 columns of a direction: 8 tiles of 128 for one half of the numbers, the other half once.
        assert_eq!(draws(8192, 1, 512, Precision::Bf16), (4.5, [Drawn, Stored]));
        // 16,384 inputs of 8 factors do not fit into shared memory: again for every four columns.
        assert_eq!(draws(16_384, 8, 32, Precision::Bf16).1, [Stored, Stored]);
        assert_eq!(draws(256, 4, 512, Precision::F32), (24.0, [Stored, Stored]));
    }
}
