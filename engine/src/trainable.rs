//! Training runs as something to be scored: what optimizers are tried on.

/// Buffers that a training run keeps from step to step, so that nothing is allocated in between.
#[derive(Debug, Default)]
pub struct Scratch(Vec<Vec<f32>>);

impl Scratch {
    /// Buffer number `index`, taken out with at least `length` numbers of any value; give it back with [`put`](Self::put).
    pub fn take(&mut self, index: usize, length: usize) -> Vec<f32> {
        if self.0.len() <= index {
            self.0.resize_with(index + 1, Vec::new);
        }
        let mut buffer = std::mem::take(&mut self.0[index]);
        if buffer.len() < length {
            buffer.resize(length, 0.0);
        }
        buffer
    }

    /// Gives a buffer back.
    pub fn put(&mut self, index: usize, buffer: Vec<f32>) {
        self.0[index] = buffer;
    }
}

/// Data that are not trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What a search and its selection may look at.
    Validation,
    /// What only a report may look at.
    Test,
}

/// A loss with its gradient over a flat slice of weights. Losses are in nats where they are of probabilities; smaller is better, and
/// whoever makes fitness of one negates it.
///
/// A training run is a function of a seed: initial weights, batches and generated data follow from it.
pub trait Trainable: Send + Sync {
    /// A short name, with the sizes that differ from the defaults.
    fn name(&self) -> String;

    /// Sizes of the leaves (weight matrices, biases), one behind the other in the slice.
    fn leaves(&self) -> &[usize];

    /// Steps of a training run.
    fn steps(&self) -> u32;

    /// Initial weights of the run of a seed; called once a run.
    fn init(&self, seed: u64) -> Vec<f32>;

    /// Loss of the batch of a step, before the step, and its gradient into `gradient`; called once a step.
    fn gradient(
        &self,
        weights: &[f32],
        seed: u64,
        step: u32,
        gradient: &mut [f32],
        scratch: &mut Scratch,
    ) -> f32;

    /// Loss on data that are not trained on; called at the end of a run.
    fn loss(&self, weights: &[f32], seed: u64, part: Part, scratch: &mut Scratch) -> f64;

    /// Number of weights.
    fn dimension(&self) -> usize {
        self.leaves().iter().sum()
    }
}
