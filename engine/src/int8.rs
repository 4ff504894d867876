//! Populations whose parameters, noise and fitness are integers.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use hatchery_kernels::KernelError;
use hatchery_kernels::cuda::{Device, Int8Centre, Int8Model};
use hatchery_kernels::int8::{Int8Noise, PackedInt8};

use crate::{Digest, Generation, Kind, Layout, Population, Sampling};

/// Int8 values of all tensors of a [`Layout`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Int8Params {
    /// Names and shapes.
    pub layout: Arc<Layout>,
    /// The values, tensor after tensor, each row-major; from −127 to 127.
    pub values: Vec<i8>,
}

impl Int8Params {
    /// All zeros.
    pub fn zeros(layout: Arc<Layout>) -> Self {
        let values = vec![0; layout.len()];
        Self { layout, values }
    }

    /// The values of tensor `index`, row-major.
    pub fn tensor(&self, index: usize) -> &[i8] {
        &self.values[self.layout.range(index)]
    }

    /// The values of tensor `index`, row-major, to be changed.
    pub fn tensor_mut(&mut self, index: usize) -> &mut [i8] {
        &mut self.values[self.layout.range(index)]
    }

    /// Hash of the values.
    pub fn digest(&self) -> Digest {
        Digest::of_bytes(self.values.iter().map(|&v| v as u8))
    }
}

/// Members that are integer perturbations of one integer centre, drawn again from their address whenever they are needed; and
/// the recurrent state that each carries from generation to generation.
///
/// Who has a direction has a vote: *voter* `k` is the pair of members `2 k` (sign `+`) and `2 k + 1` (sign `-`) or, of one-sided sampling,
/// member `k` (sign `+`).
#[derive(Debug)]
pub struct Int8Perturbed {
    /// Which generation this is.
    pub generation: Generation,
    /// The centre.
    pub centre: Arc<Int8Params>,
    /// Its matrices, packed when they are first used.
    packed: Vec<OnceLock<PackedInt8>>,
    /// The centre in the memory of those devices that have asked for it.
    resident: Mutex<Vec<Arc<Int8Centre>>>,
    /// Where noise comes from.
    pub noise: Int8Noise,
    /// Generation word of the noise address; differs from `generation` when noise is reused.
    pub noise_generation: u32,
    /// Noise is scaled by 2^−`sigma_shift`.
    pub sigma_shift: u32,
    /// Pairs of members.
    pub pairs: u32,
    /// Distinct directions: voter `k` has direction `k mod directions`.
    pub directions: u32,
    /// Whether voters are pairs or members.
    pub sampling: Sampling,
    /// State that each member begins with, `(members, state)`.
    pub carried: Arc<Vec<i8>>,
    /// State that each member ended with, once it was evaluated.
    ended: Vec<OnceLock<Box<[i8]>>>,
}

impl Int8Perturbed {
    /// A population of antithetic pairs around `centre` whose members begin with `carried`.
    ///
    /// # Panics
    /// If there are no pairs or directions, or members do not share `carried` evenly.
    pub fn new(
        generation: Generation,
        centre: Arc<Int8Params>,
        noise: Int8Noise,
        sigma_shift: u32,
        (pairs, directions): (u32, u32),
        carried: Arc<Vec<i8>>,
    ) -> Self {
        let members = 2 * pairs as usize;
        assert!(pairs > 0 && directions > 0, "a population has members");
        assert!(carried.len().is_multiple_of(members), "each member carries as much");
        let tensors = centre.layout.specs().len();
        Self {
            generation,
            centre,
            packed: (0..tensors).map(|_| OnceLock::new()).collect(),
            resident: Mutex::default(),
            noise,
            noise_generation: generation,
            sigma_shift,
            pairs,
            directions,
            sampling: Sampling::Antithetic,
            carried,
            ended: (0..members).map(|_| OnceLock::new()).collect(),
        }
    }

    /// The packed matrix `tensor` of the centre.
    pub fn packed(&self, tensor: usize) -> &PackedInt8 {
        self.packed[tensor].get_or_init(|| {
            let spec = &self.centre.layout.specs()[tensor];
            PackedInt8::new(self.centre.tensor(tensor), spec.rows, spec.cols)
        })
    }

    /// The centre and its noise in the memory of a device, copied there when they are first asked for. The tensors must be those of
    /// `model`.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if they are not; [`KernelError::Device`] and [`KernelError::DeviceMemory`] from the device.
    pub fn on_device(
        &self,
        device: &Device,
        model: Int8Model,
    ) -> Result<Arc<Int8Centre>, KernelError> {
        let mut all = self.resident.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = all.iter().find(|centre| centre.is_on(device)) {
            return Ok(there.clone());
        }
        let tensors: Vec<&[i8]> = (0..self.packed.len()).map(|t| self.centre.tensor(t)).collect();
        let centre = Arc::new(device.int8_centre(model, &tensors, &self.noise)?);
        all.push(centre.clone());
        Ok(centre)
    }

    /// The voter that a member is of.
    pub fn voter(&self, member: usize) -> usize {
        member / self.sampling.members_per_direction()
    }

    /// The direction of a voter.
    pub fn direction(&self, voter: u32) -> u32 {
        voter % self.directions
    }

    /// The sign of a member: 1 or −1.
    pub fn sign(&self, member: usize) -> i32 {
        if self.sampling == Sampling::Antithetic && member % 2 == 1 { -1 } else { 1 }
    }

    /// The state that a member begins with.
    pub fn state(&self, member: usize) -> &[i8] {
        let width = self.carried.len() / self.ended.len();
        &self.carried[member * width..(member + 1) * width]
    }

    /// Keeps the state that a member ended with. Evaluated again, a member ends as it did before.
    pub fn keep_state(&self, member: usize, state: &[i8]) {
        let _ = self.ended[member].set(state.into());
    }

    /// States for the next generation; of a member that was not evaluated it is the one that it began with.
    pub fn carry(&self) -> Vec<i8> {
        let mut carried = Vec::with_capacity(self.carried.len());
        for (member, ended) in self.ended.iter().enumerate() {
            carried.extend_from_slice(ended.get().map_or(self.state(member), |state| state));
        }
        carried
    }

    /// Numbers in the slice of noise of a tensor.
    pub fn slice_len(&self, tensor: usize) -> usize {
        let spec = &self.centre.layout.specs()[tensor];
        match spec.kind {
            Kind::Vector => 2 * spec.rows,
            Kind::Matrix | Kind::Embedding => spec.rows + spec.cols,
        }
    }
}

impl Population for Int8Perturbed {
    fn generation(&self) -> Generation {
        self.generation
    }

    fn len(&self) -> usize {
        self.ended.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ParamSpec;

    #[test]
    fn members_that_were_not_evaluated_keep_their_state() {
        let layout = Arc::new(Layout::new(vec![ParamSpec::vector("v", 3)]));
        let centre = Arc::new(Int8Params::zeros(layout));
        let carried = Arc::new((0..12).collect());
        let noise = Int8Noise::counter(0);
        let population = Int8Perturbed::new(0, centre, noise, 4, (2, 2), carried);
        assert_eq!((population.len(), population.state(1)), (4, [3, 4, 5].as_slice()));
        population.keep_state(1, &[-1, -2, -3]);
        assert_eq!(population.carry(), [0, 1, 2, -1, -2, -3, 6, 7, 8, 9, 10, 11]);
        assert_eq!((population.sign(0), population.sign(1), population.sign(2)), (1, -1, 1));
        assert_eq!(population.slice_len(0), 6);
        let voters = |p: &Int8Perturbed| (0..4).map(|m| p.voter(m)).collect::<Vec<_>>();
        assert_eq!(voters(&population), [0, 0, 1, 1]);
        let population = Int8Perturbed { sampling: Sampling::OneSided, ..population };
        assert_eq!((voters(&population), population.sign(1)), (vec![0, 1, 2, 3], 1));
    }

    #[test]
    fn one_step_of_one_value_changes_the_digest() {
        let layout = Arc::new(Layout::new(vec![ParamSpec::matrix("w", 2, 2)]));
        let mut params = Int8Params::zeros(layout);
        let before = params.digest();
        params.tensor_mut(0)[3] = -1;
        assert_ne!(before, params.digest());
    }
}
