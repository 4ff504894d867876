//! Several proxies with their references.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use hatchery_engine::{Part, Trainable};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::run::first_losses;
use super::{Failure, Limits, train};
use crate::program::interpret::Plan;
use crate::program::{Graph, Program, Signature, start};

/// What a training run is for; runs for different purposes never share a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Fitness during a search.
    Search,
    /// Tuning of constants, and choosing among what a search found.
    Selection,
    /// Numbers that are reported.
    Report,
}

impl Purpose {
    /// The seed of run `index` of a set.
    pub fn seed(self, set: u64, index: u32) -> u64 {
        ((self as u64) << 56) | ((set & 0xFFFF_FFFF) << 16) | u64::from(index & 0xFFFF)
    }

    /// The data that losses are taken on: only a report may look at the test part.
    pub fn part(self) -> Part {
        if self == Self::Report { Part::Test } else { Part::Validation }
    }
}

/// How the training with a program went.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// On all proxies and seeds: mean ratio of the losses to those of the reference.
    Scored(f32),
    /// Only on the first proxy; its ratio was not good enough to go on.
    Hurdled(f32),
    /// There is no number.
    Failed(Failure),
}

/// Proxies, and what their losses are measured by.
pub struct Suite {
    proxies: Vec<Arc<dyn Trainable>>,
    signature: Signature,
    limits: Limits,
    /// AdamW for each proxy, with the best step size of a few.
    references: Vec<OnceLock<Plan>>,
    /// Mean losses of the references, by purpose, set, number of seeds and proxy.
    known: Mutex<BTreeMap<Key, Arc<OnceLock<f64>>>>,
}

type Key = (Purpose, u64, u32, usize);

/// Step sizes that the reference is tried with.
const STEP_SIZES: [f32; 6] = [3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1];

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Suite").field(&self.names()).finish()
    }
}

impl Suite {
    /// Proxies for programs of a signature.
    pub fn new(proxies: Vec<Arc<dyn Trainable>>, signature: Signature, limits: Limits) -> Self {
        let references = proxies.iter().map(|_| OnceLock::new()).collect();
        Self { proxies, signature, limits, references, known: Mutex::default() }
    }

    /// The proxies.
    pub fn proxies(&self) -> &[Arc<dyn Trainable>] {
        &self.proxies
    }

    /// Names of the proxies.
    pub fn names(&self) -> Vec<String> {
        self.proxies.iter().map(|proxy| proxy.name()).collect()
    }

    /// What programs take and give.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Losses of one proxy for each of some seeds.
    ///
    /// # Errors
    /// The first failure.
    pub fn losses(
        &self,
        plan: &Plan,
        proxy: usize,
        purpose: Purpose,
        set: u64,
        seeds: u32,
    ) -> Result<Vec<f64>, Failure> {
        (0..seeds).map(|index| self.loss(plan, proxy, purpose, purpose.seed(set, index))).collect()
    }

    /// Loss of one proxy for one seed.
    ///
    /// # Errors
    /// Why there is none.
    pub fn loss(
        &self,
        plan: &Plan,
        proxy: usize,
        purpose: Purpose,
        seed: u64,
    ) -> Result<f64, Failure> {
        let trained = self.proxies[proxy].as_ref();
        train(plan, &self.signature, trained, seed, purpose.part(), &self.limits)
    }

    /// Mean loss over some seeds divided by that of the reference.
    ///
    /// # Errors
    /// The first failure.
    pub fn ratio(
        &self,
        plan: &Plan,
        proxy: usize,
        purpose: Purpose,
        set: u64,
        seeds: u32,
    ) -> Result<f64, Failure> {
        let losses = self.losses(plan, proxy, purpose, set, seeds)?;
        Ok(mean(&losses) / self.reference_loss(proxy, purpose, set, seeds))
    }

    /// Mean loss of the reference over some seeds.
    pub fn reference_loss(&self, proxy: usize, purpose: Purpose, set: u64, seeds: u32) -> f64 {
        let slot = {
            let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            known.entry((purpose, set, seeds, proxy)).or_default().clone()
        };
        *slot.get_or_init(|| {
            let plan = self.reference(proxy);
            let losses = self.losses(plan, proxy, purpose, set, seeds);
            mean(&losses.expect("the reference was chosen because it trains"))
        })
    }

    /// AdamW with the best of six step sizes, by three seeds that nothing else uses.
    fn reference(&self, proxy: usize) -> &Plan {
        const SEEDS: u32 = 3;
        const SET: u64 = 0xFFFF_FFFF;
        self.references[proxy].get_or_init(|| {
            let tried = STEP_SIZES.map(|size| {
                let plan = self.plan(&adamw(size, &self.signature));
                let losses = self.losses(&plan, proxy, Purpose::Selection, SET, SEEDS);
                (losses.map_or(f64::INFINITY, |losses| mean(&losses)), plan)
            });
            let best = tried.into_iter().min_by(|a, b| a.0.total_cmp(&b.0));
            best.expect("there are six").1
        })
    }

    /// Chooses the references of all proxies at once, one thread each; otherwise each is chosen when it is first needed.
    pub fn prepare(&self) {
        (0..self.proxies.len()).into_par_iter().for_each(|proxy| {
            self.reference(proxy);
        });
    }

    /// What a program does in its first steps: losses of five steps on up to two proxies, to four significant digits.
    pub fn fingerprint(&self, graph: &Graph, set: u64) -> u128 {
        const STEPS: u32 = 5;
        const FNV_OFFSET: u128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D;
        const FNV_PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013B;
        let plan = Plan::compile(graph, &self.signature);
        let seed = Purpose::Search.seed(set, 0);
        let losses =
            self.proxies.iter().take(2).flat_map(|proxy| {
                first_losses(&plan, &self.signature, proxy.as_ref(), seed, STEPS)
            });
        losses.fold(FNV_OFFSET, |hash, loss| {
            let digits = format!("{loss:.3e};");
            digits
                .bytes()
                .fold(hash, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(FNV_PRIME))
        })
    }

    /// A program made ready to run; what is not finite fails when it runs.
    fn plan(&self, program: &Program) -> Plan {
        let graph = Graph::of(program, &self.signature).expect("its constants are finite");
        Plan::compile(&graph, &self.signature)
    }
}

/// AdamW as the search begins with it, with another step size.
pub(crate) fn adamw(step_size: f32, signature: &Signature) -> Program {
    let mut program = start::named("adamw", signature).expect("it is one of the named");
    let last = program.constants.last_mut().expect("it has constants");
    *last = step_size;
    program
}

pub(crate) fn mean(losses: &[f64]) -> f64 {
    losses.iter().sum::<f64>() / losses.len() as f64
}
