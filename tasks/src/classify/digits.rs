//! The UCI handwritten digits: 1,797 images of 8×8 pixels, ten classes, embedded in the library.

use std::io::Read;

use flate2::read::GzDecoder;
use hatchery_engine::TaskError;
use hatchery_kernels::{Domain, NoiseAddress, NoiseStream};

const TABLE: &[u8] = include_bytes!("../../data/digits.csv.gz");
/// Pixels of an image.
pub const PIXELS: usize = 64;
/// Classes.
pub const CLASSES: usize = 10;
/// Largest pixel value; pixels are scaled by it to 0..1.
const PIXEL_MAX: f32 = 16.0;
/// The split is the same for every seed, so that accuracies can be compared.
const SPLIT_SEED: u64 = 0;

/// Labelled examples, inputs feature-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Inputs, example after example: `(examples, features)`.
    pub inputs: Vec<f32>,
    /// Class of each example.
    pub labels: Vec<u8>,
}

impl Split {
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no examples.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

/// The training part (four fifths) and the held-out part (one fifth) of the images, shuffled once for all.
///
/// # Errors
/// If the embedded table cannot be read, which a test excludes.
pub fn load() -> Result<(Split, Split), TaskError> {
    let mut text = String::new();
    GzDecoder::new(TABLE).read_to_string(&mut text).map_err(|e| TaskError::msg(e.to_string()))?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut images: Vec<(Vec<f32>, u8)> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| TaskError::msg(e.to_string()))?;
        let number = |at: usize| record.get(at).and_then(|cell| cell.parse::<f32>().ok());
        let pixels: Option<Vec<f32>> =
            (0..PIXELS).map(|p| number(p).map(|v| v / PIXEL_MAX)).collect();
        match (pixels, number(PIXELS)) {
            (Some(pixels), Some(label)) => images.push((pixels, label as u8)),
            _ => return Err(TaskError::msg(format!("line {} is damaged", images.len() + 2))),
        }
    }
    shuffle(&mut images);
    let held_out = images.split_off(images.len() - images.len() / 5);
    Ok((collect(images), collect(held_out)))
}

fn collect(images: Vec<(Vec<f32>, u8)>) -> Split {
    let labels = images.iter().map(|(_, label)| *label).collect();
    Split { inputs: images.into_iter().flat_map(|(pixels, _)| pixels).collect(), labels }
}

/// Fisher–Yates with numbers of a fixed stream.
fn shuffle<T>(items: &mut [T]) {
    let stream = NoiseStream::new(SPLIT_SEED).domain(Domain::Data);
    for end in (1..items.len()).rev() {
        let at = NoiseAddress { generation: 0, pair: 0, layer: 0, block: end as u32 };
        let word = u64::from(stream.words(at)[0]);
        items.swap(end, ((word * (end as u64 + 1)) >> 32) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_is_held_out_and_every_class_is_in_both_parts() {
        let (train, test) = load().expect("the table is sound");
        assert_eq!((train.len(), test.len()), (1438, 359));
        for class in 0..CLASSES as u8 {
            assert!(train.labels.iter().filter(|l| **l == class).count() > 100);
            assert!(test.labels.iter().filter(|l| **l == class).count() > 20);
        }
        assert!(train.inputs.iter().all(|v| (0.0..=1.0).contains(v)));
    }
}
