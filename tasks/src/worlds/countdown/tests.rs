use super::state::Operation;
use super::*;
use crate::worlds::testing::{SPLITS, assert_share, keeps_the_contract, play_from, random_shares};

fn of(numbers: u8) -> Countdown {
    Config { numbers, ..Config::default() }.world()
}

fn choice(first: usize, operation: Operation, second: usize) -> Choice {
    Choice { first, second, operation }
}

/// A game with given numbers.
fn game(numbers: &[u32], target: u32) -> State {
    let count = numbers.len() as u8;
    let (mut state, _) = State::start(count, 10..=100, &mut Split::L0.dice(1, 1));
    state.deal(numbers, target);
    state
}

#[test]
fn games_keep_the_contract() {
    for numbers in 3..=4 {
        keeps_the_contract(&of(numbers));
    }
    let illegal = Config { numbers: 3, illegal: true }.world();
    keeps_the_contract(&illegal);
    assert_eq!(illegal.name(), "countdown-3-illegal");
    let wrong = Config { numbers: 5, ..Config::default() };
    assert_eq!(wrong.check().expect_err("L2 would have six").0, "numbers");
}

#[test]
fn every_game_can_be_solved_as_it_was_made() {
    let world = of(4);
    for split in SPLITS {
        let (count, targets) = match split {
            Split::L1 => (4, 101..=200),
            Split::L2 => (5, 10..=100),
            _ => (4, 10..=100),
        };
        for number in 0..500 {
            let (state, way) = State::start(count, targets.clone(), &mut split.dice(1, number));
            assert_eq!(state, world.reset(split, &mut split.dice(1, number)));
            assert!(targets.contains(&state.target) && state.numbers().len() == usize::from(count));
            assert!(state.numbers().iter().all(|value| (1..=9).contains(value)));
            let mut way = way.iter();
            let episode =
                play_from(&world, state, |_, _| way.next().expect("it is over in time").code());
            assert_eq!(episode.primitives[..2], [1.0, 1.0]);
            assert_eq!(episode.primitives[3..], [1.0, 1.0]);
        }
    }
}

#[test]
fn operations_have_positive_integer_results() {
    use Operation::{Add, Divide, Multiply, Subtract};
    let results = |x, y| Operation::ALL.map(|operation| operation.apply(x, y));
    assert_eq!(results(6, 3), [Some(9), Some(3), Some(18), Some(2)]);
    assert_eq!(results(3, 6), [Some(9), None, Some(18), None]);
    assert_eq!(results(5, 5), [Some(10), None, Some(25), Some(1)]);
    assert_eq!(results(5, 1), [Some(6), Some(4), Some(5), None]);
    let mut codes = Vec::new();
    of(3).legal(&game(&[6, 3, 1], 10), &mut codes);
    let expected = [
        choice(0, Add, 1),
        choice(0, Subtract, 1),
        choice(0, Multiply, 1),
        choice(0, Divide, 1),
        choice(0, Add, 2),
        choice(0, Subtract, 2),
        choice(0, Multiply, 2),
        choice(1, Add, 2),
        choice(1, Subtract, 2),
        choice(1, Multiply, 2),
    ];
    assert_eq!(codes, expected.map(Choice::code));
}

#[test]
fn a_target_on_the_way_is_a_soft_outcome() {
    use Operation::{Add, Divide, Multiply};
    let world = of(3);
    let play = |choices: [Choice; 2]| {
        let mut rest = choices.iter();
        let start = game(&[4, 5, 10], 20);
        play_from(&world, start, |_, _| rest.next().expect("two steps").code()).primitives
    };
    // 4 * 5 = 20 is the target, 10 + 20 is not.
    let missed = play([choice(0, Multiply, 1), choice(0, Add, 1)]);
    assert_eq!(missed[..4], [0.0, 1.0, 0.5, 1.0]);
    assert!((missed[4] - (-1.0_f32).exp()).abs() < 1e-6);
    // 20 / 10 = 2.
    let worse = play([choice(0, Multiply, 1), choice(1, Divide, 0)]);
    assert_eq!(worse[..4], [0.0, 1.0, 1.0, 1.0]);
    assert!((worse[4] - (-1.8_f32).exp()).abs() < 1e-6);
    // 10 / 5 = 2; 4 * 2 = 8.
    let never = play([choice(2, Divide, 1), choice(0, Multiply, 1)]);
    assert_eq!(never[..4], [0.0, 1.0, 1.0, 0.0]);
}

#[test]
fn an_illegal_step_is_lost() {
    let world = Config { numbers: 3, illegal: true }.world();
    let mut rest =
        [choice(0, Operation::Subtract, 1), choice(0, Operation::Multiply, 1)].into_iter();
    let start = game(&[4, 5, 10], 20);
    let episode = play_from(&world, start, |_, _| rest.next().expect("two steps").code());
    assert_eq!(episode.primitives, [0.0, 0.5, 0.5, 1.0, 1.0]);
    assert_eq!(episode.last.numbers(), [10, 20]);
}

/// Random play against the measurements of the specification, which had 60,000 games: success within four standard errors. That the
/// target is seen on the way happens 0.4 to 0.6 points more often here, up to five standard errors: how the measured games were
/// made is not known to the letter, and other readings of the rules come no nearer.
#[test]
fn random_play_succeeds_as_often_as_was_measured() {
    let games = 60_000;
    let measured =
        [(3, Split::L0, 0.072, 0.086), (4, Split::L0, 0.024, 0.049), (4, Split::L2, 0.014, 0.043)];
    for (numbers, split, won, seen) in measured {
        let shares = random_shares(&of(numbers), split, games, 0.5);
        assert_share(shares[0], won, [games; 2], 4.0);
        assert!((shares[3] - seen).abs() < 0.008, "{} and {seen}", shares[3]);
    }
}

#[test]
fn features_of_a_choice() {
    let mut features = Features::default();
    let state = game(&[4, 5, 10], 20);
    of(3).describe(&state, choice(0, Operation::Multiply, 1).code(), &mut features);
    features.close();
    let (indices, values) = features.row(0);
    let block = 23;
    let expected = [2, 4, 5, 7, 6, 9, 10, 11, 14, 15, 16, 17, 18].map(|at| block + at);
    assert_eq!(indices, expected);
    assert_eq!(values[5..12], [1.0; 7]);
    let near = |value: f32, n: f32| (value - (1.0 + n).ln() / 8.0).abs() < 1e-6;
    assert!(near(values[1], 4.0) && near(values[3], 20.0) && near(values[12], 10.0));
}

#[test]
fn the_other_numbers_are_sorted() {
    let world = Config { numbers: 4, ..Config::default() }.world();
    let mut features = Features::default();
    let state = game(&[2, 7, 3, 9, 7], 50);
    world.describe(&state, choice(0, Operation::Add, 3).code(), &mut features);
    features.close();
    let (indices, values) = features.row(0);
    let at = |feature: u32| {
        let place = indices.iter().position(|&index| index == 3 * 23 + feature);
        (8.0 * values[place.expect("it is there")]).exp() - 1.0
    };
    for (feature, number) in [(18, 7.0), (19, 7.0), (20, 3.0)] {
        assert!((at(feature) - number).abs() < 1e-4);
    }
}

#[test]
fn a_picture_of_a_game() {
    let state = game(&[4, 5, 10], 20);
    let world = of(3);
    assert_eq!(world.draw(&state), "target  20\nnumbers 4 5 10\n");
    let product = choice(0, Operation::Multiply, 1).code();
    assert_eq!(world.say(&state, Action::Listed(product)), "4 * 5 = 20");
}
