//! The evolution as a strategy of the engine.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use hatchery_engine::{Explicit, Fitness, Generation, Headline, Metrics, Strategy, StrategyError};
use hatchery_kernels::Backend;
use rayon::prelude::*;

use super::birth::{Child, Newborn, Source, child_of};
use super::island::{Origin, Tournament};
use super::{
    Birth, Config, ConfigError, Counters, DropOrder, Improvement, Island, Member, Method, Restart,
    State,
};
use crate::program::training::{Candidate, Hurdle, Outcome};
use crate::program::{Dice, Graph, Liveness, Mutation, Mutator, Program};

/// Purposes of dice; 1 is that of children.
const PARENT: u32 = 0;
const MIGRATION: u32 = 2;
const ACCEPTANCE: u32 = 3;

/// Distinct results that a hurdle is made of, at least.
const HURDLE_LEAST: usize = 10;

/// What a program does in its first steps, as one number.
pub type Fingerprint = Arc<dyn Fn(&Graph, u64) -> u128 + Send + Sync>;

/// Regularised evolution of programs.
pub struct Evolution {
    config: Config,
    seed: u64,
    mutator: Mutator,
    start: Program,
    fingerprint: Option<Fingerprint>,
    state: State,
    /// Births that are being evaluated.
    window: Vec<Newborn>,
    asked: Option<Instant>,
}

impl fmt::Debug for Evolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evolution").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Evolution {
    /// A search from a program.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting that makes no sense.
    pub fn try_new(
        config: Config,
        start: Program,
        signature: crate::program::Signature,
        seed: u64,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        let fails = |reason: String| ConfigError { key: "start", reason };
        start.check(&signature).map_err(|invalid| fails(invalid.to_string()))?;
        Graph::of(&start, &signature).map_err(|error| fails(error.to_string()))?;
        let mutator = Mutator::new(signature, config.mutation.clone());
        let state = State::default();
        let window = Vec::new();
        Ok(Self { config, seed, mutator, start, fingerprint: None, state, window, asked: None })
    }

    /// With fingerprints: what behaves the same in its first steps is not evaluated twice.
    #[must_use]
    pub fn with_fingerprint(mut self, fingerprint: Fingerprint) -> Self {
        self.fingerprint = Some(fingerprint);
        self
    }

    /// What the first run begins with.
    pub fn start(&self) -> &Program {
        &self.start
    }

    /// Begins with another program; means nothing once a run has begun.
    ///
    /// # Panics
    /// If the program does not fit the signature.
    pub fn begin_with(&mut self, start: Program) {
        start.check(self.mutator.signature()).expect("the program fits");
        self.start = start;
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Populations, archive, counts.
    pub fn progress(&self) -> &State {
        &self.state
    }

    /// Ancestors of a birth, the program it all began with first.
    pub fn lineage(&self, ticket: u64) -> Vec<super::Step> {
        self.state.lineage(ticket, &self.mutator, &self.config, self.seed)
    }

    /// The set of seeds of the programs that are born now.
    fn seed_set(&self) -> u64 {
        let rotated = match self.config.rotate {
            0 => 0,
            every => self.state.ticket / every,
        };
        // Runs of different seeds train on different sets.
        (self.seed.wrapping_mul(0x9E37_79B1) & 0x7FFF) << 16 | (rotated & 0xFFFF)
    }

    /// Queues full of copies of what the run begins with; their outcome is that of the first who is evaluated.
    fn begin_run(&mut self, outcome: Outcome, first: Option<f32>) {
        let founder = self.state.founders.len() as u32 - 1;
        let program = &self.state.founders[founder as usize];
        let member = Member {
            ticket: self.state.ticket,
            origin: Origin::Founder(founder),
            program: program.clone(),
            outcome,
            first,
        };
        let members = vec![member; self.config.population as usize];
        let island = Island { members: members.into() };
        self.state.islands = vec![island; self.config.islands as usize];
        self.state.improved_at = self.state.births;
    }

    /// What the present run begins with.
    fn founder(&self) -> Program {
        let from_best = self.config.restart == Restart::Best && self.state.run == self.config.runs;
        match self.state.archive.best(1).first() {
            Some((_, best)) if from_best => best.program.clone(),
            // Resumed or not, what the first run began with.
            _ => self.state.founders.first().unwrap_or(&self.start).clone(),
        }
    }

    fn hurdle(&self) -> Option<Hurdle> {
        if self.config.hurdle <= 0.0 {
            return None;
        }
        let members = self.state.islands.iter().flat_map(|island| &island.members);
        let mut firsts: Vec<f32> = members.filter_map(|member| member.first).collect();
        firsts.sort_by(f32::total_cmp);
        firsts.dedup();
        let at = ((firsts.len() as f64 * self.config.hurdle) as usize).min(firsts.len().max(1) - 1);
        (firsts.len() >= HURDLE_LEAST).then(|| Hurdle(firsts[at]))
    }

    /// The next births, all from the queues as they are.
    fn make_window(&self) -> (Vec<Newborn>, Vec<Candidate>) {
        let rest = self.config.births - self.state.births;
        let to_rotation = match self.config.rotate {
            0 => u64::MAX,
            every => every - self.state.ticket % every,
        };
        let births = u64::from(self.config.window).min(rest).min(to_rotation);
        let (set, hurdle) = (self.seed_set(), self.hurdle());
        let first = self.state.ticket;
        let mut newborns: Vec<Newborn> = (0..births as u32)
            .into_par_iter()
            .with_min_len(8)
            .map(|index| self.birth(first + u64::from(index)))
            .collect();
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut pending: HashMap<u128, usize> = HashMap::new();
        for newborn in &mut newborns {
            let graph = &newborn.child.graph;
            if self.config.cache {
                if let Some((outcome, first)) = self.state.cache.get(graph) {
                    newborn.source = Source::Cache(outcome, first);
                    continue;
                }
                if let Some(&member) = pending.get(&graph.hash)
                    && candidates[member].graph == *graph
                {
                    newborn.source = Source::Member(member, true);
                    continue;
                }
                pending.insert(graph.hash, candidates.len());
            }
            newborn.source = Source::Member(candidates.len(), false);
            candidates.push(Candidate::new(graph.clone(), set, hurdle));
        }
        (newborns, candidates)
    }

    fn birth(&self, ticket: u64) -> Newborn {
        let config = &self.config;
        let island = (ticket % u64::from(config.islands)) as usize;
        let mut dice = Dice::new(self.seed, ticket, PARENT);
        let waiting = config.window as usize / config.islands as usize;
        let tournament = Tournament {
            size: config.tournament as usize,
            replacement: config.replacement,
            winner_chance: config.winner_chance,
            skipped: if config.drop == DropOrder::Before { waiting } else { 0 },
        };
        let parent = self.state.islands[island].parent(tournament, &mut dice);
        let mut crossed = None;
        if dice.chance(config.crossover) {
            let other = self.state.islands[island].parent(tournament, &mut dice);
            crossed = self.mutator.cross(&parent.program, &other.program, &mut dice);
        }
        let founder = self.state.founders.len() - 1;
        let (from, origin) = match config.method {
            Method::Evolution => (crossed.as_ref().unwrap_or(&parent.program), parent.origin),
            Method::Random => (&self.state.founders[founder], Origin::Founder(founder as u32)),
        };
        Newborn {
            ticket,
            island,
            parent: origin,
            stays: (config.annealing > 0.0).then(|| parent.clone()),
            child: child_of(from, &self.mutator, config, self.seed, ticket),
            crossed: crossed.is_some(),
            source: Source::Member(0, false),
        }
    }

    /// Leaves out of the candidates what behaves like something known; returns the rest.
    fn look_at_fingerprints(
        &mut self,
        newborns: &mut [Newborn],
        candidates: Vec<Candidate>,
    ) -> Vec<Candidate> {
        let Some(fingerprint) = &self.fingerprint else { return candidates };
        let prints: Vec<u128> =
            candidates.par_iter().map(|c| fingerprint(&c.graph, c.set)).collect();
        let mut kept = Vec::new();
        let mut sources = Vec::new();
        for (mut candidate, print) in candidates.into_iter().zip(prints) {
            sources.push(match self.state.fingerprints.get(print) {
                Some((outcome, first)) => Source::Fingerprint(outcome, first),
                None => {
                    candidate.fingerprint = Some(print);
                    kept.push(candidate);
                    Source::Member(kept.len() - 1, false)
                }
            });
        }
        for newborn in newborns {
            if let Source::Member(member, shared) = newborn.source {
                newborn.source = match sources[member] {
                    Source::Member(member, _) => Source::Member(member, shared),
                    known => known,
                };
            }
        }
        kept
    }

    /// Children enter in the order of their tickets.
    fn enter(&mut self, newborns: Vec<Newborn>, candidates: &[Candidate]) {
        for candidate in candidates {
            let outcome = candidate.known();
            self.state.counters.note(outcome);
            let first = candidate.first.get().copied();
            if self.config.cache {
                self.state.cache.put(&candidate.graph, outcome, first);
            }
            if let Some(print) = candidate.fingerprint {
                self.state.fingerprints.put(print, outcome, first);
            }
        }
        let set = self.seed_set();
        for newborn in newborns {
            self.enter_one(newborn, candidates, set);
        }
        self.migrate();
        self.rotate();
        self.begin_again();
    }

    fn enter_one(&mut self, newborn: Newborn, candidates: &[Candidate], set: u64) {
        let Newborn { ticket, island, child, .. } = newborn;
        let Child { program, mutation, graph, invalid } = child;
        let (outcome, first) = match newborn.source {
            Source::Cache(outcome, first) => {
                self.state.counters.hits += 1;
                (outcome, first)
            }
            Source::Fingerprint(outcome, first) => {
                self.state.counters.fingerprint_hits += 1;
                self.state.cache.put(&graph, outcome, first);
                (outcome, first)
            }
            Source::Member(member, shared) => {
                self.state.counters.hits += u64::from(shared);
                (candidates[member].known(), candidates[member].first.get().copied())
            }
        };
        let live = Liveness::of(&program, self.mutator.signature()).live_statements() as u64;
        let counters = &mut self.state.counters;
        counters.births += 1;
        counters.invalid += u64::from(invalid);
        counters.statements += program.statements.len() as u64;
        counters.live_statements += live;
        counters.island_births.resize(self.config.islands as usize, 0);
        counters.island_births[island] += 1;
        let fitness = outcome.fitness();
        self.state.births += 1;
        self.state.ticket += 1;
        if let Outcome::Scored(_) = outcome {
            let keep = self.config.archive as usize;
            self.state.archive.note(graph.hash, &program, ticket, set, fitness, keep);
            let run = self.state.run;
            let of_run = self.state.improvements.iter().rev().find(|known| known.run == run);
            if of_run.is_none_or(|best| fitness > best.fitness) {
                let births = self.state.births;
                self.state.improved_at = births;
                let program = program.clone();
                let improvement = Improvement { run, births, ticket, fitness, program };
                self.state.improvements.push(improvement);
            }
        }
        let rejected = newborn.stays.filter(|parent| {
            let along = self.state.births as f64 / self.config.births as f64;
            let temperature = self.config.annealing * (1.0 - along);
            let loss = f64::from(parent.fitness() - fitness);
            let chance = hatchery_kernels::math::exp_f64((-loss / temperature).max(-700.0));
            loss > 0.0 && !Dice::new(self.seed, ticket, ACCEPTANCE).chance(chance)
        });
        let stays = rejected.is_some();
        let (program, mutation, outcome, first) = match rejected {
            Some(parent) => (parent.program, Mutation::None, parent.outcome, parent.first),
            None => (program, mutation, outcome, first),
        };
        if newborn.crossed && !stays {
            self.state.crossed.insert(ticket, program.clone());
        }
        let birth = Birth { parent: newborn.parent, mutation, fitness: outcome.fitness() };
        debug_assert_eq!(self.state.genealogy.len() as u64, ticket);
        self.state.genealogy.push(birth);
        let origin = Origin::Birth(ticket);
        self.state.islands[island].enter(Member { ticket, origin, program, outcome, first });
    }

    /// Along the ring, if a multiple of the births between was passed.
    fn migrate(&mut self) {
        let islands = self.state.islands.len();
        let passed = self.state.births / self.config.migrate_every.max(1);
        if islands < 2 || passed == self.state.migrations {
            return;
        }
        self.state.migrations = passed;
        let mut dice = Dice::new(self.seed, self.state.ticket, MIGRATION);
        let drawn: Vec<Vec<Member>> = (0..islands)
            .map(|island| {
                let members = &self.state.islands[island].members;
                let one = |_| members[dice.below(members.len())].clone();
                (0..self.config.migrants).map(one).collect()
            })
            .collect();
        for (island, members) in drawn.into_iter().enumerate() {
            for member in members {
                self.state.counters.migrants += 1;
                self.state.islands[(island + 1) % islands].enter(member);
            }
        }
    }

    fn rotate(&mut self) {
        let every = self.config.rotate;
        if every > 0 && self.state.ticket.is_multiple_of(every) {
            self.state.cache.clear();
            self.state.fingerprints.clear();
        }
    }

    /// After stagnation from the best of the run, after its last birth the next run.
    fn begin_again(&mut self) {
        if self.state.births >= self.config.births {
            self.state.run += 1;
            (self.state.births, self.state.migrations) = (0, 0);
            // The last queues are left as they are, to be looked at.
            if self.state.run < self.config.runs_in_all() {
                self.state.islands.clear();
            }
            return;
        }
        let stagnation = self.config.stagnation;
        if stagnation > 0 && self.state.births - self.state.improved_at >= stagnation {
            let run = self.state.run;
            let best = self.state.improvements.iter().rev().find(|known| known.run == run);
            let Some(best) = best.cloned() else { return };
            self.state.counters.restarts += 1;
            self.state.founders.push(best.program);
            self.begin_run(Outcome::Scored(-best.fitness), None);
        }
    }

    /// Numbers of the queues and counts as they are.
    fn metrics(&self) -> Metrics {
        let state = &self.state;
        let counters = &state.counters;
        let best = state.improvements.iter().map(|one| one.fitness).fold(f32::NAN, f32::max);
        let summaries: Vec<(f64, f64)> = state.islands.iter().map(Island::summary).collect();
        let islands = summaries.len().max(1) as f64;
        let births = counters.births.max(1) as f64;
        let mut metrics = Metrics::default();
        metrics.push("births", counters.births as f64);
        metrics.push("run", f64::from(state.run));
        metrics.push("best_program", f64::from(best));
        let of_islands =
            |of: fn(&(f64, f64)) -> f64| summaries.iter().map(of).sum::<f64>() / islands;
        metrics.push("population_mean", of_islands(|summary| summary.0));
        metrics.push("population_unscored", of_islands(|summary| summary.1));
        metrics.push("hit_rate", counters.hit_rate());
        metrics.push("fingerprint_hits", counters.fingerprint_hits as f64);
        metrics.push("evaluated", counters.evaluated as f64);
        metrics.push("promoted", counters.promoted as f64);
        metrics.push("failed", counters.failures() as f64);
        metrics.push("invalid", counters.invalid as f64);
        metrics.push("mean_length", counters.statements as f64 / births);
        metrics.push("mean_live_length", counters.live_statements as f64 / births);
        metrics.push("redundancy", counters.redundancy());
        metrics.push("archive", state.archive.len() as f64);
        metrics.push("making_s", counters.making_s);
        metrics.push("evaluating_s", counters.evaluating_s);
        metrics
    }
}

impl Strategy for Evolution {
    type Population = Explicit<Candidate>;
    type State = State;

    fn ask(&mut self, generation: Generation) -> Result<Explicit<Candidate>, StrategyError> {
        let began = Instant::now();
        loop {
            if self.state.run >= self.config.runs_in_all() {
                return Ok(Explicit { generation, members: Vec::new() });
            }
            if self.state.islands.is_empty() {
                // The founder is evaluated alone.
                let graph = Graph::of(&self.founder(), self.mutator.signature())
                    .expect("it was checked, or it was born");
                let founder = Candidate::new(Arc::new(graph), self.seed_set(), None);
                return Ok(Explicit { generation, members: vec![founder] });
            }
            let (mut newborns, candidates) = self.make_window();
            let candidates = self.look_at_fingerprints(&mut newborns, candidates);
            if candidates.is_empty() {
                self.enter(newborns, &candidates);
                continue;
            }
            self.window = newborns;
            self.state.counters.making_s += began.elapsed().as_secs_f64();
            self.asked = Some(Instant::now());
            return Ok(Explicit { generation, members: candidates });
        }
    }

    fn tell(
        &mut self,
        population: Explicit<Candidate>,
        _: &Fitness,
        _: &Backend,
    ) -> Result<Metrics, StrategyError> {
        let evaluating_s = self.asked.take().map_or(0.0, |asked| asked.elapsed().as_secs_f64());
        self.state.counters.evaluating_s += evaluating_s;
        let began = Instant::now();
        if self.state.islands.is_empty() {
            let founder = &population.members[0];
            self.state.counters.note(founder.known());
            self.state.founders.push(self.founder());
            self.begin_run(founder.known(), founder.first.get().copied());
            if self.config.cache {
                let first = founder.first.get().copied();
                self.state.cache.put(&founder.graph, founder.known(), first);
            }
        } else {
            let window = std::mem::take(&mut self.window);
            self.enter(window, &population.members);
        }
        self.state.counters.making_s += began.elapsed().as_secs_f64();
        Ok(self.metrics())
    }

    fn state(&self) -> Result<State, StrategyError> {
        Ok(self.state.clone())
    }

    fn restore(&mut self, state: State) -> Result<(), StrategyError> {
        let expected = self.config.population as usize * self.config.islands as usize;
        let found = state.islands.iter().map(|island| island.members.len()).sum();
        if found != 0 && found != expected {
            return Err(StrategyError::StateMismatch { what: "members", expected, found });
        }
        self.state = state;
        self.window.clear();
        Ok(())
    }

    fn headline(&self) -> Option<Headline> {
        let Counters { births, .. } = self.state.counters;
        let all = self.config.births * u64::from(self.config.runs_in_all());
        let best = self.state.improvements.iter().map(|one| one.fitness).fold(f32::NAN, f32::max);
        let best = if best.is_nan() { "none yet".to_owned() } else { format!("{best:.4}") };
        let hits = 100.0 * self.state.counters.hit_rate();
        let text = format!("births {births} of {all}  best {best}  {hits:.0} % known before");
        Some(Headline { text, done: Some(births as f64 / all as f64) })
    }
}
