//! Strategies over real vectors as searches of designs: they move in the box of one-hot features, and each of their points is decoded and repaired.

use std::collections::HashSet;

use hatchery_engine::{
    Explicit, Fitness, Layout, ParamSpec, Params, Perturbed, Population, Strategy as _,
    write_member,
};
use hatchery_kernels::{Backend, LayerNoise};
use hatchery_search::es::cma;
use hatchery_search::{Eggroll, eggroll};
use hatchery_surrogates::SurrogateError;
use hatchery_surrogates::searcher::{Problem, Searcher};
use hatchery_surrogates::space::{Design, Encoding, Site, Space};

/// Generations of a search.
const GENERATIONS: u32 = 200;
/// Members of a generation.
const MEMBERS: u32 = 64;

/// Which strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strategy {
    CmaEs,
    Eggroll,
}

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct InBox {
    pub(super) strategy: Strategy,
}

impl Searcher for InBox {
    fn name(&self) -> &str {
        match self.strategy {
            Strategy::CmaEs => "cma-es",
            Strategy::Eggroll => "eggroll",
        }
    }

    fn search(&self, problem: &Problem<'_>) -> Result<Vec<Design>, SurrogateError> {
        let space = problem.surrogate.space();
        let first = problem.start.first().cloned();
        let first = first.unwrap_or_else(|| {
            space.sample(&mut hatchery_surrogates::Draws::new(problem.seed, "start in a box"))
        });
        let features = Features::of(space, first);
        let mut archive = Archive { problem, best: Vec::new() };
        match self.strategy {
            Strategy::CmaEs => cma_es(&features, &mut archive),
            Strategy::Eggroll => eggroll(&features, &mut archive),
        }?;
        Ok(archive.best.into_iter().map(|(_, design)| design).collect())
    }
}

fn failed(error: impl std::fmt::Display) -> SurrogateError {
    SurrogateError::Search { reason: error.to_string() }
}

fn cma_es(features: &Features<'_>, archive: &mut Archive<'_>) -> Result<(), SurrogateError> {
    let (lower, upper) = (vec![0.0], vec![1.0]);
    let config = cma::Config { population: MEMBERS, lower, upper, ..cma::Config::default() };
    let seed = archive.problem.seed;
    let mut strategy = cma::CmaEs::from_vector(config, &features.start(), seed).map_err(failed)?;
    for generation in 0..GENERATIONS {
        let population: Explicit<Vec<f32>> = strategy.ask(generation).map_err(failed)?;
        let designs = population.members.iter().map(|point| features.design(point)).collect();
        let fitness = archive.add(designs);
        let ends = archive.is_over(&fitness);
        if ends || strategy.tell(population, &fitness, &Backend::cpu()).is_err() {
            break; // A deviation without length has nothing more to find.
        }
    }
    Ok(())
}

fn eggroll(features: &Features<'_>, archive: &mut Archive<'_>) -> Result<(), SurrogateError> {
    let start = features.start();
    let layout = Layout::new(vec![ParamSpec::vector("x", start.len())]);
    let mut centre = Params::zeros(layout.into());
    centre.values.copy_from_slice(&start);
    let mut x = centre.clone();
    let config =
        eggroll::Config { pairs: MEMBERS / 2, learning_rate: 0.02, ..eggroll::Config::default() };
    let seed = archive.problem.seed;
    let variant = eggroll::Variant::Eggroll;
    let mut strategy = Eggroll::try_new(variant, config, centre, seed).map_err(failed)?;
    let mut noise = LayerNoise::default();
    for generation in 0..GENERATIONS {
        let population: Perturbed = strategy.ask(generation).map_err(failed)?;
        let mut design = |member| {
            write_member(&population, member, &mut noise, &mut x);
            features.design(&x.values)
        };
        let designs = (0..population.len()).map(&mut design).collect();
        let fitness = archive.add(designs);
        if archive.is_over(&fitness) {
            break;
        }
        strategy.tell(population, &fitness, &Backend::cpu()).map_err(failed)?;
    }
    Ok(())
}

/// The features of free sites, as a box from 0 to 1.
struct Features<'a> {
    space: &'a Space,
    encoding: Encoding,
    /// All features of the start.
    all: Vec<f64>,
    /// Which of them belong to free sites.
    free: Vec<usize>,
}

impl<'a> Features<'a> {
    fn of(space: &'a Space, first: Design) -> Self {
        let encoding = Encoding::one_hot(space);
        let free = space.free_sites().iter().flat_map(|&site| encoding.features_of(site)).collect();
        Self { space, all: encoding.encode(&first), encoding, free }
    }

    /// The start, with levels so near to each other that draws of the strategy reach them all.
    fn start(&self) -> Vec<f32> {
        let feature = |&at: &usize| match self.space.sites()[self.encoding.site_of(at)] {
            Site::Categorical { .. } => 0.4 + 0.2 * self.all[at] as f32,
            _ => self.all[at].clamp(0.0, 1.0) as f32,
        };
        self.free.iter().map(feature).collect()
    }

    fn design(&self, point: &[f32]) -> Option<Design> {
        let mut features = self.all.clone();
        self.free.iter().zip(point).for_each(|(&at, value)| features[at] = f64::from(*value));
        self.space.repair(&self.encoding.decode(&features))
    }
}

/// The best designs that were seen, none twice.
struct Archive<'a> {
    problem: &'a Problem<'a>,
    best: Vec<(f64, Design)>,
}

impl Archive<'_> {
    /// Keeps what is good of a generation and returns its fitness; a point without a valid design nearby has failed.
    fn add(&mut self, designs: Vec<Option<Design>>) -> Fitness {
        let problem = self.problem;
        let valid: Vec<Design> = designs.iter().flatten().cloned().collect();
        let merits = problem.merit.values(problem.surrogate, &valid);
        let mut each = merits.iter();
        let value = |design: &Option<Design>| {
            let merit = design.as_ref().and_then(|_| each.next());
            merit.map_or(f32::NAN, |merit| *merit as f32)
        };
        let values = designs.iter().map(value).collect();
        let new = merits.into_iter().zip(valid).filter(|(merit, _)| !merit.is_nan());
        self.best.extend(new);
        self.best.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut seen = HashSet::new();
        let key = |design: &[f64]| design.iter().map(|v| (v + 0.0).to_bits()).collect::<Vec<u64>>();
        self.best.retain(|(_, design)| seen.insert(key(design)));
        self.best.truncate(8 * problem.answers.max(1));
        Fitness::new(values, None)
    }

    fn is_over(&self, fitness: &Fitness) -> bool {
        self.problem.stop.is_raised() || fitness.failures == fitness.values.len()
    }
}

#[cfg(test)]
mod tests {
    use hatchery_engine::StopFlag;
    use hatchery_surrogates::model::{Merit, Ridge};
    use hatchery_surrogates::space::{Constraints, Field, Kind, Sum};
    use hatchery_surrogates::{Draws, Rows};

    use super::*;

    #[test]
    fn both_strategies_find_the_best_of_a_constrained_model() {
        let number = |name: &str| Field::new(name, Kind::Real { lower: 0.0, upper: 1.0 });
        let levels = ["u", "v", "w"].map(String::from).to_vec();
        let fields = vec![
            number("a"),
            number("b"),
            number("c"),
            Field::new("s", Kind::Categorical { levels }),
        ];
        let columns = ["a", "b", "c"].map(String::from).to_vec();
        let sums = vec![Sum { columns, total: 1.0, tolerance: 0.0 }];
        let space = Space::try_new(fields, Constraints { sums, ..Constraints::default() });
        let space = space.expect("a space");
        // Best at a = 0.5, b = 0.3, s = w.
        let truth = |x: &[f64]| {
            let level = if x[3] == 2.0 { 0.5 } else { 0.0 };
            level - (x[0] - 0.5).powi(2) - (x[1] - 0.3).powi(2)
        };
        let mut draws = Draws::new(1, "rows of a test");
        let designs: Vec<Design> = (0..120).map(|_| space.sample(&mut draws)).collect();
        let scores: Vec<f64> = designs.iter().map(|x| truth(x)).collect();
        let model = Ridge::fit(&space, Rows::new(&designs, &scores), true).expect("it fits");
        let stop = StopFlag::default();
        for strategy in [Strategy::CmaEs, Strategy::Eggroll] {
            let problem = Problem {
                surrogate: &model,
                merit: Merit::default(),
                start: &designs[..1],
                answers: 8,
                seed: 3,
                stop: &stop,
            };
            let searcher = InBox { strategy };
            let found = searcher.search(&problem).expect("it searches");
            assert!(found.len() >= 8 && found.iter().all(|design| space.is_valid(design)));
            let best = truth(&found[0]);
            assert!(best > 0.49, "{}: {best} at {:?}", searcher.name(), found[0]);
            assert_eq!(found, searcher.search(&problem).expect("it searches"), "the same again");
        }
    }
}
