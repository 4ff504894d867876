//! Rooms in characters, and actions in words.

use super::rules::{NONE, Rules};
use super::state::{LAMP, LOOK, OPEN, PUT, REPORT, State, TAKE, USE};

fn named(rules: &Rules, state: &State, object: u32) -> String {
    let class = rules.classes[usize::from(state.classes[object as usize])];
    let target = if state.targets >> object & 1 == 1 { "*" } else { "" };
    format!("{class}{target}")
}

fn list(rules: &Rules, state: &State, set: u8) -> String {
    let members = (0..u32::from(rules.objects)).filter(|&object| set >> object & 1 == 1);
    members.map(|object| named(rules, state, object)).collect::<Vec<_>>().join(" ")
}

/// One line for the task, one for the hand, one for each place. `>` is the agent, `*` a target, `(..)` what was not yet seen.
pub(super) fn draw(rules: &'static Rules, state: &State) -> String {
    let task = state.task(rules);
    let mut words = task.words.replace("{}", rules.classes[usize::from(state.class)]);
    if state.destination != NONE {
        words +=
            &format!(", to {} {}", rules.places[usize::from(state.destination)], state.destination);
    }
    let end = match (state.over, state.won) {
        (_, true) => "  done",
        (true, false) => "  failed",
        _ => "",
    };
    let treated = match task.stations.len() {
        0 => String::new(),
        stations => format!("   treated {} of {stations}", state.progress),
    };
    let mut picture = format!("task  {words}   step {}{end}\n", state.steps);
    picture += &format!("hand  {}{treated}\n", list(rules, state, state.hand));
    for (place, name) in rules.places.iter().enumerate() {
        let agent = if usize::from(state.agent) == place { '>' } else { ' ' };
        let is = |mask: u16| mask >> place & 1 == 1;
        let name =
            if is(state.boxes) && place < usize::from(rules.surfaces) { "box" } else { name };
        let door = if is(state.shut) { "shut" } else { "" };
        let lamp = if usize::from(state.lamp) == place { "lamp" } else { "" };
        let things = state.inside[place];
        let seen = list(rules, state, things & state.seen);
        let unseen = match things & !state.seen {
            0 => String::new(),
            set => format!(" ({})", list(rules, state, set)),
        };
        let line = format!("{agent} {place} {name:<10} {door:<4} {lamp:<4} {seen}{unseen}");
        picture += line.trim_end();
        picture.push('\n');
    }
    picture
}

/// Words for an action.
pub(super) fn say(rules: &Rules, state: &State, code: u32) -> String {
    let here = rules.places[usize::from(state.agent)];
    match code as u8 {
        OPEN => format!("open the {here}"),
        PUT => format!("put the {} down", list(rules, state, state.hand)),
        USE => format!("use the {here}"),
        LAMP => "light the lamp".to_owned(),
        LOOK => "look around".to_owned(),
        REPORT => "report".to_owned(),
        take @ TAKE.. => format!("take the {}", named(rules, state, u32::from(take - TAKE))),
        place => format!("go to {} {place}", rules.places[usize::from(place)]),
    }
}
