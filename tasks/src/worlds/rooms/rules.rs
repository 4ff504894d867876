//! What differs between two sets of rooms: places, things and the table of recipes.

/// Most places of any rules.
pub(super) const PLACES: usize = 10;
/// Most things of any rules.
pub(super) const OBJECTS: usize = 6;
/// No place, no thing, no action.
pub(super) const NONE: u8 = u8::MAX;

/// How a recipe ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All targets, ready, are at the destination.
    Deliver,
    /// The lamp is lit while a ready target is held.
    Light,
    /// A report, once the target is ready; at any other time a report is wrong.
    Report,
}

/// What is to be done with the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// What a person would say, with `{}` for the target.
    pub words: &'static str,
    /// Places where the target has to be treated, in order. One target only, unless there are none.
    pub stations: &'static [u8],
    /// Number of targets, 1 or 2, all of one class.
    pub copies: u8,
    /// What else it takes.
    pub ending: Ending,
}

/// Places, things and recipes.
#[derive(Debug)]
pub struct Rules {
    /// Names of the places: surfaces, then stations.
    pub places: &'static [&'static str],
    /// Number of surfaces, where things are at the start.
    pub surfaces: u8,
    /// Stations that are shut at the start, a bit each.
    pub shut: u16,
    /// Chance that a surface is a box, which is shut at the start.
    pub box_chance: f64,
    /// Whether one of the surfaces has a lamp.
    pub lamp: bool,
    /// Number of things.
    pub objects: u8,
    /// Names of the classes that things are of.
    pub classes: &'static [&'static str],
    /// What can be asked for.
    pub recipes: &'static [Recipe],
    /// Whether there is a report, and whether a treatment out of order undoes those before.
    pub strict: bool,
}

impl Rules {
    /// Number of places.
    pub fn place_count(&self) -> u8 {
        self.places.len() as u8
    }
}
