//! Settings of a reward search.

use serde::{Deserialize, Serialize};

use super::aging::AgingConfig;
use super::cma::CmaConfig;
use super::derl::DerlConfig;
use super::external::ExternalConfig;
use super::gp::GpConfig;
use super::inherit::InheritConfig;
use super::method::MethodName;
use super::race::race_trainings;
use super::random::RandomConfig;
use super::screen::ScreenConfig;
use crate::ConfigError;

/// A search by any method, its race, and the fresh trainings at its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What proposes.
    pub method: MethodName,
    /// Inner trainings in all, those of the race included; fresh ones for the report come on top. Where policies are inherited, a bound:
    /// `group` × `trainings` are made, in slices.
    pub budget: u32,
    /// Rewards of an outer step.
    pub group: u32,
    /// Trainings of each reward in an outer step, with seeds that all of the step share. Where policies are inherited, lines of policies side by
    /// side that share their rewards.
    pub trainings: u32,
    /// Rewards in the race at the end; where policies are inherited there is none.
    pub race: u32,
    /// Trainings that the last two of the race get in its last round.
    pub race_seeds: u32,
    /// Fresh trainings of each reward that is reported; of a policy that was inherited, measurements on fresh episodes.
    pub fresh: u32,
    /// Which proposals are trained at all, for every method but `pbt`.
    pub screening: ScreenConfig,
    /// Of `derl`.
    pub derl: DerlConfig,
    /// Of `aging`.
    pub aging: AgingConfig,
    /// Of `gp`.
    pub gp: GpConfig,
    /// Of `cma`.
    pub cma: CmaConfig,
    /// Of `random`.
    pub random: RandomConfig,
    /// Of `external`.
    pub external: ExternalConfig,
    /// Of `derl-pop` and `pbt`.
    pub inherit: InheritConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            method: MethodName::Derl,
            budget: 300,
            group: 16,
            trainings: 1,
            race: 6,
            race_seeds: 8,
            fresh: 8,
            screening: ScreenConfig::default(),
            derl: DerlConfig::default(),
            aging: AgingConfig::default(),
            gp: GpConfig::default(),
            cma: CmaConfig::default(),
            random: RandomConfig::default(),
            external: ExternalConfig::default(),
            inherit: InheritConfig::default(),
        }
    }
}

impl Config {
    /// Whether the settings make sense.
    ///
    /// # Errors
    /// For the first key that does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        for (key, value, least, most) in [
            ("budget", self.budget, 1, 10_000_000),
            ("group", self.group, 2, 4096),
            ("trainings", self.trainings, 1, 1000),
            ("race", self.race, 1, 1000),
            ("race_seeds", self.race_seeds, 2, 1000),
            ("fresh", self.fresh, 1, 10_000),
        ] {
            if !(least..=most).contains(&value) {
                let found = format!("must be from {least} to {most}, found {value}");
                return Err(ConfigError::new(key, found));
            }
        }
        let least = self.race_trainings() + self.group * self.trainings;
        if self.method.inherits() && self.budget < least {
            let (found, of) = (self.budget, format!("{} with {}", self.group, self.trainings));
            let found = format!("must be at least {least}: members {of} trainings; found {found}");
            return Err(ConfigError::new("budget", found));
        }
        if self.budget < least {
            let found = format!(
                "must be at least {least}: one step of {} rewards with {} trainings each, and {} of the race; found {}",
                self.group,
                self.trainings,
                self.race_trainings(),
                self.budget
            );
            return Err(ConfigError::new("budget", found));
        }
        self.screening.check()?;
        self.derl.check()?;
        self.aging.check()?;
        self.gp.check()?;
        self.cma.check()?;
        self.inherit.check()?;
        if self.method == MethodName::Cma && self.group < 4 {
            let found = format!("must be at least 4 for CMA-ES, found {}", self.group);
            return Err(ConfigError::new("group", found));
        }
        if self.method == MethodName::Pbt && self.screening.screen > 1 {
            let reason = "must be 1 for `pbt`, which proposes nothing but changes what it copies";
            return Err(ConfigError::new("screening.screen", reason));
        }
        if self.method == MethodName::External { self.external.check() } else { Ok(()) }
    }

    /// Trainings that the race takes at most.
    pub fn race_trainings(&self) -> u32 {
        if self.method.inherits() {
            return 0;
        }
        race_trainings(self.race as usize, self.race_seeds as usize) as u32
    }

    /// Rewards that the search may try.
    pub fn rewards(&self) -> u32 {
        if self.method.inherits() {
            return self.group * self.inherit.slices;
        }
        self.budget.saturating_sub(self.race_trainings()) / self.trainings
    }

    /// Outer steps.
    pub fn steps(&self) -> u32 {
        self.rewards().div_ceil(self.group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_pays_for_steps_and_race() {
        let config = Config::default();
        assert_eq!((config.race_trainings(), config.rewards(), config.steps()), (40, 260, 17));
        config.check().expect("defaults make sense");
        let refused = |config: Config| config.check().expect_err("it makes no sense").key;
        assert_eq!(refused(Config { budget: 55, ..Config::default() }), "budget");
        assert_eq!(refused(Config { group: 1, ..Config::default() }), "group");
        assert_eq!(refused(Config { fresh: 0, ..Config::default() }), "fresh");
        // No race: only the members must be paid for.
        let pop = Config { method: MethodName::DerlPop, budget: 16, ..Config::default() };
        pop.check().expect("a policy for each of sixteen");
        assert_eq!((pop.race_trainings(), pop.rewards(), pop.steps()), (0, 160, 10));
        assert_eq!(refused(Config { budget: 15, ..pop.clone() }), "budget");
        let inherit = InheritConfig { share: 0.7, ..InheritConfig::default() };
        assert_eq!(refused(Config { inherit, ..pop }), "inherit.share");
    }
}
