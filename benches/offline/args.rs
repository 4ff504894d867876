//! What was typed.

use std::path::PathBuf;

use hatchery::surrogates::network::Head;

/// Words of the command line. What is not given is chosen by the experiment.
#[derive(Debug, Default)]
pub(crate) struct Args {
    /// The experiment, or `report`.
    pub(crate) command: String,
    /// The file of `report`.
    pub(crate) file: Option<PathBuf>,
    pub(crate) tasks: Option<Vec<String>>,
    pub(crate) searchers: Option<Vec<String>>,
    pub(crate) arms: Option<Vec<String>>,
    pub(crate) seeds: Option<u64>,
    /// The first seed; of `q2` the first task.
    pub(crate) first: u64,
    /// The folder that holds `offline/`.
    pub(crate) data: Option<PathBuf>,
    /// Where cells are kept.
    pub(crate) out: Option<PathBuf>,
    pub(crate) quick: bool,
    pub(crate) epochs: Option<u32>,
    /// Most visible rows; 0 for all.
    pub(crate) rows: Option<usize>,
    pub(crate) threads: Option<usize>,
    /// Deviation of networks: `normal`, `learned`, `constant`.
    pub(crate) head: Option<String>,
    /// Tasks of `q2`.
    pub(crate) count: Option<usize>,
    /// Model of `q2`.
    pub(crate) model: Option<String>,
}

/// How it is used.
pub(crate) const USAGE: &str = "\
cargo bench --bench offline -- COMMAND [FLAGS]

q1 | tuned | q2 | q3 | published | tf-bind-8 | speed   an experiment
report FILE.jsonl                                      the tables of cells that are there

--tasks a,b --searchers a,b --arms a,b   only these
--seeds N --first N                  how many seeds, and the first (of q2: the first task)
--data DIR                           the folder that holds offline/ (also: HATCHERY_DATA)
--out FILE.jsonl                     where cells are kept: a rerun leaves out those that are there
--epochs N --rows N                  training, and most visible rows (0: all)
--head NAME                              deviation of networks: normal (between two bounds), learned (bounds too), constant
--count N --model NAME                   q2: tasks of each kind; auto, pairwise-ridge, gp, ensemble ...
--threads N                          cells at a time
--quick                              small sizes, some minutes at most";

impl Args {
    /// Reads the words.
    ///
    /// # Errors
    /// What is wrong, as a sentence.
    pub(crate) fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        // Cargo says `--bench` to every bench.
        let mut words = words.filter(|word| word != "--bench");
        let mut args = Self { command: words.next().unwrap_or_default(), ..Self::default() };
        while let Some(word) = words.next() {
            if word == "--quick" {
                args.quick = true;
                continue;
            }
            if args.command == "report" && args.file.is_none() && !word.starts_with("--") {
                args.file = Some(word.into());
                continue;
            }
            let value = words.next().ok_or_else(|| format!("'{word}' needs a value\n\n{USAGE}"))?;
            let list = || Some(value.split(',').map(str::to_owned).collect());
            match word.as_str() {
                "--tasks" => args.tasks = list(),
                "--searchers" => args.searchers = list(),
                "--arms" => args.arms = list(),
                "--seeds" => args.seeds = Some(number(&word, &value)?),
                "--first" => args.first = number(&word, &value)?,
                "--data" => args.data = Some(value.into()),
                "--out" => args.out = Some(value.into()),
                "--epochs" => args.epochs = Some(number(&word, &value)?),
                "--rows" => args.rows = Some(number(&word, &value)?),
                "--threads" => args.threads = Some(number(&word, &value)?),
                "--count" => args.count = Some(number(&word, &value)?),
                "--head" => args.head = Some(value),
                "--model" => args.model = Some(value),
                _ => return Err(format!("there is no flag '{word}'\n\n{USAGE}")),
            }
        }
        let from_environment = || std::env::var_os("HATCHERY_DATA").map(PathBuf::from);
        args.data = args.data.or_else(from_environment);
        Ok(args)
    }

    /// The seeds; so many if their number is not given.
    pub(crate) fn seeds(&self, usual: u64) -> Vec<u64> {
        (self.first..self.first + self.seeds.unwrap_or(usual)).collect()
    }

    /// Cells at a time.
    pub(crate) fn threads(&self) -> usize {
        self.threads.unwrap_or_else(rayon::current_num_threads).max(1)
    }

    /// The head of networks that are not conservative.
    ///
    /// # Errors
    /// For a name that is unknown.
    pub(crate) fn head(&self, usual: Head) -> Result<Head, String> {
        Ok(match self.head.as_deref() {
            None => usual,
            Some("normal") => Head::Normal,
            Some("learned") => Head::NormalLearned,
            Some("constant") => Head::Squared,
            Some(other) => {
                return Err(format!("there is no head '{other}': normal, learned, constant"));
            }
        })
    }

    /// Those of the names that were asked for, all if nothing was.
    ///
    /// # Errors
    /// For a name that is not among them.
    pub(crate) fn chosen(
        asked: Option<&Vec<String>>,
        known: &[&str],
    ) -> Result<Vec<String>, String> {
        let all = || known.iter().map(|name| (*name).to_owned()).collect();
        let asked: Vec<String> = asked.cloned().unwrap_or_else(all);
        match asked.iter().find(|name| !known.contains(&name.as_str())) {
            Some(wrong) => Err(format!("there is no '{wrong}'; known are {}", known.join(", "))),
            None => Ok(asked),
        }
    }
}

fn number<T: std::str::FromStr>(flag: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{flag} needs a whole number, found '{value}'"))
}
