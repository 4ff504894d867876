//! Sparse rows of numbers, one behind the other.

/// Rows of features of which most are zero: the legal actions of one state, or of all the steps of many episodes.
///
/// ```
/// use hatchery_engine::world::Features;
///
/// let mut features = Features::default();
/// features.push(0, 1.0);
/// features.push(17, 0.5);
/// features.close();
/// features.close();
/// assert_eq!(features.rows(), 2);
/// assert_eq!(features.row(0), (&[0, 17][..], &[1.0, 0.5][..]));
/// assert!(features.row(1).0.is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Features {
    indices: Vec<u32>,
    values: Vec<f32>,
    ends: Vec<u32>,
}

impl Features {
    /// Forgets all rows and keeps the buffers.
    pub fn clear(&mut self) {
        self.indices.clear();
        self.values.clear();
        self.ends.clear();
    }

    /// One more number of the open row. A feature that comes twice counts twice.
    #[inline]
    pub fn push(&mut self, feature: usize, value: f32) {
        self.indices.push(feature as u32);
        self.values.push(value);
    }

    /// Closes the open row; what is pushed next belongs to another.
    #[inline]
    pub fn close(&mut self) {
        self.ends.push(self.indices.len() as u32);
    }

    /// Number of closed rows.
    pub fn rows(&self) -> usize {
        self.ends.len()
    }

    /// Features and values of a row.
    ///
    /// # Panics
    /// If it was not closed.
    #[inline]
    pub fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let begin = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        let end = self.ends[row] as usize;
        (&self.indices[begin..end], &self.values[begin..end])
    }
}
