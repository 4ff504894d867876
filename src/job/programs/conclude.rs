//! What follows a search: validation, funnel, simplification, report, code.

use anyhow::Result;
use hatchery_search::program::evolve::Improvement;
use hatchery_search::program::export::{Language, Provenance, export};
use hatchery_search::program::select::{
    self, Contender, Interrupted, Rule, Stage, Table, baselines, funnel, report, rescore, turning,
    validate,
};
use hatchery_search::program::simplify::{
    Effort, Simplified, Tolerance, simplify, simplify_scored, training_scores,
};
use hatchery_search::program::training::Suite;
use hatchery_search::program::{Graph, Names, Program};
use serde_json::{Value, json};

use super::{ProgramsJob, proxies};
use crate::job::{Conclude, Conclusion};
use crate::run_dir::RunDir;

impl ProgramsJob {
    /// Meta-validation of each run: points, and where the curve turns.
    fn validated(&self, conclude: &Conclude<'_>) -> Result<Vec<Value>, Stopped> {
        if self.selection.validation.is_empty() {
            return Ok(Vec::new());
        }
        (conclude.say)("meta-validation: the best programs over the births, on larger proxies");
        let signature = self.signature.clone();
        let suite = Suite::new(proxies(&self.selection.validation)?, signature, self.limits);
        let state = self.strategy.progress();
        let mut runs = Vec::new();
        for number in 0..=state.run {
            let of_run: Vec<Improvement> =
                state.improvements.iter().filter(|one| one.run == number).cloned().collect();
            if of_run.is_empty() {
                continue;
            }
            let amount = (self.selection.validation_points, self.selection.validation_seeds);
            let points = validate(&of_run, &suite, amount, &self.signature, conclude.stop)?;
            let births = self.search.evolution.births;
            let turning = turning(&points, births);
            runs.push(
                json!({ "run": number, "births": births, "turning": turning, "points": points }),
            );
        }
        conclude
            .dir
            .write_json("validation.json", &json!({ "proxies": suite.names(), "runs": runs }))?;
        Ok(runs)
    }

    /// The best of the archive on fresh seeds, and the best of each run by meta-validation; no two compute the same.
    fn contenders(
        &self,
        validated: &[Value],
        conclude: &Conclude<'_>,
    ) -> Result<Vec<Contender>, Stopped> {
        /// Programs of the archive that are scored again, for each that may enter.
        const AGAIN: usize = 8;
        let state = self.strategy.progress();
        let at_turn = validated.iter().filter_map(|run| {
            let points = run["points"].as_array()?;
            let of = |point: &Value| point["validation"].as_f64();
            let best = points
                .iter()
                .filter(|point| of(point).is_some())
                .max_by(|a, b| of(a).unwrap_or(f64::MIN).total_cmp(&of(b).unwrap_or(f64::MIN)))?;
            let ticket = best["ticket"].as_u64()?;
            state.improvements.iter().find(|one| one.ticket == ticket).map(|one| &one.program)
        });
        let count = self.selection.candidates as usize;
        // Programs with the same fitness to the last bit do the same in all but form.
        let mut archive = state.archive.best(usize::MAX);
        archive.dedup_by_key(|(_, entry)| entry.fitness());
        let best: Vec<Program> =
            archive.iter().take(AGAIN * count).map(|(_, entry)| entry.program.clone()).collect();
        (conclude.say)(&format!("the best {} of the archive on fresh seeds", best.len()));
        let seeds = self.selection.seeds;
        let best = rescore(&best, self.task.suite(), &self.signature, seeds, conclude.stop)?;
        let mut contenders: Vec<Contender> = Vec::new();
        for program in at_turn.chain(best.iter().map(|(_, program)| program)) {
            let Ok(graph) = Graph::of(program, &self.signature) else { continue };
            if contenders.iter().all(|known| known.hash != graph.hash) && contenders.len() < count {
                contenders.push(Contender {
                    hash: graph.hash,
                    program: program.without_dead(&self.signature),
                });
            }
        }
        Ok(contenders)
    }

    /// What the funnel lets through, or else its best; and whether it went through.
    fn selected(
        &self,
        validated: &[Value],
        conclude: &Conclude<'_>,
    ) -> Result<(Option<Program>, bool, Vec<Stage>), Stopped> {
        let contenders = self.contenders(validated, conclude)?;
        // The first two sorts of contenders in one: at the turn of meta-validation, else best on fresh seeds.
        let best = contenders.first().map(|contender| contender.program.clone());
        if self.selection.stages.is_empty() || contenders.is_empty() {
            return Ok((best, false, Vec::new()));
        }
        (conclude.say)(&format!("funnel: {} programs against tuned AdamW", contenders.len()));
        let stages =
            self.selection.stages.iter().map(|names| proxies(names)).collect::<Result<Vec<_>>>()?;
        let select::Config { draws, tuning_seeds, seeds, .. } = self.selection;
        let stages = funnel(
            contenders,
            &self.signature,
            &baselines()[0],
            &stages,
            (draws, tuning_seeds, seeds),
            self.limits,
            conclude.stop,
        )?;
        let written: Vec<Value> = stages.iter().map(|stage| self.stage(stage)).collect();
        conclude.dir.write_json("funnel.json", &written)?;
        let through = stages.len() == self.selection.stages.len()
            && stages.last().is_some_and(|stage| stage.passed > 0);
        // Where nothing went through, the best of the last stage that was reached.
        let chosen = stages.last().and_then(|stage| stage.standings.first());
        let chosen = chosen.map(|standing| standing.program.clone()).or(best);
        Ok((chosen, through, stages))
    }

    fn report(&self, program: &Program, conclude: &Conclude<'_>) -> Result<Vec<Table>, Stopped> {
        if self.selection.report.is_empty() {
            return Ok(Vec::new());
        }
        let signature = self.signature.clone();
        let mut rules =
            vec![Rule { name: "discovered".into(), program: program.clone(), signature }];
        rules.extend(baselines());
        (conclude.say)(&format!(
            "report: {} rules, each tuned alike, on {}",
            rules.len(),
            self.selection.report.join(", ")
        ));
        let proxies = proxies(&self.selection.report)?;
        let select::Config { draws, tuning_seeds, report_seeds, .. } = self.selection;
        let amount = (draws, tuning_seeds, report_seeds);
        let tables = report(&rules, &proxies, amount, self.limits, conclude.stop)?;
        let text = |rule: &str, program: &Program| {
            let rule = rules.iter().find(|known| known.name == rule).expect("it is one of them");
            program.text(&rule.signature, &Names::of(&rule.signature))
        };
        let written: Vec<Value> = tables
            .iter()
            .map(|table| {
                let rows: Vec<Value> = table
                    .rows
                    .iter()
                    .map(|row| {
                        json!({
                            "rule": row.rule,
                            "mean": row.mean,
                            "standard_error": row.standard_error,
                            "difference": row.difference,
                            "losses": row.losses,
                            "text": row.tuned.as_ref().map(|program| text(&row.rule, program)),
                        })
                    })
                    .collect();
                json!({ "proxy": table.proxy, "rows": rows })
            })
            .collect();
        conclude.dir.write_json("comparison.json", &written)?;
        Ok(tables)
    }

    /// The program in its shortest form: what hardly changes the trainings of the search goes too. Where it does not train on the seeds of
    /// this step, by its form alone.
    fn simplified(&self, program: &Program) -> Simplified {
        /// Set of seeds that nothing else selects with.
        const SET: u64 = 4;
        let suite = self.task.suite();
        let effort = Effort::default();
        let tolerance = Tolerance { change: self.selection.tolerance, ..Tolerance::default() };
        training_scores(suite, program, SET, self.selection.seeds)
            .and_then(|scores| simplify_scored(program, &self.signature, effort, tolerance, scores))
            .unwrap_or_else(|_| simplify(program, &self.signature, effort))
    }

    /// What was found in every language, and in words.
    fn write_code(&self, discovered: &Simplified, dir: &RunDir) -> Result<()> {
        const FILES: [(Language, &str); 6] = [
            (Language::Rust, "discovered.rs"),
            (Language::Numpy, "discovered_numpy.py"),
            (Language::Pytorch, "discovered_pytorch.py"),
            (Language::Optax, "discovered_optax.py"),
            (Language::Latex, "discovered.tex"),
            (Language::Pseudocode, "pseudocode.txt"),
        ];
        let mut words = discovered.explanation.clone();
        for step in &discovered.steps {
            let (before, after) = step.statements;
            words.push(format!("{}: {before} statements became {after}", step.name));
            words.extend(step.notes.iter().cloned());
        }
        dir.write_text("explanation.txt", &(words.join("\n") + "\n"))?;
        let scored_on = self.task.suite().names().join(", ");
        let provenance = Provenance { scored_on: format!("{scored_on} (the search)") };
        for (language, file) in FILES {
            // A signature with progress has no optimizer class in other frameworks.
            let code = export(&discovered.program, &self.signature, language, &provenance);
            if let Ok(code) = code {
                dir.write_text(&format!("exports/{file}"), &code)?;
            }
        }
        Ok(())
    }

    pub(super) fn conclude_or_stop(&self, conclude: &Conclude<'_>) -> Result<Conclusion, Stopped> {
        let mut conclusion = Conclusion { lines: self.counted(), ..Conclusion::default() };
        let validated = self.validated(conclude)?;
        for run in &validated {
            if let Some(turning) = run["turning"].as_f64() {
                let line = format!(
                    "run {}: meta-validation turns at {:.0} % of the births",
                    run["run"].as_u64().unwrap_or(0) + 1,
                    100.0 * turning
                );
                conclusion.lines.push(line);
            }
        }
        let (chosen, through, stages) = self.selected(&validated, conclude)?;
        for (number, stage) in stages.iter().enumerate() {
            let Stage { proxies, entered, passed, .. } = stage;
            conclusion.lines.push(format!(
                "funnel stage {}: {passed} of {entered} beat tuned AdamW on {}",
                number + 1,
                proxies.join(", ")
            ));
        }
        let Some(chosen) = chosen else {
            conclusion.lines.push("no program could be scored".into());
            return Ok(conclusion);
        };
        (conclude.say)("simplifying, with and without trainings");
        let discovered = self.simplified(&chosen);
        let text = self.text(&discovered.program);
        conclude.dir.write_text("discovered.txt", &text)?;
        self.write_code(&discovered, conclude.dir)?;
        let tables = self.report(&discovered.program, conclude)?;
        conclusion.lines.extend(comparison(&tables));
        conclusion.lines.push(String::new());
        conclusion.lines.extend(text.lines().map(str::to_owned));
        conclusion.lines.extend(discovered.explanation.iter().cloned());
        conclusion.lines.push(String::new());
        let path = conclude.dir.path.display();
        conclusion.lines.push(format!("code     {path}/exports"));
        conclusion.summary.insert("discovered".into(), text.into());
        conclusion.summary.insert("through_funnel".into(), through.into());
        Ok(conclusion)
    }
}

/// Why a conclusion ended early.
pub(super) enum Stopped {
    Interrupted,
    Failed(anyhow::Error),
}

impl From<Interrupted> for Stopped {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

impl From<anyhow::Error> for Stopped {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// The tables of the report as lines: a proxy a line, a rule a column, and the interval of the difference to AdamW.
fn comparison(tables: &[Table]) -> Vec<String> {
    let Some(first) = tables.first() else { return Vec::new() };
    let mut lines = vec![format!(
        "test loss (± standard error) on proxies not used before, {} seeds:",
        first.rows.iter().find_map(|row| row.losses.as_ref().map(Vec::len)).unwrap_or(0)
    )];
    let width = tables.iter().map(|table| table.proxy.len()).max().unwrap_or(0);
    let mut head = format!("{:width$}", "");
    for row in &first.rows {
        head += &format!("  {:>18}", row.rule);
    }
    lines.push(head + "   discovered − adamw (95 %)");
    for table in tables {
        let mut line = format!("{:width$}", table.proxy);
        for row in &table.rows {
            let cell = match (row.mean, row.standard_error) {
                (Some(mean), Some(error)) => format!("{mean:.4} ± {error:.4}"),
                _ => "failed".to_owned(),
            };
            line += &format!("  {cell:>18}");
        }
        if let Some(difference) = table.rows.first().and_then(|row| row.difference) {
            line += &format!(
                "   {:+.4} ({:+.4} to {:+.4})",
                difference.mean, difference.low, difference.high
            );
        }
        lines.push(line);
    }
    lines
}
