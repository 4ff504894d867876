//! Training of a network: epochs of shuffled batches, bootstrap, a regulariser, validation.

use hatchery_engine::StopFlag;

use super::trainee::Scratch;
use super::{Adam, Batch, Conservatism, Conservative, Loss, Network, OnBatch, Real, Tape};
use crate::sharpness::{Regularised, Regulariser, Step, Trainee};
use crate::{Draws, SurrogateError};

/// How a network is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Passes over the rows.
    pub epochs: u32,
    /// Rows of a batch; a last batch that is smaller is left out, unless it is the only one.
    pub batch: usize,
    /// Step size of Adam.
    pub step_size: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// The loss.
    pub loss: Loss,
    /// The regulariser.
    pub regulariser: Regulariser,
    /// The conservative term, if it is wanted.
    pub conservatism: Option<Conservatism>,
    /// Whether rows are weighted by how often a bootstrap sample of all rows contains them.
    pub bootstrap: bool,
    /// Whether the weights of the epoch of the smallest validation loss are kept, not those of the last.
    pub keep_best: bool,
    /// Whether plain training measures N too, at a quarter more time.
    pub measure_norm: bool,
    /// Decides first weights, batches and bootstrap.
    pub seed: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            epochs: 100,
            batch: 128,
            step_size: 3e-4,
            weight_decay: 0.0,
            loss: Loss::Rows,
            regulariser: Regulariser::None,
            conservatism: None,
            bootstrap: false,
            keep_best: false,
            measure_norm: false,
            seed: 0,
        }
    }
}

/// One epoch.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct EpochRow {
    /// Mean training loss over its batches.
    pub loss: f64,
    /// Loss on the validation rows after it; NaN if there are none.
    pub validation: f64,
    /// N of the last batch; NaN if not measured.
    pub norm: f64,
    /// λ of the last batch.
    pub multiplier: f64,
    /// ‖b − a‖/r of the last batch.
    pub curvature: f64,
    /// Overestimation of the last batch, for the conservative term; NaN without.
    pub overestimation: f64,
}

/// A trained network.
#[derive(Clone, Debug)]
pub struct Trained<T> {
    /// Its shape.
    pub network: Network,
    /// Its weights.
    pub weights: Vec<T>,
    /// What happened, by epoch.
    pub epochs: Vec<EpochRow>,
}

impl<T: Real> Trained<T> {
    /// The outputs for rows of inputs, `(rows, outputs)`: see the head for what they mean.
    pub fn outputs<'t>(&self, x: &[T], tape: &'t mut Tape<T>) -> &'t [T] {
        self.network.mlp.forward(&self.weights[..self.network.mlp.weights()], x, tape)
    }

    /// The weights of the head.
    pub fn own(&self) -> &[T] {
        &self.weights[self.network.mlp.weights()..]
    }

    /// N over all the given rows at once.
    pub fn norm(&self, x: &[T]) -> f64 {
        let mut scratch = Scratch::default();
        let y = vec![T::default(); x.len() / self.network.mlp.inputs];
        let batch = Batch { x, y: &y, counts: None };
        let mut trainee = OnBatch::new(&self.network, Loss::Rows, batch, &mut scratch);
        let mut gradient = vec![T::default(); self.weights.len()];
        trainee.mean(&self.weights, &mut gradient);
        gradient.iter().map(|g| g.wide() * g.wide()).sum::<f64>().sqrt()
    }
}

/// Trains a network on `rows`; `validation` is never learned from. A raised `stop` ends it after an epoch.
///
/// # Errors
/// A setting that cannot be used; weights that are no longer finite, with the epoch.
///
/// # Panics
/// If there is no row, or rows do not fit the network.
pub fn train<T: Real>(
    network: &Network,
    rows: Batch<'_, T>,
    validation: Option<Batch<'_, T>>,
    plan: &Plan,
    stop: &StopFlag,
) -> Result<Trained<T>, SurrogateError> {
    let mut weights =
        network.first_weights::<T>(&mut Draws::new(plan.seed, "first weights of a network"));
    let mut regularised =
        Regularised::try_new(plan.regulariser, weights.len(), plan.seed, plan.measure_norm)?;
    let mut adam = Adam::new(weights.len(), plan.step_size, plan.weight_decay);
    let mut gradient = vec![T::default(); weights.len()];
    let mut scratch = Scratch::default();
    let counts = plan.bootstrap.then(|| bootstrap(rows, plan.seed));
    let mut batches = Batches::new(rows, counts, network.mlp.inputs, plan);
    let mut conservative = plan.conservatism.map(Conservative::new);
    let mut epochs = Vec::new();
    let mut best = (f64::INFINITY, Vec::new());
    for epoch in 0..plan.epochs {
        batches.shuffle(epoch);
        let (mut loss, mut last) = (0.0, None);
        for at in 0..batches.count() {
            let batch = batches.gather(at);
            let mut trainee = OnBatch {
                network,
                loss: plan.loss,
                batch,
                conservative: conservative.as_mut(),
                scratch: &mut scratch,
            };
            let step = regularised.step(&mut trainee, &weights, &mut gradient);
            adam.step(&mut weights, &gradient);
            if let Some(conservative) = &mut conservative {
                conservative.update();
            }
            loss += step.at.loss / batches.count() as f64;
            last = Some(step);
        }
        if !loss.is_finite() {
            return Err(SurrogateError::Diverged { epoch });
        }
        let checked = validation.map_or(f64::NAN, |batch| {
            let mut trainee = OnBatch::new(network, plan.loss, batch, &mut scratch);
            trainee.loss(&weights, &mut gradient, None).loss
        });
        let over = conservative.as_ref().map_or(f64::NAN, Conservative::overestimation);
        epochs.push(row(loss, checked, last, over));
        if plan.keep_best && checked < best.0 {
            best = (checked, weights.clone());
        }
        if stop.is_raised() {
            break;
        }
    }
    if !best.1.is_empty() {
        weights = best.1;
    }
    Ok(Trained { network: network.clone(), weights, epochs })
}

fn row(loss: f64, validation: f64, last: Option<Step>, overestimation: f64) -> EpochRow {
    let of = |f: fn(&Step) -> f64| last.as_ref().map_or(f64::NAN, f);
    EpochRow {
        loss,
        validation,
        norm: of(|s| s.norm),
        multiplier: of(|s| s.multiplier),
        curvature: of(|s| s.curvature),
        overestimation,
    }
}

/// How often each row is in a sample of as many rows, drawn with replacement.
fn bootstrap<T: Real>(batch: Batch<'_, T>, seed: u64) -> Vec<T> {
    let rows = batch.y.len();
    let mut draws = Draws::new(seed, "bootstrap of a network");
    let mut counts = vec![0.0; rows];
    (0..rows).for_each(|_| counts[draws.below(rows)] += 1.0);
    let weight = |row: usize| batch.counts.map_or(T::of(1.0), |counts| counts[row]);
    counts.into_iter().enumerate().map(|(row, count)| T::of(count) * weight(row)).collect()
}

/// Rows in random order, gathered batch by batch.
struct Batches<'a, T> {
    rows: Batch<'a, T>,
    counts: Option<Vec<T>>,
    inputs: usize,
    size: usize,
    seed: u64,
    order: Vec<usize>,
    x: Vec<T>,
    y: Vec<T>,
    batch_counts: Vec<T>,
}

impl<'a, T: Real> Batches<'a, T> {
    fn new(rows: Batch<'a, T>, counts: Option<Vec<T>>, inputs: usize, plan: &Plan) -> Self {
        let counts = counts.or_else(|| rows.counts.map(<[T]>::to_vec));
        let size = plan.batch.clamp(1, rows.y.len());
        let order = (0..rows.y.len()).collect();
        let (x, y, batch_counts) = (Vec::new(), Vec::new(), Vec::new());
        Self { rows, counts, inputs, size, seed: plan.seed, order, x, y, batch_counts }
    }

    fn count(&self) -> usize {
        self.order.len() / self.size
    }

    fn shuffle(&mut self, epoch: u32) {
        let mut draws = Draws::numbered(self.seed, "order of rows", u64::from(epoch));
        draws.shuffle(&mut self.order);
    }

    fn gather(&mut self, at: usize) -> Batch<'_, T> {
        self.x.clear();
        self.y.clear();
        self.batch_counts.clear();
        for &row in &self.order[at * self.size..(at + 1) * self.size] {
            self.x.extend_from_slice(&self.rows.x[row * self.inputs..(row + 1) * self.inputs]);
            self.y.push(self.rows.y[row]);
            self.batch_counts.extend(self.counts.as_ref().map(|counts| counts[row]));
        }
        let counts = self.counts.is_some().then_some(self.batch_counts.as_slice());
        Batch { x: &self.x, y: &self.y, counts }
    }
}
