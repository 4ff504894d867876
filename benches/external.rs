//! What it costs to ask a program: microseconds for each evaluation at dimension 10, from the member's address to its
//! fitness.
//!
//! The programs compute nothing. `rust` is this very bench, started again as a worker that answers as fast as lines can
//! be read; what it takes is our side of the matter. `python` is the same in Python's standard library.

use std::io::{BufRead, Write};
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use hatchery::engine::{Evaluator, Perturbed, Sampling};
use hatchery::kernels::{
    Backend, Distribution, Domain, NoiseStream, PackedCache, Perturbation, Precision,
};
use hatchery::tasks::external::{Config, External};

const MEMBERS: u32 = 1024;
const ECHO: &str = "--answer-lines";

const PYTHON: &str = "
import sys
for line in sys.stdin:
    if '\"eval\"' in line:
        at = line.index('\"id\":') + 5
        sys.stdout.write('{\"id\":' + line[at:line.index(',', at)] + ',\"f\":1.0}\\n')
        sys.stdout.flush()
    elif 'hello' in line:
        print('{\"op\":\"ready\",\"parallel\":PARALLEL}', flush=True)
    else:
        break
";

fn ask(c: &mut Criterion, name: &str, command: Vec<String>, workers: u32) {
    let config = Config { command, dimension: 10, workers, ..Config::default() };
    let task = External::new(config, 1, 1, None);
    let theta = Arc::new(task.init());
    let population = Perturbed {
        generation: 0,
        packed: PackedCache::new(1, Precision::F32),
        theta,
        sigma: 0.1,
        perturbation: Perturbation::Dense,
        distribution: Distribution::Normal,
        noise: NoiseStream::new(1).domain(Domain::Perturb),
        noise_generation: 0,
        directions: MEMBERS / 2,
        sampling: Sampling::Antithetic,
        vectors_frozen: false,
        baseline_group: 0,
        resident: None,
    };
    let evaluator = Evaluator::new(Backend::cpu());
    let mut group = c.benchmark_group("external");
    group.throughput(Throughput::Elements(u64::from(MEMBERS))).sample_size(20);
    group.bench_function(BenchmarkId::new(name, format!("workers{workers}")), |b| {
        b.iter(|| evaluator.evaluate(&task, &population).expect("the program answers"));
    });
    group.finish();
}

fn programs(c: &mut Criterion) {
    let own = std::env::current_exe().expect("this program has a path").display().to_string();
    for parallel in [1, 64] {
        for workers in [1, 2] {
            let command = vec![own.clone(), ECHO.to_owned(), parallel.to_string()];
            ask(c, &format!("rust_parallel{parallel}"), command, workers);
        }
    }
    if std::process::Command::new("python3").arg("--version").output().is_ok() {
        let text = PYTHON.replace("PARALLEL", "64");
        let command = ["python3", "-ISE", "-c", &text].map(str::to_owned).to_vec();
        ask(c, "python_parallel64", command, 1);
    }
}

/// The worker: an answer for each line.
fn answer_lines(parallel: &str) -> std::io::Result<()> {
    let (stdin, mut stdout) = (std::io::stdin().lock(), std::io::stdout().lock());
    for line in stdin.lines() {
        let line = line?;
        if line.contains("\"hello\"") {
            writeln!(stdout, "{{\"op\":\"ready\",\"parallel\":{parallel}}}")?;
        } else if let Some((_, rest)) = line.split_once("\"id\":") {
            let id = rest.split(',').next().unwrap_or_default();
            writeln!(stdout, "{{\"id\":{id},\"f\":1.0}}")?;
        }
        stdout.flush()?;
    }
    Ok(())
}

criterion_group!(benches, programs);

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if words.get(1).is_some_and(|word| word == ECHO) {
        answer_lines(&words[2]).expect("the other side is there");
        return;
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
