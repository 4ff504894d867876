//! What can be set, and which values make sense.

use hatchery_engine::Sampling;
use serde::{Deserialize, Serialize};

use super::schedule::Alpha;
use super::votes::LOUDEST;
use crate::ConfigError;

/// Where noise comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoiseKind {
    /// By address, without memory: no two directions share numbers.
    #[default]
    Counter,
    /// The published scheme: slices of one table, which overlap.
    Table,
}

/// How the votes on a weight move it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateKind {
    /// By one where the sum of the votes is far enough from zero, otherwise not: the published rule.
    #[default]
    Threshold,
    /// By a share of the sum of the votes; what is smaller than one step is kept beside the weight.
    Accumulate,
}

/// Settings of [`Egg`](super::Egg): the `[search]` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// K: pairs of members.
    pub pairs: u32,
    /// Distinct directions, at most as many as votes; 0 = as many. Vote `k` is on direction `k mod directions`.
    pub directions: u32,
    /// Who has a direction and a vote: pairs of members, as published, or each member.
    pub sampling: Sampling,
    /// Of one-sided sampling: neighbouring members that are compared with each other; 0 = all.
    pub group: u32,
    /// S: noise is scaled by 2^−S.
    pub sigma_shift: u32,
    /// Above 1: α falls as `1 / ((2^a − 1) t/time_scale + 1)`; up to 1: the constant share of weights that is moved.
    pub alpha: f64,
    /// Generations in the schedule's unit of time; 1000 in the published code.
    pub time_scale: f64,
    /// Generations that share directions; 0 = one set for the whole run.
    pub noise_reuse: u32,
    /// How votes move a weight.
    pub update: UpdateKind,
    /// The largest vote; 0 for the sign, as published.
    pub loudest_vote: u32,
    /// b: of `accumulate`, steps are means over about 2^b generations; 0 takes them as they come.
    pub momentum_shift: u32,
    /// Where noise comes from.
    pub noise: NoiseKind,
    /// The table has 2^`table_bits` numbers; 30 in the published code.
    pub table_bits: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            pairs: 512,
            directions: 0,
            sampling: Sampling::Antithetic,
            group: 0,
            sigma_shift: 4,
            alpha: 4.0,
            time_scale: 1000.0,
            noise_reuse: 1,
            update: UpdateKind::Threshold,
            loudest_vote: 0,
            momentum_shift: 0,
            noise: NoiseKind::Counter,
            table_bits: 24,
        }
    }
}

impl Config {
    /// Refuses what makes no sense.
    ///
    /// # Errors
    /// [`ConfigError`] for the first value that is out of its range.
    pub fn check(&self) -> Result<(), ConfigError> {
        let fail = |key, reason: String| Err(ConfigError::new(key, reason));
        if !(1..=1 << 22).contains(&self.pairs) {
            return fail("pairs", format!("must be from 1 to 4194304, found {}", self.pairs));
        }
        if self.group > 0 && (self.group < 2 || !self.members().is_multiple_of(self.group)) {
            let (members, found) = (self.members(), self.group);
            let reason =
                format!("must be 0, or at least 2 and divide the {members} members, found {found}");
            return fail("group", reason);
        }
        if self.group > 0 && self.sampling == Sampling::Antithetic {
            return fail("group", "needs sampling = \"one-sided\"; with pairs it is 0".to_owned());
        }
        if self.directions > self.voters() {
            let (found, votes) = (self.directions, self.voters());
            return fail("directions", format!("must be at most {votes}, found {found}"));
        }
        if self.sigma_shift > 16 {
            return fail(
                "sigma_shift",
                format!("must be from 0 to 16, found {}", self.sigma_shift),
            );
        }
        if !(self.alpha > 0.0 && self.alpha <= 64.0) {
            return fail("alpha", format!("must be above 0 and at most 64, found {}", self.alpha));
        }
        if !(self.time_scale.is_finite() && self.time_scale > 0.0) {
            return fail("time_scale", format!("must be above 0, found {}", self.time_scale));
        }
        let loudest = if self.noise == NoiseKind::Table { 1 } else { LOUDEST };
        if self.loudest_vote > loudest {
            let (found, noise) = (self.loudest_vote, self.noise);
            return fail(
                "loudest_vote",
                format!("must be at most {loudest} with noise {noise:?}, found {found}"),
            );
        }
        if self.momentum_shift > 16 {
            return fail(
                "momentum_shift",
                format!("must be from 0 to 16, found {}", self.momentum_shift),
            );
        }
        if self.momentum_shift > 0 && self.update == UpdateKind::Threshold {
            let reason = "needs update = \"accumulate\"".to_owned();
            return fail("momentum_shift", reason);
        }
        if !(16..=30).contains(&self.table_bits) {
            return fail("table_bits", format!("must be from 16 to 30, found {}", self.table_bits));
        }
        Ok(())
    }

    /// The schedule of α.
    pub fn schedule(&self) -> Alpha {
        Alpha { alpha: self.alpha, time_scale: self.time_scale }
    }

    /// Votes of a generation: of pairs, or of members that have directions of their own.
    pub fn voters(&self) -> u32 {
        self.members() / self.sampling.members_per_direction() as u32
    }

    /// Members that are compared with each other.
    pub fn compared(&self) -> u32 {
        match (self.sampling, self.group) {
            (Sampling::Antithetic, _) => 2,
            (Sampling::OneSided, 0) => self.members(),
            (Sampling::OneSided, group) => group,
        }
    }

    /// Distinct directions.
    pub fn directions(&self) -> u32 {
        if self.directions == 0 { self.voters() } else { self.directions }
    }

    /// Members of a generation.
    pub fn members(&self) -> u32 {
        2 * self.pairs
    }
}
