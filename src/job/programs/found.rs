//! What a search has found, as JSON: for the page, for people and for other programs.

use hatchery_search::program::evolve::{Entry, Improvement, State};
use hatchery_search::program::select::Stage;
use hatchery_search::program::training::Failure;
use hatchery_search::program::{Graph, Liveness};
use serde_json::{Map, Value, json};

use super::ProgramsJob;

/// Programs of the archive that are written out.
const ARCHIVE_SHOWN: usize = 50;

impl ProgramsJob {
    fn entry(&self, hash: u128, entry: &Entry) -> Value {
        let live = Liveness::of(&entry.program, &self.signature);
        json!({
            "hash": format!("{hash:032x}"),
            "fitness": entry.fitness(),
            "seed_sets": entry.sets,
            "ticket": entry.ticket,
            "statements": entry.program.statements.len(),
            "live_statements": live.live_statements(),
            "states": live.live_states(),
            "text": self.text(&entry.program.without_dead(&self.signature)),
        })
    }

    fn improvement(&self, one: &Improvement) -> Value {
        let live = Liveness::of(&one.program, &self.signature);
        json!({
            "run": one.run,
            "births": one.births,
            "ticket": one.ticket,
            "fitness": one.fitness,
            "statements": one.program.statements.len(),
            "live_statements": live.live_statements(),
            "states": live.live_states(),
        })
    }

    /// Which mutations made a program; those that changed nothing that matters are counted, not shown.
    fn lineage(&self, ticket: u64) -> Value {
        let mut steps = Vec::new();
        let (mut births, mut neutral) = (0_u32, 0_u32);
        let mut hash = None;
        for step in self.strategy.lineage(ticket) {
            let graph = Graph::of(&step.program, &self.signature).ok().map(|graph| graph.hash);
            births += u32::from(step.ticket.is_some());
            if step.ticket.is_some() && graph == hash {
                neutral += 1;
                continue;
            }
            hash = graph;
            steps.push(json!({
                "ticket": step.ticket,
                "mutation": step.mutation,
                "fitness": step.fitness,
                "text": self.text(&step.program.without_dead(&self.signature)),
            }));
        }
        json!({ "births": births, "neutral": neutral, "steps": steps })
    }

    pub(super) fn found(&self) -> Value {
        let state: &State = self.strategy.progress();
        let counters = &state.counters;
        let failed: Map<String, Value> = Failure::ALL
            .iter()
            .zip(counters.failed)
            .map(|(kind, count)| (kind.name().to_owned(), count.into()))
            .collect();
        let archive: Vec<Value> = state
            .archive
            .best(ARCHIVE_SHOWN)
            .into_iter()
            .map(|(hash, entry)| self.entry(hash, entry))
            .collect();
        let improvements: Vec<Value> =
            state.improvements.iter().map(|one| self.improvement(one)).collect();
        json!({
            "proxies": self.task.suite().names(),
            "start": state.founders.first().map(|program| self.text(program)),
            "counters": {
                "births": counters.births,
                "invalid": counters.invalid,
                "hits": counters.hits,
                "hit_rate": counters.hit_rate(),
                "fingerprint_hits": counters.fingerprint_hits,
                "evaluated": counters.evaluated,
                "promoted": counters.promoted,
                "failed": failed,
                "migrants": counters.migrants,
                "restarts": counters.restarts,
                "mean_length": counters.statements as f64 / counters.births.max(1) as f64,
                "mean_live_length": counters.live_statements as f64 / counters.births.max(1) as f64,
                "redundancy": counters.redundancy(),
                "making_s": counters.making_s,
                "evaluating_s": counters.evaluating_s,
            },
            "improvements": improvements,
            "lineage": self.best().map(|(_, best)| self.lineage(best.ticket)),
            "archive": archive,
        })
    }

    pub(super) fn stage(&self, stage: &Stage) -> Value {
        let standings: Vec<Value> = stage
            .standings
            .iter()
            .map(|one| {
                json!({
                    "hash": one.hash,
                    "ratio": one.ratio,
                    "difference": one.difference,
                    "passed": one.passed,
                    "text": self.text(&one.program),
                })
            })
            .collect();
        json!({
            "proxies": stage.proxies,
            "entered": stage.entered,
            "passed": stage.passed,
            "baseline": stage.baseline,
            "standings": standings,
        })
    }

    /// What is always counted, for people.
    pub(super) fn counted(&self) -> Vec<String> {
        let counters = &self.strategy.progress().counters;
        let failed: Vec<String> = Failure::ALL
            .iter()
            .zip(counters.failed)
            .filter(|(_, count)| *count > 0)
            .map(|(kind, count)| format!("{count} {}", kind.name()))
            .collect();
        let births = counters.births.max(1) as f64;
        let best = self.best().map_or(f64::NAN, |(_, entry)| entry.fitness());
        vec![
            format!(
                "{} births: {:.1} % known before, {} trained with, of which failed: {}",
                counters.births,
                100.0 * counters.hit_rate(),
                counters.evaluated,
                if failed.is_empty() { "none".to_owned() } else { failed.join(", ") },
            ),
            format!(
                "{:.1} statements a program, {:.1} of them matter; best fitness {best:.4}",
                counters.statements as f64 / births,
                counters.live_statements as f64 / births,
            ),
        ]
    }
}
