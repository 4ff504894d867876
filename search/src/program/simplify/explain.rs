//! The rule in words, as far as it is one of those one knows.

use crate::program::{
    Graph, Node, Operation, Origin, Program, Signature, Value, number, optimizer,
};

/// Sentences about an optimizer; empty for formulas and for what is not recognised.
pub fn explain(program: &Program, signature: &Signature) -> Vec<String> {
    if !signature.is_optimizer() {
        return Vec::new();
    }
    let Ok(graph) = Graph::of(program, signature) else { return Vec::new() };
    let view = View { graph: &graph, signature };
    let mut sentences = Vec::new();
    for value in 0..graph.nodes.len() as Value {
        sentences.extend(view.direction(value));
    }
    sentences.extend(view.decay());
    sentences.extend(view.step_size());
    for state in &graph.states {
        sentences.extend(view.state(state.variable, state.result));
    }
    sentences.dedup();
    sentences
}

struct View<'a> {
    graph: &'a Graph,
    signature: &'a Signature,
}

impl View<'_> {
    fn node(&self, value: Value) -> &Node {
        &self.graph.nodes[value as usize]
    }

    fn call(&self, value: Value) -> Option<(Operation, &[Value])> {
        match self.node(value).origin {
            Origin::Call(operation, _) => Some((operation, self.node(value).args())),
            _ => None,
        }
    }

    fn is_input(&self, value: Value, variable: u16) -> bool {
        self.node(value).origin == Origin::Input(variable)
    }

    fn state_name(&self, value: Value) -> Option<&str> {
        let Origin::Input(variable) = self.node(value).origin else { return None };
        let found = self.signature.states().iter().find(|(state, _)| *state == variable);
        found.map(|(_, name)| name.as_str())
    }

    /// Whether the value depends on this input within the step.
    fn depends(&self, value: Value, variable: u16) -> bool {
        self.is_input(value, variable)
            || self.node(value).args().iter().any(|arg| self.depends(*arg, variable))
    }

    /// `interp(x, state, a)` or its turned form: what is averaged, the state, its decay.
    fn average(&self, value: Value) -> Option<(Value, &str, f32)> {
        let (Operation::Interpolate, &[x, y, a]) = self.call(value)? else { return None };
        let weight = self.node(a).constant()?;
        match (self.state_name(x), self.state_name(y)) {
            (None, Some(state)) => Some((x, state, weight)),
            (Some(state), None) => Some((y, state, 1.0 - weight)),
            _ => None,
        }
    }

    /// Sentences about what gives the update its direction.
    fn direction(&self, value: Value) -> Option<String> {
        let (operation, args) = self.call(value)?;
        match operation {
            Operation::Sign => Some(match self.average(args[0]) {
                Some((x, state, weight)) if self.is_input(x, optimizer::GRADIENT) => format!(
                    "direction: the sign of an average of the gradient and {state} ({} of the old, as Lion's beta1)",
                    number(weight)
                ),
                _ if self.is_input(args[0], optimizer::GRADIENT) => {
                    "direction: the sign of the gradient (sign descent)".to_owned()
                }
                _ if self.state_name(args[0]).is_some() => {
                    "direction: the sign of a state".to_owned()
                }
                _ => "direction: a sign, so every weight moves by the same amount".to_owned(),
            }),
            Operation::Divide => {
                let (Operation::Sqrt, root) = self.call(args[1])? else { return None };
                let squares = self.average(root[0]).is_some_and(|(x, _, _)| {
                    self.call(x).is_some_and(|(op, _)| op == Operation::Square)
                });
                squares.then(|| {
                    "direction: a step divided by the root of an average of squares, as in Adam and RMSProp"
                        .to_owned()
                })
            }
            Operation::Clip if self.depends(args[0], optimizer::GRADIENT) => {
                Some("the global norm of a tree made of the gradient is limited".to_owned())
            }
            _ => None,
        }
    }

    /// `… + c·w` inside the update: decay that does not go through the averages.
    fn decay(&self) -> Option<String> {
        let mut value = *self.graph.outputs.first()?;
        loop {
            let (operation, args) = self.call(value)?;
            let term = |value: Value| -> Option<f32> {
                let (Operation::Multiply, &[a, b]) = self.call(value)? else { return None };
                let (a, b) = if self.is_input(a, optimizer::WEIGHTS) { (b, a) } else { (a, b) };
                self.is_input(b, optimizer::WEIGHTS).then(|| self.node(a).constant()).flatten()
            };
            match operation {
                Operation::Add => {
                    let found = term(args[0]).or_else(|| term(args[1]))?;
                    return Some(format!(
                        "decoupled weight decay of {}, scaled by the step size as in AdamW",
                        number(found)
                    ));
                }
                Operation::Multiply => {
                    let tree = |arg: &&Value| self.node(**arg).kind == crate::program::Kind::Tree;
                    value = *args.iter().find(tree)?;
                }
                _ => return None,
            }
        }
    }

    /// `… · (lr · c)` around the update.
    fn step_size(&self) -> Option<String> {
        let (Operation::Multiply, args) = self.call(*self.graph.outputs.first()?)? else {
            return None;
        };
        let factor = args.iter().find_map(|arg| {
            let (Operation::Multiply, &[a, b]) = self.call(*arg)? else { return None };
            let (a, b) = if self.is_input(a, optimizer::RATE) { (b, a) } else { (a, b) };
            self.is_input(b, optimizer::RATE).then(|| self.node(a).constant()).flatten()
        })?;
        Some(format!("step size: {} times the schedule", number(factor)))
    }

    fn state(&self, variable: u16, result: Value) -> Option<String> {
        let name = &self.signature.inputs()[variable as usize].name;
        let (x, state, weight) = self.average(result)?;
        if state != name {
            return None;
        }
        let what = match self.call(x) {
            _ if self.is_input(x, optimizer::GRADIENT) => "the gradient",
            Some((Operation::Square, args)) if self.is_input(args[0], optimizer::GRADIENT) => {
                "the squared gradient"
            }
            _ => "what is made of this step",
        };
        Some(format!(
            "{name}: exponential average of {what}, decay {}, a memory of about {:.0} steps",
            number(weight),
            1.0 / (1.0 - f64::from(weight))
        ))
    }
}
