//! Tidying up: find a thing of a class, clean, heat or cool it, and put it where it belongs. An analogue of household text games.
//!
//! | places | |
//! |---|---|
//! | 0–6 | surfaces; a layout makes each a box, which is shut, with chance 0.3, and puts the lamp on one of them |
//! | 7 | sink: cleans |
//! | 8 | microwave, shut: heats |
//! | 9 | fridge, shut: cools |
//!
//! | type | task | stations |
//! |---|---|---|
//! | 1 | put it at the destination | |
//! | 2 | hold it and light the lamp | |
//! | 3, 4, 5 | clean, heat or cool it, then put it at the destination | 7, 8, 9 |
//! | 6 | put two of the class at the destination | |
//!
//! Six things of eight classes, 30 steps, 10 to 17 legal actions. The rules of actions, signals and features are those of
//! [`rooms`](super::rooms).
//!
//! | split | layouts | types, `mixed` | types, `hard` |
//! |---|---|---|---|
//! | training, validation, L0 | 0–31 | 1–4 | 3, 4 |
//! | L1 | 500–531 | 1–4 | 3, 4 |
//! | L2 | 500–531 | 5, 6 | 5 |
//!
//! One policy answers for all splits, so the types of L2 are never trained on. `types` and `held_out` choose others, such as all
//! six, or 3, 4 and 5.

use serde::{Deserialize, Serialize};

use super::rooms::{Ending, Recipe, Rooms, Rules};

/// The six types, in order.
const RECIPES: [Recipe; 6] = [
    recipe("place the {}", &[], 1, Ending::Deliver),
    recipe("look at the {} under the lamp", &[], 1, Ending::Light),
    recipe("clean the {}", &[7], 1, Ending::Deliver),
    recipe("heat the {}", &[8], 1, Ending::Deliver),
    recipe("cool the {}", &[9], 1, Ending::Deliver),
    recipe("place two of {}", &[], 2, Ending::Deliver),
];

const fn recipe(
    words: &'static str,
    stations: &'static [u8],
    copies: u8,
    ending: Ending,
) -> Recipe {
    Recipe { words, stations, copies, ending }
}

/// Places, things and types of task.
pub static RULES: Rules = Rules {
    places: &[
        "shelf",
        "table",
        "desk",
        "bed",
        "sofa",
        "counter",
        "cabinet",
        "sink",
        "microwave",
        "fridge",
    ],
    surfaces: 7,
    shut: 1 << 8 | 1 << 9,
    box_chance: 0.3,
    lamp: true,
    objects: 6,
    classes: &["apple", "book", "cup", "dish", "egg", "fork", "glass", "hat"],
    recipes: &RECIPES,
    strict: false,
};

/// Which types of task there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// Easy and hard ones: the easy ones teach what the others need.
    Mixed,
    /// Only those that need a station.
    #[default]
    Hard,
}

/// The options of this world.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Which types of task there are.
    pub variant: Variant,
    /// Types of all splits but L2, from 1 to 6; empty for those of the variant.
    pub types: Vec<u8>,
    /// Types of L2, from 1 to 6; empty for those of the variant.
    pub held_out: Vec<u8>,
}

impl Config {
    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first key whose value does not, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        for (key, types) in [("types", &self.types), ("held_out", &self.held_out)] {
            if let Some(wrong) = types.iter().find(|kind| !(1..=6).contains(*kind)) {
                return Err((key, format!("must hold types from 1 to 6, found {wrong}")));
            }
        }
        Ok(())
    }

    /// The world.
    ///
    /// # Panics
    /// If [`check`](Self::check) refuses the options.
    pub fn world(&self) -> Rooms {
        self.check().expect("options are checked");
        let (mut name, types, held_out): (_, &[u8], &[u8]) = match self.variant {
            Variant::Mixed => ("tidy-mixed".to_owned(), &[1, 2, 3, 4], &[5, 6]),
            Variant::Hard => ("tidy-hard".to_owned(), &[3, 4], &[5]),
        };
        let mut choose = |word: &str, chosen: &[u8], usual: &[u8]| {
            if !chosen.is_empty() && chosen != usual {
                let digits: String = chosen.iter().map(u8::to_string).collect();
                name += &format!("-{word}{digits}");
            }
            let types = if chosen.is_empty() { usual } else { chosen };
            types.iter().map(|kind| kind - 1).collect::<Vec<u8>>()
        };
        let trained = choose("types", &self.types, types);
        let held_out = choose("l2types", &self.held_out, held_out);
        Rooms::new(name, &RULES, &trained, &held_out)
    }
}
