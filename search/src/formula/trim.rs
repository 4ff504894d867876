//! Simpler formulas that the data cannot tell from longer ones.
//!
//! Every call is tried without itself: one of its arguments, or of theirs, or a constant in its place; and every constant that lies near
//! a whole number is tried as that number. The other constants are fitted again; whole numbers stay. A change is kept if the loss
//! grows by less than the criterion of Schwarz (1978) charges for one constant, a factor n^(1/n) for n rows, or stays as small as
//! rounding errors are. Changes are tried until none is kept.

use super::constants::{self, Fit};
use super::expression::Spans;
use super::machine::Machine;
use super::polish::Form;
use super::{Entry, Expression, Node};

/// A relative loss that may be rounding errors of single precision.
pub(super) const EXACT: f64 = 1e-11;
/// Nodes times rows times steps that the trials of one formula may take, about a tenth of a second; fewer rows count as `ROWS_MIN`.
const WORK: u64 = 100_000_000;
const ROWS_MIN: usize = 200;
/// Steps that tell whether a trial is hopeless, and how far off it then is; steps of the others.
const FIRST: (u32, f64) = (6, 30.0);
const STEPS: u32 = 40;
/// Largest distance of a constant to the whole number it is tried as, relative above 1.
const NEAR: f32 = 0.1;

/// The simplest formula that the data do not tell from this one.
pub(super) fn trimmed(machine: &mut Machine<'_>, entry: Entry, form: &Form<'_>) -> Entry {
    let mut best = entry;
    let mut work = WORK;
    'again: loop {
        let rows = form.task.table().rows();
        let allowed = EXACT.max(best.loss * (rows as f64).powf(1.0 / rows as f64));
        for nodes in shorter(&best.expression).into_iter().chain(rounder(&best.expression)) {
            let trial = Expression::of(form.simplifier.simplify(&nodes));
            let complexity = form.weighing.of(trial.nodes());
            if complexity > best.complexity || trial == best.expression {
                continue;
            }
            let Some(trial) = fitted(machine, trial, allowed, form, &mut work) else {
                if work == 0 {
                    return best;
                }
                continue;
            };
            best = Entry { complexity, ticket: best.ticket, ..trial };
            continue 'again;
        }
        return best;
    }
}

/// The trial with fitted constants, if its loss is allowed.
fn fitted(
    machine: &mut Machine<'_>,
    mut trial: Expression,
    allowed: f64,
    form: &Form<'_>,
    work: &mut u64,
) -> Option<Entry> {
    let target = form.target;
    let fits = |dimensions: &super::Dimensions| dimensions.allow(&trial, false);
    if !form.task.dimensions(target).is_none_or(fits) {
        return None;
    }
    let rows = form.task.table().rows().max(ROWS_MIN);
    let size = (trial.nodes().len() * rows) as u64;
    let (first, hopeless) = FIRST;
    let mut loss = f64::INFINITY;
    for steps in [first, STEPS] {
        if loss <= allowed {
            break;
        }
        let fit = Fit { target, scaling: false, steps, enough: 0.0, whole_stay: true };
        let done = constants::fit(machine, &mut trial, fit);
        *work = work.saturating_sub(size * u64::from(done.evaluations));
        machine.load(&trial);
        loss = machine.exact_loss(target, 0.0, 1.0);
        if *work == 0 || loss.is_nan() || loss > hopeless * allowed {
            break;
        }
    }
    (loss <= allowed).then_some(Entry { expression: trial, complexity: 0, loss, ticket: 0 })
}

/// The formula with a call replaced by something shorter, the largest cuts first.
fn shorter(expression: &Expression) -> Vec<Vec<Node>> {
    let nodes = expression.nodes();
    let spans = Spans::of(nodes);
    let mut cuts: Vec<(usize, Vec<Node>)> = Vec::new();
    for at in (0..nodes.len()).filter(|&at| !nodes[at].is_leaf()) {
        let range = spans.range(at);
        let mut kept: Vec<&[Node]> = vec![&[Node::Constant(0.5)]];
        for child in arguments(nodes, &spans, at) {
            kept.push(&nodes[spans.range(child)]);
            kept.extend(arguments(nodes, &spans, child).map(|below| &nodes[spans.range(below)]));
        }
        for part in kept.into_iter().filter(|part| part.len() < range.len()) {
            let cut = [&nodes[..range.start], part, &nodes[range.end..]].concat();
            cuts.push((cut.len(), cut));
        }
    }
    cuts.sort_by_key(|(size, _)| *size);
    cuts.into_iter().map(|(_, cut)| cut).collect()
}

fn arguments<'a>(
    nodes: &'a [Node],
    spans: &'a Spans,
    at: usize,
) -> impl Iterator<Item = usize> + 'a {
    let (first, second) = match nodes[at].args() {
        0 => (None, None),
        1 => (Some(at - 1), None),
        _ => {
            let (x, y) = spans.pair(at);
            (Some(x), Some(y))
        }
    };
    first.into_iter().chain(second)
}

/// The formula with a constant replaced by a whole number near it.
fn rounder(expression: &Expression) -> Vec<Vec<Node>> {
    let nodes = expression.nodes();
    let near = |(at, node): (usize, &Node)| {
        let Node::Constant(value) = *node else { return None };
        // Not −0.
        let whole = value.round() + 0.0;
        let apart = (value - whole).abs();
        let mut new = nodes.to_vec();
        new[at] = Node::Constant(whole);
        (apart > 0.0 && apart <= NEAR * whole.abs().max(1.0)).then_some((apart, new))
    };
    let mut all: Vec<(f32, Vec<Node>)> = nodes.iter().enumerate().filter_map(near).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.into_iter().map(|(_, nodes)| nodes).collect()
}
