//! The program that `search.program` means: a name, a file, or the statements themselves.

use hatchery_search::program::{Signature, start};

use super::{ConfigError, Layers};

/// The statements, so that the resolved configuration needs no file and no list of names. Mistakes in them are found later.
///
/// # Errors
/// If the text is neither statements nor a known name nor a file that can be read.
pub(super) fn statements(layers: &Layers, text: &str) -> Result<String, ConfigError> {
    let name = text.trim();
    if let Some(statements) = start::text(name, &Signature::optimizer(false)) {
        return Ok(statements);
    }
    let is_file = name.ends_with(".txt") || !text.contains(['=', '\n']);
    if !is_file {
        return Ok(text.to_owned());
    }
    std::fs::read_to_string(name).map_err(|error| {
        let names: Vec<&str> = start::names().collect();
        let known = names.join(", ");
        let reason = format!("`{name}` is no file that can be read ({error}), nor one of: {known}");
        layers.error("search.program", reason)
    })
}
