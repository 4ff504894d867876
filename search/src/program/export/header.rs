//! What every export begins with.

use crate::program::{Graph, Operation, Origin, Signature, number};

/// Where a program comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// What it was scored on, such as `m1 and n1, 8 seeds`; empty if nothing.
    pub scored_on: String,
}

/// Lines without comment signs.
pub(super) fn lines(graph: &Graph, signature: &Signature, provenance: &Provenance) -> Vec<String> {
    let mut lines =
        vec![format!("Program {:032x} (canonical hash), exported by hatchery.", graph.hash)];
    let mut literals: Vec<String> = Vec::new();
    for node in &graph.nodes {
        for arg in node.args() {
            literals.extend(graph.nodes[*arg as usize].constant().map(number));
        }
    }
    let literals = if literals.is_empty() { "none".to_owned() } else { literals.join(", ") };
    lines.push(format!("Literals: {literals}."));
    if !signature.is_optimizer() {
        if !provenance.scored_on.is_empty() {
            lines.push(format!("Scored on: {}.", provenance.scored_on));
        }
        return lines;
    }
    lines.push(format!(
        "State: {} buffer(s) of the size of the weights, zeros at first.",
        graph.states.len()
    ));
    let scored =
        if provenance.scored_on.is_empty() { "nothing yet" } else { &provenance.scored_on };
    lines.push(format!("Scored on: {scored}."));
    lines.push(
        "lr is the value of the schedule (1 at its peak); the step size itself is a literal of the program.".to_owned(),
    );
    let called = |operation: Operation| {
        graph.nodes.iter().any(|n| matches!(n.origin, Origin::Call(found, _) if found == operation))
    };
    if called(Operation::Divide) {
        lines.push("Division is x / (y + 1e-8), the 1e-8 added whatever the sign of y.".to_owned());
    }
    if called(Operation::Sign) {
        lines.extend(
            [
                "Caveats, as known of Lion and other sign updates:",
                "- every weight moves by the step size: use a 3 to 10 times smaller one than for AdamW, and a larger decay;",
                "- weak with small batches (below about 64), loss spikes are reported: lower the step size or raise beta1/beta2 there;",
                "- no gain was found on small convolutional networks or with strong augmentation;",
                "- sign(0) = 0: weights without a gradient stand still but for the decay.",
            ]
            .map(str::to_owned),
        );
    }
    lines
}
