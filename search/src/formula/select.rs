//! Which formula of a front is preferred.

use serde::{Deserialize, Serialize};

use super::front::ln;
use super::{Node, Ranked};

/// How the preferred formula of a front is chosen. A perfect fit has a loss of rounding errors only, so losses up to a bound that the
/// caller gives are all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selection {
    /// The highest score, the fall of ln(loss) for a unit of complexity, among formulas whose loss is within 1.5 of the lowest: PySR's
    /// "best". With few rows and noise the lowest loss is one of a formula that follows the noise.
    #[default]
    Best,
    /// The lowest loss.
    Accuracy,
    /// The shortest description of formula and residuals together (after Bartlett, Desmond & Ferreira 2023, arXiv 2211.11461):
    /// n/2 ln(loss) + nodes · ln(symbols) + constants/2 · ln(n), n rows; whole numbers are symbols.
    DescriptionLength,
}

/// What a description is measured by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Yardstick {
    /// Rows of the table.
    pub rows: usize,
    /// Operations and columns, and one for constants.
    pub symbols: usize,
    /// Relative losses up to this one are perfect fits.
    pub exact: f64,
}

impl Selection {
    /// What it goes by, in words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Best => "the steepest fall of the loss near the lowest",
            Self::Accuracy => "the lowest loss",
            Self::DescriptionLength => "the shortest description of formula and residuals",
        }
    }

    /// Number of the preferred formula; none if there are no formulas.
    pub fn choose(self, ranked: &[Ranked], yardstick: &Yardstick) -> Option<usize> {
        let Yardstick { rows, symbols, exact } = *yardstick;
        let loss = |at: usize| ranked[at].entry.loss.max(exact);
        let least = (0..ranked.len()).map(loss).fold(f64::INFINITY, f64::min);
        let smallest = |of: &dyn Fn(usize) -> f64| {
            (0..ranked.len()).reduce(|a, b| if of(b) < of(a) { b } else { a })
        };
        match self {
            Self::Accuracy => smallest(&loss),
            Self::Best => {
                let near = (0..ranked.len()).filter(|&at| loss(at) <= 1.5 * least);
                near.reduce(|a, b| if ranked[b].score > ranked[a].score { b } else { a })
            }
            Self::DescriptionLength => smallest(&|at| {
                let nodes = ranked[at].entry.expression.nodes();
                let is_free =
                    |node: &&Node| matches!(node, Node::Constant(value) if value.fract() != 0.0);
                let free = nodes.iter().filter(is_free).count() as f64;
                let (n, nodes) = (rows as f64, nodes.len() as f64);
                0.5 * n * ln(loss(at).max(1e-30)) + nodes * ln(symbols as f64) + 0.5 * free * ln(n)
            }),
        }
    }
}
