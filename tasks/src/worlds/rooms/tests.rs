use hatchery_engine::world::Reducer;

use super::rules::NONE;
use super::state::{LAMP, LOOK, OPEN, PUT, REPORT, TAKE, USE};
use super::*;
use crate::worlds::testing::{SPLITS, keeps_the_contract, play_from};
use crate::worlds::{lab, tidy};

fn tidy(variant: tidy::Variant) -> Rooms {
    tidy::Config { variant, ..tidy::Config::default() }.world()
}

fn all_types() -> Rooms {
    let types = (1..=6).collect();
    tidy::Config { types, ..tidy::Config::default() }.world()
}

fn laboratory(variant: tidy::Variant) -> Rooms {
    lab::Config { variant }.world()
}

/// Knows where everything is, and does what the recipe says.
fn expert(world: &Rooms, state: &State) -> u32 {
    let rules = world.rules();
    let task = state.task(rules);
    let target = state.pending(rules).trailing_zeros();
    let at =
        (0..rules.place_count()).find(|&place| state.inside[usize::from(place)] >> target & 1 == 1);
    let next = task.stations.get(usize::from(state.progress)).copied();
    let held = state.hand >> target & 1 == 1;
    let (goal, then) = match (held, next, task.ending) {
        (false, None, Ending::Report) => (state.agent, REPORT),
        (false, Some(station), _) if at == Some(station) => (station, USE),
        (false, ..) => (at.expect("it is somewhere"), TAKE + target as u8),
        (true, Some(station), _) => (station, PUT),
        (true, None, Ending::Deliver) => (state.destination, PUT),
        (true, None, Ending::Light) => (state.lamp, LAMP),
        (true, None, Ending::Report) => (state.agent, REPORT),
    };
    let code = if state.agent != goal {
        goal
    } else if !state.open() && then != LAMP {
        OPEN
    } else {
        then
    };
    u32::from(code)
}

/// A start without luck: the target is a cup in the box 1, a hat lies on 2, the destination is 3; the agent is on 0.
fn heat_the_cup() -> (Rooms, State) {
    let world = tidy(tidy::Variant::Hard);
    let layout = Layout { boxes: 1 << 1 | RULES_SHUT, lamp: 5, favourites: [1; 8], number: 0 };
    let mut state = State::start(world.rules(), &layout, 3, &mut Split::L0.dice(1, 1));
    (state.agent, state.visited, state.seen) = (0, 1, 0);
    (state.class, state.destination) = (2, 3);
    state.classes = [2, 7, 7, 7, 7, 7];
    state.inside = [0, 1, 0b11_1110, 0, 0, 0, 0, 0, 0, 0];
    (world, state)
}

const RULES_SHUT: u16 = 1 << 8 | 1 << 9;

fn follow(world: &Rooms, start: State, codes: &[u8]) -> crate::worlds::testing::Episode<State> {
    let mut rest = codes.iter();
    let look = u32::from(LOOK);
    play_from(world, start, |_, _| rest.next().map_or(look, |&code| u32::from(code)))
}

#[test]
fn rooms_keep_the_contract() {
    keeps_the_contract(&tidy(tidy::Variant::Mixed));
    keeps_the_contract(&tidy(tidy::Variant::Hard));
    keeps_the_contract(&all_types());
    keeps_the_contract(&laboratory(tidy::Variant::Mixed));
}

#[test]
fn every_start_can_be_solved() {
    let variants = [tidy::Variant::Mixed, tidy::Variant::Hard];
    let worlds = variants.into_iter().flat_map(|variant| [tidy(variant), laboratory(variant)]);
    for world in worlds.chain([all_types()]) {
        for split in SPLITS {
            for number in 0..500 {
                let start = world.reset(split, &mut split.dice(1, number));
                let episode = play_from(&world, start, |state, _| expert(&world, state));
                assert!(episode.won(), "{}", world.draw(&start));
            }
        }
    }
}

#[test]
fn ten_to_seventeen_actions_are_legal_in_tidy() {
    let world = all_types();
    let mut counts = std::collections::BTreeSet::new();
    for number in 0..3000 {
        let mut dice = Split::Training.dice(5, number);
        let start = world.reset(Split::Training, &mut dice);
        play_from(&world, start, |_, codes| {
            counts.insert(codes.len());
            codes[dice.below(codes.len())]
        });
    }
    assert!(counts.first() == Some(&10) && counts.last() <= Some(&17), "{counts:?}");
}

#[test]
fn splits_have_their_layouts_and_types() {
    let world = tidy(tidy::Variant::Mixed);
    let numbers = |split| world.layouts(split).iter().map(|layout| layout.number);
    for split in [Split::Training, Split::Validation, Split::L0] {
        assert!(numbers(split).eq(0..32));
        assert_eq!(world.recipes(split), [0, 1, 2, 3]);
    }
    assert!(numbers(Split::L1).eq(500..532) && numbers(Split::L2).eq(500..532));
    assert_eq!(
        (world.recipes(Split::L1), world.recipes(Split::L2)),
        (&[0, 1, 2, 3][..], &[4, 5][..])
    );
    let hard = tidy(tidy::Variant::Hard);
    assert_eq!((hard.recipes(Split::L1), hard.recipes(Split::L2)), (&[2, 3][..], &[4][..]));
    assert_eq!(hard.name(), "tidy-hard");
    let config =
        tidy::Config { types: vec![3, 4, 5], held_out: vec![6], ..tidy::Config::default() };
    assert_eq!(config.world().name(), "tidy-hard-types345-l2types6");
    let wrong = tidy::Config { held_out: vec![7], ..tidy::Config::default() };
    assert_eq!(wrong.check().expect_err("there is no type 7").0, "held_out");
}

#[test]
fn starts_are_as_described() {
    let world = all_types();
    let (mut favourite, mut others) = (0, 0);
    for number in 0..2000 {
        let mut dice = Split::L0.dice(1, number);
        let layout = world.layouts(Split::L0)[dice.clone().below(32)];
        let start = world.reset(Split::L0, &mut dice);
        let task = start.task(world.rules());
        assert_eq!(start.inside[..7].iter().map(|set| set.count_ones()).sum::<u32>(), 6);
        for object in 0..6 {
            let place =
                start.inside.iter().position(|set| set >> object & 1 == 1).expect("it lies");
            let target = object < task.copies;
            assert_eq!(start.classes[usize::from(object)] == start.class, target);
            assert!(!target || place != usize::from(start.destination));
            if !target {
                let usual = layout.favourites[usize::from(start.classes[usize::from(object)])];
                favourite += u32::from(usize::from(usual) == place);
                others += 1;
            }
        }
        assert_eq!(start.destination == NONE, task.ending == Ending::Light);
        assert!(start.agent < 7 && start.shut == layout.boxes && start.shut >> 8 == 3);
    }
    // 0.5 + 0.5 / 7; four standard errors.
    let share = f64::from(favourite) / f64::from(others);
    assert!((share - 4.0 / 7.0).abs() < 4.0 * (0.245 / f64::from(others)).sqrt(), "{share}");
}

/// A dead end, then the recipe: all signals and primitives by hand.
#[test]
fn a_cup_is_heated_and_delivered() {
    let (world, start) = heat_the_cup();
    // go 2, take a hat, put it, look; go 1, open, take the cup, go 8, open, put, use, take, go 3, put.
    let codes = [2, TAKE + 1, PUT, LOOK, 1, OPEN, TAKE, 8, OPEN, PUT, USE, TAKE, 3, PUT];
    let episode = follow(&world, start, &codes);
    let expected_s = [1., 1., 1., 0., 1., 1., 1., 1., 0., 0., 1., 0., 1., 0.];
    let expected_undo = [0., 0., 1., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0.];
    let trace = Trace { values: &episode.signals, signals: 2, horizon: HORIZON };
    assert!(trace.of(0).eq(expected_s) && trace.of(1).eq(expected_undo));
    // 14 steps: thirds are cut at 4 and 9.
    let p = &episode.primitives;
    assert_eq!(p[..8], [1.0, 0.75, 0.8, 0.4, 1.0, 1.0, 1.0, 1.0]);
    assert_eq!(p[8], 1.0 - 14.0 / 30.0);
    assert_eq!((p[9], p[11]), (1.0 / 3.0, 0.0));
    assert_eq!(trace.reduce(Reducer::Sum, 1), 1.0 / 30.0);
}

#[test]
fn milestones_come_one_by_one() {
    let (world, start) = heat_the_cup();
    let milestones = |codes: &[u8]| follow(&world, start, codes).primitives[4..8].to_vec();
    assert_eq!(milestones(&[1]), [0.0, 0.0, 0.0, 0.0]);
    assert_eq!(milestones(&[1, OPEN]), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(milestones(&[1, OPEN, TAKE]), [1.0, 1.0, 0.0, 0.0]);
    // The fridge is the wrong appliance.
    assert_eq!(milestones(&[1, OPEN, TAKE, 9, OPEN, PUT, USE]), [1.0, 1.0, 0.0, 0.0]);
    assert_eq!(milestones(&[1, OPEN, TAKE, 8, OPEN, PUT]), [1.0, 1.0, 1.0, 0.0]);
    assert_eq!(milestones(&[1, OPEN, TAKE, 8, OPEN, PUT, USE]), [1.0, 1.0, 1.0, 1.0]);
    let cold = follow(&world, start, &[1, OPEN, TAKE, 3, PUT]);
    assert!(!cold.won(), "it is at the destination, but cold");
    assert_eq!(cold.primitives[8], 0.0);
}

/// The salt on shelf 0 is to be filled, heated and measured; the agent is there.
#[test]
fn a_treatment_out_of_order_undoes_those_before() {
    let world = laboratory(tidy::Variant::Hard);
    let layout = world.layouts(Split::L0)[0];
    let mut start = State::start(world.rules(), &layout, 4, &mut Split::L0.dice(1, 1));
    start.classes = [start.class, 9, 9, 9, 0, 0].map(|class| class % 4);
    (start.agent, start.seen, start.inside) = (0, 0b1111, [0b1111, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let treat = |place: u8| [TAKE, place, PUT, USE];
    let play = |places: &[u8]| {
        let way = places.iter().flat_map(|&place| treat(place)).chain([REPORT]);
        follow(&world, start, &way.collect::<Vec<_>>())
    };
    let right = play(&[4, 5, 7]);
    assert!(right.won() && right.last.steps == 13);
    assert_eq!(right.primitives[4..8], [1.0; 4]);
    let early = play(&[4, 5]);
    assert_eq!(early.primitives[..1], [0.0]);
    assert_eq!(early.primitives[6..9], [2.0 / 3.0, 2.0 / 3.0, 1.0 - 9.0 / 30.0]);
    assert!(!play(&[4, 7, 5, 7]).won());
    assert!(play(&[4, 6, 4, 5, 7]).won(), "it begins anew");
    let drawn = world.draw(&right.last);
    assert!(drawn.starts_with("task  fill, heat and measure the"), "{drawn}");
}

#[test]
fn held_out_recipes_are_new_orders_of_known_treatments() {
    for variant in [tidy::Variant::Mixed, tidy::Variant::Hard] {
        let world = laboratory(variant);
        let stations = |recipe: &u8| world.rules().recipes[usize::from(*recipe)].stations;
        let trained: Vec<_> = world.recipes(Split::Training).iter().map(stations).collect();
        for recipe in world.recipes(Split::L2).iter().map(stations) {
            assert!(!trained.contains(&recipe));
            let known = |station: &u8| trained.iter().any(|other| other.contains(station));
            assert!(recipe.iter().all(known));
        }
    }
    for rules in [&tidy::RULES, &lab::RULES] {
        assert!(rules.recipes.iter().all(|task| task.copies == 1 || task.stations.is_empty()));
    }
}

#[test]
fn features_of_the_situations() {
    let (world, mut state) = heat_the_cup();
    let describe = |state: &State, code: u8| {
        let mut features = Features::default();
        world.describe(state, u32::from(code), &mut features);
        features.close();
        let mut indices = features.row(0).0.to_vec();
        indices.sort_unstable();
        indices
    };
    assert_eq!(world.controls(), Controls::Listed { features: 177 });
    // Empty hand, the cup (class 2) unseen: go, by class and surface; the destination; the required microwave.
    assert_eq!(describe(&state, 1), [0, 1, 121 + 14 + 1]);
    assert_eq!(describe(&state, 3), [0, 1, 3, 121 + 14 + 3]);
    assert_eq!(describe(&state, 8), [0, 1, 5, 7]);
    let mut signals = [0.0; 2];
    let mut step = |state: &mut State, code: u8| {
        world.step(state, Action::Listed(u32::from(code)), &mut signals)
    };
    step(&mut state, 1);
    assert_eq!(describe(&state, OPEN), [0, 9]);
    step(&mut state, OPEN);
    assert_eq!(describe(&state, TAKE), [0, 10, 11]);
    step(&mut state, 0);
    assert_eq!(describe(&state, 1), [0, 1, 2, 4], "go, visited, remembered");
    step(&mut state, 1);
    step(&mut state, TAKE);
    assert_eq!(describe(&state, 3), [0, 21, 23], "held and not ready");
    for code in [8, OPEN] {
        step(&mut state, code);
    }
    assert_eq!(describe(&state, PUT), [0, 26, 32]);
    step(&mut state, PUT);
    assert_eq!(describe(&state, USE), [0, 94, 99], "inside, not ready");
    step(&mut state, USE);
    assert_eq!(describe(&state, TAKE), [0, 110, 111], "inside, ready");
    for code in [TAKE, 3] {
        step(&mut state, code);
    }
    assert_eq!(describe(&state, PUT), [0, 52, 53], "held, ready, at the destination");
}

#[test]
fn the_noise_has_the_mean_of_noise() {
    let world = tidy(tidy::Variant::Hard);
    let count = 2000;
    let noise =
        |number| crate::worlds::testing::random_episode(&world, Split::L0, number).primitives[10];
    let mean = (0..count).map(|number| f64::from(noise(number))).sum::<f64>() / count as f64;
    assert!((mean - 0.5).abs() < 4.0 * (1.0 / 12.0 / count as f64).sqrt(), "{mean}");
}

#[test]
fn a_picture_tells_what_is_known() {
    let (world, start) = heat_the_cup();
    let picture = world.draw(&start);
    assert!(
        picture.starts_with(
            "task  heat the cup, to bed 3   step 0\nhand     treated 0 of 1\n> 0 shelf"
        )
    );
    assert!(picture.contains("  1 box        shut       (cup*)\n"));
    assert!(picture.contains("  5 counter         lamp\n"));
    assert_eq!(world.say(&start, Action::Listed(8)), "go to microwave 8");
    let done = follow(&world, start, &[1, OPEN, TAKE, 8, OPEN, PUT, USE, TAKE, 3, PUT]);
    assert!(world.draw(&done.last).contains("step 10  done"));
}
