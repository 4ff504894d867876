//! The `[task]` table of an external task.

use serde::{Deserialize, Serialize};

/// How to start a program and what it wants to be given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The program and its arguments; no shell is involved.
    pub command: Vec<String>,
    /// Length of the vector.
    pub dimension: u32,
    /// Lower bounds; vectors are cut to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lower: Option<Bound>,
    /// Upper bounds; vectors are cut to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upper: Option<Bound>,
    /// Where the search begins; without it the middle of the bounds, or the origin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Bound>,
    /// Whether the program's value is to become small or large.
    pub objective: Direction,
    /// Copies of the program that run at once; 0 = as many as there are threads.
    pub workers: u32,
    /// Milliseconds that an evaluation may take before its process group is killed.
    pub timeout_ms: u64,
    /// Milliseconds until a started program must be ready.
    pub start_timeout_ms: u64,
    /// Times that an evaluation is tried again after its program died or hung.
    pub retries: u32,
    /// Environment variables that the program may see besides PATH; HOME is the folder of the run.
    pub env: Vec<String>,
}

/// One number for all entries, or one for each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Bound {
    /// The same for all.
    All(f32),
    /// One for each entry.
    Each(Vec<f32>),
}

impl Bound {
    /// The number for each of so many entries.
    pub fn values(&self, dimension: usize) -> Vec<f32> {
        match self {
            Self::All(value) => vec![*value; dimension],
            Self::Each(values) => values.clone(),
        }
    }
}

/// What a program's value should become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Small: the fitness is minus the value.
    #[default]
    Min,
    /// Large: the fitness is the value.
    Max,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            command: Vec::new(),
            dimension: 0,
            lower: None,
            upper: None,
            start: None,
            objective: Direction::Min,
            workers: 0,
            timeout_ms: 60_000,
            start_timeout_ms: 10_000,
            retries: 1,
            env: Vec::new(),
        }
    }
}

impl Config {
    /// Whether the values make sense together.
    ///
    /// # Errors
    /// The first key whose value does not, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if self.command.first().is_none_or(String::is_empty) {
            let reason = "must be the program and its arguments, as in [\"python3\", \"sim.py\"]";
            return Err(("command", reason.to_owned()));
        }
        if !(1..=1_000_000).contains(&self.dimension) {
            return Err((
                "dimension",
                format!("must be from 1 to 1000000, found {}", self.dimension),
            ));
        }
        let vectors = [("lower", &self.lower), ("upper", &self.upper), ("start", &self.start)];
        for (key, bound) in vectors {
            let Some(bound) = bound else { continue };
            let values = bound.values(self.dimension as usize);
            if values.len() != self.dimension as usize {
                let (found, dimension) = (values.len(), self.dimension);
                return Err((
                    key,
                    format!("has {found} entries, but the dimension is {dimension}"),
                ));
            }
            if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                return Err((key, format!("must hold finite numbers, found {value}")));
            }
        }
        let (lower, upper) = self.bounds();
        if let (Some(lower), Some(upper)) = (&lower, &upper)
            && let Some(k) = (0..lower.len()).find(|&k| lower[k] >= upper[k])
        {
            let (low, high) = (lower[k], upper[k]);
            return Err(("upper", format!("entry {k}: {high} is not above the lower bound {low}")));
        }
        for (key, value) in
            [("timeout_ms", self.timeout_ms), ("start_timeout_ms", self.start_timeout_ms)]
        {
            if !(1..=86_400_000).contains(&value) {
                return Err((key, format!("must be from 1 to 86400000 (a day), found {value}")));
            }
        }
        if self.workers > 4096 {
            return Err(("workers", format!("must be at most 4096, found {}", self.workers)));
        }
        Ok(())
    }

    /// Lower and upper bounds, written out.
    pub(super) fn bounds(&self) -> (Option<Vec<f32>>, Option<Vec<f32>>) {
        let of = |bound: &Option<Bound>| bound.as_ref().map(|b| b.values(self.dimension as usize));
        (of(&self.lower), of(&self.upper))
    }

    /// Where the search begins.
    pub(super) fn start(&self) -> Vec<f32> {
        let dimension = self.dimension as usize;
        if let Some(start) = &self.start {
            return start.values(dimension);
        }
        match self.bounds() {
            (Some(lower), Some(upper)) => {
                lower.iter().zip(&upper).map(|(low, high)| 0.5 * (low + high)).collect()
            }
            (Some(edge), None) | (None, Some(edge)) => edge,
            (None, None) => vec![0.0; dimension],
        }
    }
}
