//! The paper's way: text from a set of tokens that is no grammar, and what its code calls valid (sections 1.2 and 1.3 of the paper's code).

use super::{Division, Inputs, ParseError, Reward, Undefined, Vocabulary};

/// The token that ends an expression.
pub const END: &str = "<end>";

/// Values of the primitives at which an expression must have a value, repeated for as many as there are.
const TEST_POINT: [f32; 4] = [1.0, 1.0, 1e-6, 1.0 + 1e-6];

/// Text that trains nothing: it scores 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// It cannot be read.
    #[error("{0}")]
    Syntax(#[from] ParseError),
    /// It says nothing of the episode.
    #[error("no primitive occurs: use at least one")]
    NoPrimitive,
    /// It has no value at the test point.
    #[error("no value at the test point: {0}")]
    Undefined(#[from] Undefined),
}

/// The tokens: digits, signs, the point, the exponent's `e`, a space, the names of the chosen primitives, and [`END`].
pub fn tokens(vocabulary: &Vocabulary) -> Vec<String> {
    let characters = "0123456789+-*/().e ".chars().map(String::from);
    let names = vocabulary.chosen().map(|primitive| vocabulary.name_of(primitive));
    characters.chain(names).chain([END.to_owned()]).collect()
}

/// Reads what was sampled from the tokens: all up to the end of the first line, without [`END`].
///
/// # Errors
/// [`Invalid`], with the reason.
pub fn validate(text: &str, vocabulary: &Vocabulary) -> Result<Reward, Invalid> {
    let text = text.split(END).next().unwrap_or_default();
    let reward = Reward::parse(text.lines().next().unwrap_or_default(), vocabulary)?;
    if !reward.nodes().iter().any(|node| node.is_grounded()) {
        return Err(Invalid::NoPrimitive);
    }
    let values = TEST_POINT.iter().copied().cycle();
    let primitives: Vec<f32> = values.clone().take(vocabulary.primitives().len()).collect();
    let reduced: Vec<f32> = values.take(reward.reductions().len()).collect();
    let inputs = Inputs { primitives: &primitives, reduced: &reduced, progress: 0.0 };
    reward.evaluate(&inputs, Division::Faithful)?;
    Ok(reward)
}
