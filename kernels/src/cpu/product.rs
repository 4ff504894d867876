//! Large matrix products, by `rten-gemm`.
//!
//! Measured on one core with AVX-512 (Zen 5), 64 lanes, GFLOP/s of our tiles and of packing: 64×64 91 and 74, 128×128 97
//! and 91, 192×192 96 and 104, 256×256 99 and 107, 512×512 95 and 109. They cross at about 128×128.

use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions};
use rten_tensor::NdTensorView;

/// Layers with more weights than this use [`product`]; a function of the shape alone.
pub(crate) const WEIGHTS_MAX_TILED: usize = 16_384;

thread_local! {
    /// One per thread: it cannot be shared, and choosing its kernel anew for each product would cost.
    static EXECUTOR: GemmExecutor = GemmExecutor::new();
}

/// Layout of a matrix in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    /// Whether `data` holds the transpose, `(cols, rows)` row-major.
    pub(crate) transposed: bool,
}

impl<'a> Matrix<'a> {
    fn view(&self) -> NdTensorView<'a, f32, 2> {
        if self.transposed {
            NdTensorView::from_data([self.cols, self.rows], self.data).transposed()
        } else {
            NdTensorView::from_data([self.rows, self.cols], self.data)
        }
    }
}

/// `out ← beta · out + left · right`, all row-major; `beta` is 0 or 1.
pub(crate) fn product(left: Matrix<'_>, right: Matrix<'_>, beta: f32, out: &mut [f32]) {
    debug_assert_eq!(left.cols, right.rows, "inner dimension");
    debug_assert_eq!(out.len(), left.rows * right.cols, "product");
    let (a, b) = (left.view(), right.view());
    let options = GemmOptions { beta, ..GemmOptions::default() };
    let outcome = EXECUTOR.with(|executor| {
        executor.gemm(out, GemmInputA::Unpacked(a), GemmInputB::Unpacked(b), options)
    });
    outcome.expect("the shapes of a product were checked by the operation that asked for it");
}
