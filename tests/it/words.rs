//! What the command says when asked about itself.

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::{PRESETS, Scratch, stdout};

#[test]
fn list_names_every_preset_task_and_strategy() {
    let scratch = Scratch::new();
    let all = stdout(&scratch.ok("list"));
    for heading in ["tasks:", "strategies:", "presets:"] {
        assert!(all.contains(heading), "{all}");
    }
    let presets = stdout(&scratch.ok("list presets"));
    let names: Vec<&str> = presets.lines().filter_map(|l| l.split_whitespace().next()).collect();
    assert_eq!(names, PRESETS);
    let tasks = stdout(&scratch.ok("list tasks"));
    for name in PRESETS {
        let task = match name {
            _ if name.starts_with("formula-") => "formula",
            _ if name.starts_with("egg") => "language",
            _ if name.starts_with("reward-") => "reward",
            _ => name,
        };
        assert!(tasks.lines().any(|line| line.trim() == task), "{name} in {tasks}");
    }
    let strategies = stdout(&scratch.ok("list strategies"));
    for name in ["eggroll", "open-es", "sign-update", "sparse"] {
        assert!(strategies.lines().any(|line| line.trim().starts_with(name)), "{strategies}");
    }
}

#[test]
fn what_list_shows_can_be_shown() {
    let scratch = Scratch::new();
    for name in PRESETS {
        let text = stdout(&scratch.ok(&format!("show {name}")));
        let table: toml::Table = text.parse().expect("a preset is TOML");
        for key in ["seed", "task", "search", "budget"] {
            // Of trainings, where a search is one of rewards.
            let own = key == "budget" && table["search"].get("budget").is_some();
            assert!(table.contains_key(key) || own, "{name} has no {key}");
        }
    }
}

#[test]
fn doctor_tells_what_the_machine_has() {
    let scratch = Scratch::new();
    let text = stdout(&scratch.ok("doctor"));
    for row in ["hatchery", "cores", "SIMD", "memory", "CUDA", "backend"] {
        assert!(text.lines().any(|line| line.starts_with(row)), "no {row} in\n{text}");
    }
    assert!(text.contains(env!("CARGO_PKG_VERSION")), "{text}");
    let object = scratch.json("doctor");
    assert!(object["cores"].as_u64().is_some_and(|n| n > 0), "{object}");
    assert!(object["cuda"].is_string() && object["simd"].is_string(), "{object}");
}

#[test]
fn completions_are_written_for_every_shell() {
    let scratch = Scratch::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        scratch.ok(&format!("completions {shell}")).stdout(contains("resume"));
    }
}

#[test]
fn help_is_success_and_no_words_at_all_are_a_usage_error() {
    let scratch = Scratch::new();
    scratch.ok("--help").stdout(contains("Exit codes"));
    scratch.ok("run --help").stdout(contains("--set <KEY=VALUE>"));
    scratch.ok("--version").stdout(contains(env!("CARGO_PKG_VERSION")));
    scratch.command("").assert().code(2).stderr(contains("Usage"));
    scratch.command("runn cartpole").assert().code(2).stderr(contains("run"));
    scratch.command("run cartpole --threads 0").assert().code(2).stderr(contains("--threads"));
    assert!(scratch.names().is_empty());
}

#[test]
fn a_mistyped_preset_is_answered_with_the_nearest_name() {
    let scratch = Scratch::new();
    for words in ["show cartpol", "run cartpol"] {
        scratch.command(words).assert().code(2).stderr(contains("did you mean `cartpole`?"));
    }
    let hint = contains("hatchery list presets").and(contains("xyz"));
    scratch.command("show xyz").assert().code(2).stderr(hint);
}

#[test]
fn a_reader_that_closes_the_pipe_early_is_no_failure() {
    let scratch = Scratch::new();
    let mut child = std::process::Command::new(crate::support::BINARY)
        .args(["completions", "bash"])
        .current_dir(scratch.path(""))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("started");
    drop(child.stdout.take());
    assert!(child.wait().expect("ended").success());
}

#[test]
fn quiet_runs_print_nothing_and_loud_ones_say_what_to_do_next() {
    let scratch = Scratch::new();
    let quiet = scratch.ok("run sphere --generations 2 --quiet --out a");
    quiet.stdout("").stderr("");
    scratch
        .ok("run sphere --generations 2 --out b")
        .stdout(contains("generation-limit after 2 generations").and(contains("hatchery eval b")));
}
