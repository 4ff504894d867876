//! Where the arithmetic happens.

use crate::KernelError;
use crate::cpu::{
    self, EmbeddingCall, GradientCall, Perturbation, PerturbedLinear, TransposedLinear, VectorCall,
};
use crate::cuda::{Contraction, Cuda};

/// A device that can run the kernels. The set is closed.
///
/// The layers here are on host memory and done by the processor: a device would spend more time on copies. A task that
/// knows GPUs asks for [`Backend::cuda`] and does whole evaluations there. Gradients are made on the device.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Backend {
    /// The processor, with run-time choice of vector instructions.
    Cpu(Cpu),
    /// GPUs, for the tasks that know them; for others the processor.
    Cuda(Cuda),
}

/// The CPU backend; it has nothing to hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu;

impl Backend {
    /// The CPU backend.
    pub fn cpu() -> Self {
        Self::Cpu(Cpu)
    }

    /// Short name, as in `--backend`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cpu(_) => "cpu",
            Self::Cuda(_) => "cuda",
        }
    }

    /// The GPUs, if this is them.
    pub fn cuda(&self) -> Option<&Cuda> {
        match self {
            Self::Cpu(_) => None,
            Self::Cuda(cuda) => Some(cuda),
        }
    }

    /// Linear layer of a block; `y` is `(outputs, rows, lanes)`.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if an argument does not fit the others.
    pub fn perturbed_linear(
        &self,
        call: &PerturbedLinear<'_>,
        y: &mut [f32],
    ) -> Result<(), KernelError> {
        match self {
            Self::Cpu(_) | Self::Cuda(_) => cpu::perturbed_linear(call, y),
        }
    }

    /// Transposed linear layer of a block; `y` is `(outputs, rows, lanes)`.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if an argument does not fit the others.
    pub fn transposed_linear(
        &self,
        call: &TransposedLinear<'_>,
        y: &mut [f32],
    ) -> Result<(), KernelError> {
        match self {
            Self::Cpu(_) | Self::Cuda(_) => cpu::transposed_linear(call, y),
        }
    }

    /// Embedding lookup of a block; `y` is `(width, rows, lanes)`.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if an argument does not fit the others, or an index the table.
    pub fn embedding(&self, call: &EmbeddingCall<'_>, y: &mut [f32]) -> Result<(), KernelError> {
        match self {
            Self::Cpu(_) | Self::Cuda(_) => cpu::embedding(call, y),
        }
    }

    /// Each lane's copy of a vector; `y` is `(elements, lanes)`.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if an argument does not fit the others.
    pub fn vector(&self, call: &VectorCall<'_>, y: &mut [f32]) -> Result<(), KernelError> {
        match self {
            Self::Cpu(_) | Self::Cuda(_) => cpu::vector(call, y),
        }
    }

    /// Adds the update contraction of one tensor to `out`, `(outputs, inputs)`.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if `out` has another size than the tensor; [`KernelError::Device`] and
    /// [`KernelError::DeviceMemory`] from a device.
    pub fn gradient(&self, call: &GradientCall<'_>, out: &mut [f32]) -> Result<(), KernelError> {
        match self {
            Self::Cpu(_) => cpu::gradient(call, out),
            Self::Cuda(_) if call.noise.perturbation == Perturbation::Sparse => {
                cpu::gradient(call, out)
            }
            Self::Cuda(cuda) => {
                let (_, device, _turn) = cuda.turn();
                let sums = device.upload(out)?;
                let weights = device.upload(call.weights)?;
                device.add_gradient(&Contraction::new(call, &weights), &sums, 0)?;
                sums.read(0, out)
            }
        }
    }
}
