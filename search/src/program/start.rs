//! Programs to begin with.

use super::{Names, Program, Signature, parse};

/// Programs by name. AdamW with bias correction needs the progress of training, which a search does not read unless it is asked to;
/// it is among the [`baselines`](super::select::baselines).
const PROGRAMS: [(&str, &str); 7] = [
    (
        "adamw",
        "g2 = square(g)
         v1 = interp(g, v1, 0.9)
         v2 = interp(g2, v2, 0.999)
         s = sqrt(v2)
         update = v1 / s
         decay = w * 0.01
         update = update + decay
         lr = lr * 0.001
         update = update * lr",
    ),
    (
        "sgd",
        "lr = lr * 0.1
         update = g * lr",
    ),
    (
        "sgd-momentum",
        "v1 = v1 * 0.9
         v1 = v1 + g
         lr = lr * 0.01
         update = v1 * lr",
    ),
    ("empty", "update = g * lr"),
    (
        "lion",
        "update = interp(g, v1, 0.9)
         update = sign(update)
         v1 = interp(g, v1, 0.99)
         decay = w * 0.01
         update = update + decay
         lr = lr * 0.0001
         update = update * lr",
    ),
    ("lion-raw", LION_RAW),
    (
        "rmsprop",
        "g2 = square(g)
         v2 = interp(g2, v2, 0.99)
         s = sqrt(v2)
         update = g / s
         lr = lr * 0.001
         update = update * lr",
    ),
];

/// What became Lion, after the published dead code elimination (Chen et al. 2023).
pub(super) const LION_RAW: &str = "
    g = clip(g, lr)
    g = arcsin(g)
    v1 = interp(g, v2, 0.899)
    m2 = v1 * v1
    v2 = interp(g, v1, 1.109)
    a = sqrt(m2)
    update = v1 / a
    decay = w * 0.4602
    update = update + decay
    lr = lr * 0.0002
    v1 = cosh(update)
    update = update * lr";

/// The names of all programs to begin with.
pub fn names() -> impl Iterator<Item = &'static str> {
    PROGRAMS.iter().map(|(name, _)| *name)
}

/// The program of that name: `adamw` (without bias correction, as Chen et al. print it), `sgd`, `sgd-momentum`, `empty` (plain
/// descent), `lion`, `lion-raw` (what the search found, before anyone simplified it), `rmsprop`.
pub fn named(name: &str, signature: &Signature) -> Option<Program> {
    let (_, text) = PROGRAMS.iter().find(|(known, _)| *known == name)?;
    let (program, _) = parse(text, signature).expect("programs to begin with are valid");
    Some(program)
}

/// The statements of the program of that name.
pub fn text(name: &str, signature: &Signature) -> Option<String> {
    named(name, signature).map(|program| program.text(signature, &Names::of(signature)))
}
