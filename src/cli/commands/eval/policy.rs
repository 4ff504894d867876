//! The policy that a search for a reward has kept: its success, or an episode of it to watch.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use safetensors::SafeTensors;
use serde_json::json;

use crate::cli::args::EvalArgs;
use crate::cli::{Outcome, usage};
use crate::config::RunConfig;
use crate::job::reward::Scene;
use crate::registry;
use crate::run_dir::RunDir;

/// Between two pictures on a terminal.
const PAUSE: Duration = Duration::from_millis(150);

pub(super) fn run(args: &EvalArgs, dir: &RunDir, config: &RunConfig) -> Result<Outcome> {
    if args.file.is_some() {
        return Err(usage(anyhow!("--file: only a language model is judged on a file")));
    }
    let job = registry::job(config, config.seed, None)?;
    let policy = job.reward_policy().context("this run has no policy")?;
    let theta = weights(dir)?;
    let mut out = std::io::stdout().lock();
    if args.watch {
        return show(&policy.scenes(&theta, args.seed)?, &mut out);
    }
    let [l0, l1, l2] = policy.success(&theta, args.episodes, args.seed)?;
    if args.json {
        let object = json!({
            "l0": l0, "l1": l1, "l2": l2, "episodes": args.episodes, "seed": args.seed,
            "run_dir": dir.path.display().to_string(),
        });
        writeln!(out, "{object}")
    } else {
        writeln!(
            out,
            "success {l0:.3} as trained (L0), {l1:.3} in new surroundings (L1), {l2:.3} on held-out kinds (L2), over {} fresh episodes each",
            args.episodes
        )
    }
    .context("cannot write to standard output")?;
    Ok(Outcome::Done)
}

/// An animation on a terminal, else all pictures one below the other.
fn show(scenes: &[Scene], out: &mut (impl Write + IsTerminal)) -> Result<Outcome> {
    let moves = out.is_terminal();
    for Scene { picture, words } in scenes {
        let clear = if moves { "\x1b[H\x1b[2J" } else { "" };
        writeln!(out, "{clear}{}\n{words}\n", picture.trim_end())
            .and_then(|()| out.flush())
            .context("cannot write to standard output")?;
        if moves {
            std::thread::sleep(PAUSE);
        }
    }
    Ok(Outcome::Done)
}

/// The weights that the run has kept.
fn weights(dir: &RunDir) -> Result<Vec<f32>> {
    let path = dir.parameters();
    let what =
        || format!("cannot read {}; a search keeps its policy when it has ended", path.display());
    let bytes = std::fs::read(&path).with_context(what).map_err(usage)?;
    let tensors = SafeTensors::deserialize(&bytes).with_context(what)?;
    let tensor = tensors.tensor("policy").with_context(what)?;
    ensure!(tensor.dtype() == safetensors::Dtype::F32, "{} holds no f32", path.display());
    let number = |bytes: &[u8]| bytes.try_into().map_or(0.0, f32::from_le_bytes);
    Ok(tensor.data().chunks_exact(4).map(number).collect())
}
