//! Arms of the same networks on the same rows, each searched in the same ways. Q1: does IGNITE help? `published`: does the default of the library beat
//! what was published, without any regulariser?

use std::path::PathBuf;
use std::time::Instant;

use hatchery::surrogates::model::{Merit, Vote};
use hatchery::surrogates::network::Head;
use serde_json::json;

use super::arena::{self, Arena};
use super::args::Args;
use super::arms::Arm;
use super::measures::Measures;
use super::methods::{LEAST, OURS, REFERENCES, SEARCHERS, judge, propose, reference, searcher};
use super::networks::{Family, Training, multiplier, norms};
use super::rank::{MODEL_FREE, changed, model_free};
use super::record::{Figures, Record};
use super::store::Store;
use super::workers::work;

/// Proposals of each method.
const ANSWERS: usize = 128;

pub(crate) const TASKS: [&str; 8] = [
    "hartmann6",
    "ackley20",
    "rastrigin20",
    "levy20",
    "planted-86",
    "tfbind-like",
    "ehrlich",
    "tf-bind-8",
];

/// Proposals of plain ascent with one random change each: shows what a little noise does to a best of 128.
const NOISY: &str = "ascent+noise";

/// What is run if nothing else is asked for.
#[derive(Debug)]
pub(crate) struct Experiment {
    /// Its cells' names begin with it.
    pub(crate) name: &'static str,
    tasks: &'static [&'static str],
    searchers: &'static [&'static str],
    arms: &'static [&'static str],
    seeds: u64,
    epochs: u32,
    rows: usize,
}

/// Does IGNITE help?
pub(crate) const Q1: Experiment = Experiment {
    name: "q1",
    tasks: &TASKS,
    searchers: &[
        "ascent",
        "unit-ascent",
        "coms",
        "cma-es",
        "reinforce",
        "pairwise-ridge",
        "gp-lcb",
    ],
    arms: &Arm::NAMES,
    seeds: 16,
    epochs: 20,
    rows: 8_000,
};

/// The same in some minutes.
pub(crate) const Q1_QUICK: Experiment = Experiment {
    tasks: &["hartmann6", "rastrigin20", "tfbind-like"],
    searchers: &["ascent", "reinforce", "pairwise-ridge"],
    arms: &["plain", "ignite", "ignite2"],
    seeds: 4,
    epochs: 10,
    rows: 2_000,
    ..Q1
};

/// The default of the library against the published searches of plain networks.
pub(crate) const PUBLISHED: Experiment = Experiment {
    name: "published",
    tasks: &["branin", "hartmann6", "ackley20", "rastrigin20", "levy20"],
    searchers: &PUBLISHED_SEARCHERS,
    arms: &["plain"],
    seeds: 10,
    ..Q1
};

/// The default of the library, then the published ones.
pub(crate) const PUBLISHED_SEARCHERS: [&str; 10] = [
    OURS,
    "ascent",
    "mean-ensemble",
    "min-ensemble",
    "coms",
    "cma-es",
    "reinforce",
    "bo-qei",
    "cbas",
    "mins",
];

/// The same in some minutes.
pub(crate) const PUBLISHED_QUICK: Experiment =
    Experiment { tasks: &["branin", "hartmann6"], seeds: 2, epochs: 5, rows: 1_000, ..PUBLISHED };

/// What is to be run.
struct Plan {
    name: &'static str,
    data: Option<PathBuf>,
    training: Training,
    rows: usize,
    searchers: Vec<String>,
    arms: Vec<Arm>,
}

/// What one worker does in one go: the cells that share a drawn task and its networks.
struct Job {
    task: String,
    seed: u64,
    part: Part,
}

#[derive(Clone, Debug)]
enum Part {
    /// The rows that need no model.
    Rows,
    Reference(String),
    Networks(Family),
}

/// Runs the cells that are not there yet.
///
/// # Errors
/// What is wrong, as a sentence.
pub(crate) fn run(args: &Args, store: &Store, experiment: &Experiment) -> Result<(), String> {
    let or = |asked: &Option<Vec<String>>, usual: &[&str]| {
        asked.clone().unwrap_or_else(|| usual.iter().map(|name| (*name).to_owned()).collect())
    };
    let tasks = or(&args.tasks, experiment.tasks);
    let known: Vec<&str> = SEARCHERS.iter().map(|(name, _)| *name).chain(REFERENCES).collect();
    let searchers = Args::chosen(Some(&or(&args.searchers, experiment.searchers)), &known)?;
    let arms = Args::chosen(Some(&or(&args.arms, experiment.arms)), &Arm::NAMES)?;
    let epochs = args.epochs.unwrap_or(experiment.epochs);
    let rows = args.rows.unwrap_or(experiment.rows);
    let head = args.head(Head::Normal)?;
    // A published conservative network sees each of 32,898 rows twice: of 8,000 rows that is eight times.
    let training =
        Training { epochs, epochs_conservative: (epochs * 2 / 5).max(2), width: 256, head };
    let mut settings = json!({ "epochs": epochs, "rows": rows, "width": training.width });
    if let Some(name) = &args.head {
        settings["head"] = name.as_str().into();
    }
    store.agree(experiment.name, &settings)?;
    let plan = Plan {
        name: experiment.name,
        data: args.data.clone(),
        training,
        rows,
        searchers,
        arms: Arm::ALL
            .iter()
            .filter(|(name, _)| arms.iter().any(|arm| arm == name))
            .map(|(_, arm)| *arm)
            .collect(),
    };
    let mut jobs = Vec::new();
    let tasks = arena::available(tasks, args.data.as_deref())?;
    for seed in args.seeds(experiment.seeds) {
        for task in &tasks {
            let parts = plan.parts().into_iter();
            let some = parts.map(|part| Job { task: task.clone(), seed, part });
            jobs.extend(some.filter(|job| !plan.missing(job, store).is_empty()));
        }
    }
    let describe = |job: &Job| format!("{} {:?} seed {}", job.task, job.part, job.seed);
    work(&jobs, args.threads(), describe, |job| plan.run(job, store))
}

impl Plan {
    fn parts(&self) -> Vec<Part> {
        let asked = |name: &str| self.searchers.iter().any(|asked| asked == name);
        let references = REFERENCES.iter().filter(|name| asked(name));
        let mut parts = vec![Part::Rows];
        parts.extend(references.map(|name| Part::Reference((*name).to_owned())));
        for family in [Family::Single, Family::Conservative, Family::Ensemble] {
            if SEARCHERS.iter().any(|(name, of)| *of == family && asked(name)) {
                parts.push(Part::Networks(family));
            }
        }
        parts
    }

    /// Cells of a job that are not there: searcher and arm.
    fn missing(&self, job: &Job, store: &Store) -> Vec<(&str, Option<Arm>)> {
        let mut cells: Vec<(&str, Option<Arm>)> = Vec::new();
        match &job.part {
            Part::Rows => cells.extend(MODEL_FREE.map(|name| (name, None))),
            Part::Reference(name) => {
                let known = REFERENCES.into_iter().find(|known| known == name);
                cells.extend(known.map(|name| (name, None)));
            }
            Part::Networks(family) => {
                let asked = |name: &str| self.searchers.iter().any(|asked| asked == name);
                let own = || SEARCHERS.iter().filter(|(name, of)| of == family && asked(name));
                for &arm in &self.arms {
                    cells.extend(own().map(|(name, _)| (*name, Some(arm))));
                    if arm == Arm::Plain && own().any(|(name, _)| *name == "ascent") {
                        cells.push((NOISY, Some(arm)));
                    }
                }
            }
        }
        cells.retain(|(name, arm)| {
            let arm = arm.map_or("-", Arm::name);
            !store.has(&Record::cell(self.name, &job.task, name, arm, job.seed))
        });
        cells
    }

    fn run(&self, job: &Job, store: &Store) -> Result<(), String> {
        let arena = Arena::named(&job.task, self.data.as_deref(), job.seed, self.rows)?;
        let missing = self.missing(job, store);
        let keep = |record: Record| store.push(&record.name(self.name), &record);
        match &job.part {
            Part::Rows => {
                for (name, _) in missing {
                    let mut record = Record::new(&arena, name, "-");
                    let designs = model_free(&arena, name, ANSWERS);
                    record.measures = Measures::of(&arena, &designs, None);
                    keep(record)?;
                }
            }
            Part::Reference(name) => keep(reference(&arena, name, ANSWERS))?,
            Part::Networks(family) => {
                for &arm in &self.arms {
                    let of_arm = missing.iter().filter(|(_, of)| *of == Some(arm));
                    let names: Vec<&str> = of_arm.map(|(name, _)| *name).collect();
                    if !names.is_empty() {
                        self.arm(&arena, *family, arm, &names, store)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Trains the networks of an arm once and searches them in all ways that are missing.
    fn arm(
        &self,
        arena: &Arena,
        family: Family,
        arm: Arm,
        names: &[&str],
        store: &Store,
    ) -> Result<(), String> {
        let wanted = (arm == Arm::WeightDecay).then(|| self.norm_of_ignite(arena, family, store));
        let trained = self.training.train(arena, family, arm, wanted.flatten());
        let trained = match trained {
            Ok(trained) => trained,
            Err(error) => {
                for name in names {
                    let mut record = Record::new(arena, name, arm.name());
                    record.failure = Some(error.to_string());
                    store.push(&record.name(self.name), &record)?;
                }
                return Ok(());
            }
        };
        let ensemble = &trained.ensemble;
        let norm = norms(arena, ensemble);
        let finite = |value: f64| value.is_finite().then_some(value);
        let mut figures = Figures {
            norm: finite(norm.iter().sum::<f64>() / norm.len() as f64),
            norm_first: norm.first().copied().and_then(finite),
            multiplier: finite(multiplier(ensemble)),
            weight_decay: (arm == Arm::WeightDecay).then_some(trained.weight_decay),
            matches: (arm == Arm::WeightDecay).then_some(trained.matches),
            ..Figures::of(arena, ensemble)
        };
        for name in names {
            let mut record = Record::new(arena, name, arm.name());
            record.train_seconds = trained.seconds;
            let base = if *name == NOISY { "ascent" } else { name };
            let clock = Instant::now();
            let merit = Merit::default();
            let least = (base == LEAST).then(|| ensemble.clone().with_vote(Vote::Lowest));
            let ensemble = least.as_ref().unwrap_or(ensemble);
            let mut found = propose(arena, ensemble, merit, &*searcher(base, arena), ANSWERS);
            if *name == NOISY {
                found = found.map(|found| changed(arena, &found, "noise on proposals"));
            }
            record.search_seconds = clock.elapsed().as_secs_f64();
            let designs = judge(&mut record, arena, ensemble, found);
            figures.norm_proposals =
                (!designs.is_empty()).then(|| ensemble.sharpness(&designs)).and_then(finite);
            record.figures = figures;
            store.push(&record.name(self.name), &record)?;
        }
        Ok(())
    }

    /// N of the first network of the arm that weight decay is matched to: of a cell that is there, else of a training.
    fn norm_of_ignite(&self, arena: &Arena, family: Family, store: &Store) -> Option<f64> {
        let own = SEARCHERS.iter().filter(|(_, of)| *of == family);
        let cell =
            |name| Record::cell(self.name, &arena.name, name, Arm::Ignite.name(), arena.seed);
        let there = own.filter_map(|(name, _)| store.get::<Record>(&cell(name)));
        there.filter_map(|record| record.figures.norm_first).next().or_else(|| {
            let trained = self.training.train(arena, family, Arm::Ignite, None).ok()?;
            norms(arena, &trained.ensemble).first().copied()
        })
    }
}
