//! Networks that are each trained on their own bootstrap sample, as one surrogate.
//!
//! μ(x) = mean of the members' predictions      σ(x) = their standard deviation      lowest(x) = the least of them

use hatchery_engine::StopFlag;
use rayon::prelude::*;

use super::{Climbable, Prediction, Surrogate};
use crate::network::{
    Activation, Batch, EpochRow, Head, Loss, Mlp, Network, Plan, Tape, Trained, train,
};
use crate::space::{Design, Encoding, Space};
use crate::{Rows, SurrogateError, statistics};

/// Designs that are predicted as one part.
const PREDICTED: usize = 1 << 9;

/// The shape of an ensemble and how its members are trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Members, at least 1.
    pub members: usize,
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    /// What hidden units do.
    pub activation: Activation,
    /// What outputs mean.
    pub head: Head,
    /// How each member is trained; member k takes the seed after that of member k − 1.
    pub plan: Plan,
}

impl Default for Config {
    fn default() -> Self {
        let plan = Plan { epochs: 40, step_size: 1e-3, bootstrap: true, ..Plan::default() };
        Self {
            members: 5,
            hidden: vec![256, 256],
            activation: Activation::LeakyRelu,
            head: Head::Normal,
            plan,
        }
    }
}

/// How members' predictions become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vote {
    /// Their mean.
    #[default]
    Mean,
    /// The least of them.
    Lowest,
}

/// A trained ensemble.
#[derive(Clone, Debug)]
pub struct Ensemble {
    name: &'static str,
    space: Space,
    encoding: Encoding,
    pub(super) members: Vec<Trained<f32>>,
    vote: Vote,
    /// Mean and deviation of the scores.
    scale: (f64, f64),
    noise: f64,
}

impl Ensemble {
    /// Trains on designs and scores. `held_out` are rows that are never learned from: their errors are the stated noise, and the losses of epochs; without
    /// them the noise is that of the training rows.
    ///
    /// # Errors
    /// If lists differ in length or are empty, a setting cannot be used, or training diverges.
    pub fn train(
        encoding: &Encoding,
        space: &Space,
        rows: Rows<'_>,
        held_out: Rows<'_>,
        config: &Config,
        stop: &StopFlag,
    ) -> Result<Self, SurrogateError> {
        rows.check()?;
        if config.members == 0 {
            let (found, wanted) = (0.0, "at least 1");
            return Err(SurrogateError::Setting { name: "members", found, wanted });
        }
        let deviation = statistics::population_sd(rows.scores);
        let scale = (statistics::mean(rows.scores), if deviation > 0.0 { deviation } else { 1.0 });
        let inputs = encoding.features();
        let mlp = Mlp {
            inputs,
            hidden: config.hidden.clone(),
            outputs: config.head.outputs(),
            activation: config.activation,
        };
        let network = Network { mlp, head: config.head };
        let scaled = |rows: Rows<'_>| {
            let x = encode(encoding, rows.designs);
            let y: Vec<f32> =
                rows.scores.iter().map(|y| ((y - scale.0) / scale.1) as f32).collect();
            let counts: Vec<f32> = rows.weights.iter().map(|weight| *weight as f32).collect();
            (x, y, counts)
        };
        let (x, y, weights) = scaled(rows);
        let (other_x, other_y, other_weights) = scaled(held_out);
        let counts = (!weights.is_empty()).then_some(&weights[..]);
        let validation = (!other_y.is_empty()).then_some(Batch {
            x: &other_x,
            y: &other_y,
            counts: (!other_weights.is_empty()).then_some(&other_weights[..]),
        });
        let members = (0..config.members).into_par_iter().map(|member| {
            let seed = config.plan.seed.wrapping_add(member as u64);
            let plan = Plan { seed, ..config.plan.clone() };
            train(&network, Batch { x: &x, y: &y, counts }, validation, &plan, stop)
        });
        let mut members = members.collect::<Result<Vec<_>, _>>()?;
        if matches!(config.plan.loss, Loss::List(_)) {
            members.iter_mut().for_each(|member| adapt(member, &x, &y));
        }
        let (space, encoding) = (space.clone(), encoding.clone());
        let name = match (&config.plan.loss, config.plan.conservatism, config.members) {
            (Loss::List(_), ..) => "listnet",
            (_, Some(_), _) => "coms",
            (_, None, 1) => "mlp",
            _ => "ensemble",
        };
        let mut ensemble =
            Self { name, space, encoding, members, vote: Vote::Mean, scale, noise: 0.0 };
        let judged = if held_out.count() == 0 { rows } else { held_out };
        let means = ensemble.means(judged.designs);
        ensemble.noise = judged.variance_of(|row| means[row] - judged.scores[row]).sqrt();
        Ok(ensemble)
    }

    /// The same members, voting otherwise.
    #[must_use]
    pub fn with_vote(mut self, vote: Vote) -> Self {
        self.vote = vote;
        self
    }

    /// What happened in training, by member and epoch.
    pub fn epochs(&self) -> impl Iterator<Item = &[EpochRow]> {
        self.members.iter().map(|member| member.epochs.as_slice())
    }

    /// N, the gradient norm of the mean prediction over designs in z-units, averaged over members.
    pub fn sharpness(&self, designs: &[Design]) -> f64 {
        statistics::mean(&self.norms(designs))
    }

    /// N of each member.
    pub fn norms(&self, designs: &[Design]) -> Vec<f64> {
        let x = encode(&self.encoding, designs);
        self.members.par_iter().map(|member| member.norm(&x)).collect()
    }

    /// Predictions of each member for rows of features, `(members, rows)`, in z-units.
    fn outputs(&self, x: &[f32]) -> Vec<Vec<f32>> {
        let of_member = |member: &Trained<f32>| {
            let mut tape = Tape::default();
            let outputs = member.network.mlp.outputs;
            member.outputs(x, &mut tape).iter().step_by(outputs).copied().collect()
        };
        self.members.iter().map(of_member).collect()
    }

    fn score(&self, z: f64) -> f64 {
        self.scale.0 + self.scale.1 * z
    }
}

/// The mean and deviation of predictions on the training rows become 0 and 1, so that steps along slopes keep their meaning (RaM's output adaptation).
fn adapt(member: &mut Trained<f32>, x: &[f32], y: &[f32]) {
    let mut tape = Tape::default();
    let outputs = member.network.mlp.outputs;
    let predictions: Vec<f64> =
        member.outputs(x, &mut tape).iter().step_by(outputs).map(|v| f64::from(*v)).collect();
    let (mean, deviation) =
        (statistics::mean(&predictions), statistics::population_sd(&predictions).max(1e-9));
    let wanted = statistics::population_sd(&y.iter().map(|v| f64::from(*v)).collect::<Vec<_>>());
    let mlp = &member.network.mlp;
    let bias = mlp.output_bias();
    let last = mlp.hidden.last().copied().unwrap_or(mlp.inputs) * outputs;
    let factor = (wanted / deviation) as f32;
    for column in (0..last).step_by(outputs) {
        member.weights[bias.start - last + column] *= factor;
    }
    let first = member.weights[bias.start];
    member.weights[bias.start] = (first - mean as f32) * factor;
}

fn encode(encoding: &Encoding, designs: &[Design]) -> Vec<f32> {
    let features = encoding.features();
    let mut x = vec![0.0; designs.len() * features];
    for (design, out) in designs.iter().zip(x.chunks_exact_mut(features.max(1))) {
        encoding.encode_f32(design, out);
    }
    x
}

impl Surrogate for Ensemble {
    fn name(&self) -> &str {
        self.name
    }

    fn space(&self) -> &Space {
        &self.space
    }

    fn noise(&self) -> f64 {
        self.noise
    }

    fn predict(&self, designs: &[Design]) -> Vec<Prediction> {
        let parts = designs.par_chunks(PREDICTED).map(|designs| {
            let outputs = self.outputs(&encode(&self.encoding, designs));
            let of_row = |row: usize| {
                let values: Vec<f64> = outputs.iter().map(|out| f64::from(out[row])).collect();
                let mean = match self.vote {
                    Vote::Mean => statistics::mean(&values),
                    Vote::Lowest => values.iter().copied().fold(f64::INFINITY, f64::min),
                };
                let deviation = self.scale.1 * statistics::population_sd(&values);
                Prediction { mean: self.score(mean), deviation }
            };
            (0..designs.len()).map(of_row).collect::<Vec<_>>()
        });
        parts.collect::<Vec<_>>().concat()
    }

    fn climbable(&self) -> Option<&dyn Climbable> {
        Some(self)
    }

    fn training(&self) -> Vec<&[EpochRow]> {
        self.epochs().collect()
    }
}

impl Climbable for Ensemble {
    fn encoding(&self) -> &Encoding {
        &self.encoding
    }

    fn score_deviation(&self) -> f64 {
        self.scale.1
    }

    fn values(&self, x: &[f32], values: &mut [f64]) {
        let features = self.encoding.features();
        let parts = x.par_chunks(PREDICTED * features).zip(values.par_chunks_mut(PREDICTED));
        parts.for_each(|(x, values)| {
            let outputs = self.outputs(x);
            for (row, value) in values.iter_mut().enumerate() {
                let of_row = outputs.iter().map(|out| f64::from(out[row]));
                *value = self.score(match self.vote {
                    Vote::Mean => of_row.sum::<f64>() / outputs.len() as f64,
                    Vote::Lowest => of_row.fold(f64::INFINITY, f64::min),
                });
            }
        });
    }

    fn slopes(&self, x: &[f32], values: &mut [f64], slopes: &mut [f32]) {
        let features = self.encoding.features();
        let rows = values.len();
        slopes.fill(0.0);
        let mut tapes: Vec<Tape<f32>> = vec![Tape::default(); self.members.len()];
        let mut of_member = Vec::new();
        for (member, tape) in self.members.iter().zip(&mut tapes) {
            let outputs = member.network.mlp.outputs;
            let out = member.outputs(x, tape);
            of_member.push(out.iter().step_by(outputs).copied().collect::<Vec<f32>>());
        }
        let share = 1.0 / self.members.len() as f32;
        let lowest = |row: usize| {
            (0..of_member.len())
                .min_by(|a, b| of_member[*a][row].total_cmp(&of_member[*b][row]))
                .unwrap_or_default()
        };
        for (row, value) in values.iter_mut().enumerate() {
            let z = match self.vote {
                Vote::Mean => of_member.iter().map(|out| f64::from(out[row] * share)).sum(),
                Vote::Lowest => f64::from(of_member[lowest(row)][row]),
            };
            *value = self.score(z);
        }
        let mut part = vec![0.0; rows * features];
        for (at, (member, tape)) in self.members.iter().zip(&mut tapes).enumerate() {
            let mlp = &member.network.mlp;
            let mut slope = vec![0.0; rows * mlp.outputs];
            for (row, slope) in slope.iter_mut().step_by(mlp.outputs).enumerate() {
                *slope = match self.vote {
                    Vote::Mean => share,
                    Vote::Lowest => f32::from(u8::from(lowest(row) == at)),
                };
            }
            let weights = &member.weights[..mlp.weights()];
            mlp.backward(weights, x, tape, &slope, None, Some(&mut part));
            slopes.iter_mut().zip(&part).for_each(|(sum, value)| *sum += value);
        }
        slopes.iter_mut().for_each(|slope| *slope *= self.scale.1 as f32);
    }
}
