//! What an action looks like: a bias, 20 indicators in each of 6 situations, and class by surface.
//!
//! | features | meaning |
//! |---|---|
//! | 0 | always 1 |
//! | `1 + 20 k + i` | indicator i in situation k |
//! | `121 + surfaces c + p` | go to surface p while a target, of class c, is unseen |
//!
//! | k | situation of hand and target |
//! |---|---|
//! | 0 | the hand is empty, and none of 4 and 5 |
//! | 1 | a target is held that is not ready |
//! | 2 | a target is held that is ready |
//! | 3 | something else is held |
//! | 4 | the hand is empty, the target is in the station that it needs next |
//! | 5 | the hand is empty, the target is in the station that it needed last |
//!
//! Indicators add up: going to a visited place that is the destination has three of them. The station that is *required* is the one
//! that the target needs next, or, when it is ready, the last. Indicator 14 is the report of rules that have one, 15 is spare.

use hatchery_engine::world::Features;

use super::rules::Rules;
use super::state::{LAMP, LOOK, OPEN, PUT, REPORT, State, TAKE, USE};

const SITUATIONS: usize = 6;
const INDICATORS: usize = 20;
const BY_CLASS: usize = 1 + SITUATIONS * INDICATORS;

const GO: usize = 0;
const GO_VISITED: usize = 1;
const GO_DESTINATION: usize = 2;
const GO_REMEMBERED: usize = 3;
const GO_REQUIRED: usize = 4;
const PUT_REQUIRED: usize = 5;
const GO_SECOND_STATION: usize = 6;
const GO_THIRD_STATION: usize = 7;
const OPEN_HERE: usize = 8;
const TAKE_ANY: usize = 9;
const TAKE_TARGET: usize = 10;
const PUT_HERE: usize = 11;
const PUT_DESTINATION: usize = 12;
const USE_HERE: usize = 13;
const REPORT_NOW: usize = 14;
const GO_LAMP: usize = 16;
const TAKE_DELIVERED: usize = 17;
const USE_REQUIRED: usize = 18;
const LIGHT: usize = 19;

/// Number of features.
pub(super) fn count(rules: &Rules) -> usize {
    BY_CLASS + rules.classes.len() * usize::from(rules.surfaces)
}

#[inline]
fn situation(rules: &'static Rules, state: &State) -> usize {
    if state.hand != 0 {
        return match (state.hand & state.targets != 0, state.ready(rules)) {
            (true, false) => 1,
            (true, true) => 2,
            (false, _) => 3,
        };
    }
    let stations = state.task(rules).stations;
    let progress = usize::from(state.progress);
    let lies_in = |station: Option<&u8>| {
        station.is_some_and(|&at| state.inside[usize::from(at)] & state.targets != 0)
    };
    if lies_in(stations.get(progress)) {
        4
    } else if progress > 0 && lies_in(stations.get(progress - 1)) {
        5
    } else {
        0
    }
}

/// Appends the features of an action to the open row.
#[inline]
pub(super) fn describe(rules: &'static Rules, state: &State, code: u32, features: &mut Features) {
    let code = code as u8;
    let base = 1 + INDICATORS * situation(rules, state);
    features.push(0, 1.0);
    let mut indicate = |holds: bool, indicator: usize| {
        if holds {
            features.push(base + indicator, 1.0);
        }
    };
    let stations = state.task(rules).stations;
    let required = stations.get(usize::from(state.progress)).or(stations.last()).copied();
    let at_required = required == Some(state.agent);
    match code {
        OPEN => indicate(true, OPEN_HERE),
        PUT => {
            indicate(true, PUT_HERE);
            indicate(state.agent == state.destination, PUT_DESTINATION);
            indicate(at_required, PUT_REQUIRED);
        }
        USE => {
            indicate(true, USE_HERE);
            indicate(at_required, USE_REQUIRED);
        }
        LAMP => indicate(true, LIGHT),
        LOOK => {}
        REPORT => indicate(true, REPORT_NOW),
        TAKE.. => {
            let target = state.targets >> (code - TAKE) & 1 == 1;
            indicate(true, TAKE_ANY);
            indicate(target, TAKE_TARGET);
            indicate(target && state.agent == state.destination, TAKE_DELIVERED);
        }
        place => {
            let pending = state.pending(rules);
            let remembered = state.inside[usize::from(place)] & state.seen & pending != 0;
            indicate(true, GO);
            indicate(state.visited >> place & 1 == 1, GO_VISITED);
            indicate(place == state.destination, GO_DESTINATION);
            indicate(remembered, GO_REMEMBERED);
            indicate(required == Some(place), GO_REQUIRED);
            indicate(place == rules.surfaces + 1, GO_SECOND_STATION);
            indicate(place == rules.surfaces + 2, GO_THIRD_STATION);
            indicate(place == state.lamp, GO_LAMP);
            if place < rules.surfaces && state.targets & !state.seen != 0 {
                let row = usize::from(state.class) * usize::from(rules.surfaces);
                features.push(BY_CLASS + row + usize::from(place), 1.0);
            }
        }
    }
}
