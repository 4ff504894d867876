//! How a population is cut into batches that fit the memory of its devices.

use super::{Cuda, Device};
use crate::KernelError;

/// Of the memory that is free, what a plan uses: the rest is for the driver and for what others do meanwhile.
const SHARE: f64 = 0.9;

/// Memory that a batch of directions takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Bytes that any batch needs: the centre, inputs that all share.
    pub fixed: usize,
    /// Bytes for each direction.
    pub per_direction: usize,
}

impl Footprint {
    /// Bytes of a batch.
    pub fn of(&self, directions: usize) -> usize {
        self.per_direction.saturating_mul(directions).saturating_add(self.fixed)
    }

    /// Directions that fit into `free` bytes, and no more than one device's share of all.
    pub fn directions(&self, free: usize, devices: usize, directions: usize) -> usize {
        let free = (free as f64 * SHARE) as usize;
        let fit = free.saturating_sub(self.fixed) / self.per_direction.max(1);
        let share = directions.div_ceil(devices.max(1)).max(1);
        // As few batches as fit, of equal sizes.
        match fit {
            0 => 1,
            fit if fit >= share => share,
            fit => directions.div_ceil(directions.div_ceil(fit)),
        }
    }
}

impl Cuda {
    /// Directions per batch for so many directions in all: equal shares of the devices if they fit, less if not, at least one.
    pub fn batch(&self, footprint: Footprint, directions: usize) -> usize {
        let free = self.devices().iter().filter_map(|device| device.memory().ok());
        let free = free.map(|(free, _)| free).min().unwrap_or(0);
        footprint.directions(free, self.devices().len(), directions)
    }
}

impl Device {
    /// Whether a batch fits.
    ///
    /// # Errors
    /// [`KernelError::DeviceMemory`] with what it would need.
    pub(super) fn check_fit(
        &self,
        footprint: Footprint,
        directions: usize,
    ) -> Result<(), KernelError> {
        let (free, _) = self.memory()?;
        let needed = footprint.of(directions);
        if needed <= free {
            return Ok(());
        }
        let device = self.label().to_owned();
        let what = format!("a batch of {directions} directions");
        Err(KernelError::DeviceMemory { device, what, needed, free })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn batches_fit_and_cover_everything_with_as_few_as_possible(
            fixed in 0_usize..1 << 20,
            per_direction in 1_usize..1 << 16,
            free in 1_usize << 21..1 << 28,
            devices in 1_usize..9,
            directions in 1_usize..1 << 20,
        ) {
            let footprint = Footprint { fixed, per_direction };
            let batch = footprint.directions(free, devices, directions);
            prop_assert!(batch >= 1 && batch <= directions);
            prop_assert!(footprint.of(batch) <= free);
            let batches = directions.div_ceil(batch);
            let room = (free as f64 * SHARE) as usize - fixed;
            prop_assert!(batches <= devices.max(directions.div_ceil(room / per_direction)));
        }
    }

    #[test]
    fn what_cannot_fit_is_asked_for_one_by_one() {
        assert_eq!(Footprint { fixed: 100, per_direction: 1000 }.directions(500, 1, 64), 1);
    }
}
