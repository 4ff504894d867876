use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use hatchery_engine::{
    Budget, Evaluator, Explicit, Generation, RunPlan, Strategy, Task, TaskError, run,
};
use hatchery_kernels::Backend;

use super::island::Tournament;
use super::*;
use crate::program::training::{Candidate, Failure, Outcome};
use crate::program::{Dice, Graph, Program, Signature, mutate, start};

/// Scores programs by a number that is made of their hash: cheap, rugged, and known in advance.
struct Rugged;

fn rugged(graph: &Graph) -> Outcome {
    if graph.hash.is_multiple_of(11) {
        return Outcome::Failed(Failure::Diverged);
    }
    let size = graph.calls() as f32;
    Outcome::Scored(1.0 + (size - 12.0).abs() / 8.0 + (graph.hash % 1009) as f32 / 1009.0)
}

impl Task for Rugged {
    type Population = Explicit<Candidate>;

    fn name(&self) -> &str {
        "rugged"
    }

    fn evaluate(
        &self,
        population: &Explicit<Candidate>,
        members: Range<usize>,
        _: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        for (slot, candidate) in fitness.iter_mut().zip(&population.members[members]) {
            let outcome = candidate.outcome.get_or_init(|| match rugged(&candidate.graph) {
                Outcome::Scored(ratio) => {
                    // The first proxy is as telling as all of them.
                    let _ = candidate.first.set(ratio);
                    let behind = candidate.hurdle.is_some_and(|hurdle| ratio > hurdle.0);
                    if behind { Outcome::Hurdled(ratio) } else { Outcome::Scored(ratio) }
                }
                failed => failed,
            });
            *slot = outcome.as_fitness();
        }
        Ok(())
    }

    fn may_all_fail(&self) -> bool {
        true
    }
}

fn small() -> Config {
    Config { births: 600, population: 40, window: 8, archive: 50, ..Config::default() }
}

fn evolution(config: Config, seed: u64) -> Evolution {
    let signature = Signature::optimizer(false);
    let adamw = start::named("adamw", &signature).expect("named");
    Evolution::try_new(config, adamw, signature, seed).expect("valid")
}

fn finished(config: Config, seed: u64) -> Evolution {
    let mut evolution = evolution(config, seed);
    let evaluator = Evaluator::new(Backend::cpu());
    run(&mut evolution, &Rugged, &evaluator, &RunPlan::default(), &mut []).expect("it runs");
    evolution
}

/// What must not depend on anything but configuration and seed: all but the times.
fn timeless(state: &State) -> State {
    let mut state = state.clone();
    (state.counters.making_s, state.counters.evaluating_s) = (0.0, 0.0);
    state
}

#[test]
fn a_search_ends_after_its_births() {
    let state = finished(small(), 1).progress().clone();
    assert_eq!(state.counters.births, 600);
    assert_eq!(state.genealogy.len(), 600);
    assert!(state.counters.hits + state.counters.evaluated == 600 + 1, "{:?}", state.counters);
    assert!(state.counters.failures() > 0);
}

#[test]
fn every_member_leaves_after_as_many_births_as_there_are_members() {
    let mut evolution = evolution(Config { window: 1, cache: false, ..small() }, 2);
    let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
    for generation in 0.. {
        let population = evolution.ask(generation).expect("it asks");
        if population.members.is_empty() {
            break;
        }
        let evaluator = Evaluator::new(Backend::cpu());
        let fitness = evaluator.evaluate(&Rugged, &population).expect("it scores");
        evolution.tell(population, &fitness, &Backend::cpu()).expect("it learns");
        let state = evolution.progress();
        for member in state.islands.iter().flat_map(|island| &island.members) {
            if let Origin::Birth(ticket) = member.origin {
                assert!(state.ticket - ticket <= 40, "member {ticket} at birth {}", state.ticket);
                seen.insert(ticket, state.ticket);
            }
        }
    }
    // Every one that had the time for it stayed that long, whatever its fitness.
    let ages: BTreeSet<u64> =
        seen.iter().filter(|(t, _)| **t < 560).map(|(t, last)| last - t).collect();
    assert_eq!(ages, BTreeSet::from([40]));
}

#[test]
fn the_best_program_outlives_its_queue_in_the_archive() {
    let evolution = finished(small(), 3);
    let state = evolution.progress();
    let (_, best) = state.archive.best(1)[0];
    let last = state.improvements.last().expect("something was found");
    assert_eq!(best.fitness() as f32, last.fitness);
    assert_eq!(best.ticket, last.ticket);
    assert!(state.archive.len() <= 100);
}

#[test]
fn a_run_begins_with_copies_of_one_program_that_is_evaluated_once() {
    let mut evolution = evolution(small(), 4);
    let population = evolution.ask(0).expect("it asks");
    assert_eq!(population.members.len(), 1);
    let fitness = Evaluator::new(Backend::cpu()).evaluate(&Rugged, &population).expect("it scores");
    evolution.tell(population, &fitness, &Backend::cpu()).expect("it learns");
    let members = &evolution.progress().islands[0].members;
    assert_eq!(members.len(), 40);
    assert!(members.iter().all(|member| member.program == members[0].program));
}

#[test]
fn repeats_and_the_run_from_the_best_are_runs_of_one_search() {
    let config = Config { births: 200, runs: 3, restart: Restart::Best, ..small() };
    let state = finished(config, 5).progress().clone();
    assert_eq!((state.run, state.counters.births), (4, 800));
    assert_eq!(state.founders.len(), 4);
    assert_eq!(state.founders[0], state.founders[2]);
    assert_ne!(state.founders[0], state.founders[3]);
    let runs: BTreeSet<u32> = state.improvements.iter().map(|one| one.run).collect();
    assert!(runs.contains(&0) && runs.contains(&1) && runs.contains(&2), "{runs:?}");
}

#[test]
fn stagnation_begins_again_from_the_best_of_the_run() {
    let config = Config { births: 2000, stagnation: 150, ..small() };
    let state = finished(config, 6).progress().clone();
    assert!(state.counters.restarts > 0);
    let best = |founder: &Program| state.improvements.iter().any(|one| one.program == *founder);
    assert!(state.founders[1..].iter().all(best));
}

#[test]
fn the_cache_changes_nothing_but_the_number_of_evaluations() {
    let with = finished(small(), 7).progress().clone();
    let without = finished(Config { cache: false, ..small() }, 7).progress().clone();
    assert_eq!(with.improvements, without.improvements);
    assert_eq!(with.islands, without.islands);
    assert!(with.counters.hits > 100, "{:?}", with.counters);
    assert_eq!(with.counters.evaluated + with.counters.hits, without.counters.evaluated);
    assert_eq!(without.counters.hits, 0);
}

#[test]
fn threads_never_change_a_result() {
    let in_threads = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let config = Config { islands: 2, migrate_every: 100, ..small() };
        timeless(pool.install(|| finished(config, 8)).progress())
    };
    let one = in_threads(1);
    assert!(one == in_threads(2) && one == in_threads(4));
}

#[test]
fn a_resumed_search_equals_an_unbroken_one() {
    let config = Config { crossover: 0.2, annealing: 0.1, islands: 2, ..small() };
    let unbroken = finished(config.clone(), 9);
    let mut first = evolution(config.clone(), 9);
    let evaluator = Evaluator::new(Backend::cpu());
    let budget = Budget { generations: Some(20), ..Budget::default() };
    let plan = RunPlan { budget, ..RunPlan::default() };
    run(&mut first, &Rugged, &evaluator, &plan, &mut []).expect("it runs");
    let mut second = evolution(config, 9);
    second.restore(first.state().expect("it has one")).expect("it fits");
    run(&mut second, &Rugged, &evaluator, &RunPlan::default(), &mut []).expect("it runs");
    assert!(timeless(unbroken.progress()) == timeless(second.progress()));
}

#[test]
fn a_state_of_another_population_is_refused() {
    let mut first = evolution(small(), 1);
    let population = first.ask(0).expect("it asks");
    let fitness = Evaluator::new(Backend::cpu()).evaluate(&Rugged, &population).expect("it scores");
    first.tell(population, &fitness, &Backend::cpu()).expect("it learns");
    let mut other = evolution(Config { population: 41, ..small() }, 1);
    assert!(other.restore(first.state().expect("it has one")).is_err());
}

#[test]
fn every_island_receives_births_and_takes_parents_from_itself() {
    let config = Config { births: 900, islands: 3, migrate_every: 300, migrants: 2, ..small() };
    let state = finished(config, 10).progress().clone();
    assert_eq!(state.counters.island_births, [300, 300, 300]);
    let migrations = 3;
    assert_eq!(state.counters.migrants, migrations * 3 * 2);
    // Parents of the births before the first migration are of the same island.
    let mut crossings = 0;
    for (ticket, birth) in state.genealogy.iter().enumerate() {
        if let Origin::Birth(parent) = birth.parent {
            let crosses = parent % 3 != ticket as u64 % 3;
            assert!(!crosses || ticket >= 300, "birth {ticket} of parent {parent}");
            crossings += usize::from(crosses);
        }
    }
    assert!(crossings > 0, "migrants have children");
}

#[test]
fn the_rank_of_parents_is_what_a_tournament_of_that_size_gives() {
    let queue = |index: u64| Member {
        ticket: index,
        origin: Origin::Birth(index),
        program: Program::default(),
        outcome: Outcome::Scored((index * 7 % 20) as f32),
        first: None,
    };
    let island = Island { members: (0..20).map(queue).collect() };
    let size = 3;
    let draws = 20_000;
    for replacement in [true, false] {
        let tournament = Tournament { size, replacement, winner_chance: 1.0, skipped: 0 };
        let mut counts = [0_u32; 20];
        for ticket in 0..draws {
            let mut dice = Dice::new(1, ticket, 0);
            let winner = island.parent(tournament, &mut dice);
            counts[(-winner.fitness()) as usize] += 1;
        }
        let choose = |n: f64| n * (n - 1.0) * (n - 2.0) / 6.0;
        let expected = |rank: usize| {
            let worse = 20.0 - rank as f64;
            f64::from(draws as u32)
                * if replacement {
                    (worse / 20.0).powi(3) - ((worse - 1.0) / 20.0).powi(3)
                } else {
                    (choose(worse) - choose(worse - 1.0)) / choose(20.0)
                }
        };
        let terms = (0..18).map(|rank| {
            let expected = expected(rank);
            (f64::from(counts[rank]) - expected).powi(2) / expected
        });
        // Chi-square with 17 degrees of freedom: above 46 with a chance of 2 in 10,000.
        let chi_square: f64 = terms.sum();
        assert!(chi_square < 46.0, "{replacement}: {chi_square}, {counts:?}");
    }
}

#[test]
fn a_winner_that_is_not_certain_leaves_some_to_the_next() {
    let queue = |index: u64| Member {
        ticket: index,
        origin: Origin::Birth(index),
        program: Program::default(),
        outcome: Outcome::Scored(index as f32),
        first: None,
    };
    let island = Island { members: (0..2).map(queue).collect() };
    let tournament = Tournament { size: 2, replacement: false, winner_chance: 0.8, skipped: 0 };
    let best = (0..10_000)
        .filter(|ticket| island.parent(tournament, &mut Dice::new(2, *ticket, 0)).ticket == 0)
        .count();
    // Five standard deviations of a binomial count.
    assert!((best as f64 - 8000.0).abs() < 200.0, "{best}");
    let skipping = Tournament { skipped: 1, winner_chance: 1.0, ..tournament };
    assert!((0..50).all(|t| island.parent(skipping, &mut Dice::new(2, t, 0)).ticket == 1));
}

#[test]
fn a_lineage_is_made_again_from_tickets() {
    let config = Config { crossover: 0.1, copies: 0.1, ..small() };
    let evolution = finished(config, 11);
    let state = evolution.progress();
    for improvement in &state.improvements {
        let lineage = evolution.lineage(improvement.ticket);
        let last = lineage.last().expect("it has a last step");
        assert_eq!(last.program, improvement.program);
        assert_eq!(last.fitness, Some(improvement.fitness));
        assert_eq!(last.ticket, Some(improvement.ticket));
    }
    let longest = state.improvements.iter().map(|one| evolution.lineage(one.ticket).len()).max();
    assert!(longest.is_some_and(|steps| steps > 3));
}

#[test]
fn a_lineage_of_a_child_whose_parent_stayed_ends_in_the_parent() {
    let config = Config { annealing: 0.05, ..small() };
    let evolution = finished(config, 12);
    let members = &evolution.progress().islands[0].members;
    for member in members {
        let Origin::Birth(ticket) = member.origin else { continue };
        let lineage = evolution.lineage(ticket);
        assert_eq!(lineage.last().expect("it has a last step").program, member.program);
    }
}

#[test]
fn only_constants_change_when_nothing_else_may() {
    let mutation = mutate::Config { constants_only: true, ..mutate::Config::default() };
    let state = finished(Config { mutation, ..small() }, 13).progress().clone();
    let first = &state.founders[0];
    for member in &state.islands[0].members {
        assert_eq!(member.program.statements, first.statements);
    }
    assert!(state.islands[0].members.iter().any(|m| m.program.constants != first.constants));
}

#[test]
fn random_programs_descend_from_the_first_alone() {
    let config = Config { method: Method::Random, ..small() };
    let state = finished(config, 14).progress().clone();
    assert!(state.genealogy.iter().all(|birth| birth.parent == Origin::Founder(0)));
}

#[test]
fn fingerprints_save_evaluations_and_are_counted_apart() {
    let config = Config { fingerprint: true, ..small() };
    let mut evolution = evolution(config, 15)
        .with_fingerprint(std::sync::Arc::new(|graph: &Graph, _| graph.calls() as u128));
    let evaluator = Evaluator::new(Backend::cpu());
    run(&mut evolution, &Rugged, &evaluator, &RunPlan::default(), &mut []).expect("it runs");
    let counters = &evolution.progress().counters;
    assert!(counters.fingerprint_hits > counters.evaluated);
    assert_eq!(counters.fingerprint_hits + counters.hits + counters.evaluated, 601);
}

#[test]
fn seeds_rotate_and_the_archive_keeps_the_mean_over_them() {
    let mut evolution = evolution(Config { rotate: 150, ..small() }, 16);
    let mut sets = BTreeSet::new();
    for generation in 0..Generation::MAX {
        let population = evolution.ask(generation).expect("it asks");
        if population.members.is_empty() {
            break;
        }
        sets.extend(population.members.iter().map(|candidate| candidate.set));
        let fitness =
            Evaluator::new(Backend::cpu()).evaluate(&Rugged, &population).expect("it scores");
        evolution.tell(population, &fitness, &Backend::cpu()).expect("it learns");
    }
    assert_eq!(sets.len(), 4);
    let best = evolution.progress().archive.best(50);
    assert!(best.iter().any(|(_, entry)| entry.sets > 1));
}

#[test]
fn a_hurdle_stops_what_is_behind_on_the_first_proxy() {
    let promoted = |hurdle: f64| {
        let mut evolution = evolution(Config { births: 3000, hurdle, ..small() }, 17);
        let evaluator = Evaluator::new(Backend::cpu());
        run(&mut evolution, &Rugged, &evaluator, &RunPlan::default(), &mut []).expect("it runs");
        let state = evolution.progress();
        let best = state.archive.best(1)[0].1.fitness();
        let counters = &state.counters;
        let trained = (counters.evaluated - counters.failures()) as f64;
        (counters.promoted as f64 / trained, best)
    };
    let (all, without) = promoted(0.0);
    let (some, with) = promoted(0.25);
    assert_eq!(all, 1.0);
    assert!((0.05..0.5).contains(&some), "{some}");
    // What wins the second proxy wins the first too, so nothing is lost.
    assert!(with > without - 0.3, "{with} {without}");
}

#[test]
fn without_insertion_programs_never_grow() {
    let mutation = mutate::Config { insert: 0.0, ..mutate::Config::default() };
    let state = finished(Config { mutation, ..small() }, 18).progress().clone();
    let first = state.founders[0].statements.len();
    let lengths: Vec<usize> =
        state.islands[0].members.iter().map(|member| member.program.statements.len()).collect();
    assert!(lengths.iter().all(|length| *length <= first), "{lengths:?}");
    assert!(lengths.iter().any(|length| *length < first), "{lengths:?}");
}

#[test]
fn settings_without_sense_are_named() {
    let key = |config: Config| config.check().expect_err("it makes no sense").key;
    assert_eq!(key(Config { population: 1, ..small() }), "population");
    assert_eq!(key(Config { tournament: 41, ..small() }), "tournament");
    assert_eq!(key(Config { hurdle: 1.5, ..small() }), "hurdle");
    assert_eq!(key(Config { annealing: f64::NAN, ..small() }), "annealing");
    let mutation =
        mutate::Config { insert: 0.0, delete: 0.0, modify: 0.0, ..mutate::Config::default() };
    assert_eq!(key(Config { mutation, ..small() }), "mutation");
}
