//! Conservative objective models: a network is taught not to promise more where its own slopes lead than on the data.
//!
//! x⁻ = x after ascent on g      o = mean g(x⁻) − mean g(x)      loss = L + α o      ln α ← ln α + η α (o − limit), by Adam
//!
//! | symbol | code | published |
//! |---|---|---|
//! | ascent | `steps` of `step` √D along the slope | 50 of 0.05 √D; 2.0 √D for logits of letters |
//! | limit | `limit` | 0.5; 2.0 for logits |
//! | α at the start, η | `start`, `step_size` | 0.1, 0.01 |
//!
//! Source: Trabucco et al., ICML 2021 (COMs). x⁻ is a constant in the gradient, as there.

use super::{Mlp, Real, Tape};

/// Settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conservatism {
    /// Overestimation that is let through, in z-units of the score.
    pub limit: f64,
    /// Steps of ascent.
    pub steps: u32,
    /// Their size over √D.
    pub step: f64,
    /// α at the start, above 0.
    pub start: f64,
    /// Step size of Adam on ln α.
    pub step_size: f64,
}

impl Default for Conservatism {
    fn default() -> Self {
        Self { limit: 0.5, steps: 50, step: 0.05, start: 0.1, step_size: 0.01 }
    }
}

/// The state of α, and memory.
#[derive(Clone, Debug)]
pub struct Conservative<T> {
    config: Conservatism,
    log_alpha: f64,
    moments: [f64; 2],
    updates: u32,
    /// Of the last batch.
    pub(super) overestimation: f64,
    tape: Tape<T>,
    x: Vec<T>,
    slopes: Vec<T>,
    slope: Vec<T>,
    gradient: Vec<T>,
}

impl<T: Real> Conservative<T> {
    pub(super) fn new(config: Conservatism) -> Self {
        Self {
            config,
            log_alpha: config.start.ln(),
            moments: [0.0; 2],
            updates: 0,
            overestimation: 0.0,
            tape: Tape::default(),
            x: Vec::new(),
            slopes: Vec::new(),
            slope: Vec::new(),
            gradient: Vec::new(),
        }
    }

    /// α.
    pub fn alpha(&self) -> f64 {
        self.log_alpha.exp()
    }

    /// o of the last batch.
    pub fn overestimation(&self) -> f64 {
        self.overestimation
    }

    /// Adds α o to a loss: its gradient to `gradient`, given the predictions on the batch, whose own slopes the caller adds. Returns α o.
    pub(super) fn add(
        &mut self,
        mlp: &Mlp,
        weights: &[T],
        x: &[T],
        mean: f64,
        gradient: &mut [T],
    ) -> f64 {
        let rows = x.len() / mlp.inputs;
        let step = T::of(self.config.step * (mlp.inputs as f64).sqrt());
        self.x.clear();
        self.x.extend_from_slice(x);
        self.slopes.resize(x.len(), T::default());
        self.slope.clear();
        self.slope.resize(rows * mlp.outputs, T::default());
        self.slope.iter_mut().step_by(mlp.outputs).for_each(|s| *s = T::of(1.0));
        for _ in 0..self.config.steps {
            mlp.forward(weights, &self.x, &mut self.tape);
            let slopes = Some(&mut self.slopes[..]);
            mlp.backward(weights, &self.x, &mut self.tape, &self.slope, None, slopes);
            self.x.iter_mut().zip(&self.slopes).for_each(|(x, slope)| *x += step * *slope);
        }
        let out = mlp.forward(weights, &self.x, &mut self.tape);
        let above = out.iter().step_by(mlp.outputs).map(|g| g.wide()).sum::<f64>() / rows as f64;
        self.overestimation = above - mean;
        let alpha = self.alpha();
        let share = T::of(alpha / rows as f64);
        self.slope.iter_mut().step_by(mlp.outputs).for_each(|s| *s = share);
        self.gradient.resize(weights.len(), T::default());
        let own = Some(&mut self.gradient[..]);
        mlp.backward(weights, &self.x, &mut self.tape, &self.slope, own, None);
        gradient.iter_mut().zip(&self.gradient).for_each(|(sum, g)| *sum += *g);
        alpha * self.overestimation
    }

    /// Moves α after a step.
    pub(super) fn update(&mut self) {
        self.updates += 1;
        // Descent on α (limit − o) in ln α.
        let slope = self.alpha() * (self.config.limit - self.overestimation);
        let [m, v] = &mut self.moments;
        *m = 0.9 * *m + 0.1 * slope;
        *v = 0.999 * *v + 0.001 * slope * slope;
        let t = f64::from(self.updates);
        let (m, v) = (*m / (1.0 - 0.9_f64.powf(t)), *v / (1.0 - 0.999_f64.powf(t)));
        self.log_alpha -= self.config.step_size * m / (v.sqrt() + 1e-8);
        self.log_alpha = self.log_alpha.clamp(-12.0, 12.0);
    }
}
