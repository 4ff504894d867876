//! Functions that are made up from a seed, with noisy gradients. Losses are shares of that of the initial weights.

use std::sync::Arc;

use hatchery_engine::{Part, Scratch, Trainable};
use hatchery_kernels::{Domain, NoiseAddress, NoiseStream, math};

use super::memo::Memo;
use super::{Size, name_with};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    /// ½ Σ λᵢ zᵢ², z = H (w − w*), λ from 1 down to 10⁻⁴, H a reflection: no coordinate is an axis.
    Quadratic,
    /// Σ 100 (wᵢ₊₁ − wᵢ²)² + (1 − wᵢ)².
    Rosenbrock,
    /// As the quadratic with λ down to 10⁻², and w* partly outside of the box |wᵢ| ≤ 1; the loss is that of the clipped weights.
    Boxed,
    /// ½ Σ cᵢ (wᵢ − w*ᵢ)², c from 10⁻³ to 10³, gradient noise Student t(1.5) times cᵢ.
    HeavyTailed,
}

/// A generated function.
#[derive(Debug)]
pub(super) struct Generated {
    name: String,
    shape: Shape,
    leaves: [usize; 1],
    steps: u32,
    /// λ or c.
    curvature: Vec<f32>,
    runs: Memo<Run>,
}

/// What is drawn for a seed.
#[derive(Debug)]
struct Run {
    weights: Vec<f32>,
    optimum: Vec<f32>,
    axis: Vec<f32>,
    /// `(steps, width)`, for the first steps.
    noise: Vec<f32>,
    /// The value of the initial weights.
    first: f64,
}

/// Numbers of gradient noise that are kept for a seed.
const NOISE_KEPT: usize = 1 << 17;

/// Layers of the noise address: what is drawn.
const OPTIMUM: u32 = 0;
const AXIS: u32 = 1;
const NOISE: u32 = 2;

impl Generated {
    pub(super) fn named(id: &str, width: usize, steps: u32, size: &Size) -> Self {
        let shape = match id {
            "q1" => Shape::Quadratic,
            "q2" => Shape::Rosenbrock,
            "b1" => Shape::Boxed,
            _ => Shape::HeavyTailed,
        };
        let (from, decades) = match shape {
            Shape::Quadratic | Shape::Rosenbrock => (0.0, -4.0),
            Shape::Boxed => (0.0, -2.0),
            Shape::HeavyTailed => (-3.0, 6.0),
        };
        let power = |i: usize| from + decades * i as f64 / (width - 1).max(1) as f64;
        let curvature =
            (0..width).map(|i| math::exp_f64(power(i) * std::f64::consts::LN_10) as f32).collect();
        let runs = Memo::default();
        Self { name: name_with(id, size), shape, leaves: [width], steps, curvature, runs }
    }

    fn normals(&self, seed: u64, layer: u32, step: u32) -> Vec<f32> {
        let mut numbers = vec![0.0; self.leaves[0]];
        let at = NoiseAddress { generation: step, pair: 0, layer, block: 0 };
        NoiseStream::new(seed).domain(Domain::Data).fill_normals(at, &mut numbers);
        numbers
    }

    fn run(&self, seed: u64) -> Arc<Run> {
        self.runs.get(seed, || {
            let width = self.leaves[0];
            let mut weights = vec![0.0; width];
            let stream = NoiseStream::new(seed).domain(Domain::Init);
            stream.fill_normals(NoiseAddress::default(), &mut weights);
            let scale = if self.shape == Shape::Boxed { 0.1 } else { 0.5 };
            weights.iter_mut().for_each(|w| *w *= scale);
            let kept = (self.steps as usize).min(NOISE_KEPT / width);
            let mut noise = vec![0.0; kept * width];
            for (step, noise) in noise.chunks_exact_mut(width).enumerate() {
                self.fill_noise(seed, step as u32, noise);
            }
            let optimum = self.normals(seed, OPTIMUM, 0);
            let axis = self.normals(seed, AXIS, 0);
            let mut run = Run { weights, optimum, axis, noise, first: 1.0 };
            run.first = self.value(&run.weights, &run, &mut vec![0.0; width]);
            run
        })
    }

    /// Mirrors at the hyperplane of the seed.
    fn reflect(run: &Run, x: &mut [f32]) {
        let (mut along, mut size) = (0.0_f64, 0.0_f64);
        for (x, a) in x.iter().zip(&run.axis) {
            along += f64::from(x * a);
            size += f64::from(a * a);
        }
        let factor = (2.0 * along / size) as f32;
        for (x, a) in x.iter_mut().zip(&run.axis) {
            *x -= factor * a;
        }
    }

    /// The value, and the gradient without noise into `gradient`.
    fn value(&self, weights: &[f32], run: &Run, gradient: &mut [f32]) -> f64 {
        if self.shape == Shape::Rosenbrock {
            gradient.fill(0.0);
            let mut total = 0.0;
            for i in 0..weights.len() - 1 {
                let (x, next) = (weights[i], weights[i + 1]);
                let (bend, rest) = (next - x * x, 1.0 - x);
                total += f64::from(100.0 * bend * bend + rest * rest);
                gradient[i] -= 400.0 * bend * x + 2.0 * rest;
                gradient[i + 1] += 200.0 * bend;
            }
            return total;
        }
        for ((g, w), o) in gradient.iter_mut().zip(weights).zip(&run.optimum) {
            *g = w - o;
        }
        let turned = self.shape != Shape::HeavyTailed;
        if turned {
            Self::reflect(run, gradient);
        }
        let mut total = 0.0;
        for (g, c) in gradient.iter_mut().zip(&self.curvature) {
            total += 0.5 * f64::from(*g * *g * c);
            *g *= c;
        }
        if turned {
            Self::reflect(run, gradient);
        }
        total
    }

    /// The noise of a step's gradient.
    fn fill_noise(&self, seed: u64, step: u32, noise: &mut [f32]) {
        if self.shape != Shape::HeavyTailed {
            let scale = if self.shape == Shape::Rosenbrock { 0.1 } else { 0.003 };
            for (n, z) in noise.iter_mut().zip(self.normals(seed, NOISE, step)) {
                *n = scale * z;
            }
            return;
        }
        // Student t by Bailey's polar form: √(ν (u^(−2/ν) − 1)) cos 2πv.
        const FREEDOM: f64 = 1.5;
        const SCALE: f64 = 0.3;
        let mut uniform = vec![0.0; 2 * noise.len()];
        let at = NoiseAddress { generation: step, pair: 0, layer: NOISE, block: 0 };
        NoiseStream::new(seed).domain(Domain::Data).fill_uniforms(at, &mut uniform);
        for ((n, c), u) in noise.iter_mut().zip(&self.curvature).zip(uniform.chunks_exact(2)) {
            let logarithm = f64::from(math::ln(u[0] as f32));
            let radius =
                (FREEDOM * (math::exp_f64(-2.0 / FREEDOM * logarithm) - 1.0)).max(0.0).sqrt();
            let (_, cosine) = math::sin_cos_f64(std::f64::consts::TAU * u[1]);
            *n = (SCALE * radius * cosine) as f32 * c;
        }
    }
}

impl Trainable for Generated {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn leaves(&self) -> &[usize] {
        &self.leaves
    }

    fn steps(&self) -> u32 {
        self.steps
    }

    fn init(&self, seed: u64) -> Vec<f32> {
        self.run(seed).weights.clone()
    }

    fn gradient(
        &self,
        weights: &[f32],
        seed: u64,
        step: u32,
        gradient: &mut [f32],
        _: &mut Scratch,
    ) -> f32 {
        let run = self.run(seed);
        let value = self.value(weights, &run, gradient);
        let kept = run.noise.chunks_exact(self.leaves[0]).nth(step as usize);
        let drawn = kept.is_none().then(|| {
            let mut noise = vec![0.0; gradient.len()];
            self.fill_noise(seed, step, &mut noise);
            noise
        });
        for (g, n) in gradient.iter_mut().zip(kept.or(drawn.as_deref()).unwrap_or_default()) {
            *g += n;
        }
        (value / run.first) as f32
    }

    fn loss(&self, weights: &[f32], seed: u64, _: Part, _: &mut Scratch) -> f64 {
        let run = self.run(seed);
        let mut slope = vec![0.0; weights.len()];
        if self.shape == Shape::Boxed {
            let clipped: Vec<f32> = weights.iter().map(|w| w.clamp(-1.0, 1.0)).collect();
            return self.value(&clipped, &run, &mut slope) / run.first;
        }
        self.value(weights, &run, &mut slope) / run.first
    }
}
