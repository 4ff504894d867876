//! The integer language model: text, sizes, how it is judged.

use hatchery_kernels::int8::ZeroMean;
use hatchery_tasks::language::{Corpus, Model, TOKENS_MAX};
use serde::{Deserialize, Serialize};

use super::{ConfigError, Layers};

/// What layer norm does where the mean magnitude is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ZeroMeanConfig {
    /// Divides by 1.
    #[default]
    One,
    /// What an integer division by zero gives the published code.
    Reference,
}

/// Options of the language model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LanguageConfig {
    /// `kjv`, a file, or a folder.
    pub(crate) corpus: String,
    /// D: fast for powers of four.
    pub(crate) width: u32,
    /// L: layers.
    pub(crate) depth: u32,
    /// T: tokens that a member reads in a generation.
    pub(crate) tokens: u32,
    /// Neighbouring members that read the same stream; even.
    pub(crate) group: u32,
    /// Share of the text, before the test part, that a search may look at.
    pub(crate) validation: f64,
    /// Share of the text, at its end, that is not looked at.
    pub(crate) test: f64,
    /// Generations between looks at the validation part; 0 = at the end only.
    pub(crate) validate_every: u32,
    /// Sequences that the validation part is read as.
    pub(crate) validation_streams: u32,
    /// Layer norm of activations that are nearly all zero.
    pub(crate) zero_mean: ZeroMeanConfig,
}

impl Default for LanguageConfig {
    fn default() -> Self {
        Self {
            corpus: Corpus::BUILT_IN.into(),
            width: 64,
            depth: 2,
            tokens: 64,
            group: 2,
            validation: 0.05,
            test: 0.05,
            validate_every: 10,
            validation_streams: 1024,
            zero_mean: ZeroMeanConfig::One,
        }
    }
}

impl LanguageConfig {
    /// The model.
    pub(crate) fn model(&self) -> Model {
        let zero = match self.zero_mean {
            ZeroMeanConfig::One => ZeroMean::One,
            ZeroMeanConfig::Reference => ZeroMean::Reference,
        };
        Model { width: self.width as usize, depth: self.depth as usize, zero }
    }

    /// Members that are compared must read the same text.
    pub(super) fn check_compared(&self, compared: u32, layers: &Layers) -> Result<(), ConfigError> {
        let group = self.group;
        if group.is_multiple_of(compared) {
            return Ok(());
        }
        let reason = format!(
            "members that are compared must read the same text: must divide task.group = {group}, found {compared}"
        );
        Err(layers.error("search.group", reason))
    }

    pub(super) fn check(&self, layers: &Layers) -> Result<(), ConfigError> {
        let fail = |key: &str, reason: String| Err(layers.error(&format!("task.{key}"), reason));
        for (key, value, low, high) in [
            ("width", self.width, 1, 1024),
            ("depth", self.depth, 1, 64),
            ("tokens", self.tokens, 1, TOKENS_MAX as u32),
            ("group", self.group, 2, 1 << 22),
            ("validation_streams", self.validation_streams, 1, 1 << 20),
        ] {
            if !(low..=high).contains(&value) {
                return fail(key, format!("must be from {low} to {high}, found {value}"));
            }
        }
        if !self.group.is_multiple_of(2) {
            let group = self.group;
            return fail(
                "group",
                format!("must be even, so that pairs share a stream; found {group}"),
            );
        }
        for (key, share) in [("validation", self.validation), ("test", self.test)] {
            if !(0.0..=0.5).contains(&share) || (key == "validation" && share == 0.0) {
                return fail(key, format!("must be a share of at most 0.5, found {share}"));
            }
        }
        Ok(())
    }
}
