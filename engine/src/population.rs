//! What a generation consists of: members that are values, or members that are only addresses.

use std::ops::Range;
use std::sync::Arc;

use hatchery_kernels::cuda::Resident;
use hatchery_kernels::{
    Distribution, NoiseStream, PackedCache, Perturbation, Precision, TensorNoise,
};
use serde::{Deserialize, Serialize};

use crate::{Kind, Params};

/// Number of a generation, from 0.
pub type Generation = u32;

/// The members that one generation evaluates.
pub trait Population: Sync {
    /// Which generation this is.
    fn generation(&self) -> Generation;

    /// Number of members.
    fn len(&self) -> usize;

    /// Whether there are no members.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Members that are values: vectors, programs, designs.
#[derive(Debug, Clone)]
pub struct Explicit<M> {
    /// Which generation this is.
    pub generation: Generation,
    /// The members.
    pub members: Vec<M>,
}

impl<M: Sync> Population for Explicit<M> {
    fn generation(&self) -> Generation {
        self.generation
    }

    fn len(&self) -> usize {
        self.members.len()
    }
}

/// How members share directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Member `m` is direction `m / 2`, sign `+` if `m` is even and `-` if it is odd.
    #[default]
    Antithetic,
    /// Member `m` is direction `m`, always with sign `+`.
    OneSided,
}

impl Sampling {
    /// Members per direction: 2 or 1.
    pub const fn members_per_direction(self) -> usize {
        match self {
            Self::Antithetic => 2,
            Self::OneSided => 1,
        }
    }
}

/// Members that are perturbations of one centre: θ ± σ E, where E is drawn again from its address whenever it is
/// needed. The whole population is this struct: no member ever lies in memory.
#[derive(Debug, Clone)]
pub struct Perturbed {
    /// Which generation this is.
    pub generation: Generation,
    /// The centre θ.
    pub theta: Arc<Params>,
    /// The matrices of θ, packed when they are first used, in the precision of products; must be new whenever θ is.
    pub packed: PackedCache,
    /// Noise scale σ.
    pub sigma: f32,
    /// Which kind of noise E is.
    pub perturbation: Perturbation,
    /// Distribution of the numbers of E.
    pub distribution: Distribution,
    /// The stream (of domain `Perturb`) that E is drawn from.
    pub noise: NoiseStream,
    /// Generation word of the noise address; differs from `generation` when noise is reused.
    pub noise_generation: u32,
    /// Number of directions K.
    pub directions: u32,
    /// How members share directions.
    pub sampling: Sampling,
    /// Whether vectors (biases, norms) keep their centre value.
    pub vectors_frozen: bool,
    /// If not 0: members 0 and 1 of each group of this many run with zero noise, as a baseline.
    pub baseline_group: u32,
    /// The same θ on a device, if it is there.
    pub resident: Option<Resident>,
}

impl Perturbed {
    /// Generation of a population that is evaluated and not learned from: no training generation has this number,
    /// so that its episodes are fresh.
    pub const EVALUATION: Generation = Generation::MAX;

    /// `members` copies of the centre without noise, for evaluation of what has been learned.
    pub fn mean(theta: Arc<Params>, members: u32) -> Self {
        Self {
            generation: Self::EVALUATION,
            packed: PackedCache::new(theta.layout.specs().len(), Precision::F32),
            theta,
            sigma: 0.0,
            perturbation: Perturbation::None,
            distribution: Distribution::Normal,
            noise: NoiseStream::new(0),
            noise_generation: 0,
            directions: members,
            sampling: Sampling::OneSided,
            vectors_frozen: true,
            baseline_group: 0,
            resident: None,
        }
    }

    /// The direction that member `member` uses.
    pub fn direction(&self, member: usize) -> u32 {
        (member / self.sampling.members_per_direction()) as u32
    }

    /// The sign of member `member`: `+1`, `-1`, or 0 for a baseline member.
    pub fn sign(&self, member: usize) -> f32 {
        let group = self.baseline_group as usize;
        if group > 0 && member % group < 2 {
            return 0.0;
        }
        match self.sampling {
            Sampling::Antithetic if member % 2 == 1 => -1.0,
            Sampling::Antithetic | Sampling::OneSided => 1.0,
        }
    }

    /// The noise of a tensor of θ: vectors dense or none, matrices and tables what the population says.
    pub fn tensor_noise(&self, tensor: usize) -> TensorNoise {
        let spec = &self.theta.layout.specs()[tensor];
        let perturbation = match (spec.kind, self.perturbation) {
            (_, Perturbation::None) => Perturbation::None,
            (Kind::Vector, _) if self.vectors_frozen => Perturbation::None,
            (Kind::Vector, _) => Perturbation::Dense,
            (Kind::Matrix | Kind::Embedding, noise) => noise,
        };
        TensorNoise {
            perturbation,
            distribution: self.distribution,
            stream: self.noise,
            generation: self.noise_generation,
            layer: tensor as u32,
            rows: spec.rows,
            cols: spec.cols,
        }
    }

    /// The first member of the directions that a range uses.
    pub fn first_of_block(&self, members: &Range<usize>) -> usize {
        self.directions_of(members).start as usize * self.sampling.members_per_direction()
    }

    /// The directions that the members of a range use, pairs completed at both ends.
    pub fn directions_of(&self, members: &Range<usize>) -> Range<u32> {
        let per = self.sampling.members_per_direction();
        (members.start / per) as u32..members.end.div_ceil(per) as u32
    }
}

impl Population for Perturbed {
    fn generation(&self) -> Generation {
        self.generation
    }

    fn len(&self) -> usize {
        self.directions as usize * self.sampling.members_per_direction()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Layout, Params};

    /// Invariant 3 of the house.
    #[test]
    fn member_m_is_pair_m_over_2_with_plus_first() {
        let theta = Arc::new(Params::zeros(Arc::new(Layout::new(vec![]))));
        let mut population = Perturbed::mean(theta, 4);
        population.sampling = Sampling::Antithetic;
        assert_eq!(population.len(), 8);
        let seen: Vec<_> = (0..4).map(|m| (population.direction(m), population.sign(m))).collect();
        assert_eq!(seen, [(0, 1.0), (0, -1.0), (1, 1.0), (1, -1.0)]);
        assert_eq!(population.directions_of(&(1..4)), 0..2);
        population.baseline_group = 4;
        assert_eq!(
            (0..6).map(|m| population.sign(m)).collect::<Vec<_>>(),
            [0., 0., 1., -1., 0., 0.]
        );
    }
}
