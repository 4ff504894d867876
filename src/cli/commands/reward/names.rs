//! `hatchery reward names`: what the expressions of an environment may be made of.

use std::fmt::Write;

use anyhow::Result;
use hatchery_engine::world::{Primitive, World};
use hatchery_tasks::worlds::WithWorld;

use super::print;
use crate::cli::args::RewardNamesArgs;
use crate::cli::{Outcome, usage};
use crate::worlds::with_world;

pub(super) fn run(args: &RewardNamesArgs) -> Result<Outcome> {
    let text = with_world(&args.env, Names).map_err(usage)?;
    print(&text).map(|()| Outcome::Done)
}

struct Names;

impl WithWorld for Names {
    type Output = String;

    fn with<W: World>(self, world: W) -> String {
        let mut text = String::new();
        let mut list = |title: &str, of: &[Primitive]| {
            text += title;
            for Primitive { name, doc, range: [low, high] } in of {
                let _ = write!(text, "\n  {name:<10} {low:>4} to {high:<4} {doc}");
            }
            text.push('\n');
        };
        list("primitives", world.primitives());
        list("signals of each step", world.signals());
        text += "sets";
        for set in world.sets() {
            let _ = write!(text, "\n  {:<10} {}", set.name, set.primitives.join(" "));
        }
        let _ = write!(text, "\nhand_made    {}", world.hand_made());
        text
    }
}
