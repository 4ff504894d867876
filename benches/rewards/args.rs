//! What was typed.

/// Methods, the ones without a search last.
pub(crate) const METHODS: [&str; 6] = ["derl", "aging", "random", "outcome", "average", "hand"];

#[derive(Clone, Debug)]
pub(crate) struct Args {
    pub(crate) env: String,
    pub(crate) methods: Vec<String>,
    /// Inner trainings of a search, the race included.
    pub(crate) budget: usize,
    /// Trainings of each proposal.
    pub(crate) trainings: u32,
    /// Proposals of an outer step.
    pub(crate) group: usize,
    pub(crate) updates: u32,
    pub(crate) seeds: u64,
    pub(crate) first: u64,
    /// Fresh trainings with the winner.
    pub(crate) fresh: u32,
    /// Set of primitives.
    pub(crate) primitives: String,
    pub(crate) json: Option<String>,
}

impl Args {
    pub(crate) fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Self {
            env: "tidy-hard".into(),
            methods: METHODS.map(str::to_owned).to_vec(),
            budget: 200,
            trainings: 2,
            group: 8,
            updates: 60,
            seeds: 10,
            first: 0,
            fresh: 8,
            primitives: "full".into(),
            json: None,
        };
        let mut words = words.filter(|word| word != "--bench");
        while let Some(word) = words.next() {
            let value = words.next().ok_or_else(|| format!("'{word}' needs a value"))?;
            match word.as_str() {
                "--env" => args.env = value,
                "--methods" => args.methods = value.split(',').map(str::to_owned).collect(),
                "--budget" => args.budget = number(&word, &value)?,
                "--trainings" => args.trainings = number(&word, &value)?,
                "--group" => args.group = number(&word, &value)?,
                "--updates" => args.updates = number(&word, &value)?,
                "--seeds" => args.seeds = number(&word, &value)?,
                "--first" => args.first = number(&word, &value)?,
                "--fresh" => args.fresh = number(&word, &value)?,
                "--primitives" => args.primitives = value,
                "--json" => args.json = Some(value),
                _ => {
                    let known = "--env --methods --budget --trainings --group --updates --seeds --first --fresh --primitives --json";
                    return Err(format!("there is no flag '{word}': {known}"));
                }
            }
        }
        if args.trainings == 0 || args.group < 2 || args.updates == 0 || args.fresh == 0 {
            return Err(
                "--trainings, --updates and --fresh are at least 1, --group at least 2".into()
            );
        }
        match args.methods.iter().find(|method| !METHODS.contains(&method.as_str())) {
            Some(other) => Err(format!("there is no method '{other}': {}", METHODS.join(", "))),
            None => Ok(args),
        }
    }
}

fn number<T: std::str::FromStr>(flag: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{flag} needs a whole number, found '{value}'"))
}
