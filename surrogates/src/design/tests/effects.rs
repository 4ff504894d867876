//! Which columns a model goes by, where that is known.

use super::*;

fn effects(space: &Space, designs: &[Design], scores: &[f64], model: Model) -> Effects {
    let method = quick(model).method;
    let rows = Rows::new(designs, scores);
    LeftOut::of(&method, space, rows, 3, &StopFlag::default()).expect("it fits").effects
}

/// Of y = 3 a − b with a and b alike, exchanging a leaves a correlation of 1/10, exchanging b one of 9/10.
#[test]
fn losses_are_those_of_a_linear_score() {
    let space = numbers(3);
    let (designs, _) = table(3, 800, 0.0, 2);
    let scores: Vec<f64> = designs.iter().map(|x| 3.0 * x[0] - x[1]).collect();
    for model in [Model::Ridge, Model::Process] {
        let Effects { correlation, sites } = effects(&space, &designs, &scores, model);
        assert!(correlation > 0.99, "{correlation}");
        assert_eq!(sites.iter().map(|effect| effect.site).collect::<Vec<_>>(), [0, 1, 2]);
        // Ranks instead of values, and 800 rows: three standard errors.
        assert!((sites[0].loss - 0.9).abs() < 0.1, "{sites:?}");
        assert!((sites[1].loss - 0.1).abs() < 0.04, "{sites:?}");
        assert!(sites[2].loss.abs() < 0.005, "{sites:?}");
        let trends: Vec<f64> = sites.iter().filter_map(|effect| effect.trend).collect();
        assert!(trends[0] > 0.99 && trends[1] < -0.95, "{trends:?}");
        let better: Vec<_> = sites.iter().map(Effect::better).collect();
        assert_eq!(better, [Some("more is better"), Some("less is better"), None]);
    }
}

/// Halfway between the bounds is best: neither way.
#[test]
fn a_best_value_in_the_middle_has_no_trend() {
    let (designs, _) = table(2, 400, 0.0, 2);
    let scores: Vec<f64> = designs.iter().map(|x| -x[0].powi(2) + 0.2 * x[1]).collect();
    let Effects { sites, .. } = effects(&numbers(2), &designs, &scores, Model::PairwiseRidge);
    assert_eq!((sites[0].site, sites[1].site), (0, 1));
    assert!(sites[0].trend.is_some_and(|trend| trend.abs() < 0.2), "{sites:?}");
    assert!(sites[1].trend.is_some_and(|trend| trend > 0.99), "{sites:?}");
}

#[test]
fn letters_and_levels_have_no_trend_and_what_is_fixed_no_effect() {
    let levels = ["A", "B", "C"].map(String::from).to_vec();
    let mut still = Field::new("still", Kind::Real { lower: 0.0, upper: 1.0 });
    still.fixed = vec![Some(0.5)];
    let alphabet = vec!['a', 'b'];
    let fields = vec![
        Field::new("level", Kind::Categorical { levels }),
        still,
        Field::new("word", Kind::Sequence { alphabet, length: 2 }),
    ];
    let space = Space::try_new(fields, Constraints::default()).expect("a space");
    let mut draws = Draws::new(4, "rows of a test");
    let designs: Vec<Design> = (0..200).map(|_| space.sample(&mut draws)).collect();
    let scores: Vec<f64> = designs.iter().map(|x| 2.0 * x[3] + f64::from(x[0] == 1.0)).collect();
    let sites = effects(&space, &designs, &scores, Model::PairwiseRidge).sites;
    assert_eq!(sites.iter().map(|effect| effect.site).collect::<Vec<_>>(), [3, 0, 2]);
    assert!(sites.iter().all(|effect| effect.trend.is_none()), "{sites:?}");
}

#[test]
fn of_very_many_columns_nothing_is_said() {
    let said = |columns| {
        let (designs, scores) = table(columns, 40, 0.1, 1);
        effects(&numbers(columns), &designs, &scores, Model::Ridge).sites.len()
    };
    assert_eq!((said(256), said(257)), (256, 0));
}
