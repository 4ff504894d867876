use super::*;
use crate::Draws;

/// Names, cells and lines of text with commas.
fn cells(text: &str) -> (Vec<String>, Vec<Vec<String>>, Vec<u64>) {
    let split = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<String>>();
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.is_empty());
    let names = lines.next().map_or_else(Vec::new, |(_, line)| split(line));
    let (numbers, rows) = lines.map(|(number, line)| (number, split(line))).unzip();
    (names, rows, numbers)
}

fn read_with(text: &str, options: &Options) -> Result<Table, TableError> {
    let (names, rows, lines) = cells(text);
    Table::read(&names, &rows, &lines, options)
}

/// Scores in column `y`, larger is better, with a space file.
fn options(space: &str) -> Options {
    let space = Some(SpaceFile::parse(space).expect("a space file"));
    Options { target: Some("y".into()), maximize: Some(true), space, ..Options::default() }
}

fn read(text: &str, space: &str) -> Result<Table, TableError> {
    let file = SpaceFile::parse(space)?;
    let options = Options { space: Some(file), ..options("") };
    read_with(text, &options)
}

fn texts(table: &Table) -> Vec<String> {
    table.notes.iter().map(Note::to_string).collect()
}

/// A table of `rows` rows with these columns, each a function of the row, and a score that no column orders.
fn table_of(rows: usize, columns: &[(&str, &dyn Fn(usize) -> String)]) -> String {
    let mut draws = Draws::new(1, "scores");
    let names: Vec<&str> = columns.iter().map(|column| column.0).collect();
    let mut text = format!("{},y\n", names.join(","));
    for row in 0..rows {
        let cells: Vec<String> = columns.iter().map(|column| column.1(row)).collect();
        text += &format!("{},{:.6}\n", cells.join(","), draws.normal());
    }
    text
}

/// A cell that looks random.
fn any(row: usize, salt: usize, count: usize) -> usize {
    Draws::numbered(salt as u64, "cells", row as u64).below(count)
}

const ALKOX: &str = include_str!("../../tests/data/alkox.csv");
const ALKOX_SPACE: &str = include_str!("../../tests/data/alkox.toml");
const COLORS: &str = include_str!("../../tests/data/colors_bob.csv");
const COLORS_SPACE: &str = include_str!("../../tests/data/colors_bob.toml");

fn olympus(text: &str, space: &str) -> Table {
    let space = Some(SpaceFile::parse(space).expect("a space file"));
    read_with(text, &Options { space, ..Options::default() }).expect("it can be read")
}

#[test]
fn all_three_faults_of_the_olympus_tables_are_reported() {
    let table = olympus(ALKOX, ALKOX_SPACE);
    assert_eq!((table.rows(), table.maximize, table.lines[0]), (208, true, 2));
    let bounds: Vec<(&str, usize, Severity)> = table
        .notes
        .iter()
        .filter_map(|note| match &note.finding {
            Finding::OutsideBounds { column, rows, .. } => {
                Some((column.as_str(), *rows, note.severity))
            }
            _ => None,
        })
        .collect();
    let every: Vec<&str> = bounds.iter().filter(|b| b.1 == 208).map(|b| b.0).collect();
    assert_eq!(every, ["concentration", "temperature"]);
    assert_eq!(bounds.len(), 4, "the two others are outside in some rows");
    assert!(bounds.iter().filter(|b| b.1 == 208).all(|b| b.2 == Severity::Alarm));
    let repeats = table.notes.iter().find_map(|note| match note.finding {
        Finding::Repeats { rows, distinct, differing, noise } => {
            Some((rows, distinct, differing, noise))
        }
        _ => None,
    });
    assert_eq!(repeats, Some((208, 104, 0, 0.0)));
    let text = texts(&table).join("\n");
    assert!(text.contains("column \"temperature\" is declared 60 to 140, but every row lies outside, the first in line 2; the table has 6 to 8"), "{text}");
    assert!(text.contains("warning: the 208 rows hold 104 distinct designs, and repeats always have the same score"), "{text}");

    let table = olympus(COLORS, COLORS_SPACE);
    assert_eq!((table.rows(), table.maximize), (241, false));
    assert_eq!(table.scores[0], -0.13870967741935483);
    let sum = table.notes.iter().find(|n| matches!(n.finding, Finding::SumMissed { .. }));
    let sum = sum.expect("it is missed");
    assert_eq!(sum.severity, Severity::Alarm);
    let text = sum.to_string();
    let expected =
        "red + orange + yellow + blue + green is declared to be 1, but every row misses it";
    assert!(
        text.contains(expected) && text.contains("from 0.637913") && text.contains("to 4.404879"),
        "{text}"
    );
    let design = table.space.sample(&mut Draws::new(1, "sample"));
    assert!((design.iter().sum::<f64>() - 1.0).abs() < 1e-9);
}

#[test]
fn columns_are_inferred() {
    let letters =
        |row: usize| -> String { (0..6).map(|at| ['A', 'C', 'G', 'T'][any(row, at, 4)]).collect() };
    let text = table_of(
        60,
        &[
            ("count", &|row| any(row, 1, 9).to_string()),
            ("dose", &|row| format!("{}.5", any(row, 2, 9))),
            ("solvent", &|row| ["DMF", "THF", "DMSO"][any(row, 3, 3)].into()),
            ("flag", &|row| (any(row, 4, 2) == 0).to_string()),
            ("dna", &letters),
            ("plate", &|_| "P7".into()),
        ],
    );
    let table = read(&text, "").expect("it can be read");
    let expected = [
        "count: integer, 0 to 8 (from the table)",
        "dose: real, 0.5 to 8.5 (from the table)",
        "solvent: categorical, DMF, DMSO, THF (from the table)",
        "flag: categorical, false, true (from the table)",
        "dna: sequence, 6 letters of ACGT (from the table)",
        "plate: categorical, P7, fixed at P7 (from the table)",
    ];
    assert_eq!(table.describe(), expected);
    assert!(
        texts(&table).contains(
            &"warning: column \"plate\" is P7 in every row: it is kept there and not searched"
                .to_owned()
        )
    );
    let file = r#"
        [columns.count]
        kind = "ordinal"
        [columns.dose]
        bounds = [0, 20]
        fixed = 3.5
        [columns.solvent]
        levels = ["THF", "DMF", "DMSO", "water"]
    "#;
    let table = read(&text, file).expect("it can be read");
    let expected = [
        "count: ordinal, 9 levels: 0, 1, 2, 3, 4, 5, 6, 7, ...",
        "dose: real, 0 to 20, fixed at 3.5",
        "solvent: categorical, THF, DMF, DMSO, water",
    ];
    assert_eq!(table.describe()[..3], expected);
    let shown = table.space.show(&table.designs[7]);
    let line = text.lines().nth(8).expect("it is there");
    assert!(line.starts_with(&shown.join(",")), "{shown:?} {line}");
}

#[test]
fn the_direction_and_the_noise_come_from_the_file_unless_told() {
    let text = table_of(
        20,
        &[("a", &|row| any(row, 1, 7).to_string()), ("sd", &|row| format!("0.{row}"))],
    );
    let file = "[objective]\ncolumn = \"y\"\ndirection = \"max\"\nnoise = \"sd\"\n";
    let space = Some(SpaceFile::parse(file).expect("a space file"));
    let told = read_with(&text, &Options { space: space.clone(), ..Options::default() });
    let told = told.expect("it can be read");
    assert_eq!((told.names.len(), told.noise.as_ref().map(|n| n[7])), (1, Some(0.7)));
    let options = Options { maximize: Some(false), space, ..Options::default() };
    let other = read_with(&text, &options).expect("it can be read");
    assert_eq!(other.scores[3], -told.scores[3]);
    assert_eq!(other.shown_score(other.scores[3]), told.scores[3]);
}

#[test]
fn rows_with_missing_cells_are_dropped_on_demand() {
    let text = table_of(
        20,
        &[("a", &|row| if row % 7 == 3 { "NA".into() } else { any(row, 1, 9).to_string() })],
    );
    let options = Options { missing: Missing::Drop, ..options("") };
    let table = read_with(&text, &options).expect("it can be read");
    assert_eq!((table.rows(), table.lines[3]), (17, 6));
    let found = texts(&table);
    let expected = "warning: 3 of 20 rows have missing cells and were dropped, the first in line 5";
    assert!(found.contains(&expected.to_owned()), "{found:?}");
    // A level may have that name.
    let table = read(&text, "[columns.a]\nlevels = [\"NA\", 0, 1, 2, 3, 4, 5, 6, 7, 8]\n");
    assert_eq!(table.expect("it can be read").rows(), 20);
}

#[test]
fn whatever_makes_a_result_less_than_it_looks_is_a_note() {
    let found =
        |text: &str, space: &str| texts(&read(text, space).expect("it can be read")).join("\n");
    let a: (&str, &dyn Fn(usize) -> String) = ("a", &|row| any(row, 1, 50).to_string());
    let b: (&str, &dyn Fn(usize) -> String) = ("b", &|row| any(row, 2, 50).to_string());
    let plain = table_of(40, &[a, b]);
    assert_eq!(found(&plain, ""), "", "a sound table has no notes");

    let copy = table_of(40, &[a, b, ("c", a.1)]);
    assert!(found(&copy, "").contains("column \"c\" says the same as column \"a\""));
    let names = [("u", 'p'), ("v", 'q')];
    let name = |first: char| move |row: usize| format!("{first}{}", any(row, 5, 4));
    let (u, v) = (name(names[0].1), name(names[1].1));
    let renamed = table_of(40, &[a, ("u", &u), ("v", &v)]);
    assert!(found(&renamed, "").contains("column \"v\" says the same as column \"u\""));

    let lines: Vec<String> = plain.lines().map(str::to_owned).collect();
    let leak: Vec<String> = lines[1..]
        .iter()
        .map(|line| {
            let score: f64 = line.rsplit(',').next().expect("a score").parse().expect("a number");
            format!("{},{line}", score.exp())
        })
        .collect();
    let leak = format!("peak,{}\n{}\n", lines[0], leak.join("\n"));
    assert!(found(&leak, "").contains(
        "alarm: column \"peak\" orders the rows as the scores do (rank correlation 1.0000)"
    ));

    let clipped = lines[1..].iter().map(|line| {
        let (cells, score) = line.rsplit_once(',').expect("a score");
        format!("{cells},{}", score.parse::<f64>().expect("a number").min(0.5))
    });
    let clipped = format!("{}\n{}\n", lines[0], clipped.collect::<Vec<_>>().join("\n"));
    assert!(
        found(&clipped, "").contains("scores are exactly 0.5, the greatest: they look clipped")
    );

    let success = lines[1..].iter().enumerate().map(|(row, line)| {
        let cells = line.rsplit_once(',').expect("a score").0;
        format!("{cells},{}", u8::from(row % 4 == 0))
    });
    let success = format!("{}\n{}\n", lines[0], success.collect::<Vec<_>>().join("\n"));
    assert!(
        found(&success, "").starts_with("warning: there are two scores only, 0 and 1 (10 of 40")
    );
    let slip = format!("{plain}{},5123\n", lines[1].rsplit_once(',').expect("a score").0);
    assert!(found(&slip, "").contains("note: the score 5123 in line 42 is far from all others"));
    let solvent = |row: usize| ["DMF", "dmf", "THF"][any(row, 6, 3)].to_owned();
    let spelled = table_of(40, &[a, b, ("solvent", &solvent)]);
    assert!(found(&spelled, "").contains("column \"solvent\" has the levels \"DMF\" and \"dmf\""));

    let counted = table_of(40, &[("id", &|row| (row + 1).to_string()), a]);
    assert!(found(&counted, "").contains("column \"id\" counts the rows"));
    let few = table_of(9, &[a, b]);
    assert!(found(&few, "").contains(
        "9 rows are few for designs of 2 free numbers; five times as many, 10, would be better"
    ));
    let mixture_of = |parts: f64, digits: usize| {
        let part = move |row: usize, salt: usize| any(row, salt, 50) as f64 / parts;
        let p = |row: usize| format!("{:.digits$}", part(row, 1));
        let q = |row: usize| format!("{:.digits$}", part(row, 2));
        let r = |row: usize| format!("{:.digits$}", 1.0 - part(row, 1) - part(row, 2));
        table_of(40, &[("p", &p), ("q", &q), ("r", &r)])
    };
    let mixture = mixture_of(100.0, 2);
    assert!(
        found(&mixture, "")
            .contains("p + q + r is 1 in every row; if a design must keep that, declare it")
    );
    assert!(
        found(&mixture_of(150.0, 3), "").contains("p + q + r is 1 in every row (up to 0.001); if")
    );
    // Columns that hardly change are no mixture.
    let kelvin = |row: usize| format!("{:.2}", 300.0 + any(row, 1, 50) as f64 / 70.0);
    let pascal = |row: usize| format!("{:.2}", 200.0 + any(row, 2, 50) as f64 / 70.0);
    assert_eq!(found(&table_of(40, &[("kelvin", &kelvin), ("pascal", &pascal)]), ""), "");
    let declared = "[[sum]]\ncolumns = [\"p\", \"q\", \"r\"]\ntotal = 1\n";
    assert_eq!(found(&mixture, declared), "");

    let repeated = format!(
        "{plain}{}\n{}\n",
        lines[1],
        lines[2].rsplit_once(',').expect("a score").0.to_owned() + ",9"
    );
    let text = found(&repeated, "");
    assert!(text.contains("note: the 42 rows hold 40 distinct designs; 1 of them have different scores, with a standard deviation of"), "{text}");
    let fixed = "[columns.a]\nbounds = [0, 99]\nfixed = 77\n";
    assert!(
        found(&plain, fixed).contains("alarm: column \"a\" is to be fixed at 77, which no row has")
    );
    let limits = "[[linear]]\nterms = { a = 1, b = 1 }\nat_most = 60\n[[forbid]]\na = 20\nb = 20\n";
    assert!(found(&plain, limits).contains("linear limit number 1 is broken by"));
    let words = |row: usize| {
        format!("A{}C", ["AC", "CA", "GG", "TA"][any(row, 3, 4)])
            + ["A", "G", "T", "C"][any(row, 7, 4)]
            + ["A", "G"][any(row, 9, 2)]
            + ["T", "G"][any(row, 11, 2)]
    };
    let words = table_of(60, &[a, ("w", &words)]);
    let kind = "[columns.w]\nkind = \"sequence\"\n";
    assert!(
        found(&words, kind)
            .contains("column \"w\" has one letter only at position 1, 4: it is kept there"),
        "{}",
        found(&words, kind)
    );
}

/// A sound table with one cell, or the header, put in the place of another.
fn with_cell(row: usize, column: usize, cell: &str) -> String {
    let text = table_of(
        10,
        &[
            ("t", &|row| format!("{}.5", any(row, 1, 50))),
            ("n", &|row| any(row, 2, 50).to_string()),
            ("s", &|row| ["DMF", "THF"][row / 2 % 2].into()),
            ("w", &|row| {
                ["ACGT", "CCGT", "GGGT", "TTTA", "AAAA", "CACA", "GCGC", "ATAT", "TGCA", "GATC"]
                    [row]
                    .into()
            }),
        ],
    );
    let mut lines: Vec<Vec<String>> =
        text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    lines[row][column] = cell.to_owned();
    lines.iter().map(|line| line.join(",") + "\n").collect()
}

#[test]
fn malformed_tables_are_refused_in_one_clear_line() {
    let sound = with_cell(0, 0, "t");
    assert!(read(&sound, "").is_ok());
    let fault = |result: Result<Table, TableError>| {
        let error = result.expect_err("it is wrong").to_string();
        assert!(!error.contains('\n') && error.len() < 300, "{error}");
        error
    };
    let cell = |row, column, cell: &str| fault(read(&with_cell(row, column, cell), ""));
    let file = |space: &str| fault(read(&sound, space));
    let column = |name: &str, text: &str| file(&format!("[columns.{name}]\n{text}\n"));
    let told = |change: &dyn Fn(&mut Options)| {
        let mut options = options("");
        change(&mut options);
        fault(read_with(&sound, &options))
    };
    let lines = |from: usize, to: usize| {
        sound
            .lines()
            .enumerate()
            .filter(|(at, _)| *at == 0 || (from..to).contains(at))
            .map(|(_, l)| format!("{l}\n"))
            .collect::<String>()
    };
    let free = table_of(
        20,
        &[
            ("t", &|row| any(row, 1, 50).to_string()),
            ("smiles", &|row| format!("C{}O", "(C)".repeat(row))),
        ],
    );
    let wide: String = {
        let header: Vec<String> = (0..10_001).map(|at| format!("c{at}")).collect();
        header.join(",") + "\n"
    };
    let long = table_of(12, &[("w", &|row| ["A", "C"][row % 2].repeat(10_001))]);
    let same = sound.lines().enumerate().map(|(at, line)| {
        if at == 0 {
            format!("{line}\n")
        } else {
            line.rsplit_once(',').expect("a score").0.to_owned() + ",3\n"
        }
    });
    let same: String = same.collect();
    let cases: Vec<(String, &str)> = vec![
        // The header and the shape.
        (fault(read("", "")), "the table has no columns; its first line must name them"),
        (cell(0, 1, ""), "column 2 of the header has no name"),
        (cell(0, 1, "t"), "two columns are named \"t\"; give each its own name"),
        (
            fault(read(&wide, "")),
            "the table has 10001 columns, at most 10000 are possible; is it transposed?",
        ),
        (cell(3, 1, "1,2"), "line 4 has 6 cells, 5 expected as in the header"),
        (fault(read(&lines(1, 6), "")), "the table has 5 rows; at least 8 are needed"),
        (fault(read(&lines(1, 2), "")), "the table has 1 rows; at least 8 are needed"),
        (fault(read("a,y\n", "")), "the table has 0 rows; at least 8 are needed"),
        (
            fault(read("y\n1\n2\n3\n4\n5\n6\n7\n8\n", "")),
            "no column is left for the design besides the scores in \"y\"",
        ),
        // Roles of columns.
        (
            told(&|o| o.target = None),
            "which column holds the scores? name it with --target; there are: t, n, s, w, y",
        ),
        (
            told(&|o| o.target = Some("Y".into())),
            "--target: there is no column \"Y\"; did you mean \"y\"?",
        ),
        (
            told(&|o| o.target = Some("yield of it".into())),
            "--target: there is no column \"yield of it\"; there are: t, n, s, w, y",
        ),
        (
            told(&|o| o.ignore = vec!["why".into()]),
            "--ignore: there is no column \"why\"; there are: t, n, s, w, y",
        ),
        (
            told(&|o| o.ignore = vec!["y".into()]),
            "column \"y\" cannot be both the scores and ignored",
        ),
        (
            told(&|o| o.ignore = ["t", "n", "s", "w"].map(String::from).to_vec()),
            "no column is left for the design besides the scores in \"y\" and 4 ignored",
        ),
        (
            file("ignore = [\"T\"]"),
            "space file, ignore: there is no column \"T\"; did you mean \"t\"?",
        ),
        (
            file("ignore = [\"t\"]\n[columns.t]\nbounds = [0, 99]"),
            "column \"t\" cannot be both ignored and a column of the design in the space file",
        ),
        (
            file("[objective]\nnoise = \"sd\""),
            "[objective] noise: there is no column \"sd\"; did you mean \"s\"?",
        ),
        (
            file("[objective]\nnoise = \"y\""),
            "column \"y\" cannot be both the scores and their noise",
        ),
        (file("[objective]\nnoise = \"s\""), "line 2, column \"s\": \"DMF\" is not a number"),
        (
            column("y", "bounds = [0, 1]"),
            "column \"y\" cannot be both the scores and a column of the design in the space file",
        ),
        (column("temp", "bounds = [0, 1]"), "[columns]: there is no column \"temp\""),
        // Scores.
        (
            cell(4, 4, "good"),
            "line 5, column \"y\": \"good\" is not a number; correct it, or leave the row out",
        ),
        (cell(4, 4, "inf"), "line 5, column \"y\": \"inf\" is not finite"),
        (
            cell(4, 4, ""),
            "line 5, column \"y\": the cell is empty (1 such cells in all); fill it in, or drop such rows with --missing drop",
        ),
        (cell(4, 4, "NaN"), "line 5, column \"y\": \"NaN\" is no value (1 such cells in all)"),
        (cell(4, 4, "<0.1"), "\"<0.1\" is not a number; a bound or estimate is no value"),
        (
            fault(read(&same, "")),
            "column \"y\": all scores are 3, from line 2 to line 11: nothing to learn; is it the right column?",
        ),
        // Cells.
        (
            cell(2, 0, "12 mL"),
            "line 3, column \"t\": \"12 mL\" is not a number; write the number without its unit",
        ),
        (cell(2, 0, "1 200"), "\"1 200\" is not a number; write it without separators"),
        (cell(2, 0, "-inf"), "line 3, column \"t\": \"-inf\" is not finite"),
        (cell(2, 2, "?"), "line 3, column \"s\": \"?\" is no value"),
        (
            fault(read(&free, "")),
            "column \"smiles\" has 20 different texts in 20 rows, such as \"CO\": no category; leave it out with --ignore smiles",
        ),
        (
            fault(read(&long, "[columns.w]\nkind = \"sequence\"\n")),
            "designs of 10001 numbers are too long; at most 10000 are possible",
        ),
        (
            fault(read(&table_of(9, &[("a", &|_| String::new())]), "")),
            "column \"a\" has no value in any row; leave it out with --ignore a",
        ),
        (
            fault(read(&table_of(9, &[("a", &|_| "3".into()), ("b", &|_| "u".into())]), "")),
            "nothing can be searched: each of the 2 columns of a design is constant or fixed",
        ),
        // The space file against the table.
        (
            column("s", "levels = [\"DMF\", \"thf\"]"),
            "column \"s\": \"THF\" is none of its levels; did you mean \"thf\"?",
        ),
        (column("s", "kind = \"real\""), "line 2, column \"s\": \"DMF\" is not a number"),
        (
            column("s", "kind = \"ordinal\""),
            "column \"s\" is ordinal, and its values are no numbers: list its levels in their order",
        ),
        (
            column("s", "kind = \"sequence\"\nalphabet = \"DMFT\""),
            "\"THF\" has the letter 'H' at position 2, which is not in the alphabet",
        ),
        (
            column("t", "kind = \"integer\""),
            "is not a whole number, but the column is an integer; say kind = \"real\"",
        ),
        (
            column("t", "kind = \"integer\"\nbounds = [0, 99]"),
            "is not a whole number, but the column is an integer; say kind = \"real\"",
        ),
        (column("t", "bounds = [0, inf]"), "column \"t\": bounds 0 to inf must be finite numbers"),
        (
            column("t", "bounds = [9, 1]"),
            "column \"t\": the lower bound 9 must be below the upper bound 1",
        ),
        (
            column("t", "bounds = [0, 99]\nfixed = 100"),
            "column \"t\": the fixed value \"100\" is not possible; it must lie in 0 to 99",
        ),
        (
            column("w", "length = 5"),
            "line 2, column \"w\": \"ACGT\" has 4 letters, 5 expected as in the other rows",
        ),
        (
            column("w", "alphabet = \"ACG\""),
            "line 2, column \"w\": \"ACGT\" has the letter 'T' at position 4, which is not in the alphabet",
        ),
        (
            fault(read(&with_cell(6, 3, "ACG"), "[columns.w]\nkind = \"sequence\"")),
            "line 7, column \"w\": \"ACG\" has 3 letters, 4 expected",
        ),
        (
            file("[[sum]]\ncolumns = [\"t\", \"m\"]\ntotal = 1"),
            "the sum t + m = 1 names column \"m\", which is not there",
        ),
        (
            file("[[sum]]\ncolumns = [\"t\", \"n\"]\ntotal = 1000"),
            "the sum t + n = 1000 cannot be met: within their bounds these columns sum to",
        ),
        (
            file("[[sum]]\ncolumns = [\"t\", \"s\"]\ntotal = 1"),
            "column \"s\" is categorical; only real and integer columns can be summed",
        ),
        (
            file("[[linear]]\nterms = { t = 1, n = 1 }\nat_most = -1"),
            "cannot be met: within their bounds these columns give at least",
        ),
        (
            file("[[linear]]\nterms = { t = 1, n = 1 }\nat_most = 30\nat_least = 31"),
            "no design meets all 2 constraints together",
        ),
        (
            file("[[linear]]\nterms = { t = 1 }"),
            "the [[linear]] limit number 1 needs at_most or at_least",
        ),
        (
            file("[[forbid]]\ns = \"DMSO\"\nn = 20"),
            "column \"s\" has no value \"DMSO\"; there are: DMF, THF",
        ),
        (
            file("[[forbid]]\ns = \"DMF\"\nt = 20"),
            "column \"t\" is real; only values of integer, ordinal and categorical columns can be forbidden",
        ),
        (
            file("[colums.t]\nbounds = [0, 1]"),
            "space file, line 1: \"colums\" is not known here; did you mean \"columns\"?",
        ),
        (
            file("[columns.t]\nkind = \"float\""),
            "space file, line 2: \"float\" is not known here; there are: real, integer, ordinal, categorical, sequence",
        ),
        (file("[columns.t\n"), "space file, line 1: "),
        (
            fault(
                read_with(
                    &with_cell(2, 0, "NA"),
                    &Options { missing: Missing::Drop, ..options("") },
                )
                .and_then(|_| {
                    read_with(
                        &lines(1, 9).replace("THF", "NA"),
                        &Options { missing: Missing::Drop, ..options("") },
                    )
                }),
            ),
            "with missing cells were dropped; at least 8 are needed",
        ),
    ];
    assert!(cases.len() >= 40, "{}", cases.len());
    for (found, expected) in cases {
        assert!(found.contains(expected), "{found}\n   does not say: {expected}");
    }
    let noisy = sound
        .replace(",y\n", ",sd,y\n")
        .lines()
        .enumerate()
        .map(|(at, line)| {
            if at == 0 {
                return format!("{line}\n");
            }
            let (cells, score) = line.rsplit_once(',').expect("a score");
            format!("{cells},{},{score}\n", if at == 5 { "-1" } else { "0.5" })
        })
        .collect::<String>();
    let found = fault(read(&noisy, "[objective]\nnoise = \"sd\"\n"));
    assert_eq!(
        found,
        "line 6, column \"sd\": the noise -1 must be a standard deviation of at least 0"
    );
}
