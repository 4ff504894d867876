//! The command line of the bench.

use std::path::PathBuf;

use hatchery::kernels::{Distribution, Precision};

use super::stack::Shape;

/// What to sweep, and where to write it.
#[derive(Debug)]
pub(super) struct Args {
    pub(super) json: Option<PathBuf>,
    /// Whether to measure a GPU instead of the processor.
    pub(super) cuda: bool,
    /// Whether to measure little.
    pub(super) quick: bool,
    pub(super) layers: Vec<Shape>,
    pub(super) populations: Vec<usize>,
    pub(super) ranks: Vec<u32>,
    pub(super) rows: Vec<usize>,
    pub(super) noise: Distribution,
    pub(super) precision: Precision,
    /// Seconds of each measurement.
    pub(super) seconds: f64,
}

/// Bytes of inputs that a point of the sweep may have.
const INPUT_BYTES_MAX: usize = 2 << 30;

const USAGE: &str = "usage: cargo bench --bench population_scaling -- [--cuda] [--quick] [--json FILE] [--layers 64,256,1024,3x256] \
                     [--populations 64,8192] [--ranks 1,4,16] [--rows 1,32] [--noise normal|uniform] [--precision f32|bf16] [--seconds 0.5]";

impl Args {
    /// Reads the words after `--`; cargo's own `--bench` is skipped.
    pub(super) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Self {
            json: None,
            cuda: false,
            quick: false,
            layers: shapes("64,256,1024,3x256")?,
            populations: (6..=18).step_by(2).map(|k| 1 << k).collect(),
            ranks: vec![1, 4, 16],
            rows: vec![1, 32],
            noise: Distribution::Normal,
            precision: Precision::F32,
            seconds: 0.5,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} wants a value\n{USAGE}"));
            match word.as_str() {
                "--bench" => {}
                "--cuda" => args.cuda = true,
                "--quick" => {
                    args.quick = true;
                    args.populations = vec![256, 8192];
                    args.ranks = vec![1, 4];
                    args.rows = vec![1];
                    args.layers = shapes("64,256,3x256")?;
                    args.seconds = 0.3;
                }
                "--json" => args.json = Some(value()?.into()),
                "--layers" => args.layers = shapes(&value()?)?,
                "--populations" => args.populations = numbers(&value()?)?,
                "--ranks" => args.ranks = numbers(&value()?)?,
                "--rows" => args.rows = numbers(&value()?)?,
                "--seconds" => args.seconds = number(&value()?)?,
                "--noise" => {
                    args.noise = match value()?.as_str() {
                        "normal" => Distribution::Normal,
                        "uniform" => Distribution::Uniform,
                        other => return Err(format!("unknown noise `{other}`\n{USAGE}")),
                    }
                }
                "--precision" => {
                    args.precision = match value()?.as_str() {
                        "f32" => Precision::F32,
                        "bf16" => Precision::Bf16,
                        other => return Err(format!("unknown precision `{other}`\n{USAGE}")),
                    }
                }
                other => return Err(format!("unknown option `{other}`\n{USAGE}")),
            }
        }
        Ok(args)
    }

    /// Whether the inputs of a point fit into memory, and its generations into the time.
    pub(super) fn fits(&self, shape: &Shape, population: usize, rows: usize) -> bool {
        let bytes = 4 * population * rows * shape.width;
        bytes <= INPUT_BYTES_MAX && population * rows * shape.weights() <= 1 << 37
    }

    /// The options that change the arithmetic, for the heading.
    pub(super) fn arithmetic(&self) -> String {
        format!("{:?} noise, {:?} products", self.noise, self.precision).to_lowercase()
    }
}

fn shapes(text: &str) -> Result<Vec<Shape>, String> {
    text.split(',').map(Shape::parse).collect()
}

fn numbers<T: std::str::FromStr>(text: &str) -> Result<Vec<T>, String> {
    text.split(',').map(number).collect()
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is no number that fits here\n{USAGE}"))
}
