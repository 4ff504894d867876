//! What searches a model, by name.

use anyhow::{Result, bail};
use hatchery_surrogates::design::Model;
use hatchery_surrogates::searcher::{
    Ascent, EXHAUSTED_MAX, Evolution, Exhaustive, QuasiNewton, Reinforce, Searcher,
};
use hatchery_surrogates::space::Space;

use super::in_box::{InBox, Strategy};

/// A search of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// Exhaustive where the space is small, else evolution.
    Auto,
    Exhaustive,
    Evolution,
    Ascent,
    UnitAscent,
    Adam,
    Reinforce,
    QuasiNewton,
    CmaEs,
    Eggroll,
}

impl Search {
    /// All, with their names.
    pub(crate) const ALL: [(&'static str, Self); 10] = [
        ("auto", Self::Auto),
        ("exhaustive", Self::Exhaustive),
        ("evolution", Self::Evolution),
        ("ascent", Self::Ascent),
        ("unit-ascent", Self::UnitAscent),
        ("adam", Self::Adam),
        ("reinforce", Self::Reinforce),
        ("l-bfgs", Self::QuasiNewton),
        ("cma-es", Self::CmaEs),
        ("eggroll", Self::Eggroll),
    ];

    /// The search of a name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|&(_, search)| search)
    }

    /// Whether it can search this model in this space.
    ///
    /// # Errors
    /// Why it cannot, and what would.
    pub(crate) fn check(self, name: &str, model: Model, space: &Space) -> Result<()> {
        let follows =
            matches!(self, Self::Ascent | Self::UnitAscent | Self::Adam | Self::QuasiNewton);
        if follows && !model.is_climbable() {
            let known = Model::ALL.iter().filter(|(_, model)| model.is_climbable());
            let known: Vec<&str> = known.map(|(name, _)| *name).collect();
            bail!(
                "--searcher {name} follows slopes, which --surrogate {} may not have; choose one of {}",
                model.name(),
                known.join(" ")
            );
        }
        let small = space.box_size().is_some_and(|size| size <= EXHAUSTED_MAX);
        if self == Self::Exhaustive && !small {
            bail!(
                "--searcher exhaustive is for spaces of at most {EXHAUSTED_MAX} designs without real columns; choose evolution"
            );
        }
        Ok(())
    }

    /// The search itself; none of `auto`, which the library decides.
    pub(crate) fn searcher(self) -> Option<Box<dyn Searcher>> {
        Some(match self {
            Self::Auto => return None,
            Self::Exhaustive => Box::new(Exhaustive),
            Self::Evolution => Box::new(Evolution::default()),
            Self::Ascent => Box::new(Ascent::plain()),
            Self::UnitAscent => Box::new(Ascent::unit()),
            Self::Adam => Box::new(Ascent::adam()),
            Self::Reinforce => Box::new(Reinforce::default()),
            Self::QuasiNewton => Box::new(QuasiNewton::default()),
            Self::CmaEs => Box::new(InBox { strategy: Strategy::CmaEs }),
            Self::Eggroll => Box::new(InBox { strategy: Strategy::Eggroll }),
        })
    }
}
