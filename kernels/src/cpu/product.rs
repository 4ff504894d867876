//! Plain matrix products, by `rten-gemm`: the inputs that all members share.

use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions};
use rten_tensor::NdTensorView;

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

/// `out ← left · right`, all row-major.
pub(crate) fn product(left: Matrix<'_>, right: Matrix<'_>, out: &mut [f32]) {
    debug_assert_eq!(left.cols, right.rows, "inner dimension");
    debug_assert_eq!(out.len(), left.rows * right.cols, "product");
    let (a, b) = (left.view(), right.view());
    let options = GemmOptions::default();
    let outcome = EXECUTOR.with(|executor| {
        executor.gemm(out, GemmInputA::Unpacked(a), GemmInputB::Unpacked(b), options)
    });
    outcome.expect("the shapes of a product were checked by the operation that asked for it");
}
