//! What each change of the algorithm is worth: bits per byte of the held-out text at equal member-tokens, one change at a time.
//!
//! ```text
//! cargo bench --bench egg -- --learning --tokens 13000000 --seeds 3 --json learning.jsonl
//! ```
//!
//! A row is a change to the row that it names, and so on back to the control: the published rule. Runs that are in the file already are not made
//! again. Each run has one thread, so that `--threads` runs go side by side and seconds are those of a core.

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use hatchery::engine::{Evaluator, Int8Perturbed, Sampling, Strategy};
use hatchery::kernels::Backend;
use hatchery::kernels::int8::ZeroMean;
use hatchery::search::egg::{Config, Egg, NoiseKind, UpdateKind};
use hatchery::tasks::language::{ByteLm, Corpus, Model};
use serde::{Deserialize, Serialize};

/// Shares of the budget after which the held-out text is looked at.
const LOOKS: [f64; 4] = [0.25, 0.5, 0.75, 1.0];

/// Everything that a row may change.
#[derive(Clone)]
struct Setting {
    search: Config,
    depth: usize,
    width: usize,
    tokens: usize,
    group: usize,
}

/// A row: its name, the row that it changes, and how.
type Row = (&'static str, &'static str, fn(&mut Setting));

const ROWS: [Row; 23] = [
    ("control", "", |_| {}),
    ("noise-table", "control", |s| s.search.noise = NoiseKind::Table),
    ("five-levels", "control", |s| s.search.loudest_vote = 2),
    ("three-levels", "control", |s| s.search.loudest_vote = 1),
    ("accumulate", "control", |s| s.search.update = UpdateKind::Accumulate),
    ("both", "accumulate", |s| s.search.loudest_vote = 2),
    ("momentum-3", "both", |s| s.search.momentum_shift = 3),
    ("sigma-3", "both", |s| s.search.sigma_shift = 3),
    ("time-scale-1000", "sigma-3", |s| s.search.time_scale = 1000.0),
    ("tokens-16", "time-scale-1000", |s| s.tokens = 16),
    ("one-layer", "tokens-16", |s| s.depth = 1),
    ("groups-of-8", "one-layer", |s| s.group = 8),
    ("groups-of-64", "one-layer", |s| s.group = 64),
    ("one-sided-8", "groups-of-8", |s| one_sided(s, 8)),
    ("one-sided-64", "groups-of-64", |s| one_sided(s, 64)),
    ("slower", "one-sided-8", |s| s.search.time_scale = 3000.0),
    ("sigma-2", "one-sided-8", |s| s.search.sigma_shift = 2),
    ("sigma-4", "one-sided-8", |s| s.search.sigma_shift = 4),
    ("tokens-8", "one-sided-8", |s| s.tokens = 8),
    ("tokens-32", "one-sided-8", |s| s.tokens = 32),
    ("pairs-256", "one-sided-8", |s| s.search.pairs = 256),
    ("pairs-1024", "one-sided-8", |s| s.search.pairs = 1024),
    ("width-16", "one-sided-8", |s| s.width = 16),
];

/// Groups of `group` read the same text and are compared.
fn one_sided(setting: &mut Setting, group: usize) {
    setting.group = group;
    setting.search.sampling = Sampling::OneSided;
    setting.search.group = group as u32;
}

fn setting(name: &str) -> Setting {
    let (_, of, change) = ROWS.iter().find(|(row, ..)| *row == name).expect("a row of the table");
    let mut setting = match *of {
        "" => Setting {
            search: Config { pairs: 512, time_scale: 100.0, ..Config::default() },
            depth: 2,
            width: 64,
            tokens: 64,
            group: 2,
        },
        of => setting(of),
    };
    change(&mut setting);
    setting
}

/// One run.
#[derive(Serialize, Deserialize)]
struct Learned {
    row: String,
    seed: u64,
    member_tokens: u64,
    generations: u32,
    seconds: f64,
    /// Bits per byte after each of [`LOOKS`].
    bits: Vec<f64>,
}

/// What is read within a budget, in whole generations, and how many these are.
fn member_tokens(setting: &Setting, budget: u64) -> (u64, u32) {
    let each = u64::from(setting.search.members()) * setting.tokens as u64;
    let generations = budget.div_ceil(each);
    (generations * each, generations as u32)
}

fn learn(row: &str, seed: u64, budget: u64) -> Learned {
    let setting = setting(row);
    let (member_tokens, generations) = member_tokens(&setting, budget);
    let Setting { search, depth, width, tokens, group } = setting;
    let model = Model { width, depth, zero: ZeroMean::One };
    let text = Corpus::of(Corpus::read(Corpus::BUILT_IN).expect("it is built in"), 0.05, 0.05);
    let task = ByteLm::try_new(model, text, tokens, group).expect("long enough");
    let mut egg =
        Egg::try_new(search, model.init(seed), model.state_len(), seed).expect("valid settings");
    let evaluator = Evaluator::new(Backend::cpu());
    let looks = LOOKS.map(|share| (f64::from(generations) * share).round() as u32);
    let (mut bits, mut seconds) = (Vec::new(), 0.0);
    for generation in 0..generations {
        let began = Instant::now();
        let population: Int8Perturbed = egg.ask(generation).expect("asked");
        let fitness = evaluator.evaluate(&task, &population).expect("evaluated");
        egg.tell(population, &fitness, &evaluator.backend).expect("told");
        seconds += began.elapsed().as_secs_f64();
        if looks.contains(&(generation + 1)) {
            let held_out = task.corpus().validation.clone();
            bits.push(task.score(egg.centre_int8(), held_out, 1024).bits_per_byte());
        }
    }
    Learned { row: row.into(), seed, member_tokens, generations, seconds, bits }
}

/// Runs what is not in the file yet and prints the table.
pub(super) fn run(words: &[String]) {
    let after = |flag: &str| words.iter().skip_while(|word| *word != flag).nth(1);
    let number = |flag: &str, usual: u64| {
        after(flag).map_or(usual, |word| word.parse().expect("a whole number after a flag"))
    };
    let (budget, seeds) = (number("--tokens", 13_000_000), number("--seeds", 3));
    let only = after("--rows").map(|names| names.split(',').collect::<Vec<_>>());
    let path = after("--json");
    let text = path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    // Runs of another budget, or of a row that is gone, are not of this table.
    let of_budget = |l: &Learned| {
        let row = ROWS.iter().any(|(name, ..)| *name == l.row);
        row && l.member_tokens == member_tokens(&setting(&l.row), budget).0
    };
    let read = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    let there: Vec<Learned> = read.filter(of_budget).collect();
    let wanted = ROWS.iter().filter(|(name, ..)| only.as_ref().is_none_or(|o| o.contains(name)));
    let jobs: Vec<(&str, u64)> = (0..seeds)
        .flat_map(|seed| wanted.clone().map(move |(name, ..)| (*name, seed)))
        .filter(|&(row, seed)| !there.iter().any(|l| l.row == row && l.seed == seed))
        .collect();
    let open = |path| OpenOptions::new().create(true).append(true).open(path);
    let file = path.map(|path| Mutex::new(open(path).expect("a file that can be written")));
    let threads = number("--threads", rayon::current_num_threads() as u64) as usize;
    let (next, new) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        // Threads of the system with a pool of one thread each: a thread of a shared pool would take up other runs while it waits.
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
        while let Some(&(row, seed)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let learned = alone.install(|| learn(row, seed, budget));
            eprintln!("{row}, seed {seed}: {:.3}", learned.bits.last().expect("a look"));
            if let Some(file) = &file {
                let line = serde_json::to_string(&learned).expect("numbers");
                writeln!(file.lock().expect("not poisoned"), "{line}").expect("written");
            }
            new.lock().expect("not poisoned").push(learned);
        }
    };
    std::thread::scope(|scope| (0..threads.min(jobs.len())).for_each(|_| drop(scope.spawn(work))));
    let new = new.into_inner().expect("not poisoned");
    print(&there.into_iter().chain(new).collect::<Vec<_>>());
}

fn print(all: &[Learned]) {
    println!("{:16} {:16} {:>5} {:>7}   bits per byte, each seed", "row", "changes", "gens", "s");
    for (name, of, _) in ROWS {
        let of_row = |name: &str| -> Vec<&Learned> {
            let mut runs: Vec<_> = all.iter().filter(|learned| learned.row == name).collect();
            runs.sort_by_key(|learned| learned.seed);
            runs
        };
        let runs = of_row(name);
        let last = |learned: &Learned| *learned.bits.last().expect("a look");
        let mean =
            |runs: &[&Learned]| runs.iter().map(|l| last(l)).sum::<f64>() / runs.len() as f64;
        let Some(first) = runs.first() else { continue };
        let seconds = runs.iter().map(|l| l.seconds).sum::<f64>() / runs.len() as f64;
        let before = of_row(of);
        let change = match before.is_empty() {
            true => String::new(),
            false => format!("{:+.3}", mean(&runs) - mean(&before)),
        };
        let each: Vec<String> = runs.iter().map(|l| format!("{:.3}", last(l))).collect();
        let (mean, each) = (mean(&runs), each.join(" "));
        let generations = first.generations;
        println!("{name:16} {of:16} {generations:5} {seconds:7.0}   {mean:.3} {change:7} ({each})");
    }
}
