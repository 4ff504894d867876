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
    /// The numbers, row after row; of a transpose, column after column.
    pub data: &'a [f32],
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub cols: usize,
    /// Whether `data` holds the transpose, `(cols, rows)` row-major.
    pub transposed: bool,
    /// From one row of `data` to the next: their length, or more of a part of a wider matrix.
    pub stride: usize,
}

impl<'a> Matrix<'a> {
    /// A row-major matrix `(rows, cols)`.
    pub fn plain(data: &'a [f32], rows: usize, cols: usize) -> Self {
        Self { data, rows, cols, transposed: false, stride: cols }
    }

    /// The transpose of the row-major matrix `(rows, cols)` in `data`.
    pub fn transpose(data: &'a [f32], rows: usize, cols: usize) -> Self {
        Self { data, rows: cols, cols: rows, transposed: true, stride: cols }
    }

    /// The numbers that `data` must hold.
    fn needed(&self) -> usize {
        let (rows, cols) =
            if self.transposed { (self.cols, self.rows) } else { (self.rows, self.cols) };
        if rows * cols == 0 { 0 } else { (rows - 1) * self.stride + cols }
    }

    fn view(&self) -> NdTensorView<'a, f32, 2> {
        let strides = if self.transposed { [1, self.stride] } else { [self.stride, 1] };
        let view = NdTensorView::from_data_with_strides([self.rows, self.cols], self.data, strides);
        view.expect("the length of a matrix was checked before")
    }
}

/// `out ← left · right`, with `out` row-major `(left.rows, right.cols)`; on all threads of the current pool, whose number does not
/// change the bits.
///
/// # Panics
/// If the shapes do not fit.
pub fn product(left: Matrix<'_>, right: Matrix<'_>, out: &mut [f32]) {
    assert_eq!(left.data.len(), left.needed(), "elements of the left matrix");
    assert_eq!(right.data.len(), right.needed(), "elements of the right matrix");
    assert_eq!(left.cols, right.rows, "inner dimension");
    assert_eq!(out.len(), left.rows * right.cols, "elements of a product");
    let (a, b) = (left.view(), right.view());
    let options = GemmOptions::default();
    let outcome = EXECUTOR.with(|executor| {
        executor.gemm(out, GemmInputA::Unpacked(a), GemmInputB::Unpacked(b), options)
    });
    outcome.expect("the shapes of a product were checked above");
}
