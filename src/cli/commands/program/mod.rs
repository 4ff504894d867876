//! `hatchery program`: what can be done with the text of an optimizer or a formula.

mod export;
mod score;
mod simplify;

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use hatchery_engine::Trainable;
use hatchery_search::program::{Graph, Names, Program, Signature, parse, start};

use crate::cli::args::{ProgramArgs, ProgramCommand, SourceArgs};
use crate::cli::{Outcome, usage};
use crate::run_dir::write_aside;

pub(in crate::cli) fn run(args: &ProgramArgs) -> Result<Outcome> {
    match &args.command {
        ProgramCommand::Simplify(args) => simplify::run(args),
        ProgramCommand::Export(args) => export::run(args),
        ProgramCommand::Score(args) => score::run(args),
    }
}

/// Largest program text.
const BYTES_MAX: u64 = 1 << 20;

/// A program that was read, in its own names.
struct Source {
    program: Program,
    names: Names,
    signature: Signature,
}

impl Source {
    /// # Errors
    /// All are errors of usage: the file, or a place in the text.
    fn read(args: &SourceArgs) -> Result<Self> {
        let signature = match args.columns.is_empty() {
            true => Signature::optimizer(args.progress),
            false => formula(args)?,
        };
        let (program, names) = Self::program(args, &signature).map_err(usage)?;
        if Graph::of(&program, &signature).is_err() {
            let text = "a function of constants in the program is infinite or not a number";
            return Err(usage(anyhow!("{}: {text}", args.program)));
        }
        Ok(Self { program, names, signature })
    }

    fn program(args: &SourceArgs, signature: &Signature) -> Result<(Program, Names)> {
        let path = Path::new(&args.program);
        if signature.is_optimizer()
            && !path.exists()
            && let Some(program) = start::named(&args.program, signature)
        {
            return Ok((program, Names::of(signature)));
        }
        let mut text = String::new();
        if args.program == "-" {
            let mut input = std::io::stdin().lock().take(BYTES_MAX + 1);
            input.read_to_string(&mut text).context("cannot read standard input as text")?;
        } else {
            let known: Vec<&str> = start::names().collect();
            let file = std::fs::File::open(path).with_context(|| {
                format!(
                    "cannot open program '{}'; it is no start program either: {}",
                    args.program,
                    known.join(", ")
                )
            })?;
            let mut input = file.take(BYTES_MAX + 1);
            let read = input.read_to_string(&mut text);
            read.with_context(|| format!("cannot read '{}' as text", args.program))?;
        }
        if text.len() as u64 > BYTES_MAX {
            return Err(anyhow!("program '{}' is longer than {BYTES_MAX} bytes", args.program));
        }
        let name = if args.program == "-" { "standard input" } else { &args.program };
        parse(&text, signature).map_err(|error| anyhow!("{name}: {error}"))
    }

    /// The canonical hash, as it is printed.
    fn hash(program: &Program, signature: &Signature) -> String {
        Graph::of(program, signature).map_or(String::new(), |graph| format!("{:032x}", graph.hash))
    }
}

fn formula(args: &SourceArgs) -> Result<Signature> {
    let word = |name: &str| {
        name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    for (index, name) in args.columns.iter().chain([&args.target]).enumerate() {
        if !word(name) {
            return Err(usage(anyhow!("'{name}' is no name of a column: letters, digits and _")));
        }
        if args.columns[..index.min(args.columns.len())].contains(name) {
            return Err(usage(anyhow!("'{name}' is given twice in --columns and --target")));
        }
    }
    Ok(Signature::formula(&args.columns, &args.target))
}

/// The proxies of these ids.
///
/// # Errors
/// Of usage, with the ids that there are.
fn proxies(ids: &[&str]) -> Result<Vec<Arc<dyn Trainable>>> {
    let one = |id: &&str| {
        let proxy = hatchery_tasks::proxy::named(id).map_err(|why| usage(anyhow!(why)))?;
        Ok(Arc::from(proxy))
    };
    ids.iter().map(one).collect()
}

fn print(text: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{}", text.trim_end()).context("cannot write to standard output")
}

fn write(path: &Path, text: &str) -> Result<()> {
    write_aside(path, text.as_bytes())
}
