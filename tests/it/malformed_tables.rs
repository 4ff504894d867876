//! Tables, space files and words that `design` cannot use: one line each, and nothing is written.

use std::fmt::Write;
use std::fs;

use hatchery::surrogates::Draws;
use predicates::str::contains;

use crate::support::{Scratch, stderr};

/// A sound table with one cell, or the header, put in the place of another.
fn with_cell(row: usize, column: usize, cell: &str) -> String {
    let mut draws = Draws::new(1, "rows of a test");
    let mut lines: Vec<Vec<String>> = vec![["t", "n", "s", "w", "y"].map(String::from).to_vec()];
    for word in [
        "ACGT", "CCGT", "GGGT", "TTTA", "AAAA", "CACA", "GCGC", "ATAT", "TGCA", "GATC", "CATG",
        "GGCC",
    ] {
        let at = lines.len();
        lines.push(vec![
            format!("{}.5", draws.below(50)),
            draws.below(50).to_string(),
            ["DMF", "THF"][at / 2 % 2].into(),
            word.into(),
            format!("{:.4}", draws.normal()),
        ]);
    }
    lines[row][column] = cell.to_owned();
    lines.iter().map(|line| line.join(",") + "\n").collect()
}

#[test]
fn a_malformed_table_is_one_line_and_exit_code_2_and_nothing_is_written() {
    let sound = with_cell(0, 0, "t");
    let lines: Vec<&str> = sound.lines().collect();
    let cell = with_cell;
    let column = |name: &str, text: &str| format!("[columns.{name}]\n{text}\n");
    let edited = |edit: &dyn Fn(&str) -> String| -> String {
        let edit = |(at, line): (usize, &str)| if at == 0 { line.to_owned() } else { edit(line) };
        sound.lines().enumerate().map(edit).collect::<Vec<_>>().join("\n") + "\n"
    };
    let wide = |columns: usize| {
        let line =
            |at: usize| (0..columns).map(|c| format!("{}", c * at)).collect::<Vec<_>>().join(",");
        let header: Vec<String> = (0..columns).map(|at| format!("c{at}")).collect();
        format!("{},y\n", header.join(","))
            + &(0..9).map(|at| format!("{},{at}\n", line(at))).collect::<String>()
    };
    let same = edited(&|line| line.rsplit_once(',').expect("a score").0.to_owned() + ",3");
    let drop = "--missing drop ";
    // Table, space file, more words, what is said.
    let cases: Vec<(Vec<u8>, String, &str, &str)> = [
        // The file as such.
        (String::new(), "", "", "there are no rows below a header"),
        ("t,n,s,w,y\n".into(), "", "", "there are no rows below a header"),
        (sound.replace(',', "|"), "", "", "there is no column \"y\"; there are: t|n|s|w|y"),
        (sound.replace(',', " "), "", "", "there is no column \"y\""),
        (lines[..2].join("\n"), "", "", "the table has 1 rows; at least 8 are needed"),
        (lines[..6].join("\n"), "", "", "the table has 5 rows; at least 8 are needed"),
        (lines[1..].join("\n"), "", "", "there is no column \"y\""),
        (cell(3, 1, "1,2"), "", "", "line 4: expected 5 cells as in the header, found 6"),
        (
            sound.replacen("DMF,ACGT", "ACGT", 1),
            "",
            "",
            "expected 5 cells as in the header, found 4",
        ),
        (cell(0, 1, "t"), "", "", "two columns are called 't'"),
        (cell(0, 1, ""), "", "", "column 2 of the header has no name"),
        (wide(100_000), "", "", "the table has 100001 columns, at most 10000 are possible"),
        (cell(0, 0, "predicted"), "", "", "has a column \"predicted\" already"),
        ("[{\"t\": 1, \"y\": 2}]\n".into(), "", "", "it looks like one list of JSON"),
        ("{\"t\": 1, \"y\": 2}\n{\"t\":\n".into(), "", "", "line 2: it is no JSON object"),
        ("{\"t\": [1, 2], \"y\": 2}\n".into(), "", "", "'t' holds a list or an object"),
        ("PK\u{3}\u{4} and so on".into(), "", "", "it is a spreadsheet (.xlsx, .ods)"),
        // Columns and roles.
        (
            sound.clone(),
            "",
            "--target Y ",
            "--target: there is no column \"Y\"; did you mean \"y\"?",
        ),
        (sound.clone(), "", "--target  ", "name it with --target; there are: t, n, s, w, y"),
        (sound.clone(), "", "--ignore why ", "--ignore: there is no column \"why\""),
        (sound.clone(), "", "--ignore y ", "cannot be both the scores and ignored"),
        (
            sound.clone(),
            "",
            "--ignore t --ignore n --ignore s --ignore w ",
            "no column is left for the design",
        ),
        (sound.clone(), "ignore = [\"T\"]", "", "space file, ignore: there is no column \"T\""),
        (
            sound.clone(),
            "[objective]\nnoise = \"sd\"",
            "",
            "[objective] noise: there is no column \"sd\"",
        ),
        (
            sound.clone(),
            "[objective]\nnoise = \"y\"",
            "",
            "cannot be both the scores and their noise",
        ),
        // Scores.
        (cell(4, 4, "1e300"), "", "", "scores reach 1e300, which no model can square"),
        (
            edited(&|line| format!("{},", line.rsplit_once(',').expect("a score").0)),
            "",
            "",
            "is to hold the scores and has no value in any row",
        ),
        (cell(4, 4, "good"), "", "", "line 5, column \"y\": \"good\" is not a number"),
        (cell(4, 4, "inf"), "", "", "line 5, column \"y\": \"inf\" is not finite"),
        (cell(4, 4, ""), "", "", "line 5, column \"y\": the cell is empty"),
        (cell(4, 4, "NaN"), "", "", "line 5, column \"y\": \"NaN\" is no value"),
        (cell(4, 4, "<0.1"), "", "", "a bound or estimate is no value"),
        (edited(&|line| line.replace('.', ";")), "", "", "is not a number"),
        (same, "", "", "all scores are 3, from line 2 to line 13"),
        // Cells.
        (cell(2, 0, "12 mL"), "", "", "write the number without its unit"),
        (cell(2, 0, "1 200"), "", "", "write it without separators"),
        (cell(2, 0, "-inf"), "", "", "\"-inf\" is not finite"),
        (cell(2, 2, "?"), "", "", "line 3, column \"s\": \"?\" is no value"),
        (
            edited(&|line| format!(",{}", line.split_once(',').expect("cells").1)),
            "",
            "",
            "column \"t\" has no value in any row",
        ),
        (
            edited(&|line| format!("5,5,u,AAAA,{}", line.rsplit_once(',').expect("a score").1)),
            "",
            "",
            "nothing can be searched",
        ),
        (
            sound.replace("THF", "NA"),
            "",
            drop,
            "rows after 6 with missing cells were dropped; at least 8",
        ),
        // The space file.
        (
            sound.clone(),
            &column("t", "bounds = [0, inf]"),
            "",
            "bounds 0 to inf must be finite numbers",
        ),
        (
            sound.clone(),
            &column("t", "bounds = [9, 1]"),
            "",
            "the lower bound 9 must be below the upper bound 1",
        ),
        (
            sound.clone(),
            &column("t", "bounds = [0, 99]\nfixed = 100"),
            "",
            "the fixed value \"100\" is not possible",
        ),
        (
            sound.clone(),
            &column("temp", "bounds = [0, 1]"),
            "",
            "[columns]: there is no column \"temp\"",
        ),
        (
            sound.clone(),
            &column("y", "bounds = [0, 1]"),
            "",
            "cannot be both the scores and a column of the design",
        ),
        (
            sound.clone(),
            &column("s", "levels = [\"DMF\", \"thf\"]"),
            "",
            "\"THF\" is none of its levels",
        ),
        (sound.clone(), &column("s", "kind = \"real\""), "", "\"DMF\" is not a number"),
        (sound.clone(), &column("s", "kind = \"ordinal\""), "", "list its levels in their order"),
        (sound.clone(), &column("t", "kind = \"integer\""), "", "is not a whole number"),
        (sound.clone(), &column("t", "kind = \"float\""), "", "\"float\" is not known here"),
        (
            sound.clone(),
            &column("w", "kind = \"sequence\"\nalphabet = \"ACG\""),
            "",
            "which is not in the alphabet",
        ),
        (
            sound.clone(),
            &column("w", "kind = \"sequence\"\nlength = 5"),
            "",
            "has 4 letters, 5 expected",
        ),
        (sound.clone(), "[[sum]]\ncolumns = [\"t\", \"n\"]\ntotal = 1000", "", "cannot be met"),
        (
            sound.clone(),
            "[[sum]]\ncolumns = [\"t\", \"s\"]\ntotal = 1",
            "",
            "only real and integer columns can be summed",
        ),
        (
            sound.clone(),
            "[[linear]]\nterms = { t = 1, n = 1 }\nat_most = 30\nat_least = 31",
            "",
            "no design meets all 2 constraints together",
        ),
        (sound.clone(), "[[linear]]\nterms = { t = 1 }", "", "needs at_most or at_least"),
        (
            sound.clone(),
            "[[forbid]]\ns = \"DMSO\"\nn = 20",
            "",
            "column \"s\" has no value \"DMSO\"",
        ),
        (
            sound.clone(),
            "[colums.t]\nbounds = [0, 1]",
            "",
            "\"colums\" is not known here; did you mean \"columns\"?",
        ),
        (sound.clone(), "[columns.t\n", "", "space file, line 1: "),
        // Words that contradict each other or the table.
        (sound.clone(), "", "--searcher exhaustive ", "without real columns"),
        (sound.clone(), "", "--searcher adam --surrogate ridge ", "follows slopes"),
        (sound.clone(), "", "--seconds 0 ", "must be a number above 0"),
        (sound.clone(), "", "--diversity -1 ", "--diversity -1: must be a number from 0"),
        (sound.clone(), "", "--out nowhere/list.csv ", "there is no folder nowhere"),
    ]
    .into_iter()
    .map(|(table, space, words, said)| (table.into_bytes(), space.to_owned(), words, said))
    .chain([
        (
            vec![b't', b',', b'y', b'\n', 0xFF, b',', b'1', b'\n'],
            String::new(),
            "",
            "it is no UTF-8 text",
        ),
        (vec![0x1F, 0x8B, 8, 0, 1, 2], String::new(), "", "it is no whole gzip file"),
    ])
    .collect();
    assert!(cases.len() >= 40, "{}", cases.len());
    let scratch = Scratch::new();
    let mut faults = String::new();
    for (table, space, words, expected) in cases {
        fs::write(scratch.path("data.csv"), table).expect("written");
        scratch.write("space.toml", &space);
        let target = if words.contains("--target") { "" } else { "--target y " };
        let words = words.replace("--target  ", "");
        let space = if space.is_empty() { "" } else { "--space space.toml" };
        let command = format!("design data.csv {target}{words}{space}");
        let assert = scratch.command(&command).assert();
        let (code, said) = (assert.get_output().status.code(), stderr(&assert));
        let is_line = said.lines().count() == 1 && said.starts_with("hatchery: ");
        let is_clean = scratch.names() == ["data.csv", "space.toml"];
        if code != Some(2) || !said.contains(expected) || !is_line || said.len() > 400 || !is_clean
        {
            let _ = writeln!(faults, "{command}: {code:?} {said}   does not say: {expected}");
        }
    }
    assert!(faults.is_empty(), "{faults}");
    scratch.write("data.csv", &sound);
    for (words, expected) in [
        ("design none.csv --target y", "cannot read none.csv"),
        ("design data.csv --target y --space none.toml", "cannot read none.toml"),
        ("design . --target y", "is a folder without <name>-x-0.npy"),
    ] {
        let said = stderr(&scratch.command(words).assert().code(2));
        assert!(said.contains(expected) && said.lines().count() == 1, "{words}: {said}");
    }
    for (file, expected) in [
        ("array.npy", "is an array without scores; give an archive"),
        ("arrays.npz", "arrays.npz: it is no .npz file"),
    ] {
        scratch.write(file, "a,y");
        let said = stderr(&scratch.command(&format!("design {file}")).assert().code(2));
        assert!(said.contains(expected) && said.lines().count() == 1, "{file}: {said}");
        fs::remove_file(scratch.path(file)).expect("removed");
    }
    scratch.write("table.parquet", "PAR1");
    if !cfg!(feature = "parquet") {
        let said = scratch.command("design table.parquet --target y").assert().code(2);
        said.stderr(contains("--features parquet"));
    }
    assert_eq!(scratch.names(), ["data.csv", "space.toml", "table.parquet"]);
}
