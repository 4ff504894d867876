//! The search for formulas as a strategy of the engine.

use std::fmt;
use std::sync::Arc;

use hatchery_engine::{Explicit, Fitness, Generation, Headline, Metrics, Strategy, StrategyError};
use hatchery_kernels::Backend;
use rayon::prelude::*;

use super::complexity::Weighing;
use super::machine::Machine;
use super::outcome::{Failure, Outcome, Score};
use super::polish::{Form, polished};
use super::simplify::Simplifier;
use super::state::{Island, Member, State, TargetState};
use super::task::{Candidate, Regression, Scored};
use super::{Change, Config, Entry, Expression, Node, Variation, Yardstick};
use crate::ConfigError;
use crate::program::{Dice, Operation, Operations};

/// Purposes of dice; those of the evolution of programs are smaller.
const BIRTH: u32 = 16;
const MIGRATION: u32 = 17;

/// Births after which the sizes of formulas count half.
const FREQUENCY_HALF: f64 = 20_000.0;

/// The search for formulas, one target after the other, a generation each.
pub struct Search {
    config: Config,
    seed: u64,
    task: Arc<Regression>,
    variation: Variation,
    weighing: Weighing,
    simplifier: Simplifier,
    state: State,
    /// Births that are being evaluated.
    window: Vec<Newborn>,
}

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Search").field("config", &self.config).finish_non_exhaustive()
    }
}

/// A child before it enters.
#[derive(Clone, Copy, Debug)]
struct Newborn {
    island: u32,
    change: Change,
    /// The loss of its parent.
    before: f64,
}

impl Search {
    /// A search for formulas of the targets of a task's table.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting that makes no sense.
    pub fn try_new(config: Config, task: Arc<Regression>, seed: u64) -> Result<Self, ConfigError> {
        config.check()?;
        let weighing = config.complexity.weighing();
        let weighing = weighing.map_err(|name| ConfigError::new("complexity.operations", name))?;
        let used = config.operations_used();
        let variation = Variation {
            unary: used.iter().copied().filter(|op| op.args() == 1).collect(),
            binary: used.iter().copied().filter(|op| op.args() == 2).collect(),
            columns: task.table().columns().len() as u16,
            nodes_max: config.nodes_max as usize,
            constant_chance: config.constant_chance,
            weights: config.mutation.all(),
        };
        let simplifier = Simplifier { squares: used.contains(&Operation::Square) };
        let targets = vec![TargetState::default(); task.table().targets().len()];
        let state = State { ticket: 0, targets };
        let window = Vec::new();
        Ok(Self { config, seed, task, variation, weighing, simplifier, state, window })
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Populations, fronts, counts.
    pub fn progress(&self) -> &State {
        &self.state
    }

    /// What scores the formulas.
    pub fn task(&self) -> &Arc<Regression> {
        &self.task
    }

    /// The front of a target in shorter forms, with its constants fitted to the end.
    pub fn front(&self, target: usize) -> super::Front {
        let form = Form {
            task: &self.task,
            target,
            weighing: &self.weighing,
            simplifier: self.simplifier,
            operations: Operations::of(&self.config.operations_used()),
            trim: self.config.trim,
        };
        polished(&self.state.targets[target].front, &form)
    }

    /// What descriptions of formulas are measured by; relative losses up to `exact` are perfect fits.
    pub fn yardstick(&self, exact: f64) -> Yardstick {
        let table = self.task.table();
        let symbols = self.config.operations_used().len() + table.columns().len() + 1;
        Yardstick { rows: table.rows(), symbols, exact }
    }

    /// Whether a target needs no more formulas.
    fn is_done(&self, target: &TargetState) -> bool {
        let births = self.config.births;
        (births > 0 && target.births >= births) || target.front.least() <= self.config.enough
    }

    /// The target that has had the fewest generations, of those that need more.
    fn next_target(&self) -> Option<usize> {
        let open =
            self.state.targets.iter().enumerate().filter(|(_, target)| !self.is_done(target));
        open.min_by_key(|(index, target)| (target.generations, *index)).map(|(index, _)| index)
    }

    /// The formulas it all begins with.
    fn founders(&self) -> Vec<(Newborn, Expression)> {
        let count = self.config.islands * self.config.population;
        let founder = |index: u32| {
            let mut dice = Dice::new(self.seed, self.state.ticket + u64::from(index), BIRTH);
            let nodes = self.variation.grow(1 + dice.below(8), &mut dice);
            let island = index % self.config.islands;
            let newborn = Newborn { island, change: Change::Randomise, before: f64::INFINITY };
            (newborn, self.expression(nodes))
        };
        (0..count).map(founder).collect()
    }

    /// Nodes in simple form, without what scaling makes superfluous.
    fn expression(&self, nodes: Vec<Node>) -> Expression {
        let mut nodes = self.simplifier.simplify(&nodes);
        if self.config.scaling {
            nodes = Simplifier::without_scaling(nodes);
        }
        Expression::of(nodes)
    }

    fn births(&self, target: usize) -> Vec<(Newborn, Expression)> {
        let state = &self.state.targets[target];
        let total: f64 = state.frequencies.iter().sum();
        // exp(adaptive · share) for each complexity.
        let factor = |count: &f64| {
            let share = count / total.max(1.0);
            hatchery_kernels::math::exp_f64((self.config.adaptive_parsimony * share).min(600.0))
        };
        let factors: Vec<f64> = state.frequencies.iter().map(factor).collect();
        let costs: Vec<Vec<f64>> = state
            .islands
            .iter()
            .map(|island| island.members.iter().map(|member| self.cost(member, &factors)).collect())
            .collect();
        let births = self.config.islands * self.config.window;
        let one = |index: u32| {
            let island = index % self.config.islands;
            let members = &state.islands[island as usize].members;
            let ticket = self.state.ticket + u64::from(index);
            self.birth(ticket, island, members, &costs[island as usize])
        };
        (0..births).into_par_iter().with_min_len(32).map(one).collect()
    }

    fn cost(&self, member: &Member, factors: &[f64]) -> f64 {
        let loss = member.loss + self.config.parsimony * f64::from(member.complexity);
        loss * factors.get(member.complexity as usize).copied().unwrap_or(1.0)
    }

    fn birth(
        &self,
        ticket: u64,
        island: u32,
        members: &[Member],
        costs: &[f64],
    ) -> (Newborn, Expression) {
        let mut dice = Dice::new(self.seed, ticket, BIRTH);
        let parent = &members[self.tournament(costs, &mut dice)];
        let mut crossed = None;
        if dice.chance(self.config.crossover) {
            let other = &members[self.tournament(costs, &mut dice)];
            crossed = self.variation.cross(&parent.expression, &other.expression, &mut dice);
        }
        let (nodes, change) = match crossed {
            Some(nodes) => (nodes, Change::Crossover),
            None => self.variation.mutate(&parent.expression, &mut dice),
        };
        (Newborn { island, change, before: parent.loss }, self.expression(nodes))
    }

    /// The number of the winner.
    fn tournament(&self, costs: &[f64], dice: &mut Dice) -> usize {
        let mut drawn = [(f64::INFINITY, 0_usize); 64];
        let drawn = &mut drawn[..self.config.tournament as usize];
        for one in drawn.iter_mut() {
            let index = dice.below(costs.len());
            *one = (costs[index], index);
        }
        if self.config.winner_chance >= 1.0 || dice.chance(self.config.winner_chance) {
            let best = drawn.iter().copied().reduce(|a, b| if b.0 < a.0 { b } else { a });
            return best.map_or(0, |(_, index)| index);
        }
        drawn.sort_by(|a, b| a.0.total_cmp(&b.0));
        let last = drawn.len() - 1;
        let rank = (1..last).find(|_| dice.chance(self.config.winner_chance)).unwrap_or(last);
        drawn[rank].1
    }

    /// Children enter in the order of their tickets.
    fn enter(&mut self, target: usize, newborns: &[Newborn], candidates: Vec<Candidate>) {
        let mut state = std::mem::take(&mut self.state.targets[target]);
        let founding = state.islands.is_empty();
        if founding {
            state.islands = vec![Island::default(); self.config.islands as usize];
        }
        state.counters.island_births.resize(self.config.islands as usize, 0);
        state.counters.changes.resize(Change::ALL.len(), (0, 0));
        let decay = libm::exp2(-(candidates.len() as f64) / FREQUENCY_HALF);
        state.frequencies.iter_mut().for_each(|count| *count *= decay);
        for (newborn, candidate) in newborns.iter().zip(candidates) {
            let ticket = self.state.ticket;
            self.state.ticket += 1;
            let Scored { outcome, fitted, evaluations } = candidate.known();
            let expression = fitted.unwrap_or(candidate.expression);
            let loss = outcome.loss(self.config.scaling);
            let counters = &mut state.counters;
            counters.evaluations += u64::from(evaluations);
            counters.island_births[newborn.island as usize] += 1;
            let kind = &mut counters.changes[newborn.change as usize];
            kind.0 += 1;
            kind.1 += u64::from(loss < newborn.before);
            match outcome {
                Outcome::Scored(score) => {
                    counters.scored += 1;
                    counters.penalised += u64::from(score.penalty > 0.0);
                    self.offer(&mut state, target, &expression, &score, ticket);
                }
                Outcome::Failed(Failure::NotFinite) => counters.not_finite += 1,
                Outcome::Failed(Failure::Crashed) => counters.crashed += 1,
            }
            let complexity = self.weighing.of(expression.nodes());
            let island = &mut state.islands[newborn.island as usize];
            let member = Member { expression, loss, complexity };
            if founding {
                island.members.push(member);
            } else if loss.is_finite() {
                island.enter(member);
            }
            if loss.is_finite() {
                let size = complexity as usize;
                if state.frequencies.len() <= size {
                    state.frequencies.resize(size + 1, 0.0);
                }
                state.frequencies[size] += 1.0;
            }
        }
        state.births += newborns.len() as u64;
        state.generations += 1;
        if state.generations.is_multiple_of(u64::from(self.config.migrate_every)) {
            self.migrate(&mut state);
        }
        self.state.targets[target] = state;
    }

    /// Offers a formula and what scaling makes of it to the front.
    fn offer(
        &self,
        state: &mut TargetState,
        target: usize,
        expression: &Expression,
        score: &Score,
        ticket: u64,
    ) {
        if score.penalty > 0.0 {
            return;
        }
        let mut machine = None;
        let keep = self.config.keep as usize;
        let limit = self.config.nodes_max;
        let mean = self.task.table().targets()[target].mean;
        let variants = [
            (0.0, 1.0, score.plain),
            (mean - score.mean_f, 1.0, score.moved),
            (0.0, score.slope_alone, score.sloped),
            (mean - score.slope * score.mean_f, score.slope, score.scaled),
        ];
        let own = self.weighing.of(expression.nodes());
        let variants = if self.config.scaling { &variants[..] } else { &variants[..1] };
        for (index, &(offset, slope, loss)) in variants.iter().enumerate() {
            // Offset and slope weigh as much as a sum and a product with a constant; the exact weight is known once it is built.
            let least = own + if index == 0 { 0 } else { 1 };
            if least > limit || !state.front.welcomes_from(least, loss, keep) {
                continue;
            }
            let Some(built) = self.scaled(expression, offset as f32, slope as f32) else {
                continue;
            };
            let complexity = self.weighing.of(built.nodes());
            if built.nodes().len() > limit as usize {
                continue;
            }
            let fits = |units: &super::Dimensions| units.allow(&built, false);
            if !self.task.dimensions(target).is_none_or(fits) {
                continue;
            }
            // What is kept is the loss of the formula as it is written.
            let machine = machine.get_or_insert_with(|| Machine::new(self.task.table()));
            machine.load(&built);
            let loss = machine.exact_loss(target, 0.0, 1.0);
            state.front.offer(Entry { expression: built, complexity, loss, ticket }, keep);
        }
    }

    /// `offset + slope · f` in simple form.
    fn scaled(&self, f: &Expression, offset: f32, slope: f32) -> Option<Expression> {
        if !(offset.is_finite() && slope.is_finite()) {
            return None;
        }
        let mut nodes = f.nodes().to_vec();
        if slope != 1.0 {
            nodes.extend([Node::Constant(slope), Node::Call(Operation::Multiply)]);
        }
        if offset != 0.0 {
            nodes.extend([Node::Constant(offset), Node::Call(Operation::Add)]);
        }
        if nodes.len() > super::NODES_MAX {
            return None;
        }
        Some(Expression::of(self.simplifier.simplify(&nodes)))
    }

    /// Members of other islands and of the front take the places of the oldest.
    fn migrate(&self, state: &mut TargetState) {
        let islands = state.islands.len();
        let population = f64::from(self.config.population);
        let mut dice = Dice::new(self.seed, self.state.ticket, MIGRATION);
        let count = |share: f64, dice: &mut Dice| {
            let exact = share * population;
            exact as usize + usize::from(dice.chance(exact.fract()))
        };
        let front: Vec<Member> = state.front.entries().map(|entry| self.member(entry)).collect();
        let mut moves: Vec<(usize, Member)> = Vec::new();
        for island in 0..islands {
            if islands > 1 {
                for _ in 0..count(self.config.migrants, &mut dice) {
                    let other = (island + 1 + dice.below(islands - 1)) % islands;
                    let members = &state.islands[other].members;
                    moves.push((island, members[dice.below(members.len())].clone()));
                    state.counters.migrants += 1;
                }
            }
            if !front.is_empty() {
                for _ in 0..count(self.config.migrants_front, &mut dice) {
                    moves.push((island, front[dice.below(front.len())].clone()));
                    state.counters.migrants_front += 1;
                }
            }
        }
        for (island, member) in moves {
            state.islands[island].enter(member);
        }
    }

    /// A formula of the front as a member.
    fn member(&self, entry: &Entry) -> Member {
        let expression = self.expression(entry.expression.nodes().to_vec());
        let complexity = self.weighing.of(expression.nodes());
        Member { expression, loss: entry.loss, complexity }
    }

    fn metrics(&self) -> Metrics {
        let mut metrics = Metrics::default();
        let sum =
            |of: fn(&TargetState) -> u64| self.state.targets.iter().map(of).sum::<u64>() as f64;
        metrics.push("births", sum(|target| target.births));
        metrics.push("row_evaluations", sum(|target| target.counters.evaluations));
        metrics.push("not_finite", sum(|target| target.counters.not_finite));
        let least = self.state.targets.iter().map(|target| target.front.least());
        metrics.push("loss", least.fold(0.0, f64::max));
        metrics
    }
}

impl Strategy for Search {
    type Population = Explicit<Candidate>;
    type State = State;

    fn ask(&mut self, generation: Generation) -> Result<Explicit<Candidate>, StrategyError> {
        let Some(target) = self.next_target() else {
            return Ok(Explicit { generation, members: Vec::new() });
        };
        let founding = self.state.targets[target].islands.is_empty();
        let born = if founding { self.founders() } else { self.births(target) };
        let mut members = Vec::with_capacity(born.len());
        self.window.clear();
        for (index, (newborn, expression)) in born.into_iter().enumerate() {
            let steps = if self.config.fit_chance >= 1.0 {
                self.config.steps
            } else {
                let ticket = self.state.ticket + index as u64;
                let fits = Dice::new(self.seed, ticket, BIRTH + 2).chance(self.config.fit_chance);
                if fits { self.config.steps } else { 0 }
            };
            self.window.push(newborn);
            members.push(Candidate::new(target as u32, expression, steps));
        }
        Ok(Explicit { generation, members })
    }

    fn tell(
        &mut self,
        population: Explicit<Candidate>,
        _: &Fitness,
        _: &Backend,
    ) -> Result<Metrics, StrategyError> {
        if population.members.len() != self.window.len() {
            return Err(StrategyError::StateMismatch {
                what: "members",
                expected: self.window.len(),
                found: population.members.len(),
            });
        }
        let newborns = std::mem::take(&mut self.window);
        let target = population.members.first().map_or(0, |member| member.target as usize);
        self.enter(target, &newborns, population.members);
        self.window = newborns;
        self.window.clear();
        Ok(self.metrics())
    }

    fn state(&self) -> Result<State, StrategyError> {
        Ok(self.state.clone())
    }

    fn restore(&mut self, state: State) -> Result<(), StrategyError> {
        let (expected, found) = (self.state.targets.len(), state.targets.len());
        if expected != found {
            return Err(StrategyError::StateMismatch { what: "targets", expected, found });
        }
        self.state = state;
        self.window.clear();
        Ok(())
    }

    fn headline(&self) -> Option<Headline> {
        let births: u64 = self.state.targets.iter().map(|target| target.births).sum();
        let worst = self.state.targets.iter().map(|target| target.front.least());
        let loss = worst.fold(0.0, f64::max);
        let all = self.config.births * self.state.targets.len() as u64;
        let done = (all > 0).then(|| births as f64 / all as f64);
        Some(Headline { text: format!("births {births}  1 - R2 {loss:.3e}"), done })
    }
}
