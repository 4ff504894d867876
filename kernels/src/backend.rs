//! Where the arithmetic happens.

use crate::KernelError;
use crate::cpu::{
    self, EmbeddingCall, GradientCall, PerturbedLinear, TransposedLinear, VectorCall,
};

/// A device that can run the kernels. The set is closed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Backend {
    /// The processor, with run-time choice of vector instructions.
    Cpu(Cpu),
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
            Self::Cpu(_) => cpu::perturbed_linear(call, y),
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
            Self::Cpu(_) => cpu::transposed_linear(call, y),
        }
    }

    /// Embedding lookup of a block; `y` is `(width, rows, lanes)`.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if an argument does not fit the others, or an index the table.
    pub fn embedding(&self, call: &EmbeddingCall<'_>, y: &mut [f32]) -> Result<(), KernelError> {
        match self {
            Self::Cpu(_) => cpu::embedding(call, y),
        }
    }

    /// Each lane's copy of a vector; `y` is `(elements, lanes)`.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if an argument does not fit the others.
    pub fn vector(&self, call: &VectorCall<'_>, y: &mut [f32]) -> Result<(), KernelError> {
        match self {
            Self::Cpu(_) => cpu::vector(call, y),
        }
    }

    /// Adds the update contraction of one tensor to `out`, `(outputs, inputs)`.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if `out` has another size than the tensor.
    pub fn gradient(&self, call: &GradientCall<'_>, out: &mut [f32]) -> Result<(), KernelError> {
        match self {
            Self::Cpu(_) => cpu::gradient(call, out),
        }
    }
}
