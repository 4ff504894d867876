//! How much each row says, from the noise that its measurement is known to have.
//!
//! wᵢ = (m² + σ̄²)/(m² + σᵢ²)      m² = e² − σ̄², at least e²/20
//!
//! | symbol | code | meaning |
//! |---|---|---|
//! | σᵢ | `noise` | standard deviation of the score of row i |
//! | σ̄² | | their mean square |
//! | e² | [`Ridge::left_out`] | mean square error on rows left out, of a fit that takes all rows alike |
//! | m | | what a model misses besides noise |
//!
//! Without m a row that was measured exactly would outweigh all others, though the model cannot follow it exactly.

use crate::model::Ridge;
use crate::space::Space;
use crate::{Rows, SurrogateError};

/// Least share of the error that is the model's own.
const OWN_SHARE: f64 = 0.05;

/// [`Rows::weights`] for scores whose standard deviations (≥ 0, in units of the score) are known. Empty if these are all the same.
///
/// # Errors
/// If lists differ in length or are empty.
pub fn weights(space: &Space, rows: Rows<'_>, noise: &[f64]) -> Result<Vec<f64>, SurrogateError> {
    let (expected, found) = (rows.count(), noise.len());
    if expected != found {
        return Err(SurrogateError::Shape { what: "noises of rows", expected, found });
    }
    if noise.iter().all(|deviation| *deviation == noise[0]) {
        return Ok(Vec::new());
    }
    let alike = Rows::new(rows.designs, rows.scores);
    let ridge = Ridge::fit(space, alike, true)?;
    let error = alike.variance_of(|row| ridge.left_out()[row] - rows.scores[row]);
    let mean = alike.mean_of(|row| noise[row] * noise[row]);
    let own = (error - mean).max(OWN_SHARE * error.max(mean));
    Ok(noise.iter().map(|deviation| (own + mean) / (own + deviation * deviation)).collect())
}
