//! What rooms have in common between episodes.

use hatchery_kernels::{Dice, Domain};

use super::rules::{NONE, PLACES, Rules};

/// Most classes of any rules.
const CLASSES: usize = 8;

/// Boxes, lamp, and where things usually are: a function of its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Number of the layout.
    pub number: u64,
    /// Places that have a door, a bit each: boxes among the surfaces, and stations that are shut at the start.
    pub boxes: u16,
    /// Where the lamp is; 255 for none.
    pub lamp: u8,
    /// The surface where things of a class usually are.
    pub favourites: [u8; CLASSES],
}

impl Layout {
    /// The layout of that number.
    ///
    /// # Panics
    /// If the rules have more places or classes than there is room for.
    pub fn new(rules: &Rules, number: u64) -> Self {
        assert!(rules.places.len() <= PLACES && rules.classes.len() <= CLASSES);
        let mut dice = Dice::of(Domain::Init, 0, number, 0);
        let surfaces = usize::from(rules.surfaces);
        let boxed = (0..surfaces).filter(|_| dice.chance(rules.box_chance));
        let boxes = boxed.fold(rules.shut, |mask, place| mask | 1 << place);
        let lamp = dice.below(surfaces) as u8;
        let favourites = std::array::from_fn(|_| dice.below(surfaces) as u8);
        Self { number, boxes, lamp: if rules.lamp { lamp } else { NONE }, favourites }
    }
}
