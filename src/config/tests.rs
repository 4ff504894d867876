//! Tests of reading, checking and explaining.

use super::*;
use crate::presets;

/// Reads a text called `f.toml`.
fn read(text: &str) -> Result<RunConfig, ConfigError> {
    RunConfig::parse("f.toml", text)
}

/// Reads a text called `f.toml` with `--set` values over it.
fn read_with(text: &str, overrides: &[&str]) -> Result<RunConfig, ConfigError> {
    let overrides: Vec<String> = overrides.iter().map(|s| (*s).to_owned()).collect();
    RunConfig::read(Layers::new("f", "f.toml".to_owned(), text, &overrides)?)
}

fn message(result: Result<RunConfig, ConfigError>) -> String {
    result.expect_err("a mistake").to_string()
}

fn pairs(config: &RunConfig) -> u32 {
    match &config.search {
        SearchConfig::Eggroll(_, search) => search.pairs,
        _ => panic!("it has no pairs"),
    }
}

const SPHERE: &str = "seed = 3\n\n[task]\nname = \"sphere\"\n\n[search]\npairs = 4\n";

#[test]
fn every_preset_is_right_and_named_after_its_file() {
    for preset in presets::ALL {
        let config = RunConfig::load(preset.name, &[]).expect(preset.name);
        assert_eq!(config.name, preset.name);
        config.check_bounded().expect(preset.name);
    }
}

#[test]
fn every_preset_starts_with_a_line_about_it() {
    for preset in presets::ALL {
        assert!(preset.text.starts_with("# ") && !preset.about.is_empty(), "{}", preset.name);
    }
}

#[test]
fn what_is_written_reads_as_the_same_configuration() {
    for preset in presets::ALL {
        let config = RunConfig::load(preset.name, &[]).expect(preset.name);
        let text = config.to_toml();
        let again = read(&text).expect(preset.name);
        assert_eq!(again, config, "{text}");
        assert_eq!(again.to_toml(), text);
    }
}

#[test]
fn numbers_keep_their_bits_through_the_file_and_look_as_they_were_typed() {
    for typed in ["0.05", "0.1", "1e-7", "0.333333", "3.0e20"] {
        let config = read(&SPHERE.replace("pairs = 4", &format!("sigma = {typed}"))).expect(typed);
        let text = config.to_toml();
        assert_eq!(read(&text).expect(typed), config);
        let line = text.lines().find(|line| line.starts_with("sigma =")).expect("sigma");
        assert!(line.len() < 40, "{line}");
    }
    let text = read(&SPHERE.replace("pairs = 4", "sigma = 0.05")).expect("right").to_toml();
    assert!(text.contains("sigma = 0.05\n"), "{text}");
}

#[test]
fn every_task_and_every_strategy_can_be_named() {
    for task in TASKS {
        let needed = match task {
            "external" => "command = [\"a\"]\ndimension = 1\n",
            "formula" => "formula = \"nguyen-1\"\n",
            _ => "",
        };
        read(&format!("[task]\nname = \"{task}\"\n{needed}")).expect(task);
    }
    for strategy in STRATEGIES {
        let text = match strategy {
            "evolution" => "[task]\nname = \"optimizer-search\"\n".to_owned(),
            "symbolic-regression" => {
                "[task]\nname = \"formula\"\nformula = \"nguyen-1\"\n".to_owned()
            }
            "reward" => "[task]\nname = \"reward\"\n".to_owned(),
            "egg" => "[task]\nname = \"language\"\ncorpus = \"kjv\"\n".to_owned(),
            "cma-es" => SPHERE.replace("pairs = 4", "strategy = \"cma-es\""),
            _ => format!("{SPHERE}strategy = \"{strategy}\"\n"),
        };
        let config = read(&text).expect(strategy);
        let resolved = config.to_toml();
        assert!(resolved.contains(&format!("strategy = \"{strategy}\"")), "{resolved}");
        assert_eq!(read(&resolved).expect(strategy), config);
    }
}

#[test]
fn everything_but_the_task_has_a_default() {
    let config = read("[task]\nname = \"cartpole\"\n").expect("right");
    assert_eq!((config.seed, config.name.as_str()), (0, "run"));
    assert!(config.model.is_some());
    assert_eq!(config.output, OutputConfig::default());
    assert!(message(read("seed = 1\n")).contains("task.name: is missing; one of: cartpole, "));
}

#[test]
fn a_budget_that_ends_nothing_is_found() {
    let bounded = |line: &str| read(&format!("{SPHERE}[budget]\n{line}\n")).expect("right");
    for line in ["generations = 1", "evaluations = 1", "seconds = 0.5", "stagnation = 1"] {
        bounded(line).check_bounded().expect(line);
    }
    for line in ["", "target = 0.0"] {
        let error = bounded(line).check_bounded().expect_err("unbounded");
        assert!(error.to_string().contains("nothing ends this run"), "{error}");
    }
}

#[test]
fn a_mistake_has_file_line_key_and_reason() {
    // The line to be added under [search], and the whole message.
    let cases = [
        ("sigmma = 1.0", "f.toml:8: search.sigmma: unknown key `sigmma`; did you mean `sigma`?"),
        ("rank = 0", "f.toml:8: search.rank: must be from 1 to 1024, found 0"),
        (
            "rank = 1.5",
            "f.toml:8: search.rank: invalid type: number `1.5`, expected a whole number from 0 to 4294967295",
        ),
        (
            "strategy = \"egroll\"",
            "f.toml:8: search.strategy: unknown strategy `egroll`; did you mean `eggroll`?",
        ),
        ("strategy = 3", "f.toml:8: search.strategy: expected a string, found an integer"),
        (
            "optimiser = \"addam\"",
            "f.toml:8: search.optimiser: unknown value `addam`; did you mean `adam`?",
        ),
        (
            "sigma_schedule = { kind = \"liner\" }",
            "f.toml:8: search.sigma_schedule.kind: unknown value `liner`; did you mean `linear`?",
        ),
        ("[budget]\nseconds = 0", "f.toml:9: budget.seconds: must be above 0, found 0"),
        ("[output]\nkeep = 0", "f.toml:9: output.keep: must be at least 1, found 0"),
        (
            "[output]\ncheckpoint_seconds = inf",
            "f.toml:9: output.checkpoint_seconds: must be above 0, found inf",
        ),
        ("[model]\nhidden = [4]", "f.toml:8: model: this task has no network; leave the table out"),
        (
            "strategy = \"open-es\"\nrank = 1",
            "f.toml:9: search.rank: `open-es` has no rank; leave it out",
        ),
        (
            "population_size = 8",
            "f.toml:8: search.population_size: give either this or `pairs` (half of it), not both",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(message(read(&format!("{SPHERE}{line}\n"))), expected);
    }
}

#[test]
fn members_that_read_different_texts_are_not_compared() {
    let with = |set: &[&str]| {
        RunConfig::load("egg", &set.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>())
    };
    let sampling = "search.sampling=one-sided";
    with(&[sampling, "search.group=8", "task.group=16"]).expect("two groups to a text");
    for (group, found) in [("search.group=8", 8), ("search.group=0", 2048)] {
        let said = message(with(&[sampling, group, "task.group=4"]));
        let end = format!("must divide task.group = 4, found {found}");
        assert!(said.contains("search.group: ") && said.ends_with(&end), "{said}");
    }
}

#[test]
fn a_mistake_inside_an_array_has_the_line_of_its_key() {
    let text = "[task]\nname = \"cartpole\"\n[model]\nactivation = \"relu\"\nhidden = [8, \"a\"]\n";
    let said = message(read(text));
    assert!(said.starts_with("f.toml:5: model.hidden[1]: invalid type: string \"a\""), "{said}");
}

#[test]
fn a_file_that_is_no_toml_has_the_line_of_the_fault() {
    assert!(message(read("seed = 1\n[task\n")).starts_with("f.toml:2: "));
    assert!(message(read("seed = 1\nseed = 2\n")).starts_with("f.toml:2: duplicate key"));
}

#[test]
fn an_override_wins_and_is_named_when_it_is_wrong() {
    let config = read_with(SPHERE, &["search.pairs=9", "task.dimension = 3"]).expect("right");
    assert_eq!(pairs(&config), 9);
    assert_eq!(config.task.function().map(|(_, c)| c.dimension), Some(3));
    let last = read_with(SPHERE, &["seed=4", "seed=5"]).expect("right");
    assert_eq!(last.seed, 5);
    let cases = [
        ("search.pairs=0", "--set search.pairs=0: search.pairs: "),
        ("search.sigma=[1]", "--set search.sigma=[1]: search.sigma: "),
        ("search={sigma=-1.0}", "--set search={sigma=-1.0}: search.sigma: "),
        (
            "search.sigma_schedule={kind=\"liner\"}",
            "--set search.sigma_schedule={kind=\"liner\"}: search.sigma_schedule.kind: ",
        ),
        ("search", "--set search: expected KEY=VALUE"),
        ("=1", "--set =1: expected a dotted key"),
        ("seed.x=1", "--set seed.x=1: `seed` is a value"),
    ];
    for (set, start) in cases {
        let said = message(read_with(SPHERE, &[set]));
        assert!(said.starts_with(start), "{said}");
    }
    // A mistake elsewhere is not blamed on the flag.
    let wrong = SPHERE.replace("pairs", "pears");
    let said = message(read_with(&wrong, &["search.sigma=0.1", "searching=1"]));
    assert!(said.contains("searching"), "{said}");
    assert!(
        message(read_with(&wrong, &["search.sigma=0.1"])).starts_with("f.toml:7: search.pears")
    );
}

#[test]
fn words_need_no_quotes_in_an_override() {
    let config = read_with(SPHERE, &["task.name=rastrigin", "output.dir=a b/c"]).expect("right");
    assert_eq!(config.output.dir.as_deref(), Some("a b/c"));
    assert!(matches!(config.task, TaskConfig::Rastrigin(_)));
}

#[test]
fn the_size_of_a_population_is_twice_its_pairs() {
    let plain = "[task]\nname = \"sphere\"\n";
    for alias in ["population_size", "popsize"] {
        let config = read(&format!("{plain}[search]\n{alias} = 10\n")).expect(alias);
        assert_eq!(pairs(&config), 5);
        assert_eq!(read(&config.to_toml()).expect(alias), config);
        let over = read_with(SPHERE, &[&format!("search.{alias}=12")]).expect(alias);
        assert_eq!(pairs(&over), 6);
        for wrong in ["7", "0", "-2", "\"a\"", "4294967296"] {
            let said = message(read(&format!("{plain}[search]\n{alias} = {wrong}\n")));
            assert!(said.contains("expected an even whole number of at least 2"), "{said}");
        }
    }
}

#[test]
fn a_seed_is_any_whole_number_that_a_file_can_hold() {
    let of = |seed: &str| read(&SPHERE.replace("seed = 3", &format!("seed = {seed}")));
    let largest = of("9223372036854775807").expect("2^63 - 1");
    assert_eq!(read(&largest.to_toml()).expect("right").seed, i64::MAX as u64);
    for wrong in ["-1", "1.0", "\"a\""] {
        assert!(message(of(wrong)).starts_with("f.toml:1: seed: expected a whole number"));
    }
}

#[test]
fn a_name_that_would_leave_the_folder_of_runs_is_refused() {
    for name in ["../x", "a/b", "", ".hidden", "a b"] {
        let said = message(read(&format!("name = \"{name}\"\n{SPHERE}")));
        assert!(said.starts_with("f.toml:1: name: "), "{said}");
    }
    assert_eq!(read(&format!("name = \"a-1_b.c\"\n{SPHERE}")).expect("right").name, "a-1_b.c");
}

#[test]
fn the_nearest_name_is_near() {
    let names = || ["sigma", "pairs", "learning_rate"].into_iter();
    assert_eq!(nearest("lerning_rate", names()).as_deref(), Some("did you mean `learning_rate`?"));
    assert_eq!(nearest("pair", names()).as_deref(), Some("did you mean `pairs`?"));
    assert_eq!(nearest("xyz", names()), None);
}
