//! Program text to programs.
//!
//! ```text
//! def train(w, g, m, v, lr):          # optional: own names for the inputs
//!     update = sign(interp(g, m, 0.9))    # calls may be nested, + - * / have their usual precedence
//!     m = interp(g, m, 0.99)
//!     update = (update + 0.01 * w) * lr
//!     return update, m, v             # optional
//! ```
//!
//! In a program `/` is the protected division of the table and `sqrt` and `log` take absolute values. In a formula
//! (`y = sqrt(x) / 2`) they are what mathematics has, and `^` is a power.

use std::fmt;

use super::{Argument, Names, Operation, Program, Signature, Statement, Variable};

/// Text that is no program, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong, and what to do.
    pub message: String,
    /// The line itself.
    pub text: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, message, text } = self;
        write!(f, "line {line}, column {column}: {message}\n  {text}\n  {:>column$}", "^")
    }
}

impl std::error::Error for ParseError {}

/// Reads a program, checks it against the signature, and keeps the names of its variables.
///
/// # Errors
/// [`ParseError`], with the place.
pub fn parse(text: &str, signature: &Signature) -> Result<(Program, Names), ParseError> {
    Parser::new(text, signature)?.program()
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    Number(f32),
    Sign(char),
    End,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    line: usize,
    column: usize,
}

/// The operands of an expression: what it is, once its statements are written.
struct Parser<'a> {
    lines: Vec<&'a str>,
    tokens: Vec<(Token, Place)>,
    next: usize,
    signature: &'a Signature,
    names: Names,
    program: Program,
    scope: super::genome::Scope,
}

fn tokens(text: &str) -> Result<Vec<(Token, Place)>, (Place, String)> {
    let mut tokens = Vec::new();
    for (line, content) in text.lines().enumerate() {
        let chars: Vec<char> = content.chars().collect();
        let mut at = 0;
        while at < chars.len() {
            let (place, c) = (Place { line: line + 1, column: at + 1 }, chars[at]);
            if c == '#' {
                break;
            }
            let begin = at;
            at += 1;
            if c.is_whitespace() {
                continue;
            }
            if c.is_alphabetic() || c == '_' {
                while at < chars.len() && (chars[at].is_alphanumeric() || chars[at] == '_') {
                    at += 1;
                }
                tokens.push((Token::Name(chars[begin..at].iter().collect()), place));
            } else if c.is_ascii_digit()
                || c == '.' && chars.get(at).is_some_and(char::is_ascii_digit)
            {
                while at < chars.len() {
                    let exponent =
                        matches!(chars[at], '+' | '-') && matches!(chars[at - 1], 'e' | 'E');
                    if !(chars[at].is_ascii_digit()
                        || matches!(chars[at], '.' | 'e' | 'E')
                        || exponent)
                    {
                        break;
                    }
                    at += 1;
                }
                let digits: String = chars[begin..at].iter().collect();
                let number = digits.parse::<f32>().ok().filter(|value| value.is_finite());
                let number =
                    number.ok_or_else(|| (place, format!("'{digits}' is no finite number")))?;
                tokens.push((Token::Number(number), place));
            } else if c == '*' && chars.get(at) == Some(&'*') {
                at += 1;
                tokens.push((Token::Sign('^'), place));
            } else if "+-*/^(),=:".contains(c) {
                tokens.push((Token::Sign(c), place));
            } else {
                return Err((place, format!("'{c}' has no meaning here")));
            }
        }
        tokens.push((Token::End, Place { line: line + 1, column: chars.len() + 1 }));
    }
    Ok(tokens)
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, signature: &'a Signature) -> Result<Self, ParseError> {
        let mut parser = Self {
            lines: text.lines().collect(),
            tokens: Vec::new(),
            next: 0,
            signature,
            names: Names::of(signature),
            program: Program::default(),
            scope: super::genome::Scope::new(signature),
        };
        parser.tokens = tokens(text).map_err(|(place, message)| parser.error(place, message))?;
        Ok(parser)
    }

    fn error(&self, Place { line, column }: Place, message: impl Into<String>) -> ParseError {
        let text = self.lines.get(line - 1).unwrap_or(&"").to_string();
        ParseError { line, column, message: message.into(), text }
    }

    fn place(&self) -> Place {
        let last = Place { line: self.lines.len().max(1), column: 1 };
        self.tokens.get(self.next).map_or(last, |(_, place)| *place)
    }

    fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::End, |(token, _)| token)
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn expect(&mut self, sign: char) -> Result<(), ParseError> {
        if *self.peek() != Token::Sign(sign) {
            return Err(self.error(self.place(), format!("expected '{sign}'")));
        }
        self.next += 1;
        Ok(())
    }

    fn program(mut self) -> Result<(Program, Names), ParseError> {
        let mut returned = false;
        while self.next < self.tokens.len() {
            let place = self.place();
            match self.take() {
                Token::End => continue,
                Token::Name(word) if word == "def" => self.head(place)?,
                Token::Name(word) if word == "return" => {
                    self.returned()?;
                    returned = true;
                }
                Token::Name(_) if returned => {
                    return Err(self.error(place, "nothing may follow 'return'"));
                }
                Token::Name(target) => self.assignment(&target, place)?,
                _ => {
                    return Err(
                        self.error(place, "expected an assignment, such as 'update = g * lr'")
                    );
                }
            }
            if *self.peek() != Token::End {
                return Err(self.error(self.place(), "expected the end of the line"));
            }
        }
        let end = Place { line: self.lines.len().max(1), column: 1 };
        self.program
            .check(self.signature)
            .map_err(|invalid| self.error(end, invalid.to_string()))?;
        Ok((self.program, self.names))
    }

    /// `def train(w, g, …):` gives the inputs their names.
    fn head(&mut self, place: Place) -> Result<(), ParseError> {
        if !self.program.statements.is_empty() {
            return Err(self.error(place, "'def' must come first"));
        }
        if matches!(self.peek(), Token::Name(_)) {
            self.next += 1;
        }
        self.expect('(')?;
        let mut given = Vec::new();
        while let Token::Name(name) = self.peek().clone() {
            given.push(name);
            self.next += 1;
            if *self.peek() == Token::Sign(',') {
                self.next += 1;
            }
        }
        self.expect(')')?;
        if *self.peek() == Token::Sign(':') {
            self.next += 1;
        }
        let inputs = self.signature.inputs();
        if given.len() != inputs.len() {
            let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
            let message = format!(
                "expected {} inputs ({}), found {}",
                inputs.len(),
                names.join(", "),
                given.len()
            );
            return Err(self.error(place, message));
        }
        for (variable, name) in given.into_iter().enumerate() {
            self.names.set(variable as Variable, name);
        }
        Ok(())
    }

    fn returned(&mut self) -> Result<(), ParseError> {
        for (number, (variable, _)) in self.signature.results().iter().enumerate() {
            if number > 0 {
                self.expect(',')?;
            }
            let place = self.place();
            let name = self.names.get(*variable).to_owned();
            if self.take() != Token::Name(name.clone()) {
                return Err(self.error(
                    place,
                    format!("expected '{name}': results are returned in their order"),
                ));
            }
        }
        Ok(())
    }

    fn assignment(&mut self, target: &str, place: Place) -> Result<(), ParseError> {
        self.expect('=')?;
        let value = self.sum()?;
        // New names come into being with their first value.
        let variable = match self.names.find(target) {
            Some(variable) => variable,
            None => {
                if Operation::named(target).is_some() {
                    return Err(
                        self.error(place, format!("'{target}' is the name of an operation"))
                    );
                }
                self.names.add(target.to_owned())
            }
        };
        let last = self.program.statements.last_mut();
        match (value, last) {
            (Argument::Variable(v), Some(last)) if last.target == v && self.names.is_unnamed(v) => {
                last.target = variable;
                let kind = self.scope.get(v).expect("it was assigned");
                self.scope.set(variable, kind);
                self.names.forget(v);
            }
            (value, _) => {
                let zero = self.program.literal(0.0);
                self.emit(Operation::Add, Some(variable), &[value, zero], place)?;
            }
        }
        Ok(())
    }

    /// Writes a statement and returns what it assigns.
    fn emit(
        &mut self,
        operation: Operation,
        target: Option<Variable>,
        args: &[Argument],
        place: Place,
    ) -> Result<Argument, ParseError> {
        if args.len() != operation.args() {
            let message = format!(
                "'{}' takes {} arguments, not {}",
                operation.name(),
                operation.args(),
                args.len()
            );
            return Err(self.error(place, message));
        }
        let target = target.unwrap_or_else(|| self.names.unnamed());
        let statement = Statement::new(operation, target, args);
        let index = self.program.statements.len();
        if let Err(invalid) = self.scope.follow(index, &statement, &self.program) {
            let text = invalid.to_string();
            let message = text.split_once(": ").map_or(text.clone(), |(_, rest)| rest.to_owned());
            return Err(self.error(place, message));
        }
        self.program.statements.push(statement);
        Ok(Argument::Variable(target))
    }

    fn sum(&mut self) -> Result<Argument, ParseError> {
        let mut left = self.product()?;
        loop {
            let operation = match self.peek() {
                Token::Sign('+') => Operation::Add,
                Token::Sign('-') => Operation::Subtract,
                _ => return Ok(left),
            };
            let place = self.place();
            self.next += 1;
            let right = self.product()?;
            left = self.emit(operation, None, &[left, right], place)?;
        }
    }

    fn product(&mut self) -> Result<Argument, ParseError> {
        let mut left = self.signed()?;
        loop {
            let operation = match self.peek() {
                Token::Sign('*') => Operation::Multiply,
                Token::Sign('/') if self.signature.is_optimizer() => Operation::Divide,
                Token::Sign('/') => Operation::Quotient,
                _ => return Ok(left),
            };
            let place = self.place();
            self.next += 1;
            let right = self.signed()?;
            left = self.emit(operation, None, &[left, right], place)?;
        }
    }

    fn signed(&mut self) -> Result<Argument, ParseError> {
        let place = self.place();
        match self.peek().clone() {
            Token::Sign('+') => {
                self.next += 1;
                self.signed()
            }
            Token::Sign('-') => {
                self.next += 1;
                if let Token::Number(value) = *self.peek()
                    && self
                        .tokens
                        .get(self.next + 1)
                        .is_none_or(|(token, _)| *token != Token::Sign('^'))
                {
                    self.next += 1;
                    return Ok(self.program.literal(-value));
                }
                let value = self.signed()?;
                self.emit(Operation::Negative, None, &[value], place)
            }
            _ => self.power(),
        }
    }

    fn power(&mut self) -> Result<Argument, ParseError> {
        let base = self.atom()?;
        if *self.peek() != Token::Sign('^') {
            return Ok(base);
        }
        let place = self.place();
        self.next += 1;
        if let Token::Number(exponent) = *self.peek() {
            let operation = match exponent {
                2.0 => Some(Operation::Square),
                3.0 => Some(Operation::Cube),
                _ => None,
            };
            if let Some(operation) = operation {
                self.next += 1;
                return self.emit(operation, None, &[base], place);
            }
        }
        let exponent = self.signed()?;
        self.emit(Operation::Power, None, &[base, exponent], place)
    }

    fn atom(&mut self) -> Result<Argument, ParseError> {
        let place = self.place();
        match self.take() {
            Token::Number(value) => Ok(self.program.literal(value)),
            Token::Sign('(') => {
                let value = self.sum()?;
                self.expect(')')?;
                Ok(value)
            }
            Token::Name(name) if *self.peek() == Token::Sign('(') => self.call(&name, place),
            Token::Name(name) => {
                let variable = self.names.find(&name).filter(|&v| self.scope.get(v).is_some());
                variable.map(Argument::Variable).ok_or_else(|| {
                    let known = self.scope.defined().map(|(v, _)| self.names.get(v).to_owned());
                    let known: Vec<String> = known.filter(|name| !name.is_empty()).collect();
                    self.error(
                        place,
                        format!("'{name}' has no value here; what has one: {}", known.join(", ")),
                    )
                })
            }
            Token::Sign(sign) => {
                Err(self.error(place, format!("expected a value, found '{sign}'")))
            }
            Token::End => Err(self.error(place, "expected a value, found the end of the line")),
        }
    }

    fn call(&mut self, name: &str, place: Place) -> Result<Argument, ParseError> {
        self.next += 1;
        let mut args = Vec::new();
        while *self.peek() != Token::Sign(')') {
            if !args.is_empty() {
                self.expect(',')?;
            }
            args.push(self.sum()?);
        }
        self.next += 1;
        let formula = !self.signature.is_optimizer();
        let operation = match name {
            "sqrt" if formula => Some(Operation::Root),
            "log" if formula => Some(Operation::Ln),
            "exp" | "sin" | "cos" => Operation::named(name),
            _ => Operation::named(name),
        };
        let operation = operation.ok_or_else(|| {
            let names: Vec<&str> = Operation::all().skip(4).map(Operation::name).collect();
            self.error(
                place,
                format!(
                    "there is no operation '{name}'; there are + - * / and {}",
                    names.join(", ")
                ),
            )
        })?;
        self.emit(operation, None, &args, place)
    }
}
