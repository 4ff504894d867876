//! A program as the update rule: `search.optimiser = "program"`.

use std::fs;

use crate::support::{Scratch, stderr};

const RUN: &str = "run cartpole --set search.pairs=8 --set search.optimiser=program --quiet";

const LION: &str =
    "update = (sign(interp(g, v1, 0.9)) + 0.001 * w) * lr\nv1 = interp(g, v1, 0.99)\n";

fn numbers(scratch: &Scratch, run: &str) -> Vec<f32> {
    let bytes = fs::read(scratch.path(run).join("parameters.safetensors")).expect("read");
    let head = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) as usize;
    let number = |b: &[u8]| f32::from_le_bytes(b.try_into().expect("four bytes"));
    bytes[8 + head..].chunks_exact(4).map(number).collect()
}

#[test]
fn lion_from_a_file_is_the_built_in_lion() {
    let scratch = Scratch::new();
    scratch.write("lion.txt", LION);
    let rest = "--generations 10 --seed 3";
    scratch.ok(&format!("{RUN} --set search.program=lion.txt {rest} --out program"));
    let built_in = "run cartpole --set search.pairs=8 --set search.optimiser=lion --quiet";
    scratch.ok(&format!("{built_in} {rest} --out lion"));
    let (a, b) = (numbers(&scratch, "program"), numbers(&scratch, "lion"));
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() <= 1e-6, "{a} {b}");
    }
}

/// The file that a run leaves has the statements in it: it runs again where the program's file is gone.
#[test]
fn a_resolved_configuration_carries_its_program() {
    let scratch = Scratch::new();
    scratch.write("mine.txt", LION);
    let first =
        scratch.json(&format!("{RUN} --set search.program=mine.txt --generations 3 --out a"));
    fs::remove_file(scratch.path("mine.txt")).expect("removed");
    let again = scratch.json("run a/config.toml --generations 3 --quiet --out b");
    assert_eq!(first["digest"], again["digest"]);
    scratch.ok(&format!("{RUN} --set search.program=lion-raw --generations 1 --out c"));
    let text = fs::read_to_string(scratch.path("c/config.toml")).expect("read");
    assert!(text.contains("arcsin(g)") && !text.contains("lion-raw"), "{text}");
}

#[test]
fn a_program_is_resumed_to_the_bit() {
    let scratch = Scratch::new();
    let run = format!("{RUN} --set search.program=adamw --set search.learning_rate=30");
    let whole = scratch.json(&format!("{run} --generations 8 --out whole"));
    scratch.ok(&format!("{run} --generations 4 --out parts"));
    let parts = scratch.json("resume parts --generations 8 --quiet");
    assert_eq!(whole["digest"], parts["digest"]);
}

#[test]
fn mistakes_in_programs_are_mistakes_in_configurations() {
    let scratch = Scratch::new();
    scratch.write("bad.txt", "update = g * lr\nv1 = inter(g, v1, 0.9)\n");
    for (program, parts) in [
        ("bad.txt", ["line 2, column 6", "no operation 'inter'"]),
        ("nothing.txt", ["no file that can be read", "lion-raw"]),
        ("lyon", ["no file that can be read", "adamw"]),
        ("update=g+q", ["line 1, column 10", "'q' has no value"]),
    ] {
        let words = format!("{RUN} --set search.program={program} --generations 1 --out bad");
        let message = stderr(&scratch.command(&words).assert().code(2));
        assert_eq!(message.trim_end().lines().count(), 1, "{message}");
        assert!(message.contains("--set search.program"), "{message}");
        for part in parts {
            assert!(message.contains(part), "{message}");
        }
        assert!(!scratch.path("bad").exists());
    }
    let unused = "run cartpole --set search.program=lion --generations 1";
    let message = stderr(&scratch.command(unused).assert().code(2));
    assert!(message.contains("belongs to optimiser `program`, not `adam`"), "{message}");
}
