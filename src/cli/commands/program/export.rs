//! `hatchery program export`: a program in another language.

use anyhow::Result;
use hatchery_search::program::export::{Language, Provenance, export};

use super::{Source, print, write};
use crate::cli::args::{ExportProgramArgs, Language as Asked};
use crate::cli::{Outcome, usage};

pub(super) fn run(args: &ExportProgramArgs) -> Result<Outcome> {
    let source = Source::read(&args.source)?;
    let Source { program, names, signature } = &source;
    let provenance = Provenance { scored_on: args.scored_on.clone().unwrap_or_default() };
    let text = match language(args.language) {
        Some(language) => export(program, signature, language, &provenance).map_err(usage)?,
        None => program.text(signature, names),
    };
    match &args.out {
        Some(path) => write(path, &text)?,
        None => print(&text)?,
    }
    Ok(Outcome::Done)
}

/// The language asked for; none is program text.
fn language(asked: Asked) -> Option<Language> {
    Some(match asked {
        Asked::Rust => Language::Rust,
        Asked::Numpy => Language::Numpy,
        Asked::Pytorch => Language::Pytorch,
        Asked::Optax => Language::Optax,
        Asked::Sympy => Language::Sympy,
        Asked::Latex => Language::Latex,
        Asked::Pseudocode => Language::Pseudocode,
        Asked::Text => return None,
    })
}
