//! `hatchery verify`: the parameters of a run rebuilt from its seed and its fitness log, and held against its files.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use hatchery_engine::observe::fitness_log;
use hatchery_engine::{Generation, Params};
use hatchery_kernels::{Domain, NoiseAddress, NoiseStream};
use hatchery_search::eggroll::State;
use serde::Deserialize;
use serde_json::json;

use super::session::{in_pool, learned};
use crate::cli::args::VerifyArgs;
use crate::cli::{Outcome, backend, usage};
use crate::job::Learned;
use crate::registry;
use crate::run_dir::{RunDir, to_safetensors, write_aside};

/// What was compared.
#[derive(Debug, Default)]
struct Tally {
    generations: u32,
    members: u64,
    digests: u32,
    recomputed: u64,
    log_bytes: u64,
    weight_bytes: u64,
    /// Files that hold the same parameters.
    files: Vec<&'static str>,
    torn: bool,
}

pub(in crate::cli) fn run(args: &VerifyArgs) -> Result<Outcome> {
    let dir = RunDir::open(&args.run_dir).map_err(usage)?;
    let config = dir.read_config().map_err(usage)?;
    if !dir.fitness_log().is_file() {
        let hint = "run with `--set output.log_fitness=true` to have one";
        return Err(usage(anyhow!("{} is not there; {hint}", dir.fitness_log().display())));
    }
    let began = Instant::now();
    let (tally, out) = in_pool(None, || {
        let mut job = registry::job(&config, config.seed, None)?;
        let learned = learned(job.as_mut(), &config)?;
        let tally = verify(&dir, learned, args)?;
        if let Some(path) = &args.out {
            write_aside(path, &to_safetensors(learned.centre())?)?;
        }
        Ok((tally, args.out.as_ref().map(|path| path.display().to_string())))
    })?;
    let seconds = began.elapsed().as_secs_f64();
    say(args, &dir, &tally, out.as_deref(), seconds)?;
    Ok(Outcome::Done)
}

/// Replays the log.
///
/// # Errors
/// The first thing that does not agree.
fn verify(dir: &RunDir, job: &mut dyn Learned, args: &VerifyArgs) -> Result<Tally> {
    let digests = read_digests(dir)?;
    let mut records = fitness_log::read(dir.fitness_log())?;
    let checkpoint = dir.store(1).latest::<State>().ok().map(|loaded| loaded.checkpoint);
    let limit = args.generation.unwrap_or(u32::MAX);
    let logged = digests.len().min(limit as usize) as u32;
    let sample = choose(args, logged);
    let backend = backend::open(args.backend)?;
    let mut tally = Tally { weight_bytes: weight_bytes(job.centre()), ..Tally::default() };
    while tally.generations < limit {
        let Some(record) = records.next() else { break };
        let (generation, fitness) = record?;
        let members = fitness.len();
        if members == 0 {
            bail!("generation {generation} of the log has no members; the log was changed");
        }
        let wanted: Vec<usize> = match sample.get(&generation) {
            Some(draws) => draws.iter().map(|draw| (draw % members as u64) as usize).collect(),
            None => Vec::new(),
        };
        let logged = fitness.clone();
        let recomputed = job
            .replay(generation, fitness, &wanted, &backend)
            .with_context(|| format!("generation {generation} cannot be replayed"))?;
        for (member, value) in wanted.iter().zip(recomputed) {
            let expected = logged[*member];
            if value.to_bits() != expected.to_bits() && !(value.is_nan() && expected.is_nan()) {
                bail!(
                    "generation {generation}, member {member}: the fitness is {value}, the log has {expected}; \
                     the log or config.toml was changed, or the task is not reproducible"
                );
            }
            tally.recomputed += 1;
        }
        let digest = job.centre().digest().to_string();
        match digests.get(&generation) {
            Some(expected) if *expected != digest => bail!(
                "generation {generation}: the parameters have digest {digest}, metrics.jsonl says {expected}; \
                 the log, config.toml or metrics.jsonl was changed"
            ),
            Some(_) => tally.digests += 1,
            None => {}
        }
        tally.generations = generation + 1;
        tally.members += members as u64;
        if let Some(checkpoint) = &checkpoint
            && checkpoint.progress.generation == tally.generations
        {
            let same = same_bits(&checkpoint.state.theta, &job.centre().values);
            compare(same, "the newest checkpoint", tally.generations)?;
            tally.files.push("the newest checkpoint");
        }
    }
    if args.generation.is_some_and(|asked| tally.generations < asked) {
        bail!("the log has {} generations, {limit} were asked for", tally.generations);
    }
    if args.generation.is_none() {
        if tally.generations as usize != digests.len() {
            let (log, metrics) = (tally.generations, digests.len());
            bail!(
                "the log has {log} generations, metrics.jsonl has {metrics}; one of them was cut"
            );
        }
        if let Ok(bytes) = std::fs::read(dir.parameters()) {
            let same = bytes == to_safetensors(job.centre())?;
            compare(same, "parameters.safetensors", tally.generations)?;
            tally.files.push("parameters.safetensors");
        }
        tally.torn = records.torn();
    }
    tally.log_bytes = records.bytes();
    Ok(tally)
}

fn compare(same: bool, what: &str, generations: u32) -> Result<()> {
    if same {
        return Ok(());
    }
    bail!("{what} does not hold the parameters that {generations} generations of the log give")
}

fn same_bits(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

fn weight_bytes(params: &Params) -> u64 {
    4 * params.values.len() as u64
}

/// Generations to look at, each with random numbers that name members.
fn choose(args: &VerifyArgs, generations: u32) -> BTreeMap<Generation, Vec<u64>> {
    let mut chosen: BTreeMap<Generation, Vec<u64>> = BTreeMap::new();
    if generations == 0 {
        return chosen;
    }
    let stream = NoiseStream::new(args.sample_seed).domain(Domain::Data);
    for draw in 0..args.sample {
        let words = stream.words(NoiseAddress { generation: 0, pair: 0, layer: 0, block: draw });
        let generation = (u64::from(words[0]) * u64::from(generations)) >> 32;
        let member = u64::from(words[1]) << 32 | u64::from(words[2]);
        chosen.entry(generation as Generation).or_default().push(member);
    }
    chosen
}

/// The digest after each generation, from `metrics.jsonl`.
fn read_digests(dir: &RunDir) -> Result<BTreeMap<Generation, String>> {
    #[derive(Deserialize)]
    struct Line {
        generation: Generation,
        digest: Option<String>,
    }
    let path = dir.metrics();
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let mut digests = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let line: Line = serde_json::from_str(line)
            .with_context(|| format!("{}:{} cannot be read", path.display(), number + 1))?;
        digests.insert(line.generation, line.digest.unwrap_or_default());
    }
    Ok(digests)
}

fn say(
    args: &VerifyArgs,
    dir: &RunDir,
    tally: &Tally,
    out: Option<&str>,
    seconds: f64,
) -> Result<()> {
    let run_seconds = dir.read_summary().and_then(|summary| summary["seconds"].as_f64());
    let Tally { generations, members, digests, recomputed, .. } = tally;
    let checkpoints_bytes = tally.weight_bytes * u64::from(*generations);
    let mut stdout = std::io::stdout().lock();
    if args.json {
        let object = json!({
            "run_dir": dir.path.display().to_string(),
            "generations": generations,
            "evaluations": members,
            "digests": digests,
            "recomputed": recomputed,
            "files": tally.files,
            "log_bytes": tally.log_bytes,
            "weights_bytes": tally.weight_bytes,
            "weights_bytes_of_all_generations": checkpoints_bytes,
            "seconds": seconds,
            "run_seconds": run_seconds,
            "out": out,
        });
        return writeln!(stdout, "{object}").context("cannot write to standard output");
    }
    let mut lines = vec![format!(
        "{generations} generations rebuilt without an evaluation: {digests} digests agree, \
         {recomputed} evaluations recomputed to the bit"
    )];
    if !tally.files.is_empty() {
        lines.push(format!("the same parameters are in {}", tally.files.join(" and ")));
    }
    lines.push(format!(
        "log      {} bytes for {members} evaluations; weights {} bytes, {checkpoints_bytes} if kept after every generation",
        tally.log_bytes, tally.weight_bytes
    ));
    let of_run = run_seconds.map_or(String::new(), |run| format!("; the run took {run:.2} s"));
    lines.push(format!("time     {seconds:.2} s{of_run}"));
    if tally.torn {
        lines.push("the last record of the log is torn and was left out".to_owned());
    }
    if let Some(path) = out {
        lines.push(format!("wrote    {path}"));
    }
    writeln!(stdout, "{}", lines.join("\n")).context("cannot write to standard output")
}
