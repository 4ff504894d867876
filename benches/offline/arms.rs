//! How networks are kept smooth, or not.

use hatchery::surrogates::sharpness::{Direction, Multiplier, Regulariser, Sharpness};

/// An arm of the experiment: networks of one seed have the same rows, first weights, batches and search noise in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arm {
    /// Nothing is added.
    Plain,
    /// IGNITE as published: the multiplier may become negative.
    Published,
    /// IGNITE, the multiplier kept from 0 up.
    Ignite,
    /// IGNITE-2.
    Ignite2,
    /// λ = 1 for ever, ρ = r = 0.2: a hundred times IGNITE-2.
    Fixed1,
    /// Weight decay that ends at the N of [`Arm::Ignite`].
    WeightDecay,
    /// As [`Arm::Ignite`], along a random direction.
    Placebo,
    /// λ = -0.01: sharpness is rewarded.
    Reversed,
}

impl Arm {
    /// All, with their names. Weight decay comes after the arm that it is matched to.
    pub(crate) const ALL: [(&'static str, Self); 8] = [
        ("plain", Self::Plain),
        ("ignite-published", Self::Published),
        ("ignite", Self::Ignite),
        ("ignite2", Self::Ignite2),
        ("fixed-1", Self::Fixed1),
        ("weight-decay", Self::WeightDecay),
        ("placebo", Self::Placebo),
        ("reversed", Self::Reversed),
    ];

    /// All names.
    pub(crate) const NAMES: [&'static str; 8] = {
        let mut names = [""; 8];
        let mut at = 0;
        while at < names.len() {
            names[at] = Self::ALL[at].0;
            at += 1;
        }
        names
    };

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, arm)| *arm == self).map_or("", |(name, _)| *name)
    }

    /// What is added to the gradient.
    pub(crate) fn regulariser(self) -> Regulariser {
        let constant =
            |start| Sharpness { start, multiplier: Multiplier::Constant, ..Sharpness::ignite2() };
        Regulariser::GradientNorm(match self {
            Self::Plain | Self::WeightDecay => return Regulariser::None,
            Self::Published => {
                let multiplier = Multiplier::Unprojected { step_size: 0.001, bound: 0.1 };
                Sharpness { multiplier, ..Sharpness::ignite() }
            }
            Self::Ignite => Sharpness::ignite(),
            Self::Ignite2 => Sharpness::ignite2(),
            Self::Fixed1 => constant(1.0),
            Self::Placebo => Sharpness { direction: Direction::Random, ..Sharpness::ignite() },
            Self::Reversed => constant(-0.01),
        })
    }
}
