//! Plain matrix products, by `rten-gemm`: the inputs that all members share, and networks of surrogates.

use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions};
use rten_tensor::NdTensorView;

thread_local! {
    /// One per thread: it cannot be shared, and choosing its kernel anew for each product would cost.
    static EXECUTOR: GemmExecutor = GemmExecutor::new();
}

/// A matrix `(rows, cols)` and its layout in memory.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    /// `rows · cols` numbers.
    pub data: &'a [f32],
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub cols: usize,
    /// Whether `data` holds the transpose, `(cols, rows)` row-major.
    pub transposed: bool,
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

/// `out ← left · right`, with `out` row-major `(left.rows, right.cols)`; on all threads of the current pool, whose number does not
/// change the bits.
///
/// # Panics
/// If the shapes do not fit.
pub fn product(left: Matrix<'_>, right: Matrix<'_>, out: &mut [f32]) {
    assert_eq!(left.data.len(), left.rows * left.cols, "elements of the left matrix");
    assert_eq!(right.data.len(), right.rows * right.cols, "elements of the right matrix");
    assert_eq!(left.cols, right.rows, "inner dimension");
    assert_eq!(out.len(), left.rows * right.cols, "elements of a product");
    let (a, b) = (left.view(), right.view());
    let options = GemmOptions::default();
    let outcome = EXECUTOR.with(|executor| {
        executor.gemm(out, GemmInputA::Unpacked(a), GemmInputB::Unpacked(b), options)
    });
    outcome.expect("the shapes of a product were checked above");
}
