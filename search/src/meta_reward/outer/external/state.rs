//! What a resumed search needs.

use serde::{Deserialize, Serialize};

use super::protocol::Tried;
use super::session::Past;

/// All that [`External`](super::External) has to remember; what the program has learnt is in the file that it was told to save to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExternalState<S> {
    pub(super) history: Vec<Tried>,
    pub(super) past: Past,
    pub(super) fallback: S,
}
