//! The rules that a discovered one is held against.

use crate::program::{Program, Signature, parse, start};

/// A rule with its name and what it takes: baselines may read the progress of training where a search may not.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Short name.
    pub name: String,
    /// What it does.
    pub program: Program,
    /// What it takes.
    pub signature: Signature,
}

/// AdamW with bias correction: step n of N is `t·N + 1`. `b1 = 0.9 + 0` makes one literal of two uses, so that tuning moves
/// both.
const ADAMW_CORRECTED: &str = "
    steps = exp(log_n)
    n = t * steps
    n = n + 1
    b1 = 0.9 + 0
    b2 = 0.999 + 0
    g2 = square(g)
    v1 = interp(g, v1, b1)
    v2 = interp(g2, v2, b2)
    d1 = power(b1, n)
    d1 = 1 - d1
    d2 = power(b2, n)
    d2 = 1 - d2
    m = v1 / d1
    s = v2 / d2
    s = sqrt(s)
    update = m / s
    decay = w * 0.01
    update = update + decay
    lr = lr * 0.001
    update = update * lr";

/// AdamW as a search begins with it (first, and what intervals are taken to), AdamW with bias correction, Lion, momentum.
pub fn baselines() -> Vec<Rule> {
    let plain = Signature::optimizer(false);
    let mut rules: Vec<Rule> = ["adamw", "lion", "sgd-momentum"]
        .map(|name| Rule {
            name: name.to_owned(),
            program: start::named(name, &plain).expect("it is one of the named"),
            signature: plain.clone(),
        })
        .into();
    let signature = Signature::optimizer(true);
    let (program, _) = parse(ADAMW_CORRECTED, &signature).expect("it is a program");
    rules.insert(1, Rule { name: "adamw-corrected".into(), program, signature });
    rules
}
