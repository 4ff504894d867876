//! Programs in other languages: what they may do to a run.

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use crate::support::{Scratch, stderr};

/// Whether there is a Python; without one these tests have nothing to run.
fn python() -> bool {
    let found = std::process::Command::new("python3").arg("--version").output().is_ok();
    if !found {
        println!("skipped: no python3");
    }
    found
}

/// A run of so many generations of 16 members with the evil program; `shares` are its arguments.
fn configure(scratch: &Scratch, name: &str, generations: u32, shares: &[&str]) {
    scratch.write("evil.py", include_str!("evil.py"));
    let arguments: String = shares.iter().map(|share| format!(", \"{share}\"")).collect();
    let text = format!(
        "seed = 3\n[task]\nname = \"external\"\ncommand = [\"python3\", \"-ISE\", \"evil.py\"{arguments}]\n\
         dimension = 4\nworkers = 2\ntimeout_ms = 250\nretries = 30\n\
         [search]\npairs = 8\nsigma = 0.1\n[budget]\ngenerations = {generations}\n\
         [output]\nreport = false\ntensorboard = false\n"
    );
    scratch.write(&format!("{name}.toml"), &text);
}

fn summary(scratch: &Scratch, run: &str) -> Value {
    scratch.json_file(&format!("{run}/summary.json"))
}

/// Runs the good and the evil program and returns the evil one's counters: the results must be the same.
fn evil_against_good(generations: u32, shares: &[&str]) -> Value {
    let scratch = Scratch::new();
    configure(&scratch, "good", generations, &[]);
    configure(&scratch, "evil", generations, shares);
    scratch.ok("run good.toml --quiet --out good");
    let mut command = scratch.command("run evil.toml --quiet --out evil");
    command.timeout(std::time::Duration::from_secs(300)).assert().success();
    let (good, evil) = (summary(&scratch, "good"), summary(&scratch, "evil"));
    assert_eq!(good["digest"], evil["digest"], "{evil}");
    assert_eq!(evil["failures"], 0, "{evil}");
    let stop = std::fs::read_to_string(scratch.path("good/external/worker-0.stderr"));
    assert_eq!(stop.expect("its error output is kept"), "stopped in order\n");
    evil["external"].clone()
}

#[test]
fn deaths_and_nonsense_change_no_result() {
    if !python() {
        return;
    }
    let shares = [
        "exit=0.04",
        "signal=0.04",
        "hang=0.02",
        "half=0.03",
        "wrong-id=0.05",
        "twice=0.05",
        "garbage=0.05",
    ];
    let counters = evil_against_good(8, &shares);
    for what in ["exits", "signals", "dropped_lines", "retried"] {
        assert!(counters[what].as_u64() > Some(0), "{what}: {counters}");
    }
    assert_eq!(counters["answered"], 128);
}

/// The full storm, every kind of death many times: `cargo test --test it storm -- --ignored`.
#[test]
#[ignore = "takes a minute"]
fn a_storm_of_deaths_changes_no_result() {
    if !python() {
        return;
    }
    let shares = [
        "exit=0.08",
        "signal=0.08",
        "hang=0.07",
        "flood=0.07",
        "half=0.07",
        "wrong-id=0.03",
        "twice=0.03",
        "garbage=0.03",
        "huge=0.01",
    ];
    let counters = evil_against_good(50, &shares);
    println!("{counters}");
    let deaths =
        ["exits", "signals", "timeouts", "floods"].map(|kind| counters[kind].as_u64().unwrap_or(0));
    assert!(
        deaths.iter().sum::<u64>() >= 200 && deaths.iter().all(|kind| *kind >= 20),
        "{counters}"
    );
}

#[test]
fn declined_evaluations_are_failures_and_the_others_go_on() {
    if !python() {
        return;
    }
    let scratch = Scratch::new();
    configure(&scratch, "a", 3, &["nan=0.2", "fail=0.2"]);
    scratch.ok("run a.toml --out a").stdout(contains("evaluations failed"));
    let summary = summary(&scratch, "a");
    let counters = &summary["external"];
    assert_eq!(summary["failures"], counters["declined"]);
    assert!(counters["declined"].as_u64() > Some(0) && counters["starts"] == 2, "{summary}");
}

#[test]
fn an_evaluation_that_kills_every_program_is_lost_alone() {
    if !python() {
        return;
    }
    let scratch = Scratch::new();
    scratch.write(
        "picky.py",
        "import json,sys\nprint('{\"op\":\"ready\",\"parallel\":8}',flush=True)\nfor l in sys.stdin:\n r=json.loads(l)\n \
         if r['op']=='eval':\n  if r['x'][0]<-0.05: sys.exit(1)\n  print(json.dumps({'id':r['id'],'f':r['x'][0]}),flush=True)\n",
    );
    let task = "[task]\nname=\"external\"\ncommand=[\"python3\",\"-ISE\",\"picky.py\"]\ndimension=1\nworkers=2\n";
    scratch.write("a.toml", &format!("{task}[search]\npairs=8\n[budget]\ngenerations=1\n"));
    scratch.ok("run a.toml --quiet --out a");
    let summary = summary(&scratch, "a");
    assert_eq!(summary["failures"], summary["external"]["lost"]);
    let lost = summary["external"]["lost"].as_u64().expect("a number");
    assert!((1..16).contains(&lost), "{summary}");
    let reason = summary["first_error"].as_str().unwrap_or_default();
    assert!(reason.is_empty() || reason.contains("did not survive"), "{summary}");
}

#[test]
fn a_program_that_cannot_start_ends_the_run_with_its_last_words() {
    let scratch = Scratch::new();
    let run = |command: &str, extra: &str| {
        let text = format!(
            "[task]\nname=\"external\"\ncommand={command}\ndimension=2\nworkers=1\n{extra}\n[budget]\ngenerations=1\n"
        );
        scratch.write("a.toml", &text);
        stderr(&scratch.command("run a.toml --quiet").assert().code(1))
    };
    let said = run("[\"no-such-program\"]", "");
    assert!(said.contains("cannot start `no-such-program`"), "{said}");
    let said = run("[\"sh\", \"-c\", \"echo licence expired >&2; exit 7\"]", "");
    assert!(said.contains("licence expired") && said.contains("exit code 7"), "{said}");
    let said = run("[\"sleep\", \"100\"]", "start_timeout_ms=50");
    assert!(said.contains("no `ready` line within 50 ms"), "{said}");
}

#[test]
fn the_environment_is_cleared_but_for_the_names_that_are_passed() {
    let scratch = Scratch::new();
    scratch.write("see.sh", "env >&2; echo '{\"op\":\"ready\"}'; while read l; do :; done");
    scratch.write(
        "a.toml",
        "[task]\nname=\"external\"\ncommand=[\"sh\",\"see.sh\"]\ndimension=1\nworkers=1\nretries=0\ntimeout_ms=100\n\
         env=[\"SHOWN\"]\n[search]\npairs=1\n[budget]\ngenerations=1\n",
    );
    let mut command = scratch.command("run a.toml --quiet --out a");
    command.env("SHOWN", "yes").env("SECRET", "key").assert().code(1).stderr(contains("too long"));
    let seen = std::fs::read_to_string(scratch.path("a/external/worker-0.stderr")).expect("kept");
    assert!(seen.contains("SHOWN=yes") && seen.contains("HATCHERY_WORKER=0"), "{seen}");
    assert!(!seen.contains("SECRET"), "{seen}");
}

/// The program starts a child that would write a file later; the group's death must prevent it.
#[test]
fn what_a_hung_program_started_dies_with_it() {
    let scratch = Scratch::new();
    scratch.write(
        "fork.sh",
        "(sleep 0.6; touch survived) & echo '{\"op\":\"ready\"}'; while true; do sleep 1; done",
    );
    scratch.write(
        "a.toml",
        "[task]\nname=\"external\"\ncommand=[\"sh\",\"fork.sh\"]\ndimension=1\nworkers=1\nretries=0\ntimeout_ms=100\n\
         [search]\npairs=1\n[budget]\ngenerations=1\n",
    );
    scratch.command("run a.toml --quiet --out a").assert().code(1);
    std::thread::sleep(std::time::Duration::from_millis(800));
    assert!(!scratch.names().contains(&"survived".to_owned()));
}

#[test]
fn wrong_settings_name_the_key_and_the_line() {
    let scratch = Scratch::new();
    let refused = |lines: &str, expected: &str| {
        scratch.write(
            "a.toml",
            &format!("[task]\nname = \"external\"\n{lines}\n[budget]\ngenerations = 1\n"),
        );
        let assert = scratch.command("run a.toml").assert().code(2);
        assert.stderr(contains("a.toml").and(contains(expected)));
    };
    refused("dimension = 2", "task.command");
    refused("command = [\"a\"]", "task.dimension");
    refused(
        "command = [\"a\"]\ndimension = 2\nlower = [0, 1, 2]",
        "has 3 entries, but the dimension is 2",
    );
    refused(
        "command = [\"a\"]\ndimension = 2\nlower = 1\nupper = [2, 0]",
        "not above the lower bound",
    );
    refused("command = [\"a\"]\ndimension = 2\ntimeout_ms = 0", "task.timeout_ms");
    refused("command = [\"a\"]\ndimension = 2\n[model]\nhidden = [2]", "no network");
    assert_eq!(scratch.names(), ["a.toml"]);
}

#[test]
fn an_interrupted_run_goes_on_and_is_judged() {
    if !python() {
        return;
    }
    let scratch = Scratch::new();
    configure(&scratch, "a", 6, &[]);
    scratch.ok("run a.toml --quiet --out whole");
    scratch.ok("run a.toml --quiet --generations 3 --out a");
    scratch.ok("resume a --quiet --generations 6");
    assert_eq!(summary(&scratch, "a")["digest"], summary(&scratch, "whole")["digest"]);
    scratch.ok("eval a --episodes 3").stdout(contains("over 3 fresh episodes"));
}
