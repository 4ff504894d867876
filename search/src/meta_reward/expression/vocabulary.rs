//! What rewards are made of in one world: names, operators, constants, limits.

use hatchery_engine::world::{Primitive, PrimitiveSet, Reducer};
use serde::{Deserialize, Serialize};

use super::{DEPTH_MAX, Division, NODES_MAX, Node, Operator, Symbol, VocabularyError};

/// The constants that are sampled.
pub const CONSTANTS: [f32; 12] = [-1.0, -0.5, -0.2, -0.1, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0];

/// A choice of operators.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operators {
    /// `+ - * /`: what the paper has.
    #[default]
    Derl4,
    /// A sum of primitives, each with or without a weight.
    Linear,
    /// All operators.
    Full,
}

impl Operators {
    /// The operators.
    pub fn list(self) -> &'static [Operator] {
        match self {
            Self::Derl4 => &Operator::ALL[..4],
            Self::Linear => &[Operator::Add, Operator::Multiply],
            Self::Full => &Operator::ALL,
        }
    }

    /// Name in configurations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Derl4 => "derl4",
            Self::Linear => "linear",
            Self::Full => "full",
        }
    }
}

/// How large a generated reward may be. What a person writes is held to [`NODES_MAX`] and [`DEPTH_MAX`] only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Most nodes, 3 to [`NODES_MAX`].
    pub nodes: usize,
    /// Most operators above a leaf, 1 to [`DEPTH_MAX`].
    pub depth: usize,
    /// Most divisions above a leaf.
    pub divisions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { nodes: 31, depth: 6, divisions: 2 }
    }
}

/// Names, operators, constants and limits of the rewards of one world, and the list of productions that generate them.
///
/// Nodes name primitives and signals by their number in the world, so that a reward means the same under any set; the set says which of
/// them may occur.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Vocabulary {
    parts: Parts,
    productions: Vec<Node>,
}

/// What a vocabulary is written as.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Parts {
    primitives: Vec<Symbol>,
    signals: Vec<Symbol>,
    chosen_primitives: Vec<u16>,
    chosen_signals: Vec<u16>,
    operators: Operators,
    division: Division,
    limits: Limits,
}

impl Vocabulary {
    /// The vocabulary of a world, over one of its sets.
    ///
    /// # Errors
    /// [`VocabularyError`] if a name or range cannot be used, or the set speaks of what is not there.
    pub fn try_new(
        primitives: &[Primitive],
        signals: &[Primitive],
        set: &PrimitiveSet,
        operators: Operators,
    ) -> Result<Self, VocabularyError> {
        let primitives: Vec<Symbol> = primitives.iter().map(Symbol::from).collect();
        let signals: Vec<Symbol> = signals.iter().map(Symbol::from).collect();
        let (chosen_primitives, chosen_signals) = (
            numbers(set.name, set.primitives, &primitives)?,
            numbers(set.name, set.signals, &signals)?,
        );
        Self::try_from(Parts {
            primitives,
            signals,
            chosen_primitives,
            chosen_signals,
            operators,
            division: Division::default(),
            limits: Limits::default(),
        })
    }

    /// All primitives, signals and operators: for what a person writes.
    ///
    /// # Errors
    /// As [`Vocabulary::try_new`].
    pub fn everything(
        primitives: &[Primitive],
        signals: &[Primitive],
    ) -> Result<Self, VocabularyError> {
        let primitives: Vec<Symbol> = primitives.iter().map(Symbol::from).collect();
        let signals: Vec<Symbol> = signals.iter().map(Symbol::from).collect();
        Self::try_from(Parts {
            chosen_primitives: (0..primitives.len() as u16).collect(),
            chosen_signals: (0..signals.len() as u16).collect(),
            primitives,
            signals,
            operators: Operators::Full,
            division: Division::default(),
            limits: Limits::default(),
        })
    }

    /// With another meaning of `/`.
    #[must_use]
    pub fn with_division(mut self, division: Division) -> Self {
        self.parts.division = division;
        self
    }

    /// With other limits.
    ///
    /// # Errors
    /// [`VocabularyError::Limit`] if one is out of its range.
    pub fn with_limits(self, limits: Limits) -> Result<Self, VocabularyError> {
        Self::try_from(Parts { limits, ..self.parts })
    }

    /// All primitives of the world, chosen or not.
    pub fn primitives(&self) -> &[Symbol] {
        &self.parts.primitives
    }

    /// All signals of the world, chosen or not.
    pub fn signals(&self) -> &[Symbol] {
        &self.parts.signals
    }

    /// The primitives that may occur, in the order of the set.
    pub fn chosen(&self) -> impl ExactSizeIterator<Item = Node> + '_ {
        self.parts.chosen_primitives.iter().map(|&primitive| Node::Primitive(primitive))
    }

    /// The operators that are generated.
    pub fn operators(&self) -> Operators {
        self.parts.operators
    }

    /// What `/` means.
    pub fn division(&self) -> Division {
        self.parts.division
    }

    /// How large a generated reward may be.
    pub fn limits(&self) -> Limits {
        self.parts.limits
    }

    /// All that a generated reward is made of: primitives, then reduced signals, constants, operators. A production is a number here.
    pub fn productions(&self) -> &[Node] {
        &self.productions
    }

    /// The production of a node; for a constant that is not in the table, that of the nearest one.
    pub fn production(&self, node: Node) -> Option<usize> {
        if let Node::Constant(value) = node {
            let distance = |node: &Node| match node {
                Node::Constant(other) => (other - value).abs(),
                _ => f32::INFINITY,
            };
            let productions = self.productions.iter().enumerate();
            return productions
                .min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)))
                .map(|(production, _)| production);
        }
        self.productions.iter().position(|known| *known == node)
    }

    /// Whether expressions may speak of it.
    pub(super) fn has(&self, node: Node) -> bool {
        match node {
            Node::Primitive(primitive) => self.parts.chosen_primitives.contains(&primitive),
            Node::Reduced(_, signal) => self.parts.chosen_signals.contains(&signal),
            Node::Constant(_) => true,
            Node::Call(operator) => self.parts.operators.list().contains(&operator),
        }
    }

    /// The name of a leaf or operator, without parentheses.
    pub fn name_of(&self, node: Node) -> String {
        match node {
            Node::Primitive(primitive) => match self.parts.primitives.get(usize::from(primitive)) {
                Some(symbol) => symbol.name.clone(),
                None => format!("primitive{primitive}"),
            },
            Node::Reduced(reducer, signal) => {
                let symbol = self.parts.signals.get(usize::from(signal));
                let name = symbol.map_or("signal", |symbol| symbol.name.as_str());
                format!("{}({name})", reducer.name())
            }
            Node::Constant(value) => crate::program::number(value),
            Node::Call(operator) => operator.name().to_owned(),
        }
    }

    /// Smallest and largest value of a leaf.
    pub(super) fn range_of(&self, node: Node) -> [f32; 2] {
        let range = |symbols: &[Symbol], number: u16| {
            symbols.get(usize::from(number)).map_or([0.0, 1.0], |symbol| symbol.range)
        };
        match node {
            Node::Primitive(primitive) => range(&self.parts.primitives, primitive),
            // An episode without steps reduces to 0, and a sum is divided by more steps than there were.
            Node::Reduced(_, signal) => {
                let [low, high] = range(&self.parts.signals, signal);
                [low.min(0.0), high.max(0.0)]
            }
            Node::Constant(value) => [value, value],
            Node::Call(_) => [f32::NEG_INFINITY, f32::INFINITY],
        }
    }
}

fn numbers(set: &str, names: &[&str], symbols: &[Symbol]) -> Result<Vec<u16>, VocabularyError> {
    let number = |name: &&str| {
        let found = symbols.iter().position(|symbol| symbol.name == **name);
        found.map(|number| number as u16).ok_or_else(|| {
            let known: Vec<&str> = symbols.iter().map(|symbol| symbol.name.as_str()).collect();
            let known = known.join(", ");
            VocabularyError::Unknown { set: set.to_owned(), name: (*name).to_owned(), known }
        })
    };
    names.iter().map(number).collect()
}

impl TryFrom<Parts> for Vocabulary {
    type Error = VocabularyError;

    fn try_from(parts: Parts) -> Result<Self, VocabularyError> {
        parts.check()?;
        let productions = parts
            .chosen_primitives
            .iter()
            .map(|&primitive| Node::Primitive(primitive))
            .chain(
                parts
                    .chosen_signals
                    .iter()
                    .flat_map(|&signal| Reducer::ALL.map(|reducer| Node::Reduced(reducer, signal))),
            )
            .chain(CONSTANTS.map(Node::Constant))
            .chain(parts.operators.list().iter().map(|&operator| Node::Call(operator)))
            .collect();
        Ok(Self { parts, productions })
    }
}

impl From<Vocabulary> for Parts {
    fn from(vocabulary: Vocabulary) -> Self {
        vocabulary.parts
    }
}

impl Parts {
    fn check(&self) -> Result<(), VocabularyError> {
        if self.chosen_primitives.is_empty() {
            return Err(VocabularyError::Empty);
        }
        for symbols in [&self.primitives, &self.signals] {
            for (index, symbol) in symbols.iter().enumerate() {
                let twice = symbols[..index].iter().any(|other| other.name == symbol.name);
                symbol.check(twice)?;
            }
        }
        let known = |chosen: &[u16], symbols: &[Symbol]| {
            chosen.iter().all(|&number| usize::from(number) < symbols.len())
        };
        if !known(&self.chosen_primitives, &self.primitives)
            || !known(&self.chosen_signals, &self.signals)
        {
            return Err(VocabularyError::Empty);
        }
        let Limits { nodes, depth, divisions } = self.limits;
        let limits = [
            ("nodes", 3, NODES_MAX, nodes),
            ("depth", 1, DEPTH_MAX, depth),
            ("divisions", 0, DEPTH_MAX, divisions),
        ];
        for (limit, smallest, largest, found) in limits {
            if !(smallest..=largest).contains(&found) {
                return Err(VocabularyError::Limit { limit, smallest, largest, found });
            }
        }
        Ok(())
    }
}
