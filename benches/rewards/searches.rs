//! One search, its race, and fresh trainings with what it chose.

use std::time::Instant;

use hatchery::engine::world::World;
use hatchery::kernels::Dice;
use hatchery::prelude::*;
use hatchery::search::meta_reward::expression::{
    Division, Invariance, Operators, Reward, Vocabulary,
};
use hatchery::search::meta_reward::inner;
use hatchery::search::meta_reward::outer::{
    Config, Entrant, InnerRuns, Journal, MetaPolicy, Method, Outer, Proposer, Screened, race,
    retrain,
};
use hatchery::tasks::worlds::WithWorld;
use serde_json::{Value, json};

use super::args::{Args, INHERITED};
use super::inherited::inherited;

/// Rewards that a policy writes to show what it has learnt.
const SAMPLES: u64 = 512;

/// What one method found for one outer seed.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) method: String,
    pub(crate) seed: u64,
    pub(crate) expression: String,
    /// Largest value that was seen during the search.
    pub(crate) seen: Option<f64>,
    /// Mean value of the first and of the last quarter of outer steps.
    pub(crate) quarters: Option<[f64; 2]>,
    /// Share of invalid proposals in the same quarters, of a method that can make some.
    pub(crate) invalid: Option<[f64; 2]>,
    /// Mean relative weight of each primitive in what a learned policy writes at its end.
    pub(crate) weights: Option<Value>,
    /// Mean success of fresh trainings on L0, L1, L2.
    pub(crate) fresh: [f64; 3],
    /// The same for what all that was learnt speaks for.
    pub(crate) consensus: Option<(String, [f64; 3])>,
    pub(crate) trainings: usize,
    pub(crate) elapsed_s: f64,
}

impl Found {
    pub(crate) fn line(&self) -> String {
        let [l0, l1, l2] = self.fresh;
        format!("{l0:.3} {l1:.3} {l2:.3} in {:.0} s, {}", self.elapsed_s, self.expression)
    }

    pub(crate) fn json(&self, args: &Args) -> Value {
        let consensus = self.consensus.as_ref();
        json!({
            "settings": args.settings(), "method": self.method, "seed": self.seed, "expression": self.expression, "seen": self.seen,
            "quarters": self.quarters, "invalid": self.invalid, "weights": self.weights, "l0": self.fresh[0], "l1": self.fresh[1], "l2": self.fresh[2],
            "consensus": consensus.map(|(text, fresh)| json!({ "expression": text, "fresh": fresh })),
            "trainings": self.trainings, "elapsed_s": self.elapsed_s,
        })
    }

    /// From a line that [`json`](Self::json) wrote with the same settings.
    pub(crate) fn read(line: &str, args: &Args) -> Option<Self> {
        let value: Value = serde_json::from_str(line).ok()?;
        if value["settings"] != args.settings() {
            return None;
        }
        let pair = |value: &Value| Some([value[0].as_f64()?, value[1].as_f64()?]);
        let three =
            |value: &Value| Some([value[0].as_f64()?, value[1].as_f64()?, value[2].as_f64()?]);
        let consensus = &value["consensus"];
        Some(Self {
            method: value["method"].as_str()?.to_owned(),
            seed: value["seed"].as_u64()?,
            expression: value["expression"].as_str()?.to_owned(),
            seen: value["seen"].as_f64(),
            quarters: pair(&value["quarters"]),
            invalid: pair(&value["invalid"]),
            weights: value.get("weights").filter(|weights| weights.is_object()).cloned(),
            fresh: [value["l0"].as_f64()?, value["l1"].as_f64()?, value["l2"].as_f64()?],
            consensus: three(&consensus["fresh"])
                .zip(consensus["expression"].as_str())
                .map(|(fresh, text)| (text.to_owned(), fresh)),
            trainings: value["trainings"].as_u64()? as usize,
            elapsed_s: value["elapsed_s"].as_f64()?,
        })
    }
}

/// One method with one outer seed, in whatever world.
pub(crate) struct Cell<'a> {
    pub(crate) method: &'a str,
    pub(crate) seed: u64,
    pub(crate) args: &'a Args,
}

impl WithWorld for Cell<'_> {
    type Output = Result<Found, String>;

    fn with<W: World + Clone + 'static>(self, world: W) -> Self::Output {
        let Self { method, seed, args } = self;
        let began = Instant::now();
        let words = |error: &dyn std::fmt::Display| error.to_string();
        let set = world.sets().iter().find(|set| set.name == args.primitives);
        let set = set.ok_or_else(|| format!("there are no primitives '{}'", args.primitives))?;
        let (primitives, signals) = (world.primitives(), world.signals());
        let vocabulary = Vocabulary::try_new(primitives, signals, set, Operators::Derl4)
            .map_err(|error| words(&error))?;
        let all = Vocabulary::everything(primitives, signals).map_err(|error| words(&error))?;
        let training = args.training(inner::Config::of(&world))?;
        let hand_made = world.hand_made().to_owned();
        let mut task = InnerRuns::new(world, training, seed, args.trainings, Division::Safe);
        if INHERITED.contains(&method) {
            return inherited(task, method, &vocabulary, args);
        }
        task.journal = Some(Journal::new(all.clone()));
        let fresh = |reward: &Reward| -> [f64; 3] {
            let verdicts = retrain(&task, std::slice::from_ref(reward), args.fresh);
            let verdict = verdicts.and_then(|verdicts| verdicts.into_iter().next());
            verdict.unwrap_or_default().intervals().map(|i| i.map_or(0.0, |i| i.mean))
        };
        let searched = match method {
            "outcome" => Err(Reward::outcome()),
            "average" => Err(Reward::average(&vocabulary)),
            "hand" => Err(Reward::parse(&hand_made, &all).map_err(|error| words(&error))?),
            name => Ok(run(&task, name, &vocabulary, args)?),
        };
        let (winner, searched) = match searched {
            Err(fixed) => (fixed, None),
            Ok(searched) => {
                let seeds = args.config(method)?.race_seeds as usize;
                let raced = race(&task, &searched.finalists, seeds).unwrap_or_default();
                let winner = raced.first().map_or_else(Reward::outcome, |one| one.reward.clone());
                (winner, Some(searched))
            }
        };
        let trainings = task.journal.as_ref().map_or(0, |journal| journal.len());
        let winner = winner.simplified(&all, Invariance::Affine);
        Ok(Found {
            method: method.to_owned(),
            seed,
            expression: winner.text(&all),
            seen: searched.as_ref().map(|searched| searched.seen),
            quarters: searched.as_ref().map(|searched| searched.quarters),
            invalid: searched.as_ref().and_then(|searched| searched.invalid),
            weights: searched.as_ref().and_then(|searched| searched.weights.clone()),
            fresh: fresh(&winner),
            consensus: searched.and_then(|searched| {
                let consensus = searched.consensus?;
                Some((consensus.text(&all), fresh(&consensus)))
            }),
            trainings,
            elapsed_s: began.elapsed().as_secs_f64(),
        })
    }
}

struct Searched {
    finalists: Vec<Entrant>,
    seen: f64,
    quarters: [f64; 2],
    invalid: Option<[f64; 2]>,
    weights: Option<Value>,
    consensus: Option<Reward>,
}

/// Values of a search, step by step.
#[derive(Default)]
struct Course {
    seen: f64,
    means: Vec<f64>,
    invalid: Vec<f64>,
}

impl Observer for Course {
    fn on_generation(&mut self, report: &GenerationReport) -> Result<(), ObserverError> {
        self.seen = self.seen.max(report.stats.best);
        self.means.push(report.stats.mean);
        self.invalid.extend(report.metrics.get("invalid_share"));
        Ok(())
    }
}

fn run<W: World>(
    task: &InnerRuns<W>,
    method: &str,
    vocabulary: &Vocabulary,
    args: &Args,
) -> Result<Searched, String> {
    let config: Config = args.config(method)?;
    let name = task.world.name();
    let proposer = Method::try_new(&config, vocabulary, &name, task.seed, None)
        .map_err(|error| error.to_string())?;
    let screening = config.screening.clone();
    let proposer = Screened::new(proposer, vocabulary.clone(), screening, task.seed);
    let mut outer =
        Outer::new(proposer, vocabulary.clone(), config.group as usize, config.rewards() as usize);
    let mut course = Course::default();
    let (evaluator, plan) = (Evaluator::new(Backend::cpu()), RunPlan::default());
    hatchery::prelude::run(&mut outer, task, &evaluator, &plan, &mut [&mut course])
        .map_err(|error| error.to_string())?;
    let Course { seen, means, invalid } = course;
    let weights = match outer.proposer().inner() {
        Method::Derl(derl) => Some(mean_weights(derl.policy(), vocabulary)),
        _ => None,
    };
    Ok(Searched {
        finalists: outer.finalists(config.race as usize),
        seen,
        quarters: quarters(&means),
        invalid: (!invalid.is_empty()).then(|| quarters(&invalid)),
        weights,
        consensus: outer.proposer().consensus(),
    })
}

/// Means of the first and of the last quarter.
fn quarters(steps: &[f64]) -> [f64; 2] {
    let quarter = steps.len().div_ceil(4);
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len().max(1) as f64;
    [mean(&steps[..quarter]), mean(&steps[steps.len() - quarter..])]
}

/// Over samples of a policy, the mean of each primitive's weight as a share of the norm of all of them.
fn mean_weights(policy: &MetaPolicy, vocabulary: &Vocabulary) -> Value {
    let leaves: Vec<_> = vocabulary.chosen().collect();
    let mut sums = vec![0.0; leaves.len()];
    for number in 0..SAMPLES {
        let mut dice = Dice::new(0, number, 0);
        let Some(reward) = policy.sample(&mut dice).0 else { continue };
        let canonical = reward.canonical(vocabulary, Invariance::Affine);
        let norm = canonical.norm().max(f64::MIN_POSITIVE);
        for (sum, leaf) in sums.iter_mut().zip(&leaves) {
            *sum += canonical.weight(*leaf) / norm / SAMPLES as f64;
        }
    }
    let named =
        leaves.iter().zip(sums).map(|(leaf, mean)| (vocabulary.name_of(*leaf), mean.into()));
    Value::Object(named.collect())
}
