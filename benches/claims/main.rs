//! What is claimed of the search for programs, as experiments that anyone can repeat.
//!
//! `cargo bench --bench claims -- k4 k7` runs some of them, `--quick` with a tenth of the work, `--json DIR` keeps the raw numbers. Without a
//! name all run, one after the other; `benches/README.md` says how long that takes.
//!
//! | claim | question |
//! |---|---|
//! | `k3` | does evolution find acceptable programs more often than random search, the more so the rarer they are? |
//! | `k4` | does evolution beat tuning constants with four times the evaluations? |
//! | `k6` | does it come from AdamW to the sign of a momentum where that is known to win? |
//! | `k7` | does it come from descent to momentum? |
//! | `k8` | what does the cache save, and does it change nothing? |
//! | `k9` | where do meta-validation curves turn? |
//! | `horizons` | do programs that see how long training lasts do better on two lengths of it? |
//!
//! `k1` (the interpreter is right) and `k2` (the simplifier comes to Lion) are tests; `k5` (what is found holds on proxies never
//! used) is `hatchery run optimizer-search`, whose table is the experiment.

mod horizons;
mod k3;
mod k4;
mod k6;
mod k7;
mod k8;
mod k9;
mod lab;
mod probe;

use std::time::Instant;

use serde_json::Value;

/// A claim: its id, and what tries it. Prints a table and returns the raw numbers.
type Claim = (&'static str, fn(bool) -> Value);

const CLAIMS: [Claim; 7] = [
    ("k3", k3::run),
    ("k4", k4::run),
    ("k6", k6::run),
    ("k7", k7::run),
    ("k8", k8::run),
    ("k9", k9::run),
    ("horizons", horizons::run),
];

fn main() {
    let (mut quick, mut folder, mut names) = (false, None, Vec::new());
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => quick = true,
            "--json" => folder = words.next(),
            // Cargo says so to every bench.
            "--bench" => {}
            name if CLAIMS.iter().any(|(known, _)| *known == name) => names.push(word),
            other => {
                eprintln!(
                    "there is no '{other}'; claims are k3 k4 k6 k7 k8 k9 horizons, flags --quick and --json DIR"
                );
                std::process::exit(2);
            }
        }
    }
    for (name, run) in CLAIMS {
        if !names.is_empty() && !names.iter().any(|asked| asked == name) {
            continue;
        }
        println!("\n== {name} ==");
        let began = Instant::now();
        let mut raw = run(quick);
        let seconds = began.elapsed().as_secs_f64();
        println!("({seconds:.0} s)");
        raw["claim"] = name.into();
        raw["quick"] = quick.into();
        raw["seconds"] = seconds.into();
        if let Some(folder) = &folder {
            let path = std::path::Path::new(folder).join(format!("{name}.json"));
            let text = serde_json::to_string_pretty(&raw).expect("numbers and texts");
            std::fs::create_dir_all(folder)
                .and_then(|()| std::fs::write(&path, text + "\n"))
                .unwrap_or_else(|error| {
                    eprintln!("{} cannot be written: {error}", path.display());
                    std::process::exit(1);
                });
        }
    }
}
