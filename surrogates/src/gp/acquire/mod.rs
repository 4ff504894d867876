//! Where to look next, given a Gaussian process. Larger scores are better.
//!
//! | function | module | when |
//! |---|---|---|
//! | [`expected_improvement`] and its logarithm, [`upper_confidence_bound`] | `analytic` | one design at a time, observations nearly exact |
//! | [`Acquisition`] and [`climb`] | `climb` | the same with slopes, and a search in a box |
//! | [`Scenarios`]: batches, pending designs, noisy incumbents | `scenarios` | several designs at once; observations with noise |
//! | [`knowledge_gradient`] | `knowledge` | what will be built is the best *prediction* of a list, not the best observation |
//! | [`Normals`] | `sobol` | draws for [`Scenarios`]: Sobol's points, fixed, so that values are smooth functions |

mod analytic;
mod climb;
mod knowledge;
mod normal;
mod scenarios;
mod sobol;

pub use analytic::{
    expected_improvement, log_expected_improvement, lower_confidence_bound, upper_confidence_bound,
};
pub use climb::{Acquisition, climb};
pub use knowledge::{expected_maximum, knowledge_gradient};
pub use scenarios::{Scenarios, q_expected_improvement};
pub use sobol::{Normals, Sobol};
