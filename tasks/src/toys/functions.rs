//! Test functions of a vector, negated: the maximum is 0.

use hatchery_engine::Objective;
use serde::{Deserialize, Serialize};

/// Which function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FunctionName {
    /// `-Σ (xᵢ - 1)²`, maximum at (1, …, 1).
    Sphere,
    /// `-Σ 100 (xᵢ₊₁ - xᵢ²)² + (1 - xᵢ)²`, maximum at (1, …, 1).
    Rosenbrock,
    /// `-Σ yᵢ² - 10 cos(2π yᵢ) + 10` with `y = x - 1`, maximum at (1, …, 1) among many local ones.
    Rastrigin,
}

/// A test function of a given dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// Which function.
    pub name: FunctionName,
    /// Length of its argument.
    pub dimension: usize,
}

impl Objective for Function {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn value(&self, x: &[f32]) -> f32 {
        let x = || x.iter().map(|&v| f64::from(v));
        let loss: f64 = match self.name {
            FunctionName::Sphere => x().map(|v| (v - 1.0).powi(2)).sum(),
            FunctionName::Rosenbrock => x()
                .zip(x().skip(1))
                .map(|(a, b)| 100.0 * (b - a * a).powi(2) + (1.0 - a).powi(2))
                .sum(),
            FunctionName::Rastrigin => x()
                .map(|v| v - 1.0)
                .map(|y| y * y - 10.0 * (std::f64::consts::TAU * y).cos() + 10.0)
                .sum(),
        };
        -loss as f32
    }

    fn name(&self) -> &str {
        match self.name {
            FunctionName::Sphere => "sphere",
            FunctionName::Rosenbrock => "rosenbrock",
            FunctionName::Rastrigin => "rastrigin",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_maximum_is_zero_at_ones() {
        for name in [FunctionName::Sphere, FunctionName::Rosenbrock, FunctionName::Rastrigin] {
            let function = Function { name, dimension: 4 };
            assert_eq!(function.value(&[1.0; 4]), 0.0);
            assert!(function.value(&[0.5; 4]) < 0.0);
        }
        let rosenbrock = Function { name: FunctionName::Rosenbrock, dimension: 2 };
        // The classical start: 100 (1 - 1.44)² + 2.2² = 24.2, for the f32 next to -1.2.
        assert!((rosenbrock.value(&[-1.2, 1.0]) + 24.2).abs() < 1e-4);
    }
}
