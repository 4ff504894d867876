//! A laboratory: find a substance, treat it at two or three stations in order, report. An analogue of science text games.
//!
//! | places | |
//! |---|---|
//! | 0–3 | shelves |
//! | 4 | tap: fills |
//! | 5 | burner: heats |
//! | 6 | freezer: cools |
//! | 7 | balance: measures |
//!
//! Four substances, 30 steps. A report ends the episode, rightly if the last treatments were those of the recipe, in order: a
//! treatment out of order undoes those before. `speed` is then a trap: to report at once is fast.
//!
//! The rules of actions, signals and features are those of [`rooms`](super::rooms): nothing is shut, and there is no lamp.
//!
//! | split | layouts | recipes |
//! |---|---|---|
//! | training, validation, L0 | 0–31 | eight, or with `hard` the four that have three stations |
//! | L1 | 500–531 | the same |
//! | L2 | 500–531 | four, or two: the same treatments in new orders |

use serde::{Deserialize, Serialize};

use super::rooms::{Ending, Recipe, Rooms, Rules};
use super::tidy::Variant;

const RECIPES: [Recipe; 12] = [
    recipe("fill and heat the {}", &[4, 5]),
    recipe("fill and cool the {}", &[4, 6]),
    recipe("heat and measure the {}", &[5, 7]),
    recipe("measure and cool the {}", &[7, 6]),
    recipe("fill, heat and measure the {}", &[4, 5, 7]),
    recipe("fill, cool and heat the {}", &[4, 6, 5]),
    recipe("heat, cool and measure the {}", &[5, 6, 7]),
    recipe("measure, fill and cool the {}", &[7, 4, 6]),
    recipe("cool and fill the {}", &[6, 4]),
    recipe("measure and heat the {}", &[7, 5]),
    recipe("cool, heat and measure the {}", &[6, 5, 7]),
    recipe("heat, measure and fill the {}", &[5, 7, 4]),
];

const fn recipe(words: &'static str, stations: &'static [u8]) -> Recipe {
    Recipe { words, stations, copies: 1, ending: Ending::Report }
}

/// Places, things and recipes.
pub static RULES: Rules = Rules {
    places: &["shelf", "shelf", "shelf", "shelf", "tap", "burner", "freezer", "balance"],
    surfaces: 4,
    shut: 0,
    box_chance: 0.0,
    lamp: false,
    objects: 4,
    classes: &["salt", "sugar", "acid", "dye"],
    recipes: &RECIPES,
    strict: true,
};

/// The options of this world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Recipes of two and three stations, or of three alone.
    pub variant: Variant,
}

impl Config {
    /// Whether the values make sense: they always do.
    ///
    /// # Errors
    /// None.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        Ok(())
    }

    /// The world.
    pub fn world(&self) -> Rooms {
        let (name, trained, held_out): (_, &[u8], &[u8]) = match self.variant {
            Variant::Mixed => ("lab-mixed", &[0, 1, 2, 3, 4, 5, 6, 7], &[8, 9, 10, 11]),
            Variant::Hard => ("lab-hard", &[4, 5, 6, 7], &[10, 11]),
        };
        Rooms::new(name.to_owned(), &RULES, trained, held_out)
    }
}
