//! A network on a batch of rows, as something whose loss and mean prediction have gradients.

use std::ops::Range;

use super::conservative::Conservative;
use super::{Head, Mlp, Ranking, Real, Tape};
use crate::Draws;
use crate::sharpness::{At, Trainee};

/// A perceptron and what its outputs mean. Its weights are those of the perceptron and then those of the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// The perceptron; its outputs are as many as the head reads.
    pub mlp: Mlp,
    /// What they mean.
    pub head: Head,
}

impl Network {
    /// Number of all weights.
    pub fn weights(&self) -> usize {
        self.mlp.weights() + self.head.weights()
    }

    /// First weights; the bounds of a learned deviation begin at ln 0.2 and ln 0.1.
    pub fn first_weights<T: Real>(&self, draws: &mut Draws) -> Vec<T> {
        let mut weights = self.mlp.first_weights(draws);
        if self.head == Head::NormalLearned {
            weights.extend([T::of(super::head::HIGH), T::of(super::head::LOW)]);
        }
        weights
    }
}

/// What training makes small.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Loss {
    /// The loss of the head, row by row.
    #[default]
    Rows,
    /// A loss of the batch as one list.
    List(Ranking),
}

/// Rows to learn from, in the units the network works in.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a, T> {
    /// `(rows, inputs)`.
    pub x: &'a [T],
    /// `(rows,)`.
    pub y: &'a [T],
    /// How often each row was drawn by a bootstrap; 1 if none.
    pub counts: Option<&'a [T]>,
}

/// A network on one batch.
#[derive(Debug)]
pub struct OnBatch<'a, T> {
    /// The network.
    pub network: &'a Network,
    /// The loss.
    pub loss: Loss,
    /// The rows.
    pub batch: Batch<'a, T>,
    /// A term that keeps it from promising more than the data, if it is wanted.
    pub conservative: Option<&'a mut Conservative<T>>,
    /// Memory of passes.
    pub scratch: &'a mut Scratch<T>,
}

/// Memory of passes, kept from batch to batch.
#[derive(Clone, Debug, Default)]
pub struct Scratch<T> {
    tape: Tape<T>,
    slope: Vec<T>,
    predictions: Vec<T>,
    list_slope: Vec<T>,
}

impl<T: Real> Scratch<T> {
    /// The slopes of h = mean prediction: 1/rows for each first output, 0 for the others.
    fn slope_of_mean(&mut self, rows: usize, outputs: usize) {
        self.slope.clear();
        self.slope.resize(rows * outputs, T::default());
        let share = T::of(1.0 / rows as f64);
        self.slope.iter_mut().step_by(outputs).for_each(|s| *s = share);
    }
}

impl<'a, T> OnBatch<'a, T> {
    /// A network on a batch, without the conservative term.
    pub fn new(
        network: &'a Network,
        loss: Loss,
        batch: Batch<'a, T>,
        scratch: &'a mut Scratch<T>,
    ) -> Self {
        Self { network, loss, batch, conservative: None, scratch }
    }
}

impl<T: Real> OnBatch<'_, T> {
    fn rows(&self) -> usize {
        self.batch.y.len()
    }

    fn forward(&mut self, weights: &[T]) -> f64 {
        let own = self.network.mlp.weights();
        let out = self.network.mlp.forward(&weights[..own], self.batch.x, &mut self.scratch.tape);
        let outputs = self.network.mlp.outputs;
        out.iter().step_by(outputs).map(|g| g.wide()).sum::<f64>() / self.rows() as f64
    }

    fn backward(&mut self, weights: &[T], gradient: &mut [T]) {
        let own = self.network.mlp.weights();
        let Scratch { tape, slope, .. } = &mut *self.scratch;
        let (mlp, x) = (&self.network.mlp, self.batch.x);
        mlp.backward(&weights[..own], x, tape, slope, Some(&mut gradient[..own]), None);
    }

    fn gradient_of_mean(&mut self, weights: &[T], gradient: &mut [T]) {
        self.scratch.slope_of_mean(self.rows(), self.network.mlp.outputs);
        self.backward(weights, gradient);
        gradient[self.network.mlp.weights()..].fill(T::default());
    }
}

impl<T: Real> Trainee<T> for OnBatch<'_, T> {
    fn loss(&mut self, weights: &[T], gradient: &mut [T], mean_gradient: Option<&mut [T]>) -> At {
        let own = self.network.mlp.weights();
        let mean = self.forward(weights);
        if let Some(mean_gradient) = mean_gradient {
            self.gradient_of_mean(weights, mean_gradient);
        }
        let (rows, outputs) = (self.rows(), self.network.mlp.outputs);
        let Scratch { tape, slope, predictions, list_slope } = &mut *self.scratch;
        slope.clear();
        slope.resize(rows * outputs, T::default());
        let own_slope = &mut gradient[own..];
        let mut loss = match self.loss {
            Loss::Rows => {
                let Batch { y, counts, .. } = self.batch;
                let head = self.network.head;
                head.loss(tape.output(), &weights[own..], y, counts, slope, own_slope)
            }
            Loss::List(ranking) => {
                own_slope.fill(T::default());
                predictions.clear();
                predictions.extend(tape.output().iter().step_by(outputs));
                list_slope.resize(rows, T::default());
                let loss = ranking.loss(predictions, self.batch.y, list_slope);
                let firsts = slope.iter_mut().step_by(outputs);
                firsts.zip(&*list_slope).for_each(|(slope, list)| *slope = *list);
                loss
            }
        };
        if let Some(conservative) = &self.conservative {
            let share = T::of(-conservative.alpha() / rows as f64);
            self.scratch.slope.iter_mut().step_by(outputs).for_each(|slope| *slope += share);
        }
        self.backward(weights, gradient);
        if let Some(conservative) = &mut self.conservative {
            let (mlp, x) = (&self.network.mlp, self.batch.x);
            loss += conservative.add(mlp, &weights[..own], x, mean, &mut gradient[..own]);
        }
        At { loss, mean }
    }

    fn mean(&mut self, weights: &[T], gradient: &mut [T]) -> f64 {
        let mean = self.forward(weights);
        self.gradient_of_mean(weights, gradient);
        mean
    }

    fn output_bias(&self) -> Range<usize> {
        self.network.mlp.output_bias()
    }
}
