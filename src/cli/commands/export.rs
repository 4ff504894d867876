//! `hatchery export`: the learned parameters for other programs.

use std::io::Write;

use anyhow::{Context, Result};
use hatchery_engine::Params;
use serde_json::{Map, Value, json};

use super::session::learned;
use crate::cli::args::{ExportArgs, ExportFormat};
use crate::cli::{Outcome, usage};
use crate::registry;
use crate::run_dir::{RunDir, to_safetensors, write_aside};

pub(in crate::cli) fn run(args: &ExportArgs) -> Result<Outcome> {
    let dir = RunDir::open(&args.run_dir).map_err(usage)?;
    let config = dir.read_config().map_err(usage)?;
    let mut job = registry::job(&config, config.seed, None)?;
    for fault in job.restore(&dir.store(1))?.faults {
        eprintln!("hatchery: {fault}; the previous one is used");
    }
    let bytes = match (job.language(), args.format) {
        (Some(language), ExportFormat::Safetensors) => language.safetensors()?,
        (_, ExportFormat::Safetensors) => to_safetensors(learned(job.as_mut(), &config)?.centre())?,
        (_, ExportFormat::Json) => {
            format!("{}\n", to_json(learned(job.as_mut(), &config)?.centre())).into_bytes()
        }
    };
    match &args.out {
        Some(path) => write_aside(path, &bytes)?,
        None => {
            std::io::stdout()
                .lock()
                .write_all(&bytes)
                .context("cannot write to standard output")?;
        }
    }
    Ok(Outcome::Done)
}

/// `{name: {"shape": […], "values": […]}}`, values row-major.
fn to_json(params: &Params) -> Value {
    let mut tensors = Map::new();
    for (index, spec) in params.layout.specs().iter().enumerate() {
        let tensor = json!({ "shape": spec.shape(), "values": params.tensor(index) });
        tensors.insert(spec.name.clone(), tensor);
    }
    Value::Object(tensors)
}
