//! Evolution of designs: a strategy of the engine whose mutations know the constraints of the space.
//!
//! Each generation, `offspring` children: two parents by tournament, crossover with some chance, then one or more mutations. Parents and children together are cut
//! to the best `population`, none twice.

use std::collections::HashSet;

use hatchery_engine::{
    Budget, Evaluator, Explicit, Fitness, Generation, Metrics, RunPlan, Strategy, StrategyError,
    run,
};
use hatchery_kernels::Backend;
use serde::{Deserialize, Serialize};

use super::{Problem, Searcher, key, ranked};
use crate::model::Scored;
use crate::space::{Design, Space};
use crate::{Draws, SurrogateError};

/// Settings of [`DesignEvolution`].
#[derive(Clone, Debug, PartialEq)]
pub struct EvolutionConfig {
    /// Designs that are kept, at least 2.
    pub population: usize,
    /// Children of a generation, at least 1.
    pub offspring: usize,
    /// Members that compete to be a parent, at least 1.
    pub tournament: usize,
    /// Chance that a child has two parents.
    pub crossover: f64,
    /// Greatest step of a number, as a share of its range; each child draws its own between a hundredth of it and all of it.
    pub share: f64,
}

impl Default for EvolutionConfig {
    fn default() -> Self {
        Self { population: 256, offspring: 256, tournament: 4, crossover: 0.5, share: 0.2 }
    }
}

/// Evolution of designs within the constraints of their space, as a strategy of the engine.
#[derive(Clone, Debug)]
pub struct DesignEvolution {
    space: Space,
    config: EvolutionConfig,
    seed: u64,
    state: EvolutionState,
}

/// What a resumed search needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EvolutionState {
    /// Designs that are kept, the best first, each with its fitness; before the first generation those it starts from, with none.
    pub members: Vec<(Design, Option<f32>)>,
}

impl DesignEvolution {
    /// A search that begins with the designs of `start`, filled up with random ones.
    ///
    /// # Errors
    /// A setting that cannot be used.
    pub fn try_new(
        space: &Space,
        start: &[Design],
        config: EvolutionConfig,
        seed: u64,
    ) -> Result<Self, SurrogateError> {
        let settings = [
            ("population", config.population as f64, config.population >= 2, "at least 2"),
            ("offspring", config.offspring as f64, config.offspring >= 1, "at least 1"),
            ("tournament", config.tournament as f64, config.tournament >= 1, "at least 1"),
            ("crossover", config.crossover, (0.0..=1.0).contains(&config.crossover), "from 0 to 1"),
            ("share", config.share, config.share > 0.0 && config.share <= 1.0, "above 0, up to 1"),
        ];
        if let Some((name, found, _, wanted)) = settings.into_iter().find(|setting| !setting.2) {
            return Err(SurrogateError::Setting { name, found, wanted });
        }
        let mut draws = Draws::new(seed, "first designs");
        let mut members: Vec<(Design, Option<f32>)> =
            start.iter().filter(|d| space.is_valid(d)).map(|d| (d.clone(), None)).collect();
        members.truncate(config.population);
        while members.len() < config.population {
            members.push((space.sample(&mut draws), None));
        }
        let space = space.clone();
        Ok(Self { space, config, seed, state: EvolutionState { members } })
    }

    /// The designs that are kept, the best first.
    pub fn members(&self) -> impl ExactSizeIterator<Item = &Design> {
        self.state.members.iter().map(|(design, _)| design)
    }

    fn parent(&self, draws: &mut Draws) -> &Design {
        // Members are sorted: the least number wins a tournament.
        let draw = |draws: &mut Draws| draws.below(self.state.members.len());
        let winner = (0..self.config.tournament).map(|_| draw(draws)).min().unwrap_or_default();
        &self.state.members[winner].0
    }

    fn child(&self, draws: &mut Draws) -> Design {
        let first = self.parent(draws);
        let crossed = draws.chance(self.config.crossover);
        let mut child = if crossed {
            self.space.crossover(first, self.parent(draws), draws)
        } else {
            first.clone()
        };
        let share = self.config.share * 0.01_f64.powf(draws.uniform());
        if !crossed || draws.chance(0.7) {
            child = self.space.mutate(&child, share, draws);
        }
        while draws.chance(0.3) {
            child = self.space.mutate(&child, share, draws);
        }
        child
    }
}

impl Strategy for DesignEvolution {
    type Population = Explicit<Design>;
    type State = EvolutionState;

    fn ask(&mut self, generation: Generation) -> Result<Self::Population, StrategyError> {
        if self.state.members.iter().any(|(_, fitness)| fitness.is_none()) {
            let members = self.members().cloned().collect();
            return Ok(Explicit { generation, members });
        }
        let child = |at: usize| {
            let number = u64::from(generation) << 32 | at as u64;
            self.child(&mut Draws::numbered(self.seed, "children", number))
        };
        Ok(Explicit { generation, members: (0..self.config.offspring).map(child).collect() })
    }

    fn tell(
        &mut self,
        population: Self::Population,
        fitness: &Fitness,
        _backend: &Backend,
    ) -> Result<Metrics, StrategyError> {
        let mut members = std::mem::take(&mut self.state.members);
        members.retain(|(_, fitness)| fitness.is_some());
        let told = population.members.into_iter().zip(&fitness.values);
        members.extend(told.filter(|(_, f)| f.is_finite()).map(|(d, f)| (d, Some(*f))));
        members.sort_by(|a, b| b.1.partial_cmp(&a.1).unwrap_or(std::cmp::Ordering::Equal));
        let mut seen = HashSet::new();
        members.retain(|(design, _)| seen.insert(key(design)));
        members.truncate(self.config.population);
        self.state.members = members;
        let worst = self.state.members.last().and_then(|(_, fitness)| *fitness);
        let mut metrics = Metrics::default();
        metrics.push("worst_kept", worst.map_or(f64::NAN, f64::from));
        Ok(metrics)
    }

    fn state(&self) -> Result<Self::State, StrategyError> {
        Ok(self.state.clone())
    }

    fn restore(&mut self, state: Self::State) -> Result<(), StrategyError> {
        self.state = state;
        Ok(())
    }
}

/// [`DesignEvolution`] as a searcher, for so many generations.
#[derive(Clone, Debug, PartialEq)]
pub struct Evolution {
    /// Its settings.
    pub config: EvolutionConfig,
    /// Generations, each of `offspring` predictions.
    pub generations: u32,
}

impl Default for Evolution {
    fn default() -> Self {
        Self { config: EvolutionConfig::default(), generations: 100 }
    }
}

impl Searcher for Evolution {
    fn name(&self) -> &str {
        "evolution"
    }

    fn search(&self, problem: &Problem<'_>) -> Result<Vec<Design>, SurrogateError> {
        let population = self.config.population.max(4 * problem.answers);
        let config = EvolutionConfig { population, ..self.config.clone() };
        let start = &problem.start[..problem.start.len().min(population / 2)];
        let mut strategy =
            DesignEvolution::try_new(problem.surrogate.space(), start, config, problem.seed)?;
        let task = Scored { surrogate: problem.surrogate, merit: problem.merit };
        let evaluator = Evaluator::new(Backend::cpu());
        let budget = Budget { generations: Some(self.generations), ..Budget::default() };
        let plan = RunPlan { budget, stop: problem.stop.clone(), ..RunPlan::default() };
        let outcome = run(&mut strategy, &task, &evaluator, &plan, &mut []);
        outcome.map_err(|error| SurrogateError::Search { reason: error.to_string() })?;
        Ok(ranked(problem, strategy.members().cloned().collect()))
    }
}
