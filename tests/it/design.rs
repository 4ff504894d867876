//! Shortlists from a table of past experiments, from the command line.

use std::fmt::Write;
use std::fs;
use std::io::Write as _;

use hatchery::surrogates::Draws;
use hatchery::tasks::designs::npy::{Array, Values};
use hatchery::tasks::designs::{ClosedForm, Function, Oracle, Settings, Shards};
use predicates::str::contains;
use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::{Scratch, names_in, stderr, stdout};

/// 10 at temperature 60 with 2 g of catalyst B; 3 less with A or C.
fn truth(temperature: f64, grams: f64, catalyst: &str) -> f64 {
    let best = if catalyst == "B" { 10.0 } else { 7.0 };
    best - ((temperature - 60.0) / 20.0).powi(2) - 2.0 * (grams - 2.0).powi(2)
}

/// Rows away from the best, with a little noise and a column that is no setting.
fn reactions(rows: usize) -> String {
    let mut draws = Draws::new(5, "rows of a test");
    let mut text = String::from("operator,temperature,grams,catalyst,yield\n");
    for row in 0..rows {
        let (t, g) = (20.0 + 80.0 * draws.uniform(), 4.0 * draws.uniform());
        let c = ["A", "B", "C"][draws.below(3)];
        let score = truth(t, g, c) + 0.05 * draws.normal();
        let _ = writeln!(text, "p{row},{t:.1},{g:.2},{c},{score:.3}");
    }
    text
}

/// Settings and scores that have nothing to do with each other.
fn noise(rows: usize) -> String {
    let mut draws = Draws::new(8, "rows of a test");
    let mut text = String::from("a,b,c,y\n");
    for _ in 0..rows {
        let [a, b, c] = [0; 3].map(|_| draws.uniform());
        let _ = writeln!(text, "{a:.3},{b:.3},{c:.3},{:.3}", draws.normal());
    }
    text
}

const QUICK: &str = "design reactions.csv --target yield --maximize --ignore operator --surrogate pairwise-ridge --candidates 6";

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("reactions.csv", &reactions(90));
    scratch.write("noise.csv", &noise(60));
    scratch
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// A table as rows of cells, without its header.
fn rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let split = |line: &str| line.split(delimiter).map(str::to_owned).collect();
    text.lines().skip(1).map(split).collect()
}

#[test]
fn designs_better_than_any_row_are_proposed() {
    let scratch = scratch();
    let told = stdout(&scratch.ok(&format!("{QUICK} --run-dir a --out list.csv")));
    for part in [
        "reactions: 90 rows; 3 columns of a design; yield is to be maximised",
        "catalyst: categorical, A, B, C (from the table)",
        "rehearsal: the 18 best rows were hidden among 36; of 8 picks,",
        "where chance finds 4",
        "shortlist of 6 by pairwise-ridge, searched by evolution",
        "% lay in their 80 % interval",
        "the model goes by these columns: of a rank correlation of 1, shuffling one of them loses",
        "\n  grams 0.",
        "shortlist list.csv",
        "report    a/report.html",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let text = fs::read_to_string(scratch.path("list.csv")).expect("read");
    let head = "operator,temperature,grams,catalyst,yield,predicted,low,high,distance,verdict";
    assert_eq!(text.lines().next(), Some(head));
    let rows = rows(&text, ',');
    assert_eq!(rows.len(), 6);
    for row in &rows {
        let real = |at: usize| row[at].parse::<f64>().expect("a number");
        assert!(row[0].is_empty() && row[4].is_empty(), "left to be measured: {row:?}");
        assert!(truth(real(1), real(2), &row[3]) > 9.0, "{row:?}");
        assert!((real(5) - truth(real(1), real(2), &row[3])).abs() < 0.5, "{row:?}");
        assert!(real(6) < real(5) && real(5) < real(7), "{row:?}");
        assert!((0.0..=1.0).contains(&real(8)), "{row:?}");
    }
    assert!(rows.iter().any(|row| row[9] == "build"), "{text}");
    assert_eq!(
        names_in(&scratch.path("a")),
        ["config.toml", "design.json", "report.html", "shortlist.csv", "summary.json"]
    );
    assert_eq!(fs::read_to_string(scratch.path("a/shortlist.csv")).expect("read"), text);
    // One of ours may be replaced, any other file not.
    scratch.ok(&format!("{QUICK} --quiet --out list.csv"));
    scratch.write("notes.csv", "mine");
    let taken = format!("{QUICK} --quiet --out notes.csv");
    scratch.command(&taken).assert().code(2).stderr(contains("is no shortlist"));
    scratch.ok(&format!("{taken} --force"));
    scratch
        .command(&format!("{QUICK} --out reactions.csv --force"))
        .assert()
        .code(2)
        .stderr(contains("is the table itself"));
    scratch.command(&format!("{QUICK} --run-dir a")).assert().code(2).stderr(contains("--run-dir"));
}

#[test]
fn json_lines_are_the_same_table() {
    let scratch = scratch();
    let object = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let [operator, t, g, catalyst, score] = cells[..] else { panic!("five cells: {line}") };
        format!(
            "{{\"operator\":\"{operator}\",\"temperature\":{t},\"grams\":{g},\"catalyst\":\"{catalyst}\",\"yield\":{score}}}\n"
        )
    };
    let lines: String = reactions(90).lines().skip(1).map(object).collect();
    scratch.write("reactions.jsonl", &lines);
    scratch.ok(&format!("{QUICK} --quiet --run-dir a"));
    scratch.ok(&format!("{} --quiet --run-dir b", QUICK.replace(".csv", ".jsonl")));
    let list =
        |run| fs::read_to_string(scratch.path(&format!("{run}/shortlist.csv"))).expect("read");
    assert_eq!(list("a"), list("b"));
}

#[test]
fn constraints_of_the_space_file_hold_and_smaller_is_better_by_default() {
    let scratch = Scratch::new();
    let mut draws = Draws::new(3, "rows of a test");
    let mut text = String::from("water;oil;salt;cost\n");
    for _ in 0..60 {
        let mut parts = [0; 3].map(|_| draws.exponential());
        let sum: f64 = parts.iter().sum();
        parts.iter_mut().for_each(|part| *part /= sum);
        let [water, oil, salt] = parts;
        let cost = (water - 0.5).powi(2) + 3.0 * (oil - 0.3).powi(2) + 0.001 * draws.normal();
        let _ = writeln!(text, "{water};{oil};{salt};{cost:.5}");
    }
    scratch.write("mixture.csv", &text);
    let space = "[objective]\ncolumn = \"cost\"\n[columns.salt]\nkind = \"real\"\nbounds = [0, 0.1]\n\
                 [columns.water]\nkind = \"real\"\nbounds = [0, 1]\n[columns.oil]\nkind = \"real\"\nbounds = [0, 1]\n\
                 [[sum]]\ncolumns = [\"water\", \"oil\", \"salt\"]\ntotal = 1\n";
    scratch.write("space.toml", space);
    let words = "design mixture.csv --space space.toml --surrogate pairwise-ridge --candidates 5";
    let last = scratch.json(&format!("{words} --run-dir a"));
    assert_eq!(last["direction"], "minimize");
    let text = fs::read_to_string(scratch.path("a/shortlist.csv")).expect("read");
    assert!(text.starts_with("water;oil;salt;cost;predicted;low;high;distance;verdict\n"));
    for row in rows(&text, ';') {
        let real = |at: usize| row[at].parse::<f64>().expect("a number");
        assert!((real(0) + real(1) + real(2) - 1.0).abs() < 1e-9, "{row:?}");
        assert!(real(2) <= 0.1 && real(5) < real(4) + 1e-9 && real(4) < real(6), "{row:?}");
        assert!((real(0) - 0.55).abs() < 0.2, "{row:?}");
    }
    let notes = last["notes"].as_array().expect("notes");
    assert!(notes.iter().any(|n| n["text"].as_str().is_some_and(|t| t.contains("salt"))), "{last}");
}

/// Every other row is measured badly; a column says so.
#[test]
fn a_column_of_noise_weighs_the_rows() {
    let mut draws = Draws::new(6, "rows of a test");
    let mut text = String::from("temperature,grams,sd,yield\n");
    for row in 0..120 {
        let (t, g) = (20.0 + 80.0 * draws.uniform(), 4.0 * draws.uniform());
        let sd = if row % 2 == 0 { 0.05 } else { 12.0 };
        let score = truth(t, g, "B") + sd * draws.normal();
        let _ = writeln!(text, "{t:.1},{g:.2},{sd},{score:.3}");
    }
    let scratch = Scratch::new();
    scratch.write("data.csv", &text);
    scratch.write("noise.toml", "[objective]\nnoise = \"sd\"\n");
    let words =
        "design data.csv --target yield --maximize --surrogate pairwise-ridge --candidates 4";
    let best = |more: &str, out: &str| {
        let command = format!("{words} {more} --out {out}");
        let assert = scratch.command(&command).assert();
        let told = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
        let text = std::fs::read_to_string(scratch.path(out)).expect("a shortlist");
        let rows = rows(&text, ',');
        let of = |at: usize| rows[0][at].parse::<f64>().expect("a number");
        (truth(of(0), of(1), "B"), told)
    };
    let (alike, _) = best("--ignore sd", "alike.csv");
    let (weighed, told) = best("--space noise.toml", "weighed.csv");
    assert!(told.contains("rows are weighed by the noise of their scores: deviations 0.05 to 12"));
    assert!(weighed > 9.8 && weighed > alike, "{weighed} {alike}");
}

#[test]
fn a_table_of_noise_is_abstained_from_with_an_exit_code_of_its_own() {
    let scratch = scratch();
    let words = "design noise.csv --target y --surrogate pairwise-ridge --candidates 4";
    let assert = scratch.command(&format!("{words} --run-dir a")).assert().code(3);
    let told = stdout(&assert);
    assert!(told.contains("ABSTAINS: ") && told.contains("for exploration"), "{told}");
    let text = fs::read_to_string(scratch.path("a/shortlist.csv")).expect("read");
    assert!(rows(&text, ',').iter().all(|row| row[8] == "abstain"), "{text}");
    let page = fs::read_to_string(scratch.path("a/report.html")).expect("read");
    assert!(page.contains("abstains"), "the page says so");
    // Without a rehearsal nothing is abstained from, and that is said.
    let told = stdout(&scratch.ok(&format!("{words} --no-rehearsal")));
    assert!(told.contains("there was no rehearsal"), "{told}");
    // Too few rows for a rehearsal are abstained from too.
    scratch.write("few.csv", &noise(12));
    scratch.command("design few.csv --target y --surrogate ridge --quiet").assert().code(3);
}

#[test]
fn the_summary_has_what_programs_need() {
    let scratch = scratch();
    let last = scratch.json(&format!("{QUICK} --seed 7"));
    assert_eq!(last["run_dir"], "runs/reactions-seed7");
    assert_eq!(last["shortlist"], "runs/reactions-seed7/shortlist.csv");
    assert_eq!(
        (&last["name"], &last["rows"], &last["seed"], &last["target"], &last["direction"]),
        (&"reactions".into(), &90.into(), &7.into(), &"yield".into(), &"maximize".into())
    );
    assert_eq!(
        (&last["surrogate"], &last["searcher"]),
        (&"pairwise-ridge".into(), &"evolution".into())
    );
    assert_eq!((&last["abstains"], &last["regulariser"]), (&Value::Null, &Value::Null));
    assert_eq!(last["stopped_by"], "finished");
    assert!(number(&last["coverage_80"]) > 0.6 && number(&last["seconds"]) > 0.0);
    let rehearsal = &last["rehearsal"];
    assert_eq!(rehearsal["succeeded"], true, "{rehearsal}");
    assert!(number(&rehearsal["lift"]) > 0.3 && number(&rehearsal["p"]) < 0.05, "{rehearsal}");
    let candidates = last["candidates"].as_array().expect("candidates");
    assert_eq!(candidates.len(), 6);
    for candidate in candidates {
        assert_eq!(candidate["design"]["catalyst"], "B");
        assert!(number(&candidate["low_95"]) <= number(&candidate["low"]), "{candidate}");
        assert!((2..=91).contains(&candidate["nearest_line"].as_u64().expect("a line")));
        assert!(candidate["reasons"].is_array() && candidate["verdict"].is_string());
    }
    assert_eq!(scratch.json_file("runs/reactions-seed7/summary.json")["digest"], last["digest"]);
    // The command on the page makes the same again.
    let again = scratch.json_file("runs/reactions-seed7/design.json")["again"].clone();
    let again = again.as_str().expect("words").strip_prefix("hatchery ").expect("the command");
    let other = scratch.json(again);
    assert_eq!(
        (&other["digest"], &other["run_dir"]),
        (&last["digest"], &"runs/reactions-seed7-2".into())
    );
    scratch.ok("report runs/reactions-seed7");
    let said = scratch.command("resume runs/reactions-seed7").assert().code(2);
    said.stderr(contains("run `hatchery design` again"));
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let scratch = scratch();
    for (dir, threads, more) in [("a", 1, ""), ("b", 2, ""), ("c", 2, "--seed 1")] {
        scratch.ok(&format!("{QUICK} --quiet --threads {threads} {more} --run-dir {dir}"));
    }
    let read = |dir: &str, name: &str| {
        let text = fs::read_to_string(scratch.path(dir).join(name)).expect("read");
        text.replace(&format!("--run-dir {dir}"), "")
    };
    assert_eq!(read("a", "shortlist.csv"), read("b", "shortlist.csv"));
    assert_eq!(read("a", "design.json"), read("b", "design.json"));
    assert_ne!(read("a", "design.json"), read("c", "design.json"));
}

#[test]
fn networks_are_regularised_and_their_training_is_written_down() {
    let scratch = scratch();
    let words = QUICK.replace("pairwise-ridge", "mlp");
    let words = format!("{words} --no-rehearsal --seconds 0.3 --searcher unit-ascent");
    for (regulariser, has_multiplier) in [("ignite", true), ("none", false)] {
        let last =
            scratch.json(&format!("{words} --regulariser {regulariser} --run-dir {regulariser}"));
        assert_eq!(
            (&last["regulariser"], &last["searcher"]),
            (&regulariser.into(), &"unit-ascent".into())
        );
        let found = scratch.json_file(&format!("{regulariser}/design.json"));
        let epoch = &found["training"][0][0];
        assert!(number(&epoch["norm"]) > 0.0, "{epoch}");
        assert_eq!(number(&epoch["multiplier"]) > 0.0, has_multiplier, "{epoch}");
    }
}

#[test]
fn searches_of_other_crates_find_it_too() {
    let scratch = scratch();
    for searcher in ["cma-es", "eggroll", "reinforce"] {
        let last = scratch.json(&format!("{QUICK} --no-rehearsal --searcher {searcher}"));
        assert_eq!(last["searcher"], searcher);
        let design = &last["candidates"][0]["design"];
        let real =
            |key: &str| design[key].as_str().expect("text").parse::<f64>().expect("a number");
        let score =
            truth(real("temperature"), real("grams"), design["catalyst"].as_str().expect("text"));
        assert!(score > 9.0, "{searcher}: {design}");
    }
}

#[test]
fn arrays_are_read_from_a_folder_of_design_bench_and_from_an_archive() {
    let scratch = Scratch::new();
    let branin = ClosedForm::try_new(Function::Branin, 2).expect("a function");
    let mut draws = Draws::new(2, "rows of a test");
    let designs: Vec<Vec<f64>> =
        (0..120).map(|_| vec![-5.0 + 15.0 * draws.uniform(), 15.0 * draws.uniform()]).collect();
    let scores = designs.iter().map(|x| branin.truth(x).expect("it lies in the box")).collect();
    let shards = Shards { discrete: false, designs, scores };
    fs::create_dir(scratch.path("branin")).expect("made");
    shards.write(&scratch.path("branin"), "branin", 50).expect("written");
    let words = "design branin --surrogate gp --candidates 4 --searcher l-bfgs";
    let last = scratch.json(&format!("{words} --quiet"));
    assert_eq!((&last["target"], &last["direction"]), (&"y".into(), &"maximize".into()));
    let design = &last["candidates"][0]["design"];
    let found =
        ["x1", "x2"].map(|x| design[x].as_str().expect("text").parse::<f64>().expect("a number"));
    // The best of 120 random designs is about -1.5, the optimum -0.398.
    let score = branin.truth(&found).expect("it lies in the box");
    assert!(score > -1.0, "{found:?} {score}");
    let said = stderr(&scratch.command("design branin/other").assert().code(2));
    assert!(said.contains("cannot read branin/other"), "{said}");
    // The same rows in an archive.
    let rows = Shards::read(&scratch.path("branin"), "branin").expect("just written");
    let file = fs::File::create(scratch.path("arrays.npz")).expect("made");
    let mut archive = ZipWriter::new(file);
    let x: Vec<f32> = rows.designs.iter().flatten().map(|&value| value as f32).collect();
    let y: Vec<f32> = rows.scores.iter().map(|&value| value as f32).collect();
    for (name, columns, values) in [("x.npy", 2, x), ("y.npy", 1, y)] {
        let array = Array { shape: vec![120, columns], values: Values::F32(values) };
        archive.start_file(name, SimpleFileOptions::default()).expect("begun");
        archive.write_all(&array.to_bytes()).expect("written");
    }
    archive.finish().expect("finished");
    let words = words.replace("branin", "arrays.npz");
    let of_archive = scratch.json(&format!("{words} --quiet"));
    assert_eq!(of_archive["candidates"], last["candidates"]);
}

#[test]
fn words_of_an_ehrlich_function_are_searched() {
    let scratch = Scratch::new();
    let settings = Settings {
        states: 4,
        length: 8,
        motifs: 2,
        motif_length: 3,
        quantisation: 3,
        ..Settings::default()
    };
    let ehrlich = settings.draw(1).expect("a function");
    let mut draws = Draws::new(4, "rows of a test");
    let mut text = String::from("dna,score\n");
    let mut best = 0.0_f64;
    let mut count = 0;
    while count < 150 {
        let word: Vec<usize> = (0..8).map(|_| draws.below(4)).collect();
        let Some(score) = ehrlich.value(&word) else { continue };
        let letters: String = word.iter().map(|state| ['A', 'C', 'G', 'T'][*state]).collect();
        let _ = writeln!(text, "{letters},{score}");
        best = best.max(score);
        count += 1;
    }
    scratch.write("dna.csv", &text);
    let words = "design dna.csv --target score --maximize --surrogate ridge --candidates 8 --quiet";
    let assert = scratch.command(&format!("{words} --json")).assert();
    let code = assert.get_output().status.code();
    let last = crate::support::last_line(&assert);
    assert_eq!(code, Some(if last["abstains"].is_null() { 0 } else { 3 }), "{last}");
    assert_eq!(last["searcher"], "exhaustive");
    let word = last["candidates"][0]["design"]["dna"].as_str().expect("a word");
    assert!(word.len() == 8 && word.chars().all(|c| "ACGT".contains(c)), "{word}");
    assert!(!text.contains(&format!("{word},")), "a new one");
}

#[test]
fn one_experiment_after_the_other_finds_the_best_within_twenty() {
    let scratch = Scratch::new();
    let score = |x: f64, y: f64| -(x - 0.3).powi(2) - 2.0 * (y + 0.4).powi(2) - 0.5 * x * y;
    let mut text = String::from("x,y,score\n");
    let mut draws = Draws::new(6, "rows of a test");
    for _ in 0..8 {
        let [x, y] = [0; 2].map(|_| 2.0 * draws.uniform() - 1.0);
        let _ = writeln!(text, "{x:.3},{y:.3},{:.5}", score(x, y));
    }
    scratch.write(
        "s.toml",
        "[columns.x]\nkind=\"real\"\nbounds=[-1,1]\n[columns.y]\nkind=\"real\"\nbounds=[-1,1]\n",
    );
    for _ in 0..8 {
        scratch.write("series.csv", &text);
        let last = scratch
            .json("design series.csv --space s.toml --target score --maximize --suggest --quiet");
        assert_eq!(last["candidates"].as_array().map(Vec::len), Some(1));
        assert_eq!(last["candidates"][0]["verdict"], "explore");
        let design = &last["candidates"][0]["design"];
        let [x, y] = ["x", "y"]
            .map(|key| design[key].as_str().expect("text").parse::<f64>().expect("a number"));
        let _ = writeln!(text, "{x},{y},{}", score(x, y));
    }
    // The optimum is 0.0543 at (0.4516, -0.4565).
    let best = rows(&text, ',')
        .iter()
        .map(|r| r[2].parse::<f64>().expect("a number"))
        .fold(f64::MIN, f64::max);
    assert!(best > 0.053, "{best}\n{text}");
    let last = scratch
        .json("design series.csv --space s.toml --target score --maximize --suggest=3 --quiet");
    assert_eq!(last["candidates"].as_array().map(Vec::len), Some(3));
    let at = |candidate: usize| {
        let design = &last["candidates"][candidate]["design"];
        ["x", "y"].map(|key| design[key].as_str().expect("text").parse::<f64>().expect("a number"))
    };
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        let (a, b) = (at(a), at(b));
        assert!((a[0] - b[0]).abs() + (a[1] - b[1]).abs() > 0.05, "they differ: {last}");
    }
    scratch
        .command("design series.csv --target score --suggest --surrogate ridge")
        .assert()
        .code(2)
        .stderr(contains("leave --surrogate ridge out"));
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_with_what_there_is() {
    let scratch = Scratch::new();
    scratch.write("reactions.csv", &reactions(600));
    let words = "design reactions.csv --target yield --maximize --ignore operator --surrogate ensemble --candidates 4 --quiet --run-dir a";
    let running = scratch.spawn(words);
    std::thread::sleep(std::time::Duration::from_millis(700));
    running.signal("INT");
    let (code, said) = running.end();
    assert_eq!(code, Some(130), "{said}");
    assert_eq!(scratch.json_file("a/summary.json")["stopped_by"], "interrupted");
    assert!(scratch.path("a/shortlist.csv").is_file());
}
