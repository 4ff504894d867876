//! Evolution strategies over vectors.
//!
//! | strategy | module | when |
//! |---|---|---|
//! | CMA-ES | [`cma`] | up to some hundred parameters, badly scaled or entangled |

pub mod cma;

pub use cma::CmaEs;
