//! Rewards to infix, with the fewest parentheses.

use super::{Node, Operator, Reward, Vocabulary};

/// How tightly the outermost operator binds.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Sum,
    Product,
    Atom,
}

impl Reward {
    /// The reward as text that [`Reward::parse`] reads back to the same reward, but for the grouping of sums and products: `a + (b + c)`
    /// is written `a + b + c`. Constants keep all of their digits. The short form for people is [`Reward::simplified`].
    pub fn text(&self, vocabulary: &Vocabulary) -> String {
        let mut printer = Printer { nodes: self.nodes().iter(), vocabulary };
        printer.written().0
    }
}

struct Printer<'a> {
    nodes: std::slice::Iter<'a, Node>,
    vocabulary: &'a Vocabulary,
}

impl Printer<'_> {
    fn written(&mut self) -> (String, Binding) {
        let Some(&node) = self.nodes.as_slice().first() else {
            return (String::new(), Binding::Atom);
        };
        if matches!(node, Node::Call(Operator::Add | Operator::Subtract)) {
            let mut text = String::new();
            self.terms(false, &mut text);
            return (text, Binding::Sum);
        }
        self.nodes.next();
        let Node::Call(operator) = node else {
            return (self.vocabulary.name_of(node), Binding::Atom);
        };
        let rest = self.nodes.as_slice();
        let is_sign = operator == Operator::Multiply && self.has_sign(rest);
        let a = self.written();
        match operator {
            Operator::Negate => return minus(a),
            _ if operator.arity() == 1 => {
                return (format!("{}({})", operator.name(), a.0), Binding::Atom);
            }
            _ => {}
        }
        let b = self.written();
        match operator {
            Operator::Multiply if is_sign => minus(b),
            Operator::Multiply => {
                let (a, b) = (within(Binding::Product, a), within(Binding::Product, b));
                (format!("{a}*{b}"), Binding::Product)
            }
            Operator::Divide => {
                let (a, b) = (within(Binding::Product, a), within(Binding::Atom, b));
                (format!("{a}/{b}"), Binding::Product)
            }
            _ => (format!("{}({}, {})", operator.name(), a.0, b.0), Binding::Atom),
        }
    }

    /// Whether the factors are those that `-x` is read as where the vocabulary has no negation.
    fn has_sign(&self, factors: &[Node]) -> bool {
        factors.first() == Some(&Node::Constant(-1.0))
            && !factors.get(1).is_some_and(|node| node.is_constant())
            && !self.vocabulary.has(Node::Call(Operator::Negate))
    }

    /// Appends the terms of a sum, however it is grouped, each with its sign.
    fn terms(&mut self, negative: bool, text: &mut String) {
        match self.nodes.as_slice().first() {
            Some(Node::Call(operator @ (Operator::Add | Operator::Subtract))) => {
                self.nodes.next();
                self.terms(negative, text);
                self.terms(negative != (*operator == Operator::Subtract), text);
            }
            // `a - (b - c)` is `a - b + c`, also where the sign is a factor. The first term keeps its sign and its parentheses.
            Some(Node::Call(Operator::Negate)) if !text.is_empty() => {
                self.nodes.next();
                self.terms(!negative, text);
            }
            Some(Node::Call(Operator::Multiply))
                if !text.is_empty() && self.has_sign(&self.nodes.as_slice()[1..]) =>
            {
                self.nodes.nth(1);
                self.terms(!negative, text);
            }
            _ => {
                let term = self.written().0;
                // The first of all has no sign before it, and is never subtracted.
                if text.is_empty() {
                    return text.push_str(&term);
                }
                let (negative, term) = match term.strip_prefix('-') {
                    Some(term) => (!negative, term),
                    None => (negative, term.as_str()),
                };
                text.push_str(if negative { " - " } else { " + " });
                text.push_str(term);
            }
        }
    }
}

/// In parentheses, unless it binds at least as tightly.
fn within(binding: Binding, (text, own): (String, Binding)) -> String {
    if own >= binding { text } else { format!("({text})") }
}

fn minus(operand: (String, Binding)) -> (String, Binding) {
    let text = within(Binding::Product, operand);
    // Two signs would be hard to read.
    let text = if text.starts_with('-') { format!("-({text})") } else { format!("-{text}") };
    (text, Binding::Product)
}
