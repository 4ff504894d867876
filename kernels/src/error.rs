//! What a kernel can refuse, as data.

/// A kernel could not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// An argument has the wrong number of elements.
    #[error("{op}: {what} has {got} elements, expected {expected}")]
    ShapeMismatch {
        /// The operation that refused, as in `perturbed_linear`.
        op: &'static str,
        /// The argument that does not fit, as in `weights`.
        what: &'static str,
        /// Elements that the other arguments call for.
        expected: usize,
        /// Elements that came.
        got: usize,
    },
    /// A device did not do what it was asked.
    #[error("{device}: {what} failed: {reason}")]
    Device {
        /// The device, as in `cuda:0`.
        device: String,
        /// What was asked, as in `launching rollout`.
        what: String,
        /// What the device or its driver said.
        reason: String,
    },
    /// The device has not enough memory for the least that the work needs.
    #[error(
        "{device}: {what} needs {} of device memory, {} are free; use a smaller model or population, or the CPU backend",
        mebibytes(*.needed), mebibytes(*.free)
    )]
    DeviceMemory {
        /// The device, as in `cuda:0`.
        device: String,
        /// What it is for, as in `one batch of 32 members`.
        what: String,
        /// Bytes that are needed.
        needed: usize,
        /// Bytes that are free.
        free: usize,
    },
    /// The device that was asked for cannot be used.
    #[error("no device: {reason}; use the CPU backend instead")]
    NoDevice {
        /// One clause that says what is missing.
        reason: String,
    },
}

fn mebibytes(bytes: usize) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

impl KernelError {
    /// `Ok` if `got` elements are what `expected` says, else the mismatch.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if the two differ.
    #[inline]
    pub fn check_len(
        op: &'static str,
        what: &'static str,
        expected: usize,
        got: usize,
    ) -> Result<(), Self> {
        if expected == got { Ok(()) } else { Err(Self::ShapeMismatch { op, what, expected, got }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_was_expected_and_what_came() {
        let error = KernelError::check_len("perturbed_linear", "bias", 4, 3).unwrap_err();
        assert_eq!(error.to_string(), "perturbed_linear: bias has 3 elements, expected 4");
        assert_eq!(KernelError::check_len("perturbed_linear", "bias", 4, 4), Ok(()));
    }

    #[test]
    fn a_missing_device_names_the_way_out() {
        let error = KernelError::NoDevice { reason: "no driver".into() };
        assert_eq!(error.to_string(), "no device: no driver; use the CPU backend instead");
    }
}
