//! One episode: where everything is, what may be done, and what it does.

use hatchery_kernels::Dice;

use super::HORIZON;
use super::layout::Layout;
use super::rules::{Ending, NONE, OBJECTS, PLACES, Recipe, Rules};

/// Codes of the actions; going to place p is p, taking thing o is `TAKE + o`.
pub(super) const OPEN: u8 = 10;
pub(super) const PUT: u8 = 11;
pub(super) const USE: u8 = 12;
pub(super) const LAMP: u8 = 13;
pub(super) const LOOK: u8 = 14;
pub(super) const REPORT: u8 = 15;
pub(super) const TAKE: u8 = 16;

/// All that changes during an episode. Sets of places and of things are bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Index of the recipe in the table of the rules.
    pub recipe: u8,
    /// Class of the targets, which are the first things.
    pub class: u8,
    /// Where the targets belong; 255 for nowhere.
    pub destination: u8,
    /// Where the lamp is; 255 for none.
    pub lamp: u8,
    /// Where the agent is.
    pub agent: u8,
    /// Places that have a door.
    pub boxes: u16,
    /// Places that are shut.
    pub shut: u16,
    /// Places where the agent has been.
    pub visited: u16,
    /// Things in each place.
    pub inside: [u8; PLACES],
    /// The thing in the hand, as a set.
    pub hand: u8,
    /// Things that were seen.
    pub seen: u8,
    /// The targets.
    pub targets: u8,
    /// Targets that were ever in the hand.
    pub held: u8,
    /// Class of each thing.
    pub classes: [u8; OBJECTS],
    /// Stations of the recipe that the target has been through.
    pub progress: u8,
    /// Most stations that it has been through at any time.
    pub progress_max: u8,
    /// Most stations of the recipe that it has been put into in order.
    pub inserted_max: u8,
    /// Takes, and those of something else than a target.
    pub takes: u8,
    /// Takes of something else than a target.
    pub strays: u8,
    /// Steps made.
    pub steps: u8,
    /// Whether the episode is over.
    pub over: bool,
    /// Whether the task is completed.
    pub won: bool,
    /// Actions that were issued, a bit for each code.
    issued: u32,
    /// The action that would reverse the last one.
    reverse: u8,
    /// Mixed from all actions so far.
    hash: u32,
}

impl State {
    /// A start in a layout.
    pub(super) fn start(rules: &Rules, layout: &Layout, recipe: u8, dice: &mut Dice) -> Self {
        let task = &rules.recipes[usize::from(recipe)];
        let surfaces = usize::from(rules.surfaces);
        let class = dice.below(rules.classes.len()) as u8;
        let deliver = task.ending == Ending::Deliver;
        let destination = if deliver { dice.below(surfaces) as u8 } else { NONE };
        let agent = dice.below(surfaces) as u8;
        let mut state = Self {
            recipe,
            class,
            destination,
            lamp: layout.lamp,
            agent,
            boxes: layout.boxes,
            shut: layout.boxes,
            visited: 0,
            inside: [0; PLACES],
            hand: 0,
            seen: 0,
            targets: (1 << task.copies) - 1,
            held: 0,
            classes: [class; OBJECTS],
            progress: 0,
            progress_max: 0,
            inserted_max: 0,
            takes: 0,
            strays: 0,
            steps: 0,
            over: false,
            won: false,
            issued: 0,
            reverse: NONE,
            hash: 0x811c_9dc5,
        };
        for object in 0..rules.objects {
            let target = object < task.copies;
            if !target {
                let other = dice.below(rules.classes.len() - 1) as u8;
                state.classes[usize::from(object)] = other + u8::from(other >= class);
            }
            let barred = if target { destination } else { NONE };
            let favourite = layout.favourites[usize::from(state.classes[usize::from(object)])];
            let place = if favourite != barred && dice.chance(0.5) {
                favourite
            } else if barred == NONE {
                dice.below(surfaces) as u8
            } else {
                let other = dice.below(surfaces - 1) as u8;
                other + u8::from(other >= barred)
            };
            state.inside[usize::from(place)] |= 1 << object;
        }
        state.arrive();
        state
    }

    /// What is to be done.
    #[inline]
    pub fn task(&self, rules: &'static Rules) -> &'static Recipe {
        &rules.recipes[usize::from(self.recipe)]
    }

    /// The things that are seen here.
    #[inline]
    pub fn visible(&self) -> u8 {
        if self.open() { self.inside[usize::from(self.agent)] } else { 0 }
    }

    /// Whether the place where the agent is is open.
    #[inline]
    pub fn open(&self) -> bool {
        self.shut >> self.agent & 1 == 0
    }

    /// Whether the targets have been through all stations.
    #[inline]
    pub fn ready(&self, rules: &'static Rules) -> bool {
        usize::from(self.progress) == self.task(rules).stations.len()
    }

    /// The targets that have not yet been brought where they belong, ready.
    #[inline]
    pub fn pending(&self, rules: &'static Rules) -> u8 {
        if self.destination == NONE || !self.ready(rules) {
            self.targets
        } else {
            self.targets & !self.inside[usize::from(self.destination)]
        }
    }

    /// Codes of the legal actions.
    #[inline]
    pub(super) fn legal(&self, rules: &Rules, codes: &mut Vec<u32>) {
        let places = rules.place_count();
        codes.extend((0..places).filter(|&place| place != self.agent).map(u32::from));
        let open = self.open();
        let mut others = |legal: bool, code: u8| {
            if legal {
                codes.push(u32::from(code));
            }
        };
        others(!open, OPEN);
        others(open && self.hand != 0, PUT);
        others(self.agent >= rules.surfaces && self.hand == 0, USE);
        others(self.agent == self.lamp, LAMP);
        others(true, LOOK);
        others(rules.strict, REPORT);
        if self.hand == 0 {
            let mut visible = self.visible();
            while visible != 0 {
                codes.push(u32::from(TAKE) + visible.trailing_zeros());
                visible &= visible - 1;
            }
        }
    }

    /// One step: whether the action was new, and whether it reversed the one before.
    #[inline]
    pub(super) fn act(&mut self, rules: &'static Rules, code: u32) -> [f32; 2] {
        let code = code as u8;
        let new = self.issued >> code & 1 == 0 && code != LOOK;
        let undo = code == self.reverse;
        self.issued |= 1 << code;
        self.hash = (self.hash ^ u32::from(code)).wrapping_mul(0x0100_0193).rotate_left(5);
        self.steps += 1;
        let task = self.task(rules);
        let mut reverse = NONE;
        match code {
            OPEN => {
                debug_assert!(!self.open(), "only what is shut can be opened");
                self.shut &= !(1 << self.agent);
                self.arrive();
            }
            PUT => {
                debug_assert!(self.open() && self.hand != 0, "put needs a thing and an open place");
                reverse = TAKE + self.hand.trailing_zeros() as u8;
                self.inside[usize::from(self.agent)] |= self.hand;
                let station = task.stations.get(usize::from(self.progress));
                if self.hand & self.targets != 0 && station == Some(&self.agent) {
                    self.inserted_max = self.inserted_max.max(self.progress + 1);
                }
                self.hand = 0;
            }
            USE => self.treat(rules, task),
            LAMP => {
                debug_assert!(self.agent == self.lamp, "the lamp is elsewhere");
                let held = self.hand & self.targets != 0 && self.ready(rules);
                self.won |= held && task.ending == Ending::Light;
            }
            LOOK => {}
            REPORT => {
                self.won |= task.ending == Ending::Report && self.ready(rules);
                self.over = true;
            }
            TAKE.. => {
                let thing = 1 << (code - TAKE);
                debug_assert!(self.hand == 0 && self.visible() & thing != 0, "it is not at hand");
                reverse = PUT;
                self.inside[usize::from(self.agent)] &= !thing;
                self.hand = thing;
                self.held |= thing;
                self.takes += 1;
                self.strays += u8::from(thing & self.targets == 0);
            }
            place => {
                debug_assert!(place != self.agent, "the agent is there");
                reverse = self.agent;
                self.agent = place;
                self.arrive();
            }
        }
        self.reverse = reverse;
        self.won |= task.ending == Ending::Deliver && self.pending(rules) == 0;
        self.over |= self.won || usize::from(self.steps) >= HORIZON;
        [f32::from(u8::from(new)), f32::from(u8::from(undo))]
    }

    /// All that is inside the station is treated; here only the target's way counts.
    fn treat(&mut self, rules: &Rules, task: &Recipe) {
        debug_assert!(self.agent >= rules.surfaces && self.hand == 0, "this is no station");
        if self.inside[usize::from(self.agent)] & self.targets == 0 || task.stations.is_empty() {
            return;
        }
        if task.stations.get(usize::from(self.progress)) == Some(&self.agent) {
            self.progress += 1;
        } else if rules.strict {
            self.progress = u8::from(task.stations[0] == self.agent);
        }
        self.progress_max = self.progress_max.max(self.progress);
    }

    fn arrive(&mut self) {
        self.visited |= 1 << self.agent;
        self.seen |= self.visible();
    }

    /// How far it went: found, held, inserted, done, each from 0 to 1.
    pub(super) fn milestones(&self, rules: &'static Rules) -> [f32; 4] {
        let task = self.task(rules);
        let share = |part: u32, whole: u32| part as f32 / whole.max(1) as f32;
        let of_targets = |set: u8| share((set & self.targets).count_ones(), task.copies.into());
        let of_stations = |count: u8| share(count.into(), task.stations.len() as u32);
        [
            of_targets(self.seen),
            of_targets(self.held),
            of_stations(self.inserted_max),
            of_stations(self.progress_max),
        ]
    }

    /// A number from 0 to 1 that each sequence of actions has for its own.
    pub(super) fn noise(&self) -> f32 {
        let mut hash = self.hash;
        hash = (hash ^ hash >> 16).wrapping_mul(0x7feb_352d);
        hash = (hash ^ hash >> 15).wrapping_mul(0x846c_a68b);
        (hash ^ hash >> 16) as f32 / u32::MAX as f32
    }
}
