//! Worlds without a policy: steps a second on one core, with random legal actions.
//!
//! ```sh
//! cargo bench --bench worlds
//! ```
//!
//! `play` lists the legal actions, takes one, steps, and at the end of an episode reduces it to primitives and begins another. `describe`
//! also writes the features of all legal actions, or the observation, of each step. Success is that of random play on L0.

use std::hint::black_box;
use std::time::{Duration, Instant};

use hatchery::engine::world::{Action, Controls, Features, Split, Trace, World};
use hatchery::tasks::worlds::{countdown, keydoor, lab, pointmaze, sparsecar, tidy};

/// Each number of the table is the best of so many runs: others use the machine too.
const RUNS: usize = 5;
const RUN: Duration = Duration::from_millis(400);

fn main() {
    println!(
        "{:<14} {:>12} {:>9} {:>16} {:>9} {:>9}",
        "world", "play, M/s", "ns/step", "describe, M/s", "steps", "success"
    );
    let countdown = |numbers| countdown::Config { numbers, illegal: false }.world();
    let rooms = [tidy::Variant::Mixed, tidy::Variant::Hard];
    for variant in rooms {
        show(&tidy::Config { variant, ..tidy::Config::default() }.world());
    }
    for variant in rooms {
        show(&lab::Config { variant }.world());
    }
    show(&keydoor::Config::default().world());
    show(&countdown(3));
    show(&countdown(4));
    show(&sparsecar::Config::default().world());
    show(&pointmaze::Config::default().world());
}

/// One line of the table.
fn show<W: World>(world: &W) {
    let best = |described: bool| {
        let runs = (0..RUNS).map(|_| Play::of(world, described));
        runs.max_by(|a, b| a.rate().total_cmp(&b.rate())).expect("there are runs")
    };
    let (play, described) = (best(false), best(true));
    println!(
        "{:<14} {:>12.2} {:>9.0} {:>16.2} {:>9.1} {:>8.1}%",
        world.name(),
        play.rate() / 1e6,
        1e9 / play.rate(),
        described.rate() / 1e6,
        play.steps as f64 / play.episodes as f64,
        100.0 * play.won / play.episodes as f64,
    );
}

/// What was played in one run.
struct Play {
    steps: u64,
    episodes: u64,
    won: f64,
    seconds: f64,
}

impl Play {
    fn rate(&self) -> f64 {
        self.steps as f64 / self.seconds
    }

    fn of<W: World>(world: &W, described: bool) -> Self {
        let controls = world.controls();
        let count = world.signals().len();
        let mut primitives = vec![0.0; world.primitives().len()];
        let mut values = vec![0.0; count * world.horizon()];
        let (mut codes, mut features) = (Vec::new(), Features::default());
        let (numbers, sees) = match controls {
            Controls::Listed { .. } => (0, 0),
            Controls::Continuous { observations, dimension } => (dimension, observations),
        };
        let (mut numbers, mut observation) = (vec![0.0; numbers], vec![0.0; sees]);
        let mut word = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = || {
            word ^= word << 13;
            word ^= word >> 7;
            word ^= word << 17;
            (word >> 32) as u32
        };
        let mut play = Self { steps: 0, episodes: 0, won: 0.0, seconds: 0.0 };
        let begin = Instant::now();
        while begin.elapsed() < RUN {
            for _ in 0..16 {
                let mut state = world.reset(Split::L0, &mut Split::L0.dice(1, play.episodes));
                let mut t = 0;
                loop {
                    let action = if let Controls::Listed { .. } = controls {
                        codes.clear();
                        world.legal(&state, &mut codes);
                        if described {
                            features.clear();
                            for &code in &codes {
                                world.describe(&state, code, &mut features);
                                features.close();
                            }
                            black_box(&features);
                        }
                        let index = (u64::from(random()) * codes.len() as u64) >> 32;
                        Action::Listed(codes[index as usize])
                    } else {
                        if described {
                            world.observe(&state, &mut observation);
                            black_box(&observation);
                        }
                        for number in &mut numbers {
                            *number = random() as f32 * 2f32.powi(-31) - 1.0;
                        }
                        Action::Continuous(&numbers)
                    };
                    let over = world.step(&mut state, action, &mut values[t..t + count]);
                    t += count;
                    if over {
                        break;
                    }
                }
                let horizon = world.horizon();
                let trace = Trace { values: &values[..t], signals: count, horizon };
                world.finish(&state, trace, &mut primitives);
                play.won += f64::from(primitives[0]);
                play.steps += (t / count) as u64;
                play.episodes += 1;
            }
        }
        play.seconds = begin.elapsed().as_secs_f64();
        play
    }
}
