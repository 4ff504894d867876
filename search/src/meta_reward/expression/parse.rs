//! Infix to rewards.
//!
//! ```text
//! sum     = product { ("+" | "-") product }
//! product = signed { ("*" | "/") signed }
//! signed  = ("-" | "+") signed | atom
//! atom    = number | primitive | function "(" sum {"," sum} ")" | reducer "(" signal ")" | "(" sum ")"
//! ```
//!
//! Sums are built as flat as they can be ([`balanced`]): eight terms nest three operators. Where the operators of a vocabulary lack the
//! negation, `-x` is read as `-1*x`.

use hatchery_engine::world::Reducer;

use super::lex::{ParseError, Word, words};
use super::reward::{Term, balanced};
use super::{DEPTH_MAX, Node, Operator, Reward, Symbol, Vocabulary};

/// Most open parentheses, functions and signs: far beyond what [`DEPTH_MAX`] can need.
const NESTED_MAX: usize = 4 * DEPTH_MAX;

impl Reward {
    /// Reads an expression over the chosen primitives and signals, with the operators of the vocabulary.
    ///
    /// # Errors
    /// [`ParseError`], with the column.
    pub fn parse(text: &str, vocabulary: &Vocabulary) -> Result<Self, ParseError> {
        let mut parser = Parser { words: words(text)?, next: 0, nested: 0, vocabulary };
        let nodes = parser.sum()?;
        let (word, column) = parser.take();
        match word {
            Word::End => {
                Self::try_new(nodes).map_err(|error| ParseError::new(1, error.to_string()))
            }
            Word::Sign(')') => Err(ParseError::new(
                column,
                "this ')' closes nothing: remove it or open one before",
            )),
            word => {
                let message =
                    format!("expected an operator, found {word}: write + - * or / before it");
                Err(ParseError::new(column, message))
            }
        }
    }
}

struct Parser<'a> {
    words: Vec<(Word, usize)>,
    next: usize,
    nested: usize,
    vocabulary: &'a Vocabulary,
}

impl Parser<'_> {
    fn peek(&self) -> &Word {
        self.words.get(self.next).map_or(&Word::End, |(word, _)| word)
    }

    fn column(&self) -> usize {
        let last = self.words.len().saturating_sub(1);
        self.words.get(self.next.min(last)).map_or(1, |(_, column)| *column)
    }

    fn take(&mut self) -> (Word, usize) {
        let taken = (self.peek().clone(), self.column());
        self.next += 1;
        taken
    }

    fn sum(&mut self) -> Result<Vec<Node>, ParseError> {
        let mut terms = vec![Term::plus(self.product()?)];
        loop {
            let negative = match self.peek() {
                Word::Sign('+') => false,
                Word::Sign('-') => true,
                _ => return Ok(balanced(&terms)),
            };
            self.next += 1;
            terms.push(Term { negative, nodes: self.product()? });
        }
    }

    fn product(&mut self) -> Result<Vec<Node>, ParseError> {
        let mut left = self.signed()?;
        loop {
            let operator = match self.peek() {
                Word::Sign('*') => Operator::Multiply,
                Word::Sign('/') => Operator::Divide,
                _ => return Ok(left),
            };
            self.known(operator)?;
            self.next += 1;
            left = call(operator, [left, self.signed()?]);
        }
    }

    fn signed(&mut self) -> Result<Vec<Node>, ParseError> {
        match self.peek() {
            Word::Sign('+') => {
                self.next += 1;
                self.deeper(Self::signed)
            }
            Word::Sign('-') => {
                self.next += 1;
                if let Word::Number(value) = *self.peek() {
                    self.next += 1;
                    return Ok(vec![Node::Constant(-value)]);
                }
                let operand = self.deeper(Self::signed)?;
                Ok(negated(operand, self.vocabulary))
            }
            _ => self.atom(),
        }
    }

    fn atom(&mut self) -> Result<Vec<Node>, ParseError> {
        let (word, column) = self.take();
        match word {
            Word::Number(value) => Ok(vec![Node::Constant(value)]),
            Word::Name(name) if *self.peek() == Word::Sign('(') => self.function(&name, column),
            Word::Name(name) => self.primitive(&name, column).map(|node| vec![node]),
            Word::Sign('(') => {
                let inner = self.deeper(Self::sum)?;
                self.close(column)?;
                Ok(inner)
            }
            word => {
                let message = format!("expected a number, a name or '(', found {word}");
                Err(ParseError::new(column, message))
            }
        }
    }

    fn function(&mut self, name: &str, column: usize) -> Result<Vec<Node>, ParseError> {
        if let Some(node) = self.reduced(name)? {
            return Ok(vec![node]);
        }
        let Some(operator) = Operator::function(name) else {
            return Err(self.no_function(name, column));
        };
        self.known(operator).map_err(|error| ParseError { column, ..error })?;
        let open = self.column();
        self.next += 1;
        let mut operands = vec![self.deeper(Self::sum)?];
        while *self.peek() == Word::Sign(',') {
            self.next += 1;
            operands.push(self.deeper(Self::sum)?);
        }
        self.close(open)?;
        if operands.len() != operator.arity() {
            let (arity, found) = (operator.arity(), operands.len());
            let message = format!("{name} takes {arity} operands, found {found}");
            return Err(ParseError::new(column, message));
        }
        Ok(call(operator, operands))
    }

    /// `reducer(signal)`, if that is what comes next.
    fn reduced(&mut self, name: &str) -> Result<Option<Node>, ParseError> {
        let Some(reducer) = Reducer::ALL.into_iter().find(|reducer| reducer.name() == name) else {
            return Ok(None);
        };
        let ahead = |offset: usize| self.words.get(self.next + offset);
        let signal = match (ahead(1), ahead(2)) {
            (Some((Word::Name(signal), column)), Some((Word::Sign(')'), _))) => {
                (signal.clone(), *column)
            }
            // `max(a, b)` is a function, too.
            _ if Operator::function(name).is_some() => return Ok(None),
            _ => {
                let message = format!("{name} takes the name of one signal: {name}(s)");
                return Err(ParseError::new(self.column(), message));
            }
        };
        let (signal, column) = signal;
        let signals = self.vocabulary.signals();
        let number = signals.iter().position(|symbol| symbol.name == signal);
        let node = number.map(|number| Node::Reduced(reducer, number as u16));
        match node.filter(|node| self.vocabulary.has(*node)) {
            Some(node) => {
                self.next += 3;
                Ok(Some(node))
            }
            None => {
                let chosen = |n: &usize| self.vocabulary.has(Node::Reduced(reducer, *n as u16));
                let message = format!("there is no signal '{signal}'");
                let known = named(signals, chosen);
                Err(ParseError::new(column, suggest(message, &signal, &known)))
            }
        }
    }

    fn primitive(&self, name: &str, column: usize) -> Result<Node, ParseError> {
        let primitives = self.vocabulary.primitives();
        let number = primitives.iter().position(|symbol| symbol.name == name);
        let node = number.map(|number| Node::Primitive(number as u16));
        if let Some(node) = node.filter(|node| self.vocabulary.has(*node)) {
            return Ok(node);
        }
        let known = named(primitives, |n| self.vocabulary.has(Node::Primitive(*n as u16)));
        let message = if self.vocabulary.signals().iter().any(|symbol| symbol.name == name) {
            format!("'{name}' is a signal of each step: reduce it, for example mean({name})")
        } else if Operator::function(name).is_some() {
            format!("'{name}' is a function: write its operands in parentheses behind it")
        } else if node.is_some() {
            let message = format!("'{name}' is not in the chosen set");
            suggest(message, name, &known)
        } else {
            suggest(format!("there is no primitive '{name}'"), name, &known)
        };
        Err(ParseError::new(column, message))
    }

    fn no_function(&self, name: &str, column: usize) -> ParseError {
        if self.vocabulary.primitives().iter().any(|symbol| symbol.name == name) {
            let message = format!("'{name}' is a primitive, no function: write * before the '('");
            return ParseError::new(column, message);
        }
        let operators = self.vocabulary.operators().list();
        let functions =
            operators.iter().map(|operator| operator.name()).filter(|name| name.len() > 1);
        let mut known: Vec<&str> = functions.collect();
        if !self.vocabulary.signals().is_empty() {
            known.extend(Reducer::ALL.iter().map(|reducer| reducer.name()));
        }
        ParseError::new(column, suggest(format!("there is no function '{name}'"), name, &known))
    }

    /// Whether the operators of the vocabulary have it; sums may always be written.
    fn known(&self, operator: Operator) -> Result<(), ParseError> {
        if self.vocabulary.has(Node::Call(operator)) {
            return Ok(());
        }
        let operators = self.vocabulary.operators();
        let known: Vec<&str> = operators.list().iter().map(|operator| operator.name()).collect();
        let message = format!(
            "'{}' is not among the operators of '{}': use {}",
            operator.name(),
            operators.name(),
            known.join(" ")
        );
        Err(ParseError::new(self.column(), message))
    }

    fn close(&mut self, opened: usize) -> Result<(), ParseError> {
        let (word, column) = self.take();
        match word {
            Word::Sign(')') => Ok(()),
            Word::End => Err(ParseError::new(opened, "this '(' is never closed: add a ')'")),
            word => {
                Err(ParseError::new(column, format!("expected an operator or ')', found {word}")))
            }
        }
    }

    fn deeper<T>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<T, ParseError>,
    ) -> Result<T, ParseError> {
        if self.nested == NESTED_MAX {
            let message = format!("too deep: more than {NESTED_MAX} parentheses or signs are open");
            return Err(ParseError::new(self.column(), message));
        }
        self.nested += 1;
        let inner = read(self)?;
        self.nested -= 1;
        Ok(inner)
    }
}

fn call(operator: Operator, operands: impl IntoIterator<Item = Vec<Node>>) -> Vec<Node> {
    let mut nodes = vec![Node::Call(operator)];
    nodes.extend(operands.into_iter().flatten());
    nodes
}

/// The negative of a subtree, in the operators that there are.
pub(super) fn negated(operand: Vec<Node>, vocabulary: &Vocabulary) -> Vec<Node> {
    if vocabulary.has(Node::Call(Operator::Negate)) {
        call(Operator::Negate, [operand])
    } else {
        call(Operator::Multiply, [vec![Node::Constant(-1.0)], operand])
    }
}

fn named(symbols: &[Symbol], chosen: impl Fn(&usize) -> bool) -> Vec<&str> {
    let numbers = (0..symbols.len()).filter(chosen);
    numbers.map(|number| symbols[number].name.as_str()).collect()
}

/// Says what there is, the nearest name first.
fn suggest(message: String, name: &str, known: &[&str]) -> String {
    let near = |other: &&str| strsim::jaro_winkler(other, name);
    let nearest = known.iter().copied().max_by(|a, b| near(a).total_cmp(&near(b)));
    match nearest {
        Some(nearest) if near(&nearest) > 0.75 => format!("{message}; did you mean '{nearest}'?"),
        Some(_) => format!("{message}; there are {}", known.join(", ")),
        None => format!("{message}; there are none"),
    }
}
