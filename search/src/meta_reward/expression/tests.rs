use hatchery_engine::world::{Primitive, PrimitiveSet, Reducer, Trace};
use hatchery_kernels::Dice;

use super::*;

mod grammar;
mod graph;
mod meaning;
mod properties;
mod text;
mod values;

const PRIMITIVES: [Primitive; 5] = [
    Primitive::unit("g1", "outcome"),
    Primitive::unit("g2", "first third"),
    Primitive::unit("g3", "middle third"),
    Primitive::unit("g4", "last third"),
    Primitive::unit("found", "target seen"),
];
const SIGNALS: [Primitive; 2] =
    [Primitive::unit("fresh", "a new action"), Primitive::unit("undo", "the action undoes one")];
const DERL4: PrimitiveSet =
    PrimitiveSet { name: "derl4", primitives: &["g1", "g2", "g3", "g4"], signals: &[] };
const FULL: PrimitiveSet = PrimitiveSet {
    name: "full",
    primitives: &["g1", "g2", "g3", "g4", "found"],
    signals: &["fresh", "undo"],
};

fn vocabulary(operators: Operators) -> Vocabulary {
    let set = if operators == Operators::Full { &FULL } else { &DERL4 };
    Vocabulary::try_new(&PRIMITIVES, &SIGNALS, set, operators).expect("a vocabulary")
}

fn derl4() -> Vocabulary {
    vocabulary(Operators::Derl4)
}

fn full() -> Vocabulary {
    vocabulary(Operators::Full)
}

fn parse(text: &str) -> Reward {
    Reward::parse(text, &full()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Any sequence of legal productions, each with the same chance: rewards as odd as they come.
fn uniform(vocabulary: &Vocabulary, dice: &mut Dice) -> Reward {
    let mut grammar = Grammar::new(vocabulary);
    let mut mask = vec![false; vocabulary.productions().len()];
    while !grammar.finished() {
        grammar.legal(&mut mask);
        let legal: Vec<usize> = (0..mask.len()).filter(|at| mask[*at]).collect();
        assert!(!legal.is_empty(), "stuck after {:?}", grammar.nodes());
        grammar.push(legal[dice.below(legal.len())]).expect("it is legal");
    }
    grammar.take().expect("it is finished")
}

fn inputs(dice: &mut Dice) -> ([f32; 5], Vec<f32>, f32) {
    let mut number = || match dice.below(4) {
        0 => 0.0,
        1 => 1.0,
        _ => dice.unit() as f32,
    };
    (std::array::from_fn(|_| number()), (0..14).map(|_| number()).collect(), number())
}
