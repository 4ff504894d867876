//! A variational autoencoder of encoded designs.
//!
//! z ~ N(0, I)      x | z ~ N(μ(z), σ(z)²)      loss = Σ w [ −ln p(x | m + s ε) + KL(N(m, s²) ‖ N(0, I)) ] / rows
//!
//! | symbol | what |
//! |---|---|
//! | m, ln s | outputs of the encoder |
//! | μ, ln σ | outputs of the decoder; ln σ between −4 and 2 |
//! | w | weight of a row |
//!
//! Source: Kingma and Welling, arXiv 1312.6114.

use hatchery::surrogates::Draws;
use hatchery::surrogates::network::{Activation, Adam, Mlp, Tape};

use super::{BATCH, gather, normals};

/// Numbers of z.
const LATENT: usize = 32;
/// Units of the hidden layer.
const HIDDEN: usize = 256;
/// Bounds of ln σ.
const LOG_DEVIATION: (f32, f32) = (-4.0, 2.0);
/// Of Adam.
const STEP_SIZE: f64 = 1e-3;

/// See the [module](self).
#[derive(Clone)]
pub(super) struct Vae {
    encoder: Part,
    decoder: Part,
    width: usize,
}

/// A network and how it is trained.
#[derive(Clone)]
struct Part {
    mlp: Mlp,
    weights: Vec<f32>,
    adam: Adam<f32>,
}

impl Part {
    fn new(inputs: usize, outputs: usize, draws: &mut Draws) -> Self {
        let activation = Activation::LeakyRelu;
        let mlp = Mlp { inputs, hidden: vec![HIDDEN], outputs, activation };
        let weights = mlp.first_weights(draws);
        let adam = Adam::new(weights.len(), STEP_SIZE, 0.0);
        Self { mlp, weights, adam }
    }

    fn step(&mut self, gradient: &[f32]) {
        self.adam.step(&mut self.weights, gradient);
    }
}

/// Samples of a decoder.
pub(super) struct Samples {
    /// Latent numbers, `(rows, 32)`.
    pub(super) z: Vec<f32>,
    /// Designs, `(rows, width)`.
    pub(super) x: Vec<f32>,
}

impl Vae {
    /// For rows of so many features.
    pub(super) fn new(width: usize, draws: &mut Draws) -> Self {
        let encoder = Part::new(width, 2 * LATENT, draws);
        Self { encoder, decoder: Part::new(LATENT, 2 * width, draws), width }
    }

    /// Fits it to rows of `x`, each with a weight ≥ 0. The mean loss of a row in the last epoch.
    pub(super) fn fit(
        &mut self,
        x: &[f32],
        weights: &[f32],
        epochs: u32,
        draws: &mut Draws,
    ) -> f32 {
        let mut last = 0.0;
        for _ in 0..epochs {
            let order = draws.order(weights.len());
            last = 0.0;
            for rows in order.chunks(BATCH) {
                let w = gather(weights, 1, rows);
                last += self.step(&gather(x, self.width, rows), &w, draws);
            }
            last /= order.len().div_ceil(BATCH) as f32;
        }
        last
    }

    /// A step of both networks on a batch; its loss.
    fn step(&mut self, x: &[f32], w: &[f32], draws: &mut Draws) -> f32 {
        let noise = normals(draws, w.len() * LATENT);
        let (loss, [of_encoder, of_decoder]) = self.gradients(x, w, &noise);
        self.encoder.step(&of_encoder);
        self.decoder.step(&of_decoder);
        loss
    }

    /// The loss of a batch and its gradients in the weights of the encoder and of the decoder.
    fn gradients(&self, x: &[f32], w: &[f32], noise: &[f32]) -> (f32, [Vec<f32>; 2]) {
        let rows = w.len();
        let (mut up, mut down) = (Tape::default(), Tape::default());
        let code = self.encoder.mlp.forward(&self.encoder.weights, x, &mut up).to_vec();
        let mut z = vec![0.0; rows * LATENT];
        for row in 0..rows {
            let (m, s) = code[row * 2 * LATENT..(row + 1) * 2 * LATENT].split_at(LATENT);
            for at in 0..LATENT {
                z[row * LATENT + at] = m[at] + s[at].exp() * noise[row * LATENT + at];
            }
        }
        let out = self.decoder.mlp.forward(&self.decoder.weights, &z, &mut down).to_vec();
        let mut loss = 0.0;
        let mut slopes = vec![0.0; out.len()];
        for row in 0..rows {
            let share = w[row] / rows as f32;
            let wide = row * 2 * self.width..(row + 1) * 2 * self.width;
            let (mean, deviation) = out[wide.clone()].split_at(self.width);
            let (to_mean, to_deviation) = slopes[wide].split_at_mut(self.width);
            for at in 0..self.width {
                let log = deviation[at].clamp(LOG_DEVIATION.0, LOG_DEVIATION.1);
                let off = (x[row * self.width + at] - mean[at]) / log.exp();
                loss += share * (0.5 * off * off + log + 0.918_938_5);
                to_mean[at] = -share * off / log.exp();
                let is_free = log == deviation[at];
                to_deviation[at] = if is_free { share * (1.0 - off * off) } else { 0.0 };
            }
        }
        let mut of_decoder = vec![0.0; self.decoder.weights.len()];
        let mut to_z = vec![0.0; z.len()];
        let (decoder, encoder) = (&self.decoder, &self.encoder);
        let (own, inputs) = (Some(&mut of_decoder[..]), Some(&mut to_z[..]));
        decoder.mlp.backward(&decoder.weights, &z, &mut down, &slopes, own, inputs);
        let mut to_code = vec![0.0; code.len()];
        for row in 0..rows {
            let share = w[row] / rows as f32;
            for at in 0..LATENT {
                let (mean, log) = (row * 2 * LATENT + at, row * 2 * LATENT + LATENT + at);
                let (m, s) = (code[mean], code[log].exp());
                let (slope, noise) = (to_z[row * LATENT + at], noise[row * LATENT + at]);
                loss += share * 0.5 * (m * m + s * s - 1.0 - 2.0 * code[log]);
                to_code[mean] = slope + share * m;
                to_code[log] = slope * s * noise + share * (s * s - 1.0);
            }
        }
        let mut of_encoder = vec![0.0; encoder.weights.len()];
        let own = Some(&mut of_encoder[..]);
        encoder.mlp.backward(&encoder.weights, x, &mut up, &to_code, own, None);
        (loss, [of_encoder, of_decoder])
    }

    /// So many samples.
    pub(super) fn sample(&self, rows: usize, draws: &mut Draws) -> Samples {
        let z = normals(draws, rows * LATENT);
        let noise = normals(draws, rows * self.width);
        let out = self.decode(&z);
        let x = out.chunks_exact(2 * self.width).zip(noise.chunks_exact(self.width));
        let x = x.flat_map(|(out, noise)| {
            let (mean, log) = out.split_at(self.width);
            let part = mean.iter().zip(log).zip(noise);
            part.map(|((mean, log), e)| mean + deviation(*log) * e).collect::<Vec<f32>>()
        });
        Samples { x: x.collect(), z }
    }

    /// ln p(x | z) of samples, without the constant.
    pub(super) fn log_likelihood(&self, samples: &Samples) -> Vec<f64> {
        let out = self.decode(&samples.z);
        let rows = out.chunks_exact(2 * self.width).zip(samples.x.chunks_exact(self.width));
        rows.map(|(out, x)| {
            let (mean, log) = out.split_at(self.width);
            let part = |((mean, log), x): ((&f32, &f32), &f32)| {
                let deviation = deviation(*log);
                let off = f64::from((x - mean) / deviation);
                -0.5 * off * off - f64::from(deviation).ln()
            };
            mean.iter().zip(log).zip(x).map(part).sum()
        })
        .collect()
    }

    fn decode(&self, z: &[f32]) -> Vec<f32> {
        self.decoder.mlp.forward(&self.decoder.weights, z, &mut Tape::default()).to_vec()
    }
}

fn deviation(log: f32) -> f32 {
    log.clamp(LOG_DEVIATION.0, LOG_DEVIATION.1).exp()
}

/// Panics unless gradients are those of differences.
pub(super) fn self_test() {
    let mut draws = Draws::new(0, "self-test of an autoencoder");
    let vae = Vae::new(3, &mut draws);
    let (x, noise) = (normals(&mut draws, 4 * 3), normals(&mut draws, 4 * LATENT));
    let w = [1.0, 0.0, 2.0, 0.5];
    let (_, gradients) = vae.gradients(&x, &w, &noise);
    for (part, gradient) in gradients.iter().enumerate() {
        // Along the gradient itself, where the loss changes most.
        let norm = gradient.iter().map(|g| g * g).sum::<f32>().sqrt();
        let loss = |along: f32| {
            let mut moved = vae.clone();
            let part = if part == 0 { &mut moved.encoder } else { &mut moved.decoder };
            part.weights.iter_mut().zip(gradient).for_each(|(w, g)| *w += along * g / norm);
            moved.gradients(&x, &w, &noise).0
        };
        let found = (loss(1e-2) - loss(-1e-2)) / 2e-2;
        assert!((found - norm).abs() < 0.02 * norm, "part {part}: {found}, {norm}");
    }
}
