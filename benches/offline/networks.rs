//! Networks at published constants, at a width that two cores can train hundreds of.

use std::time::Instant;

use hatchery::engine::StopFlag;
use hatchery::surrogates::model::{Ensemble, EnsembleConfig};
use hatchery::surrogates::network::{Activation, Conservatism, Head, Plan};
use hatchery::surrogates::sharpness::Regulariser;
use hatchery::surrogates::statistics;
use hatchery::surrogates::{Rows, SurrogateError};

use super::arena::Arena;
use super::arms::Arm;

/// Trainings that the search for a matching weight decay may take.
const MATCHES_MAX: u32 = 5;
/// It is close enough at a hundredth of the wanted N.
const CLOSE: f64 = 0.01;
/// Batches that N is averaged over; training sees N of one batch of the same size.
const NORM_BATCHES: usize = 16;

/// What kind of networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// One network that states its deviation.
    Single,
    /// Five of them on bootstrap samples.
    Ensemble,
    /// One conservative network (COMs).
    Conservative,
}

/// How long networks are trained.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Training {
    pub(crate) epochs: u32,
    /// Conservative networks, of which an epoch takes thirty times as long.
    pub(crate) epochs_conservative: u32,
    pub(crate) width: usize,
    /// Of networks that are not conservative.
    pub(crate) head: Head,
}

/// What a training came to.
#[derive(Debug)]
pub(crate) struct Trained {
    pub(crate) ensemble: Ensemble,
    pub(crate) seconds: f64,
    pub(crate) weight_decay: f64,
    /// Trainings that it took to find that weight decay.
    pub(crate) matches: u32,
}

impl Training {
    fn config(self, arena: &Arena, family: Family, regulariser: Regulariser) -> EnsembleConfig {
        let conservative = family == Family::Conservative;
        let letters = Conservatism { limit: 2.0, step: 2.0, ..Conservatism::default() };
        let conservatism = if arena.is_discrete() { letters } else { Conservatism::default() };
        let plan = Plan {
            epochs: if conservative { self.epochs_conservative } else { self.epochs },
            regulariser,
            bootstrap: family == Family::Ensemble,
            conservatism: conservative.then_some(conservatism),
            // Members take seeds one after the other: those of the next seed must be others.
            seed: arena.seed * 1_000,
            ..Plan::default()
        };
        EnsembleConfig {
            members: if family == Family::Ensemble { 5 } else { 1 },
            hidden: vec![self.width; 2],
            activation: Activation::LeakyRelu,
            head: if conservative { Head::Squared } else { self.head },
            plan,
        }
    }

    /// Trains the networks of an arm. `wanted` is the N of the first member that weight decay shall come to.
    ///
    /// # Errors
    /// If training diverges.
    pub(crate) fn train(
        self,
        arena: &Arena,
        family: Family,
        arm: Arm,
        wanted: Option<f64>,
    ) -> Result<Trained, SurrogateError> {
        let mut config = self.config(arena, family, arm.regulariser());
        let clock = Instant::now();
        let mut matches = 0;
        if let Some(wanted) = wanted.filter(|_| arm == Arm::WeightDecay) {
            (config.plan.weight_decay, matches) = match_decay(arena, &config, wanted)?;
        }
        let began = Instant::now();
        let ensemble = fit(arena, &config)?;
        let seconds = if matches > 0 { clock } else { began }.elapsed().as_secs_f64();
        Ok(Trained { ensemble, seconds, weight_decay: config.plan.weight_decay, matches })
    }
}

fn fit(arena: &Arena, config: &EnsembleConfig) -> Result<Ensemble, SurrogateError> {
    let none = Rows::default();
    Ensemble::train(&arena.encoding, &arena.space, arena.rows(), none, config, &StopFlag::default())
}

/// The weight decay with which the first member ends nearest to a wanted N, by bisection of its logarithm. 0 if the member is no sharper without.
fn match_decay(
    arena: &Arena,
    config: &EnsembleConfig,
    wanted: f64,
) -> Result<(f64, u32), SurrogateError> {
    let norm = |decay: f64| -> Result<f64, SurrogateError> {
        let mut config = EnsembleConfig { members: 1, ..config.clone() };
        config.plan.weight_decay = decay;
        Ok(norms(arena, &fit(arena, &config)?)[0])
    };
    let mut best = (0.0, norm(0.0)?);
    // Over all steps weights would shrink by exp(-α λ steps) alone: from hardly at all to a tenth.
    let steps = config.plan.epochs as f64 * (arena.scores.len() / config.plan.batch).max(1) as f64;
    let unit = 1.0 / (config.plan.step_size * steps);
    let (mut low, mut high) = ((0.02 * unit).ln(), (4.0 * unit).ln());
    let mut matches = 1;
    while matches < MATCHES_MAX && best.1 > 0.0 && (best.1 / wanted - 1.0).abs() > CLOSE {
        if matches == 1 && best.1 < wanted {
            break;
        }
        let middle = 0.5 * (low + high);
        let found = norm(middle.exp())?;
        if (found.ln() - wanted.ln()).abs() < (best.1.ln() - wanted.ln()).abs() {
            best = (middle.exp(), found);
        }
        if found > wanted {
            low = middle
        } else {
            high = middle
        }
        matches += 1;
    }
    Ok((best.0, matches))
}

/// N of each member on the visible rows: the mean over batches of the size of training.
pub(crate) fn norms(arena: &Arena, ensemble: &Ensemble) -> Vec<f64> {
    let size = 128.min(arena.designs.len());
    let order = arena.draws("batches of a norm").order(arena.designs.len());
    let of_batches: Vec<Vec<f64>> = order
        .chunks_exact(size)
        .take(NORM_BATCHES)
        .map(|rows| {
            let designs: Vec<_> = rows.iter().map(|row| arena.designs[*row].clone()).collect();
            ensemble.norms(&designs)
        })
        .collect();
    let members = of_batches.first().map_or(0, Vec::len);
    let of_member =
        |member: usize| -> Vec<f64> { of_batches.iter().map(|norms| norms[member]).collect() };
    (0..members).map(|member| statistics::mean(&of_member(member))).collect()
}

/// The multiplier at the end of training, averaged over members.
pub(crate) fn multiplier(ensemble: &Ensemble) -> f64 {
    let last = ensemble.epochs().filter_map(|rows| rows.last().map(|row| row.multiplier));
    statistics::mean(&last.collect::<Vec<f64>>())
}
