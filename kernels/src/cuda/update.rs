//! Steps of update rules on a device. Source, grid and twin: see `update.cu`.

use super::{Argument, Device, Memory, Shape, Source};
use crate::KernelError;

/// An update rule with its constants; the step's own are computed by who asks for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// `θ ← θ − α (g + λ θ)`.
    Sgd {
        /// λ.
        decay: f32,
    },
    /// One moment: the velocity.
    Momentum {
        /// λ.
        decay: f32,
        /// μ.
        momentum: f32,
        /// Whether the step looks ahead.
        nesterov: bool,
    },
    /// Two moments: means of the gradient and of its square.
    Adam {
        /// λ that is added to the gradient.
        coupled_decay: f32,
        /// λ that is added to the step.
        decoupled_decay: f32,
        /// β₁ and β₂.
        betas: [f32; 2],
        /// ε.
        epsilon: f32,
        /// `1/(1 − βᵗ)` of both.
        unbias: [f32; 2],
    },
    /// One moment: the mean of the gradient.
    Lion {
        /// λ.
        decay: f32,
        /// β₁ and β₂.
        betas: [f32; 2],
    },
}

impl Rule {
    /// Vectors that the rule remembers.
    pub fn moments(&self) -> usize {
        match self {
            Self::Sgd { .. } => 0,
            Self::Momentum { .. } | Self::Lion { .. } => 1,
            Self::Adam { .. } => 2,
        }
    }
}

pub(super) fn source() -> Source {
    Source::new("update", include_str!("update.cu"))
}

impl Device {
    /// Moves `theta` against `gradient`, both `(parameters,)`, and renews the moments of the rule.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if lengths or the number of moments differ; [`KernelError::Device`] from the device.
    pub fn update(
        &self,
        rule: Rule,
        learning_rate: f32,
        theta: &Memory<f32>,
        gradient: &Memory<f32>,
        moments: &[Memory<f32>],
    ) -> Result<(), KernelError> {
        const OP: &str = "update";
        let count = theta.len();
        KernelError::check_len(OP, "gradient", count, gradient.len())?;
        KernelError::check_len(OP, "moments", rule.moments(), moments.len())?;
        for moment in moments {
            KernelError::check_len(OP, "a moment", count, moment.len())?;
        }
        let mut arguments = vec![theta.argument(), gradient.argument()];
        arguments.extend(moments.iter().map(Memory::argument));
        arguments.extend([Argument::U32(count as u32), Argument::F32(learning_rate)]);
        let (kernel, decay, more) = match rule {
            Rule::Sgd { decay } => ("sgd", decay, vec![]),
            Rule::Momentum { decay, momentum, nesterov } => {
                let more = vec![Argument::F32(momentum), Argument::U32(u32::from(nesterov))];
                ("momentum", decay, more)
            }
            Rule::Adam { coupled_decay, decoupled_decay, betas, epsilon, unbias } => {
                let more = [decoupled_decay, betas[0], betas[1], epsilon, unbias[0], unbias[1]];
                ("adam", coupled_decay, more.map(Argument::F32).into())
            }
            Rule::Lion { decay, betas } => ("lion", decay, betas.map(Argument::F32).into()),
        };
        arguments.push(Argument::F32(decay));
        arguments.extend(more);
        // SAFETY: the arguments are those of the kernel, all arrays have `count` numbers.
        unsafe { self.launch(&source(), kernel, Shape::items(count, 256), &arguments) }
    }
}
