//! Named parameter tensors in one flat buffer.
//!
//! A model says once which tensors it has (its [`Layout`]); [`Params`] holds their values end to end, so that an
//! update rule is a loop over one slice and a digest is a hash of one slice.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a tensor is used for, which decides how it is perturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The weight of a matrix product, `(outputs, inputs)`: low-rank noise.
    Matrix,
    /// A table whose rows are looked up, `(entries, width)`: low-rank noise.
    Embedding,
    /// A bias, a norm weight, a log deviation, `(length, 1)`: dense noise.
    Vector,
}

/// Name, shape and use of one tensor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParamSpec {
    /// Dotted name, as it appears in exported files: `layers.0.weight`.
    pub name: String,
    /// Rows: outputs of a matrix, entries of a table, length of a vector.
    pub rows: usize,
    /// Columns: inputs of a matrix, width of a table, 1 for a vector.
    pub cols: usize,
    /// What it is used for.
    pub kind: Kind,
}

impl ParamSpec {
    /// A weight matrix of shape `(outputs, inputs)`.
    pub fn matrix(name: impl Into<String>, outputs: usize, inputs: usize) -> Self {
        Self { name: name.into(), rows: outputs, cols: inputs, kind: Kind::Matrix }
    }

    /// A vector of `length` values.
    pub fn vector(name: impl Into<String>, length: usize) -> Self {
        Self { name: name.into(), rows: length, cols: 1, kind: Kind::Vector }
    }

    /// A table of `entries` rows, each `width` wide.
    pub fn embedding(name: impl Into<String>, entries: usize, width: usize) -> Self {
        Self { name: name.into(), rows: entries, cols: width, kind: Kind::Embedding }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.rows * self.cols
    }

    /// Whether the tensor has no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shape as it is exported: `[rows, cols]`, or `[rows]` for a vector.
    pub fn shape(&self) -> Vec<usize> {
        match self.kind {
            Kind::Vector => vec![self.rows],
            Kind::Matrix | Kind::Embedding => vec![self.rows, self.cols],
        }
    }
}

/// The tensors of a model, in order, and where each lies in the flat buffer.
///
/// The position of a tensor in the layout is the `layer` word of its noise address: adding a tensor at the end
/// leaves the noise of the others unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    specs: Vec<ParamSpec>,
    offsets: Vec<usize>,
}

impl Layout {
    /// Lays the tensors end to end in the order given.
    pub fn new(specs: Vec<ParamSpec>) -> Self {
        let mut offsets = Vec::with_capacity(specs.len() + 1);
        let mut end = 0;
        offsets.push(0);
        for spec in &specs {
            end += spec.len();
            offsets.push(end);
        }
        Self { specs, offsets }
    }

    /// Number of values of all tensors together.
    pub fn len(&self) -> usize {
        self.offsets.last().copied().unwrap_or(0)
    }

    /// Whether there are no values at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tensors in order.
    pub fn specs(&self) -> &[ParamSpec] {
        &self.specs
    }

    /// Where tensor `index` lies in the flat buffer.
    pub fn range(&self, index: usize) -> Range<usize> {
        self.offsets[index]..self.offsets[index + 1]
    }

    /// Position of the tensor of that name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.specs.iter().position(|spec| spec.name == name)
    }
}

/// Values of all tensors of a [`Layout`].
#[derive(Clone, PartialEq)]
pub struct Params {
    /// Names and shapes.
    pub layout: Arc<Layout>,
    /// The values, tensor after tensor, each row-major.
    pub values: Vec<f32>,
}

impl Params {
    /// All zeros.
    pub fn zeros(layout: Arc<Layout>) -> Self {
        let values = vec![0.0; layout.len()];
        Self { layout, values }
    }

    /// The values of tensor `index`, row-major.
    pub fn tensor(&self, index: usize) -> &[f32] {
        &self.values[self.layout.range(index)]
    }

    /// The values of tensor `index`, row-major, to be written.
    pub fn tensor_mut(&mut self, index: usize) -> &mut [f32] {
        let range = self.layout.range(index);
        &mut self.values[range]
    }

    /// A hash of the bits of all values (FNV-1a over 32-bit words): two runs that agree to the bit agree here.
    pub fn digest(&self) -> Digest {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for value in &self.values {
            hash = (hash ^ u64::from(value.to_bits())).wrapping_mul(0x0000_0100_0000_01b3);
            hash ^= hash >> 32;
        }
        Digest(hash)
    }

    /// Euclidean norm of all values.
    pub fn norm(&self) -> f64 {
        crate::update::global_norm(&self.values)
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Params")
            .field("tensors", &self.layout.specs.len())
            .field("values", &self.values.len())
            .field("digest", &self.digest().to_string())
            .finish()
    }
}

/// Hash of the bits of all parameters; prints as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digest(pub u64);

impl Digest {
    /// The same hash over bytes, each as a word of its own: it guards against mistakes, not against malice.
    pub fn of_bytes(bytes: impl Iterator<Item = u8>) -> Self {
        Self(bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            let hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            hash ^ (hash >> 32)
        }))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_tensors() -> Arc<Layout> {
        Arc::new(Layout::new(vec![ParamSpec::matrix("w", 2, 3), ParamSpec::vector("b", 2)]))
    }

    #[test]
    fn tensors_lie_end_to_end() {
        let mut params = Params::zeros(two_tensors());
        params.tensor_mut(1).copy_from_slice(&[7.0, 8.0]);
        assert_eq!(params.values, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 7.0, 8.0]);
        assert_eq!(params.layout.find("b"), Some(1));
        assert_eq!(params.layout.specs()[0].shape(), [2, 3]);
    }

    #[test]
    fn digest_sees_every_bit() {
        let a = Params::zeros(two_tensors());
        let mut b = a.clone();
        b.values[7] = -0.0;
        assert_ne!(a.digest(), b.digest());
        b.values[7] = 0.0;
        assert_eq!(a.digest(), b.digest());
    }
}
