//! Programs in other languages.
//!
//! | language | optimizers | formulas | file |
//! |---|---|---|---|
//! | Rust | a function of slices | a function of numbers | `rust` |
//! | NumPy | a function of lists of arrays | a function of arrays | `python` |
//! | PyTorch | a `torch.optim.Optimizer` | | `python` |
//! | Optax | a `GradientTransformation` | | `python` |
//! | SymPy | | an expression | `sympy` |
//! | LaTeX, pseudo-code | yes | yes | `latex`, `pseudocode` |
//!
//! All have the meaning of the table of operations, protected division, roots and logarithms included: what was scored is what is
//! exported. Values of kind L are one number for each leaf, sums of kind S go over all leaves. Every file begins with
//! what it was made of ([`Provenance`]).

mod expression;
mod header;
mod latex;
mod pseudocode;
mod python;
mod rust;
mod sympy;

pub(in crate::program) use expression::Expression;
pub use header::Provenance;

use crate::program::{Graph, NotFinite, Program, Signature};

/// What a program can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// A function that depends on nothing.
    Rust,
    /// Functions of arrays.
    Numpy,
    /// A `torch.optim.Optimizer`.
    Pytorch,
    /// An `optax.GradientTransformation`.
    Optax,
    /// A SymPy expression.
    Sympy,
    /// An `align*` block.
    Latex,
    /// Nested expressions, as one writes them on paper.
    Pseudocode,
}

/// Why a program cannot be written in a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A function of constants is infinite.
    #[error(transparent)]
    NotFinite(#[from] NotFinite),
    /// Languages for optimizers only.
    #[error(
        "{0:?} exports are of optimizers; a formula can be rust, numpy, sympy, latex or pseudocode"
    )]
    NeedsOptimizer(Language),
    /// Languages for formulas only.
    #[error(
        "{0:?} exports are of formulas; an optimizer can be rust, numpy, pytorch, optax, latex or pseudocode"
    )]
    NeedsFormula(Language),
}

/// The program in that language, its dead statements left out.
///
/// # Errors
/// [`ExportError`], if the language is not for this signature.
pub fn export(
    program: &Program,
    signature: &Signature,
    language: Language,
    provenance: &Provenance,
) -> Result<String, ExportError> {
    let graph = Graph::of(program, signature)?;
    let optimizer = signature.is_optimizer();
    match language {
        Language::Pytorch | Language::Optax if !optimizer => {
            return Err(ExportError::NeedsOptimizer(language));
        }
        Language::Sympy if optimizer => return Err(ExportError::NeedsFormula(language)),
        _ => {}
    }
    let block = expression::Block::of(&graph);
    let head = header::lines(&graph, signature, provenance);
    Ok(match language {
        Language::Rust => rust::write(&block, signature, &head),
        Language::Numpy if optimizer => python::numpy(&block, signature, &head),
        Language::Numpy => python::formula(&block, signature, &head),
        Language::Pytorch => python::pytorch(&block, signature, &head),
        Language::Optax => python::optax(&block, signature, &head),
        Language::Sympy => sympy::write(&graph, signature, &head),
        Language::Latex => latex::write(&block, signature, &head),
        Language::Pseudocode => pseudocode::write(&block, signature, &head),
    })
}

#[cfg(test)]
mod tests;
