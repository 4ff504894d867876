//! Every inner training of a run: what was trained once is not trained again.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hatchery_engine::Digest;
use serde::{Deserialize, Serialize};

use super::task::Seeds;
use crate::meta_reward::expression::{Invariance, Reward, Vocabulary};

/// One inner training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// What it was for, with its outer step or round.
    #[serde(flatten)]
    pub seeds: Seeds,
    /// Which reward of the step.
    pub member: u32,
    /// Which training of this reward.
    pub number: u32,
    /// Canonical hash of the reward, as 16 hexadecimal digits.
    pub hash: String,
    /// The reward.
    pub expression: String,
    /// Hash of the nodes of the reward as they were trained: two that are written alike may round differently. Where policies are inherited,
    /// together with their first weights and the number of the member.
    pub nodes: String,
    /// Seed of the training.
    pub seed: u64,
    /// Success on the splits that were asked for: validation, and for a report L0, L1, L2 behind it.
    pub success: Vec<f64>,
    /// Steps in the world.
    pub steps: u64,
    /// Wall time.
    pub seconds: f64,
    /// Whether it was ended by the limit of steps; only written if it was.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub capped: bool,
}

/// The trainings of a run, in memory and, if there is a file, in it, one JSON object a line.
///
/// A training is a function of reward and seed, so that a search that was cut off takes finished trainings from here.
#[derive(Debug)]
pub struct Journal {
    vocabulary: Vocabulary,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    known: BTreeMap<(String, u64), Training>,
    /// Where it is written, and the bytes of whole lines that are there already.
    path: Option<(PathBuf, u64)>,
    /// Opened when there is something to write.
    file: Option<File>,
    fault: Option<io::Error>,
}

impl Journal {
    /// In memory only. The vocabulary names what rewards are made of.
    pub fn new(vocabulary: Vocabulary) -> Self {
        Self { vocabulary, state: Mutex::default() }
    }

    /// With what a file has, and to be appended to it. A last line that was cut off is taken away; a file that is not there is made with
    /// the first training.
    ///
    /// # Errors
    /// If the file cannot be read, or a line is no training.
    pub fn try_open(vocabulary: Vocabulary, path: &Path) -> io::Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read?,
        };
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut known = BTreeMap::new();
        for (at, line) in text[..whole].lines().enumerate() {
            let training: Training = serde_json::from_str(line).map_err(|error| {
                let what = format!("{}, line {}: {error}", path.display(), at + 1);
                io::Error::new(io::ErrorKind::InvalidData, what)
            })?;
            known.insert((training.nodes.clone(), training.seed), training);
        }
        let path = Some((path.to_owned(), whole as u64));
        let state = State { known, path, file: None, fault: None };
        Ok(Self { vocabulary, state: Mutex::new(state) })
    }

    /// Success of a training that was done.
    pub(super) fn success(&self, reward: &Reward, seed: u64) -> Option<Vec<f64>> {
        self.state().known.get(&(nodes(reward), seed)).map(|training| training.success.clone())
    }

    /// Adds a training that was done.
    pub(super) fn add(&self, reward: &Reward, done: Done) {
        self.insert(nodes(reward), reward, done);
    }

    /// Adds a training that was done, unless there is one of that name and seed: in a resumed search it may have been done again. Names that
    /// are no hashes of nodes are never found by [`success`](Self::success).
    pub(super) fn add_once(&self, name: String, reward: &Reward, done: Done) {
        let key = (name, done.seed);
        if !self.state().known.contains_key(&key) {
            self.insert(key.0, reward, done);
        }
    }

    fn insert(&self, nodes: String, reward: &Reward, done: Done) {
        let hash = reward.canonical_hash(&self.vocabulary, Invariance::Affine);
        let training = Training {
            seeds: done.seeds,
            member: done.member,
            number: done.number,
            hash: format!("{hash:016x}"),
            expression: reward.text(&self.vocabulary),
            nodes,
            seed: done.seed,
            success: done.success,
            steps: done.steps,
            seconds: done.seconds,
            capped: done.capped,
        };
        let mut state = self.state();
        if let Err(fault) = state.write(&training) {
            state.fault.get_or_insert(fault);
        }
        state.known.insert((training.nodes.clone(), training.seed), training);
    }

    /// Whether all that was done could be written.
    ///
    /// # Errors
    /// The first fault of the file system, once.
    pub fn check(&self) -> io::Result<()> {
        self.state().fault.take().map_or(Ok(()), Err)
    }

    /// Number of trainings.
    pub fn len(&self) -> usize {
        self.state().known.len()
    }

    /// Whether nothing was trained yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All trainings: by purpose, step, member and number.
    pub fn trainings(&self) -> Vec<Training> {
        let mut all: Vec<Training> = self.state().known.values().cloned().collect();
        all.sort_by_key(|t| (t.seeds, t.member, t.number));
        all
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What is in it is whole at any time.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn write(&mut self, training: &Training) -> io::Result<()> {
        let Some((path, whole)) = &self.path else { return Ok(()) };
        if self.file.is_none() {
            let file = OpenOptions::new().create(true).append(true).open(path)?;
            file.set_len(*whole)?;
            self.file = Some(file);
        }
        let line = serde_json::to_string(training)?;
        // One write a line: a run that is killed leaves at most one line that is cut off.
        self.file.as_mut().map_or(Ok(()), |file| file.write_all(format!("{line}\n").as_bytes()))
    }
}

/// What is known after a training.
pub(super) struct Done {
    pub(super) seeds: Seeds,
    pub(super) member: u32,
    pub(super) number: u32,
    pub(super) seed: u64,
    pub(super) success: Vec<f64>,
    pub(super) steps: u64,
    pub(super) seconds: f64,
    pub(super) capped: bool,
}

/// A hash of the nodes, which tells rewards apart that are written alike.
fn nodes(reward: &Reward) -> String {
    Digest::of_bytes(format!("{:?}", reward.nodes()).into_bytes().into_iter()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hatchery_engine::world::Primitive;

    fn full() -> Vocabulary {
        let primitives = [Primitive::unit("g1", "solved"), Primitive::unit("found", "seen")];
        Vocabulary::everything(&primitives, &[]).expect("names are fine")
    }

    fn done(seed: u64) -> Done {
        let success = vec![0.25];
        Done {
            seeds: Seeds::Search(1),
            member: 2,
            number: 0,
            seed,
            success,
            steps: 10,
            seconds: 0.5,
            capped: false,
        }
    }

    #[test]
    fn a_line_that_was_cut_off_is_trained_again_and_the_others_are_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("outer.log");
        let (one, two) = (Reward::outcome(), Reward::average(&full()));
        let journal = Journal::try_open(full(), &path).expect("a new file");
        journal.add(&one, done(1));
        journal.add(&two, done(1));
        journal.check().expect("written");
        let text = std::fs::read_to_string(&path).expect("there");
        std::fs::write(&path, &text[..text.len() - 20]).expect("cut off");
        let journal = Journal::try_open(full(), &path).expect("the same file");
        assert_eq!(journal.success(&one, 1), Some(vec![0.25]));
        assert_eq!((journal.success(&one, 2), journal.success(&two, 1)), (None, None));
        journal.add(&two, done(1));
        assert_eq!(std::fs::read_to_string(&path).expect("there"), text);
        std::fs::write(&path, "{}\n").expect("spoilt");
        let error = Journal::try_open(full(), &path).expect_err("no training").to_string();
        assert!(error.contains("line 1"), "{error}");
    }
}
