//! Tasks by name.

use std::path::Path;

use super::{
    Benchmark, ClosedForm, DesignError, FACTORS, Function, MountFuji, Oracle, Planted, Settings,
    buchwald_hartwig, gb1, pho4_rows34, tf_bind_8, tf_bind_like,
};

/// Names, and in a few words what they are. The functions of any number of columns are listed with one of them.
pub const NAMES: [(&str, &str); 19] = [
    ("branin", "2 numbers, three optima"),
    ("hartmann6", "6 numbers"),
    ("ackley20", "20 numbers, shifted and rotated; any other number as well"),
    ("rastrigin20", "20 numbers, shifted and rotated; any other number as well"),
    ("levy20", "20 numbers, shifted and rotated; any other number as well"),
    ("rosenbrock8", "8 numbers; any other number as well"),
    ("styblinski-tang6", "6 numbers; any other number as well"),
    ("planted-86", "amounts of 86 elements, 12 peaks, noisy scores"),
    ("tfbind-like", "8 letters of 4, a generated table"),
    ("ehrlich", "32 letters of 20, 4 motifs of 4, forbidden neighbours"),
    ("ehrlich-holo", "256 letters of 32, 4 motifs of 8, forbidden neighbours"),
    ("rmf", "40 bits, Rough Mount Fuji"),
    ("tf-bind-8", "8 letters of 4, measured binding of SIX6"),
    ("tf-bind-8-crx", "the same of CRX"),
    ("tf-bind-8-pax4", "the same of PAX4"),
    ("tf-bind-8-vsx1", "the same of VSX1"),
    ("pho4-rows34", "10 letters of 4, measured binding of Pho4"),
    ("buchwald-hartwig", "4 choices, measured yields of a coupling"),
    ("gb1", "4 letters of 20, measured fitness of a protein"),
];

/// The task of a name and seed, with the split that is usual for it. `data` is the folder that holds `offline/`, which measured
/// tables need.
///
/// # Errors
/// For an unknown name, a missing folder, or a file that is missing or damaged.
pub fn named(name: &str, data: Option<&Path>, seed: u64) -> Result<Benchmark, DesignError> {
    let oracle = oracle(name, data, seed)?;
    let protocol = oracle.protocol();
    Benchmark::assemble(oracle, protocol, seed)
}

/// The oracle of a name and seed, for a split of one's own by [`Benchmark::assemble`].
///
/// # Errors
/// As [`named`].
pub fn oracle(name: &str, data: Option<&Path>, seed: u64) -> Result<Box<dyn Oracle>, DesignError> {
    let folder = || {
        let missing = || DesignError::NoFolder { name: name.to_owned() };
        data.map(|data| data.join("offline")).ok_or_else(missing)
    };
    if let Some(rest) = name.strip_prefix("tf-bind-8") {
        let factor = rest.strip_prefix('-').unwrap_or(if rest.is_empty() { "six6" } else { "?" });
        if let Some(factor) = FACTORS.into_iter().find(|known| known.eq_ignore_ascii_case(factor)) {
            return Ok(Box::new(tf_bind_8(&folder()?, factor)?));
        }
    }
    Ok(match name {
        "planted-86" => Box::new(Planted::draw(seed)),
        "tfbind-like" => Box::new(tf_bind_like(seed)),
        "ehrlich" => Box::new(Settings::default().draw(seed)?),
        "ehrlich-holo" => Box::new(Settings::holo().draw(seed)?),
        "rmf" => Box::new(MountFuji::draw(40, seed)?),
        "pho4-rows34" => Box::new(pho4_rows34(&folder()?)?),
        "buchwald-hartwig" => Box::new(buchwald_hartwig(&folder()?)?),
        "gb1" => Box::new(gb1(&folder()?)?),
        _ => Box::new(function(name, seed)?),
    })
}

/// A function by its name and number of columns, such as `levy20`.
fn function(name: &str, seed: u64) -> Result<ClosedForm, DesignError> {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let columns = name[letters.len()..].parse().ok();
    let known = Function::ALL.into_iter().find(|function| function.name() == letters);
    let function = match (known, columns) {
        (Some(Function::Branin), None) => ClosedForm::try_new(Function::Branin, 2),
        (Some(function), Some(columns)) => ClosedForm::try_new(function, columns),
        _ => {
            let known = NAMES.map(|(name, _)| name).join(", ");
            return Err(DesignError::Unknown { name: name.to_owned(), known });
        }
    }?;
    // Their optima are the centre of the box or near it, where many searches go by themselves.
    match function.function {
        Function::Ackley | Function::Rastrigin | Function::Levy => function.moved(seed),
        _ => Ok(function),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Protocol, Window};
    use super::*;

    fn generated() -> impl Iterator<Item = &'static str> {
        let measured = |name: &&str| oracle(name, None, 1).is_err();
        NAMES.into_iter().map(|(name, _)| name).filter(move |name| !measured(name))
    }

    #[test]
    fn every_generated_task_has_an_optimum_that_nothing_in_its_pool_exceeds() {
        assert_eq!(generated().count(), 12);
        for name in generated() {
            let benchmark = named(name, None, 2).unwrap();
            let best = benchmark.oracle.optimum().expect("it is known");
            for optimum in benchmark.oracle.optima() {
                let truth = benchmark.oracle.truth(&optimum).expect("an optimum is feasible");
                assert!((truth - best).abs() <= 1e-12 * best.abs().max(1.0), "{name}: {truth}");
            }
            let extremes = benchmark.extremes;
            assert!(extremes.maximum <= best && extremes.minimum < extremes.maximum, "{name}");
            assert_eq!(extremes.by_pool(extremes.maximum), 1.0);
            assert_eq!(extremes.by_optimum(best), Some(1.0));
            let seen = &benchmark.split.visible;
            let visible =
                seen.iter().map(|&row| benchmark.pool.truths[row]).fold(f64::MIN, f64::max);
            println!(
                "{name}: {} visible of {}, best by optimum {:.3}",
                seen.len(),
                benchmark.pool.len(),
                extremes.by_optimum(visible).unwrap_or(f64::NAN)
            );
        }
    }

    #[test]
    fn the_seed_is_all_that_a_task_depends_on() {
        for name in generated().filter(|name| *name != "ehrlich-holo") {
            let (a, b) = (named(name, None, 3).unwrap(), named(name, None, 3).unwrap());
            let bits = |scores: &[f64]| scores.iter().map(|s| s.to_bits()).collect::<Vec<_>>();
            assert_eq!(a.pool.designs, b.pool.designs);
            assert_eq!(bits(&a.pool.scores), bits(&b.pool.scores));
            assert_eq!(a.split, b.split);
            let other = named(name, None, 4).unwrap();
            assert_ne!(bits(&a.pool.scores), bits(&other.pool.scores), "{name}");
        }
    }

    #[test]
    fn five_thousand_rows_away_from_the_optimum_are_visible_of_a_function() {
        let benchmark = named("hartmann6", None, 1).unwrap();
        assert_eq!((benchmark.pool.len(), benchmark.split.visible.len()), (20_000, 5000));
        let optimum = &benchmark.oracle.optima()[0];
        assert!(benchmark.distance_to_visible(optimum) > 0.1);
        let windows = vec![Window::Slab];
        let protocol = Protocol { windows, noise: 0.01, ..Protocol::default() };
        let oracle = oracle("hartmann6", None, 1).unwrap();
        let slab = Benchmark::assemble(oracle, protocol, 1).unwrap();
        assert_eq!((slab.split.visible.len(), slab.extremes), (10_000, benchmark.extremes));
    }

    #[test]
    fn unknown_names_and_missing_folders_say_what_to_do() {
        let message = |name: &str, data| named(name, data, 1).expect_err("it is wrong").to_string();
        assert!(
            message("hartman6", None)
                .starts_with("there is no design task 'hartman6'; tasks are: branin")
        );
        for wrong in ["ackley", "levy-20", "tf-bind-8x", "tf-bind-8-sox2", "tf-bind-80", ""] {
            assert!(message(wrong, None).starts_with("there is no design task"), "{wrong}");
        }
        assert_eq!(
            message("rosenbrock1", None),
            "dimension: rosenbrock is not a function of 1 columns"
        );
        assert_eq!(
            message("gb1", None),
            "'gb1' is a measured table: say in which folder its files are"
        );
        let nowhere = message("tf-bind-8", Some(Path::new("nowhere")));
        assert!(
            nowhere.starts_with("cannot read nowhere/offline/tf_bind_8/SIX6_REF_R1_8mers.txt.gz: "),
            "{nowhere}"
        );
    }
}
