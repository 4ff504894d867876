//! Which surrogate, and how it is fitted.

use hatchery_engine::StopFlag;

use crate::model::{Ensemble, EnsembleConfig, Process, Ridge, Surrogate};
use crate::network::{Activation, Head, Loss, Ranking};
use crate::space::{Encoding, Space};
use crate::{Rows, SurrogateError};

/// Epochs that are always trained, if as many are asked for.
const EPOCHS_MIN: u32 = 5;

/// A kind of surrogate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Model {
    /// The one that does best in the rehearsal ([`Rehearsal::worth`](super::Rehearsal::worth)): pairwise ridge, process, and, where neither does well, ensemble.
    #[default]
    Auto,
    /// Linear in the sites.
    Ridge,
    /// With squares and products of sites.
    PairwiseRidge,
    /// A Gaussian process.
    Process,
    /// One network.
    Mlp,
    /// Networks on bootstrap samples.
    Ensemble,
    /// Networks trained to order rows (ListNet).
    ListNet,
    /// A network trained not to promise more than the data (COMs).
    Conservative,
}

impl Model {
    /// All, with their names in configurations.
    pub const ALL: [(&'static str, Self); 8] = [
        ("auto", Self::Auto),
        ("ridge", Self::Ridge),
        ("pairwise-ridge", Self::PairwiseRidge),
        ("gp", Self::Process),
        ("mlp", Self::Mlp),
        ("ensemble", Self::Ensemble),
        ("listnet", Self::ListNet),
        ("coms", Self::Conservative),
    ];

    /// The model of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|&(_, model)| model)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, model)| *model == self).map_or("auto", |(name, _)| name)
    }

    /// Whether it is made of networks, to which a regulariser applies.
    pub fn is_network(self) -> bool {
        matches!(self, Self::Mlp | Self::Ensemble | Self::ListNet | Self::Conservative)
    }

    /// Whether it has slopes that a search can follow.
    pub fn is_climbable(self) -> bool {
        self.is_network() || self == Self::Process
    }
}

/// How surrogates are fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Method {
    /// Which.
    pub model: Model,
    /// Networks: their shape, training and regulariser. Members are taken as 1 for [`Model::Mlp`] and [`Model::Conservative`].
    pub networks: EnsembleConfig,
    /// Most steps of training of a network: epochs are cut to that, but not below five.
    pub steps_max: u32,
    /// Most rows of a process.
    pub process_rows: usize,
}

impl Default for Method {
    fn default() -> Self {
        let networks = EnsembleConfig::default();
        Self { model: Model::Auto, networks, steps_max: 4_000, process_rows: 500 }
    }
}

impl Method {
    /// Fits the surrogate to a table; [`Model::Auto`] is taken as pairwise ridge. `held_out` rows are not learned from: networks report their
    /// loss.
    ///
    /// # Errors
    /// As the fit of the model.
    pub fn fit(
        &self,
        space: &Space,
        rows: Rows<'_>,
        held_out: Rows<'_>,
        seed: u64,
        stop: &StopFlag,
    ) -> Result<Box<dyn Surrogate>, SurrogateError> {
        Ok(match self.model {
            Model::Ridge => Box::new(Ridge::fit(space, rows, false)?),
            Model::Auto | Model::PairwiseRidge => Box::new(Ridge::fit(space, rows, true)?),
            Model::Process => {
                let encoding = Encoding::one_hot(space);
                Box::new(Process::fit(&encoding, space, rows, self.process_rows, seed)?)
            }
            Model::Mlp | Model::Ensemble | Model::ListNet | Model::Conservative => {
                let encoding = Encoding::logits(space).z_scored(rows.designs);
                let config = self.networks(rows.count(), seed);
                Box::new(Ensemble::train(&encoding, space, rows, held_out, &config, stop)?)
            }
        })
    }

    /// The networks of this model for so many rows.
    pub fn networks(&self, rows: usize, seed: u64) -> EnsembleConfig {
        let mut config = self.networks.clone();
        config.plan.seed = seed;
        let steps = (rows / config.plan.batch.max(1)).max(1) as u32;
        config.plan.epochs = config.plan.epochs.min((self.steps_max / steps).max(EPOCHS_MIN));
        match self.model {
            Model::Mlp => {
                config.members = 1;
                config.plan.bootstrap = false;
            }
            Model::ListNet => {
                config.head = Head::Squared;
                config.activation = Activation::Relu;
                config.plan.loss = Loss::List(Ranking::ListNet);
                config.plan.batch = rows.min(1_000);
                config.plan.bootstrap = false;
            }
            Model::Conservative => {
                config.members = 1;
                config.head = Head::Squared;
                config.plan.bootstrap = false;
                config.plan.conservatism = Some(config.plan.conservatism.unwrap_or_default());
            }
            Model::Auto
            | Model::Ridge
            | Model::PairwiseRidge
            | Model::Process
            | Model::Ensemble => {}
        }
        config
    }
}
