//! Each search on models whose best design is known.

use super::*;
use crate::model::{Climbable, Prediction};
use crate::space::{Constraints, Field, Kind, Sum};

/// A known concave function of encoded numbers, with its slopes: an easy "model".
struct Bowl {
    space: Space,
    encoding: Encoding,
}

impl Bowl {
    fn new(columns: usize) -> Self {
        let field = |at| Field::new(format!("x{at}"), Kind::Real { lower: -2.0, upper: 2.0 });
        let fields = (0..columns).map(field).collect();
        let space = Space::try_new(fields, Constraints::default()).expect("a box");
        let encoding = Encoding::logits(&space);
        Self { space, encoding }
    }

    /// 10 at (0.5, 0.6, …).
    fn value(x: &[f64]) -> f64 {
        let part = |(at, x): (usize, &f64)| (x - 0.5 - 0.1 * at as f64).powi(2);
        10.0 - x.iter().enumerate().map(part).sum::<f64>()
    }
}

impl Surrogate for Bowl {
    fn name(&self) -> &str {
        "bowl"
    }
    fn space(&self) -> &Space {
        &self.space
    }
    fn noise(&self) -> f64 {
        0.0
    }
    fn predict(&self, designs: &[Design]) -> Vec<Prediction> {
        let of = |x: &Design| Prediction { mean: Self::value(x), deviation: 0.0 };
        designs.iter().map(of).collect()
    }
    fn climbable(&self) -> Option<&dyn Climbable> {
        Some(self)
    }
}

impl Climbable for Bowl {
    fn encoding(&self) -> &Encoding {
        &self.encoding
    }
    fn score_deviation(&self) -> f64 {
        1.0
    }
    fn slopes(&self, x: &[f32], values: &mut [f64], slopes: &mut [f32]) {
        let columns = self.space.sites().len();
        for ((x, value), slopes) in
            x.chunks_exact(columns).zip(values).zip(slopes.chunks_exact_mut(columns))
        {
            let x: Vec<f64> = x.iter().map(|v| f64::from(*v)).collect();
            *value = Self::value(&x);
            for (at, (slope, x)) in slopes.iter_mut().zip(&x).enumerate() {
                *slope = (-2.0 * (x - 0.5 - 0.1 * at as f64)) as f32;
            }
        }
    }
}

/// Counts of a letter, for spaces of words: the best word is all of it.
struct Letters {
    space: Space,
    letter: f64,
}

impl Surrogate for Letters {
    fn name(&self) -> &str {
        "letters"
    }
    fn space(&self) -> &Space {
        &self.space
    }
    fn noise(&self) -> f64 {
        0.0
    }
    fn predict(&self, designs: &[Design]) -> Vec<Prediction> {
        let count = |x: &Design| x.iter().filter(|v| **v == self.letter).count() as f64;
        designs.iter().map(|x| Prediction { mean: count(x), deviation: 0.0 }).collect()
    }
}

fn words(length: usize) -> Letters {
    let kind = Kind::Sequence { alphabet: "ACGT".chars().collect(), length };
    let fields = vec![Field::new("word", kind)];
    Letters { space: Space::try_new(fields, Constraints::default()).expect("words"), letter: 2.0 }
}

fn search(searcher: &dyn Searcher, surrogate: &dyn Surrogate, answers: usize) -> Vec<Design> {
    let mut draws = crate::Draws::new(9, "starts of a test");
    let mut start: Vec<Design> = (0..200).map(|_| surrogate.space().sample(&mut draws)).collect();
    let values = surrogate.means(&start);
    let mut order: Vec<usize> = (0..start.len()).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    start = order.into_iter().map(|at| start[at].clone()).collect();
    let problem = Problem {
        surrogate,
        merit: Merit::default(),
        start: &start,
        answers,
        seed: 4,
        stop: &StopFlag::default(),
    };
    let found = searcher.search(&problem).expect("it searches");
    let mut seen = std::collections::HashSet::new();
    for design in &found {
        assert!(surrogate.space().is_valid(design), "{}: {design:?}", searcher.name());
        assert!(seen.insert(key(design)), "{}: twice {design:?}", searcher.name());
    }
    let merits = surrogate.means(&found);
    assert!(merits.is_sorted_by(|a, b| a >= b), "{}: the best first", searcher.name());
    found
}

#[test]
fn every_search_of_numbers_reaches_an_easy_optimum() {
    let bowl = Bowl::new(5);
    let searchers: [&dyn Searcher; 6] = [
        &Evolution::default(),
        &Ascent::plain(),
        &Ascent::unit(),
        &Ascent::adam(),
        &Reinforce::default(),
        &QuasiNewton::default(),
    ];
    for searcher in searchers {
        let found = search(searcher, &bowl, 32);
        let best = Bowl::value(&found[0]);
        assert!(best > 9.5, "{}: {best}", searcher.name());
    }
}

#[test]
fn every_search_of_words_reaches_an_easy_optimum() {
    let letters = words(8);
    let searchers: [&dyn Searcher; 3] = [&Exhaustive, &Evolution::default(), &Reinforce::default()];
    for searcher in searchers {
        let found = search(searcher, &letters, 32);
        assert!(letters.means(&found)[0] >= 8.0 * 0.95, "{}", searcher.name());
    }
    assert_eq!(search(&Exhaustive, &letters, 32)[0], vec![2.0; 8]);
}

#[test]
fn exhaustive_search_with_pessimism_skips_only_what_cannot_win() {
    use crate::Rows;
    use crate::model::Ridge;
    let space = words(5).space;
    let mut draws = crate::Draws::new(3, "rows of a test");
    let designs: Vec<Design> = (0..200).map(|_| space.sample(&mut draws)).collect();
    let scores: Vec<f64> = designs.iter().map(|d| d[0] * d[3] - d[1] + draws.normal()).collect();
    let ridge = Ridge::fit(&space, Rows::new(&designs, &scores), true).expect("it fits");
    let stop = StopFlag::default();
    let merit = Merit::Bound { beta: 2.0 };
    let problem =
        Problem { surrogate: &ridge, merit, start: &[], answers: 4, seed: 0, stop: &stop };
    let found = Exhaustive.search(&problem).expect("it searches");
    let all: Vec<Design> = space.enumerate().expect("a small space").collect();
    let wanted = ranked(&problem, all);
    assert_eq!(found.len(), 32);
    assert_eq!(found, wanted[..32]);
}

#[test]
fn evolution_keeps_a_sum() {
    let field = |at| Field::new(format!("x{at}"), Kind::Real { lower: 0.0, upper: 1.0 });
    let columns = ["x0", "x1", "x2"].map(str::to_owned).to_vec();
    let sum = Sum { columns, total: 1.0, tolerance: 0.0 };
    let constraints = Constraints { sums: vec![sum], ..Constraints::default() };
    let space = Space::try_new((0..3).map(field).collect(), constraints).expect("a simplex");
    let encoding = Encoding::logits(&space);
    // (0.5, 0.6, 0.7) is out of reach; the nearest point of the simplex is (0.2333, 0.3333, 0.4333).
    let found = search(&Evolution::default(), &Bowl { space, encoding }, 8);
    let wanted = [0.7 / 3.0, 1.0 / 3.0, 1.3 / 3.0];
    for (x, wanted) in found[0].iter().zip(wanted) {
        assert!((x - wanted).abs() < 0.02, "{found:?}");
    }
}

#[test]
fn searches_say_what_they_need() {
    let (bowl, letters) = (Bowl::new(2), words(4));
    let stop = StopFlag::default();
    let of = |surrogate| Problem {
        surrogate,
        merit: Merit::default(),
        start: &[],
        answers: 4,
        seed: 0,
        stop: &stop,
    };
    let error = Exhaustive.search(&of(&bowl)).expect_err("there are too many").to_string();
    assert!(error.contains("evolution"), "{error}");
    let error = Ascent::plain().search(&of(&letters)).expect_err("no slopes").to_string();
    assert!(error.contains("slopes"), "{error}");
}

#[test]
fn a_stopped_and_restored_evolution_goes_on_to_the_bit() {
    use hatchery_engine::{Budget, Evaluator, RunPlan, Strategy, run};
    let bowl = Bowl::new(3);
    let task = crate::model::Scored { surrogate: &bowl, merit: Merit::default() };
    let new = || {
        DesignEvolution::try_new(bowl.space(), &[], EvolutionConfig::default(), 5).expect("sound")
    };
    let evaluator = Evaluator::new(hatchery_kernels::Backend::cpu());
    let mut unbroken = new();
    let budget = Budget { generations: Some(6), ..Budget::default() };
    let plan = RunPlan { budget, ..RunPlan::default() };
    run(&mut unbroken, &task, &evaluator, &plan, &mut []).expect("it runs");
    let mut strategy = new();
    for generation in 0..6 {
        let state = strategy.state().expect("a state");
        strategy = new();
        strategy.restore(state).expect("it fits");
        let population = strategy.ask(generation).expect("it asks");
        let fitness = evaluator.evaluate(&task, &population).expect("it is scored");
        strategy.tell(population, &fitness, &hatchery_kernels::Backend::cpu()).expect("it learns");
    }
    assert_eq!(strategy.state().expect("a state"), unbroken.state().expect("a state"));
}
