use super::*;
use crate::Draws;

/// A random small space: one to six columns of all kinds, fixed values, sums, limits and forbidden combinations, most of
/// them around a point of the box so that they can often be met.
fn random_space(draws: &mut Draws) -> (Vec<Field>, Constraints) {
    let count = 1 + draws.below(6);
    let mut fields: Vec<Field> = (0..count).map(|at| random_field(at, draws)).collect();
    let mut centre: Vec<f64> = Vec::new();
    for field in &mut fields {
        let site = field.kind.site();
        let values: Vec<f64> = (0..field.kind.sites())
            .map(|_| site.nearest(draws.between(site.lower(), site.upper())))
            .collect();
        field.sites = centre.len()..centre.len() + values.len();
        if draws.chance(0.15) {
            let keep =
                |&value: &f64| (field.kind.sites() == 1 || draws.chance(0.5)).then_some(value);
            field.fixed = values.iter().map(keep).collect();
        }
        centre.extend(values);
    }
    let numbers: Vec<usize> = (0..count).filter(|&at| fields[at].kind.site().is_number()).collect();
    let mut constraints = Constraints::default();
    let name = |at: usize| format!("x{at}");
    if numbers.len() >= 2 && draws.chance(0.6) {
        let chosen = 2 + draws.below(numbers.len() - 1);
        let members = draws.choose(numbers.len(), chosen);
        let members: Vec<usize> = members.into_iter().map(|at| numbers[at]).collect();
        let total: f64 = members.iter().map(|&at| centre[fields[at].sites.start]).sum();
        let tolerance = if draws.chance(0.2) { 0.01 } else { 0.0 };
        let columns = members.iter().map(|&at| name(at)).collect();
        constraints.sums.push(Sum { columns, total, tolerance });
    }
    for _ in 0..if numbers.is_empty() { 0 } else { draws.below(3) } {
        let chosen = 1 + draws.below(numbers.len());
        let members = draws.choose(numbers.len(), chosen);
        let members: Vec<usize> = members.into_iter().map(|at| numbers[at]).collect();
        let weights: Vec<f64> =
            members.iter().map(|_| (draws.normal() * 4.0).round() / 2.0).collect();
        let at = |at: &usize| centre[fields[*at].sites.start];
        let value: f64 = members.iter().zip(&weights).map(|(m, w)| w * at(m)).sum();
        let at_most = value + if draws.chance(0.3) { 0.0 } else { draws.between(-0.5, 2.0) };
        let terms = members.iter().map(|&at| name(at)).zip(weights).collect();
        constraints.limits.push(Linear { terms, at_most });
    }
    let discrete: Vec<usize> = (0..count)
        .filter(|&at| !matches!(fields[at].kind, Kind::Real { .. } | Kind::Sequence { .. }))
        .collect();
    for _ in 0..if discrete.len() < 2 { 0 } else { draws.below(5) } {
        let members = draws.choose(discrete.len(), 2);
        let value = |at: usize, draws: &mut Draws| {
            let site = fields[discrete[at]].kind.site();
            let value = site.nearest(draws.between(site.lower(), site.upper()));
            (name(discrete[at]), fields[discrete[at]].show(&[value]))
        };
        let values = members.into_iter().map(|at| value(at, draws)).collect();
        constraints.forbidden.push(Forbidden { values });
    }
    (fields, constraints)
}

fn random_field(at: usize, draws: &mut Draws) -> Field {
    let levels = |draws: &mut Draws| (0..2 + draws.below(4)).map(|l| format!("l{l}")).collect();
    let lower = draws.between(-50.0, 50.0);
    let kind = match draws.below(6) {
        0 | 1 => Kind::Real { lower, upper: lower + draws.between(0.1, 50.0) },
        2 | 3 => Kind::Integer {
            lower: lower.round(),
            upper: lower.round() + 1.0 + draws.below(20) as f64,
        },
        4 => Kind::Categorical { levels: levels(draws) },
        _ if draws.chance(0.5) => Kind::Ordinal { levels: levels(draws) },
        _ => Kind::Sequence { alphabet: vec!['A', 'B', 'C'], length: 1 + draws.below(4) },
    };
    Field::new(format!("x{at}"), kind)
}

/// Whether a design meets everything to 1e-9, by the constraints as they were written.
fn meets_all(fields: &[Field], constraints: &Constraints, x: &[f64]) -> bool {
    let named = |column: &String| fields.iter().find(|field| field.name == *column);
    let at = |column: &String| named(column).expect("it is there").sites.start;
    let inside = fields.iter().all(|field| {
        let site = field.kind.site();
        let whole = !matches!(field.kind, Kind::Real { .. });
        field.sites.clone().enumerate().all(|(index, place)| {
            let fixed = field.fixed.get(index).copied().flatten();
            let value = x[place];
            fixed.is_none_or(|fixed| fixed == value)
                && (site.lower()..=site.upper()).contains(&value)
                && (!whole || value.fract() == 0.0)
        })
    });
    let sums = constraints.sums.iter().all(|sum| {
        let found: f64 = sum.columns.iter().map(|column| x[at(column)]).sum();
        (found - sum.total).abs() <= sum.tolerance.max(1e-9)
    });
    let limits = constraints.limits.iter().all(|limit| {
        let found: f64 = limit.terms.iter().map(|(column, weight)| weight * x[at(column)]).sum();
        found <= limit.at_most + 1e-9
    });
    let allowed = !constraints.forbidden.iter().any(|rule| {
        rule.values.iter().all(|(column, value)| {
            let field = named(column).expect("it is there");
            field.parse(value).expect("it was checked")[0] == x[at(column)]
        })
    });
    inside && sums && limits && allowed
}

/// Whether some design meets all, found by trying each; `None` if they are too many.
fn has_design(fields: &[Field], constraints: &Constraints) -> Option<bool> {
    let free = Space::try_new(fields.to_vec(), Constraints::default()).ok()?;
    free.box_size().filter(|&points| points <= 20_000)?;
    Some(free.enumerate()?.any(|x| meets_all(fields, constraints, &x)))
}

/// What became of some random spaces.
#[derive(Debug, Default)]
struct Tally {
    spaces: usize,
    refused: usize,
    contradictions: usize,
    /// Of these the ones that can be counted through, and how many of them were none.
    counted: usize,
    wrong: usize,
    designs: usize,
    repairs: usize,
    unrepaired: usize,
    unmoved: usize,
}

/// Every verb on random spaces; panics at the first design that misses a constraint.
fn try_spaces(numbers: std::ops::Range<u64>) -> Tally {
    let mut tally = Tally::default();
    for number in numbers {
        let mut draws = Draws::numbered(1, "random spaces", number);
        let (fields, constraints) = random_space(&mut draws);
        let space = match Space::try_new(fields.clone(), constraints.clone()) {
            Ok(space) => space,
            Err(error) => {
                tally.refused += 1;
                if let SpaceError::Contradiction { .. } = error {
                    tally.contradictions += 1;
                    let wrong = has_design(&fields, &constraints);
                    tally.counted += usize::from(wrong.is_some());
                    tally.wrong += usize::from(wrong == Some(true));
                }
                continue;
            }
        };
        tally.spaces += 1;
        let mut check = |what: &str, x: &[f64]| {
            tally.designs += 1;
            assert!(
                meets_all(&fields, &constraints, x),
                "space {number}, {what}: {x:?} of {space:#?}"
            );
            assert!(space.is_valid(x), "space {number}, {what}: {}", space.violation(x));
        };
        let first = space.sample(&mut draws);
        check("sample", &first);
        let second = space.sample(&mut draws);
        check("sample", &second);
        let mutated = space.mutate(&first, 0.1, &mut draws);
        check("mutate", &mutated);
        let unmoved = usize::from(mutated == first);
        check("crossover", &space.crossover(&first, &second, &mut draws));
        let neighbours = space.neighbours(&first, 0.05);
        neighbours.iter().for_each(|x| check("neighbour", x));
        assert_eq!(space.repair(&second), Some(second.clone()), "a valid design stays");
        let mut repairs = [0, 0];
        for _ in 0..3 {
            let step = |&v: &f64| v + 20.0 * draws.normal();
            let repaired = space.repair(&first.iter().map(step).collect::<Vec<_>>());
            repairs[usize::from(repaired.is_some())] += 1;
            repaired.iter().for_each(|x| check("repair", x));
        }
        tally.unmoved += unmoved;
        tally.repairs += repairs[0] + repairs[1];
        tally.unrepaired += repairs[0];
    }
    tally
}

#[test]
fn no_design_of_a_thousand_random_spaces_misses_a_constraint() {
    let tally = try_spaces(0..1_000);
    assert!(tally.spaces > 600, "{tally:?}");
    assert!(tally.unrepaired * 20 < tally.repairs, "{tally:?}");
    assert!(tally.counted > 5 && tally.wrong == 0, "{tally:?}");
}

/// `cargo test -p hatchery-surrogates --lib random_spaces -- --ignored --nocapture`
#[test]
#[ignore = "a minute and a half: `just slow`; a thousand of its spaces are a test above"]
fn no_design_of_a_hundred_thousand_random_spaces_misses_a_constraint() {
    let tally = try_spaces(0..100_000);
    println!("{tally:?}");
    assert!(tally.spaces > 60_000, "{tally:?}");
    assert!(tally.unrepaired * 20 < tally.repairs, "{tally:?}");
    assert!(tally.counted > 500 && tally.wrong == 0, "{tally:?}");
}

fn real(name: &str, lower: f64, upper: f64) -> Field {
    Field::new(name, Kind::Real { lower, upper })
}

fn integer(name: &str, lower: f64, upper: f64) -> Field {
    Field::new(name, Kind::Integer { lower, upper })
}

fn categories(name: &str, levels: &[&str]) -> Field {
    let levels = levels.iter().map(|level| level.to_string()).collect();
    Field::new(name, Kind::Categorical { levels })
}

fn sum(columns: &[&str], total: f64) -> Sum {
    let columns = columns.iter().map(|column| column.to_string()).collect();
    Sum { columns, total, tolerance: 0.0 }
}

fn limit(terms: &[(&str, f64)], at_most: f64) -> Linear {
    let terms = terms.iter().map(|(column, weight)| (column.to_string(), *weight)).collect();
    Linear { terms, at_most }
}

fn forbid(values: &[(&str, &str)]) -> Forbidden {
    let text = |(column, value): &(&str, &str)| (column.to_string(), value.to_string());
    Forbidden { values: values.iter().map(text).collect() }
}

fn with(sums: Vec<Sum>, limits: Vec<Linear>, forbidden: Vec<Forbidden>) -> Constraints {
    Constraints { sums, limits, forbidden }
}

#[test]
fn mixtures_are_uniform_on_their_simplex() {
    // Of three shares in 0..1 that sum to 1 the first has density 2 (1 - x): mean 1/3, variance 1/18.
    let fields = ["a", "b", "c"].map(|name| real(name, 0.0, 1.0)).to_vec();
    let space = Space::try_new(fields, with(vec![sum(&["a", "b", "c"], 1.0)], vec![], vec![]));
    let space = space.expect("a space");
    let mut draws = Draws::new(4, "mixtures");
    let count = 4_000;
    let first: Vec<f64> = (0..count).map(|_| space.sample(&mut draws)[0]).collect();
    let mean = crate::statistics::mean(&first);
    let error = 5.0 * (1.0 / 18.0 / count as f64).sqrt(); // One false alarm in 1.7 million seeds.
    assert!((mean - 1.0 / 3.0).abs() < error, "{mean}");
    assert!((crate::statistics::median(&first) - (1.0 - 0.5f64.sqrt())).abs() < 0.02);
}

#[test]
fn whole_mixtures_are_walked_to_evenly() {
    // 66 ways to divide 10 between three; 36 of them have the first at most 3: 11 + 10 + 9 + 8 = 38.
    let fields = ["a", "b", "c"].map(|name| integer(name, 0.0, 10.0)).to_vec();
    let space = Space::try_new(fields, with(vec![sum(&["a", "b", "c"], 10.0)], vec![], vec![]));
    let space = space.expect("a space");
    assert_eq!((space.box_size(), space.size()), (Some(1_331), Some(66)));
    let mut draws = Draws::new(5, "mixtures");
    let count = 2_000;
    let few = (0..count).filter(|_| space.sample(&mut draws)[0] <= 3.0).count();
    let share = few as f64 / f64::from(count);
    assert!((share - 38.0 / 66.0).abs() < 5.0 * (0.25 / f64::from(count)).sqrt(), "{share}");
    let repaired = space.repair(&[3.4, 3.4, 3.4]).expect("it is near");
    assert_eq!(repaired.iter().sum::<f64>(), 10.0);
}

#[test]
fn all_designs_are_listed_once_and_none_is_forbidden() {
    let fields = vec![
        categories("solvent", &["DMF", "THF"]),
        categories("base", &["NaH", "KOH", "DBU"]),
        integer("n", 1.0, 4.0),
        integer("held", 1.0, 4.0).with_fixed(&[2.0]),
    ];
    let rules = vec![forbid(&[("solvent", "THF"), ("base", "NaH")])];
    let space = Space::try_new(fields, with(vec![], vec![limit(&[("n", 1.0)], 3.5)], rules));
    let space = space.expect("a space");
    let designs: Vec<Design> = space.enumerate().expect("it is small").collect();
    assert_eq!((designs.len(), space.size()), (15, Some(15)));
    assert!(designs.windows(2).all(|pair| pair[0] < pair[1]) && designs[0][3] == 2.0);
    let repaired = space.repair(&[1.0, 0.0, 9.0, 4.0]).expect("it is near");
    assert_eq!(repaired, [1.0, 1.0, 3.0, 2.0]);
    // One change from a design next to the forbidden pair: two bases, n up and down, no other solvent.
    let neighbours = space.neighbours(&[0.0, 0.0, 2.0, 2.0], 0.01);
    assert_eq!(neighbours.len(), 4, "{neighbours:?}");
    let endless = Space::try_new(vec![real("x", 0.0, 1.0)], Constraints::default());
    let endless = endless.expect("a space");
    assert!(endless.size().is_none() && endless.enumerate().is_none());
}

#[test]
fn a_mutation_changes_one_site_or_shifts_between_two() {
    let mut fields: Vec<Field> = ["a", "b", "c"].map(|name| real(name, 0.0, 1.0)).to_vec();
    fields.push(Field::new("w", Kind::Sequence { alphabet: vec!['A', 'C', 'G', 'T'], length: 6 }));
    let space = Space::try_new(fields, with(vec![sum(&["a", "b", "c"], 1.0)], vec![], vec![]));
    let space = space.expect("a space");
    let mut draws = Draws::new(6, "mutation");
    let mut x = space.sample(&mut draws);
    let mut counts = [0; 10];
    for _ in 0..2_000 {
        let next = space.mutate(&x, 0.2, &mut draws);
        let changed: Vec<usize> = (0..9).filter(|&site| next[site] != x[site]).collect();
        assert!(changed.len() == 1 && changed[0] > 2 || changed.len() == 2 && changed[1] < 3);
        changed.iter().for_each(|&site| counts[site] += 1);
        x = next;
    }
    assert!(space.is_valid(&x) && counts[..9].iter().all(|&count| count > 150), "{counts:?}");
}

#[test]
fn gowers_distance_is_a_mean_over_sites() {
    let fields = vec![
        real("t", 20.0, 120.0),
        categories("solvent", &["DMF", "THF"]),
        Field::new("w", Kind::Sequence { alphabet: vec!['A', 'B'], length: 2 }),
    ];
    let space = Space::try_new(fields, Constraints::default()).expect("a space");
    let (a, b) = ([20.0, 0.0, 0.0, 1.0], [70.0, 1.0, 0.0, 0.0]);
    assert_eq!((space.distance(&a, &b), space.distance(&a, &a)), (2.5 / 4.0, 0.0));
    assert_eq!(space.repair(&[f64::NAN, 0.0, 0.0, 0.0]), None);
    assert_eq!(space.repair(&[f64::INFINITY, 0.4, -3.0, 7.0]), Some(vec![120.0, 0.0, 0.0, 1.0]));
}

#[test]
fn what_cannot_be_is_refused_in_one_line() {
    let fault = |fields: Vec<Field>, constraints: Constraints| {
        let error = Space::try_new(fields, constraints).expect_err("it is wrong").to_string();
        assert!(!error.contains('\n'), "{error}");
        error
    };
    let bare = |field: Field| fault(vec![field], Constraints::default());
    let ab = || vec![real("a", 0.0, 1.0), real("b", 0.0, 1.0), categories("c", &["u", "v"])];
    let sums = |sums: Vec<Sum>| fault(ab(), with(sums, vec![], vec![]));
    let limits = |limits: Vec<Linear>| fault(ab(), with(vec![], limits, vec![]));
    let ij = || vec![integer("i", 0.0, 1.0), categories("c", &["u", "v"]), real("a", 0.0, 1.0)];
    let rules = |rules: Vec<Forbidden>| fault(ij(), with(vec![], vec![], rules));
    let all = [("0", "u"), ("0", "v"), ("1", "u"), ("1", "v")];
    let all = all.map(|(i, c)| forbid(&[("i", i), ("c", c)])).to_vec();
    let upside = limit(&[("a", -1.0), ("b", -1.0)], -1.5);
    for (found, expected) in [
        (fault(vec![], Constraints::default()), "at least one column"),
        (bare(real("x", 0.0, f64::INFINITY)), "bounds 0 to inf must be finite numbers"),
        (bare(real("x", -1e308, 1e308)), "must be finite numbers"),
        (bare(real("x", 2.0, 1.0)), "the lower bound 2 must be below the upper bound 1"),
        (bare(real("x", 1.0, 1.0)), "the lower bound 1 must be below the upper bound 1"),
        (bare(integer("x", 0.5, 3.0)), "bounds of an integer must be whole"),
        (bare(integer("x", 0.0, 1e300)), "below 2^53"),
        (bare(categories("x", &[])), "has no levels"),
        (bare(categories("x", &["u", "u"])), r#"level "u" is listed twice"#),
        (
            bare(Field::new("x", Kind::Sequence { alphabet: vec!['A'], length: 0 })),
            "at least one letter",
        ),
        (
            bare(Field::new("x", Kind::Sequence { alphabet: vec!['A'], length: 20_000 })),
            "at most 10000",
        ),
        (
            bare(real("x", 0.0, 1.0).with_fixed(&[2.0])),
            "the fixed value \"2\" is not possible; it must lie in 0 to 1",
        ),
        (bare(real("x", 0.0, 1.0).with_fixed(&[0.1, 0.2])), "the column has 1 sites"),
        (bare(Field { cost: Some(f64::NAN), ..real("x", 0.0, 1.0) }), "a finite number a unit"),
        (
            fault(vec![real("x", 0.0, 1.0), real("x", 0.0, 1.0)], Constraints::default()),
            "two columns are named \"x\"",
        ),
        (
            sums(vec![sum(&["a", "b"], 2.5)]),
            "the sum a + b = 2.5 cannot be met: within their bounds these columns sum to 0 .. 2",
        ),
        (
            sums(vec![sum(&["a", "c"], 1.0)]),
            "column \"c\" is categorical; only real and integer columns can be summed",
        ),
        (sums(vec![sum(&["a", "a"], 1.0)]), "names column \"a\" twice"),
        (sums(vec![sum(&["a"], 1.0)]), "needs at least 2 columns"),
        (
            sums(vec![sum(&["a", "B"], 1.0)]),
            "names column \"B\", which is not there; did you mean \"b\"?",
        ),
        (sums(vec![sum(&["a", "b"], f64::NAN)]), "the total must be a finite number, found NaN"),
        (
            sums(vec![Sum { tolerance: -1.0, ..sum(&["a", "b"], 1.0) }]),
            "the tolerance must be a finite number of at least 0, found -1",
        ),
        (
            sums(vec![sum(&["a", "b"], 1.0), sum(&["b", "a"], 1.0)]),
            "is in two sums; write the second one",
        ),
        (
            fault(
                vec![integer("i", 0.0, 5.0), integer("j", 0.0, 5.0)],
                with(vec![sum(&["i", "j"], 2.5)], vec![], vec![]),
            ),
            "all its columns are integers",
        ),
        (
            limits(vec![limit(&[("a", 1.0)], -0.5)]),
            "the limit 1 a <= -0.5 cannot be met: within their bounds these columns give at least 0",
        ),
        (limits(vec![limit(&[("a", 0.0)], 1.0)]), "needs at least 1 columns"),
        (limits(vec![limit(&[("a", f64::INFINITY)], 1.0)]), "a weight must be a finite number"),
        (
            limits(vec![limit(&[("a", 1.0), ("b", 1.0)], 1.0), upside]),
            "no design meets all 2 constraints together",
        ),
        (
            rules(vec![forbid(&[("a", "0.5"), ("c", "u")])]),
            "column \"a\" is real; only values of integer, ordinal and categorical",
        ),
        (
            rules(vec![forbid(&[("i", "7"), ("c", "u")])]),
            "column \"i\" has no value \"7\"; there are: 0 to 1",
        ),
        (
            rules(vec![forbid(&[("i", "1"), ("c", "U")])]),
            "column \"c\" has no value \"U\"; did you mean \"u\"?",
        ),
        (rules(vec![forbid(&[("i", "1")])]), "needs at least 2 columns"),
        (rules(vec![forbid(&[("i", "1"), ("i", "0")])]), "names column \"i\" twice"),
        (rules(all), "no design meets all 4 constraints together"),
    ] {
        assert!(found.contains(expected), "{found}\n   does not say: {expected}");
    }
}
