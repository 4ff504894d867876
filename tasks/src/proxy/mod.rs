//! Small training runs that optimizers are searched and judged with.
//!
//! | id | what is trained | data |
//! |---|---|---|
//! | `q1` | a quadratic, condition 10⁴, noisy gradients | generated |
//! | `q2` | a chain of Rosenbrock functions | generated |
//! | `m1` | perceptron 64–32–10, ReLU | digits |
//! | `m2` | autoencoder 64–32–8–32–64, tanh | digits |
//! | `c1` | two convolutions of 8 channels | digits |
//! | `n1` | next character from eight, 48 tanh units | text |
//! | `t1` | transformer, one layer, width 32, two heads | text |
//! | `b1` | a smooth function in a box | generated |
//! | `h1` | a quadratic with heavy-tailed gradient noise and scales from 10⁻³ to 10³ | generated |
//!
//! Each has a default size, that is stage A, and knobs: `n1:width=128,steps=1000,batch=64`. Stages B and C, some 10 and 100 times the work,
//! are `n1:stage=b` and `n1:stage=c`.

mod attention;
mod generated;
mod memo;
mod network;
mod patches;
mod rows;
mod tape;

use hatchery_engine::Trainable;

use generated::Generated;
use network::Network;

/// Knobs of a proxy; what is none has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Units of a hidden layer, channels, or dimensions.
    pub width: Option<usize>,
    /// Training steps.
    pub steps: Option<u32>,
    /// Examples in a batch.
    pub batch: Option<usize>,
}

/// Ids, default widths and steps.
const PROXIES: [(&str, usize, u32); 9] = [
    ("q1", 100, 200),
    ("q2", 20, 400),
    ("m1", 32, 100),
    ("m2", 32, 200),
    ("c1", 8, 100),
    ("n1", 48, 200),
    ("t1", 32, 200),
    ("b1", 50, 200),
    ("h1", 100, 200),
];

/// The ids of all proxies.
pub fn ids() -> impl Iterator<Item = &'static str> {
    PROXIES.iter().map(|(id, _, _)| *id)
}

/// The proxy of an id with knobs.
///
/// # Errors
/// One line that says what is wrong.
pub fn named(text: &str) -> Result<Box<dyn Trainable>, String> {
    let (id, knobs) = text.split_once(':').unwrap_or((text, ""));
    let found = PROXIES.iter().find(|(known, _, _)| *known == id);
    let Some(&(_, width, steps)) = found else {
        let known: Vec<&str> = ids().collect();
        return Err(format!("there is no proxy '{id}'; there are {}", known.join(", ")));
    };
    let mut size = Size::default();
    for knob in knobs.split(',').filter(|knob| !knob.is_empty()) {
        let (name, value) = knob
            .split_once('=')
            .ok_or_else(|| format!("'{knob}' of proxy '{text}' is not of the form width=64"))?;
        let number = || {
            let number = value.parse::<usize>().ok().filter(|n| (1..=1_000_000).contains(n));
            number.ok_or_else(|| {
                format!("'{value}' in proxy '{text}' must be a whole number from 1 to 1000000")
            })
        };
        match name {
            "width" => size.width = Some(number()?),
            "steps" => size.steps = Some(number()? as u32),
            "batch" => size.batch = Some(number()?),
            "stage" => {
                // Work grows with the square of the width.
                let (wider, longer) = match value {
                    "a" => (1, 2),
                    "b" => (2, 5),
                    "c" => (4, 12),
                    _ => {
                        return Err(format!("stage '{value}' of proxy '{text}' must be a, b or c"));
                    }
                };
                size.width = Some(width * wider);
                size.steps = Some(steps * longer / 2);
            }
            _ => {
                return Err(format!(
                    "proxy '{text}' has no knob '{name}'; knobs are width, steps, batch and stage"
                ));
            }
        }
    }
    if matches!(id, "m2" | "t1") && size.width.is_some_and(|width| width % 4 != 0) {
        return Err(format!("the width of proxy '{id}' must be a multiple of 4"));
    }
    Ok(match id {
        "m1" => Box::new(Network::mlp(&size)),
        "m2" => Box::new(Network::autoencoder(&size)),
        "c1" => Box::new(Network::convolutions(&size)),
        "n1" => Box::new(Network::characters(&size)),
        "t1" => Box::new(Network::transformer(&size)),
        _ => Box::new(Generated::named(
            id,
            size.width.unwrap_or(width),
            size.steps.unwrap_or(steps),
            &size,
        )),
    })
}

/// The id with the knobs that were turned.
fn name_with(id: &str, size: &Size) -> String {
    let knobs = [
        size.width.map(|n| format!("width={n}")),
        size.steps.map(|n| format!("steps={n}")),
        size.batch.map(|n| format!("batch={n}")),
    ];
    let knobs: Vec<String> = knobs.into_iter().flatten().collect();
    if knobs.is_empty() { id.to_owned() } else { format!("{id}:{}", knobs.join(",")) }
}

#[cfg(test)]
mod tests;
