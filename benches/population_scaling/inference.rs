//! Plain batched inference with a packed library product: the other candidate for the baseline.

use rayon::prelude::*;
use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix};
use rten_tensor::NdTensorView;

use super::stack::Stack;

/// Inputs of a product.
const BATCH: usize = 256;

/// Inputs are `(inputs, width)` row-major and weights packed once, `x Wᵀ`.
pub(super) struct Library<'a> {
    stack: &'a Stack,
    weights: Vec<PackedBMatrix<f32>>,
    count: usize,
}

thread_local! {
    static EXECUTOR: GemmExecutor = GemmExecutor::new();
}

impl<'a> Library<'a> {
    pub(super) fn new(stack: &'a Stack, population: usize) -> Self {
        let width = stack.shape.width;
        let weights = stack.params.values.chunks_exact(width * width).map(|w| {
            let view = NdTensorView::from_data([width, width], w);
            EXECUTOR.with(|executor| executor.prepack_b(view.transposed()))
        });
        Self { stack, weights: weights.collect(), count: population * stack.rows }
    }

    /// Passes all inputs through all layers.
    pub(super) fn infer(&self) {
        let width = self.stack.shape.width;
        let inputs = &self.stack.inputs[..self.count * width];
        let outputs: Vec<f32> = inputs
            .par_chunks(BATCH * width)
            .map(|x| {
                let mut buffers = [x.to_vec(), vec![0.0; x.len()]];
                let [from, to] = &mut buffers;
                for (layer, weights) in self.weights.iter().enumerate() {
                    let a = NdTensorView::from_data([x.len() / width, width], from.as_slice());
                    let b = GemmInputB::Packed(weights);
                    EXECUTOR.with(|executor| {
                        executor
                            .gemm(to, GemmInputA::Unpacked(a), b, GemmOptions::default())
                            .expect("shapes fit");
                    });
                    if layer + 1 < self.weights.len() {
                        to.iter_mut().for_each(|y| *y = y.max(0.0));
                    }
                    std::mem::swap(from, to);
                }
                from[0]
            })
            .collect();
        std::hint::black_box(outputs);
    }
}
