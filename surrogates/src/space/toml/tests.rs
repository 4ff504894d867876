//! Space files, right and wrong.

use super::*;

const FULL: &str = r#"
ignore = ["operator"]
[objective]
column = "yield"
direction = "maximize"
noise = "sd"
[columns.temperature]
kind = "real"
bounds = [20, 120]
cost = 0.05
[columns.a]
kind = "real"
bounds = [0, 1]
[columns.b]
kind = "real"
bounds = [0, 1.0]
[columns.n]
kind = "integer"
bounds = [1, 5]
fixed = 2
[columns.solvent]
kind = "categorical"
levels = ["DMF", "THF", 7, true]
[columns.base]
kind = "ordinal"
levels = ["KOH", "NaH"]
[columns.dna]
kind = "sequence"
alphabet = "ACGT"
length = 4
fixed = "A**T"
[[sum]]
columns = ["a", "b"]
total = 1
[[linear]]
terms = { temperature = 1, n = 2.0 }
at_most = 100
at_least = 50
[[forbid]]
solvent = "THF"
base = "NaH"
"#;

#[test]
fn a_full_file_gives_a_space() {
    let file = SpaceFile::parse(FULL).expect("a space file");
    let objective = (file.objective.column.as_deref(), file.objective.direction);
    assert_eq!(objective, (Some("yield"), Some(Direction::Maximize)));
    let space = file.space().expect("a space");
    let names: Vec<&str> = space.fields().iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["temperature", "a", "b", "n", "solvent", "base", "dna"]);
    assert_eq!((space.sites().len(), space.constraints().limits.len()), (10, 2));
    assert_eq!([3, 6, 7, 9].map(|s| space.fixed(s)), [Some(2.0), Some(0.0), None, Some(3.0)]);
    let mut design = vec![60.0, 0.4, 0.6, 2.0, 1.0, 0.0, 0.0, 1.0, 2.0, 3.0];
    assert_eq!(space.violation(&design), 0.0);
    assert_eq!(space.show(&design), ["60", "0.4", "0.6", "2", "THF", "KOH", "ACGT"]);
    assert_eq!((space.cost(&design), space.slacks(&design)), (3.0, vec![36.0, 14.0]));
    design[5] = 1.0;
    assert!(!space.is_valid(&design), "THF with NaH");
}

#[test]
fn faults_are_one_line_with_what_to_do() {
    let fault = |text: &str| {
        let error = SpaceFile::parse(text).and_then(|file| file.space()).unwrap_err();
        assert!(!error.to_string().contains('\n'), "{error}");
        error.to_string()
    };
    let column = |text: &str| fault(&format!("[columns.x]\n{text}\n"));
    for (found, expected) in [
        (column("kind = \"rael\""), r#"line 2: "rael" is not known here; did you mean "real"?"#),
        (column("bound = [0, 1]"), r#"line 2: "bound" is not known here; did you mean "bounds"?"#),
        (fault("[colums.x]"), r#"line 1: "colums" is not known here; did you mean "columns"?"#),
        (
            fault("[[sum]]\ncolumns = 3\ntotal = 1"),
            "line 2: invalid type: integer `3`, expected a list in brackets",
        ),
        (
            fault("\n[sum]\ncolumns = [\"a\", \"b\"]\ntotal = 1"),
            "line 2: [sum] is one of several: write [[sum]]",
        ),
        (
            fault("[[forbid]]\na = [\"x\", \"y\"]"),
            "line 2: one value is expected here: a text in quotes, a number, true or false",
        ),
        (fault("[[sum]]\ncolumns = [\"a\", \"b\"]"), "missing field `total`"),
        (fault("a = = 1"), "line 1: "),
        (column("kind = \"real\""), r#"column "x": bounds is missing"#),
        (column("bounds = [0, 1]"), r#"column "x": kind is missing"#),
        (
            column("kind = \"real\"\nbounds = [0, 1]\nlevels = [1]"),
            "levels does not belong to a column of kind real",
        ),
        (
            column("kind = \"categorical\"\nlevels = [1]\nlength = 2"),
            "length does not belong to a column of kind categorical",
        ),
        (
            column("kind = \"categorical\"\nlevels = [\"a\"]\nfixed = \"b\""),
            r#"the fixed value "b" is not possible; "b" is none of its levels; there are: a"#,
        ),
        (
            column("kind = \"sequence\"\nalphabet = \"AC\"\nlength = 2\nfixed = \"A\""),
            r#""A" has 1 letters"#,
        ),
        (fault("[[linear]]\nterms = { a = 1 }"), "limit number 1 needs at_most or at_least"),
        (fault(""), "a space needs at least one column"),
    ] {
        assert!(found.contains(expected), "{found}\n   does not say: {expected}");
    }
}
