use super::*;

fn hash(text: &str) -> u64 {
    parse(text).canonical_hash(&full(), Invariance::Affine)
}

#[test]
fn rewards_that_train_alike_share_a_hash() {
    let shared = hash("g1+0.5*(g2+0.5*(g3+0.5*(g4+0.5)))");
    for same in [
        "g1+0.5*(g2+0.5*(g3+0.5*(g4-1)))",
        "0.125*g4 + 0.25*g3 + 0.5*g2 + g1",
        "(8*g1 + 4*g2 + 2*g3 + g4 - 3)/7",
        "g1 + 0.5*g2 + 0.25*g3 + 0.125*g4 + found - found",
    ] {
        assert_eq!(hash(same), shared, "{same}");
    }
    for other in ["g1", "-(g1+0.5*(g2+0.5*(g3+0.5*g4)))", "g1+0.5*g2+0.25*g3+0.13*g4"] {
        assert_ne!(hash(other), shared, "{other}");
    }
    assert_eq!(hash("1"), hash("0.1 + 0.2 - tanh(3)"));
    assert_eq!(hash("g1 - g1"), hash("2"));
    assert_eq!(hash("0.1*g1 + 0.2*g1 - 0.3*g1 + g2"), hash("g2"));
    assert_eq!(hash("(g1 + g2)*(g1 - g2)"), hash("g1*g1 - g2*g2"));
    assert_eq!(hash("(g1 + g2)/(g3 + 1)"), hash("g2/(1 + g3) + g1/(g3 + 1)"));
    assert_eq!(hash("min(g1, 2*g2)"), hash("3*max(0, 0) + min(4*g2, 2*g1)"));
    assert_eq!(hash("tanh(g1 + g2)"), hash("2*tanh(g2 + g1) - 1"));
}

#[test]
fn below_a_function_the_scale_matters() {
    assert_ne!(hash("tanh(g1)"), hash("tanh(2*g1)"));
    assert_ne!(hash("clip01(g1)"), hash("clip01(g1 - 0.5)"));
    assert_ne!(hash("ramp(g1, g2)"), hash("ramp(g2, g1)"));
    assert_ne!(hash("ramp(g1, g2)"), hash("ramp(g1, g2 + 1)"));
    assert_ne!(hash("g1/(g2 + 1)"), hash("g1/(2*g2 + 2)"));
    let faithful = full().with_division(Division::Faithful);
    let hash = |text: &str| parse(text).canonical_hash(&faithful, Invariance::Affine);
    assert_eq!(hash("g1/(g2 + 1)"), hash("g1/(2*g2 + 2)"));
    assert_ne!(hash("g1/g2"), hash("g1/g2 + 1"));
}

#[test]
fn without_invariance_values_count() {
    let hash = |text: &str| parse(text).canonical_hash(&full(), Invariance::Exact);
    assert_ne!(hash("g1"), hash("2*g1"));
    assert_ne!(hash("g1"), hash("g1 + 1"));
    assert_eq!(hash("g1 + g2 + 1"), hash("1 + g2 + g1"));
    assert_eq!(hash("1"), hash("2"));
}

/// A change here is a change of what logs and caches hold.
#[test]
fn canonical_hashes_stay_what_they_are() {
    assert_eq!(hash("g1"), GOLDEN[0], "{:#x}", hash("g1"));
    let long = hash("g1/(g2 + 1) - 0.5*min(g3, mean(fresh))");
    assert_eq!(long, GOLDEN[1], "{long:#x}");
}

/// By an independent script, from the definition.
const GOLDEN: [u64; 2] = [0xEF9D_C84C_A241_E302, 0x4828_3EEE_247C_8BEE];

#[test]
fn simple_forms_are_short() {
    let simple = |text: &str| {
        let simplified = parse(text).simplified(&full(), Invariance::Affine);
        simplified.text(&full())
    };
    assert_eq!(simple("(g1 + g2 + g3 + g4)/4"), "g1 + g2 + g3 + g4");
    assert_eq!(simple("g1+0.5*(g2+0.5*(g3+0.5*(g4+0.5)))"), "g1 + 0.5*g2 + 0.25*g3 + 0.125*g4");
    assert_eq!(simple("0.25*g2 + 0.25*g3 - 0.25*g4 + 2*g1 - 7"), "g1 + 0.125*(g2 + g3 - g4)");
    assert_eq!(simple("neg(neg(neg(g1 + g2)))"), "-(g1 + g2)");
    assert_eq!(simple("(g1 + g2)/(g3 + 1 + 0)"), "(g1 + g2)/(g3 + 1)");
    assert_eq!(simple("0.3333333*g1 + g2*1"), "0.333*g1 + g2");
    assert_eq!(simple("g1 - g1 + 3"), "0");
    let exact = parse("2*g1 + 1 + 1").simplified(&full(), Invariance::Exact);
    assert_eq!(exact.text(&full()), "2*g1 + 2");
}

#[test]
fn no_reward_of_the_prior_grows_when_simplified() {
    let vocabulary = full();
    let mut longest = 0;
    for ticket in 0..2_000 {
        let reward = Reward::random(&vocabulary, &mut Dice::new(11, ticket, 0));
        longest = longest.max(reward.simplified(&vocabulary, Invariance::Affine).nodes().len());
    }
    assert!(longest <= PRIOR_NODES_MAX, "{longest}");
}

#[test]
fn classes_of_the_authors_examples() {
    let class = |text: &str| parse(text).analyse(&full()).class;
    assert_eq!(class("g1*(g2+0.2)*g3"), Class::Unstable);
    assert_eq!(class("-(g1+0.5*g2)"), Class::Adversarial);
    assert_eq!(class("0.5*g1+0.8*g2"), Class::Stable);
    assert_eq!(class("g1/(g2+1)"), Class::Stable);
    assert_eq!(class("g1*g2/(g3+1)"), Class::Stable);
    assert_eq!(class("g1*g2"), Class::Unstable);
    assert_eq!(class("g1/g2"), Class::Unstable);
    assert_eq!(class("tanh(g1*g2) + g1"), Class::Unstable);
    assert_eq!(class("g1 + 0.5"), Class::Stable);
    assert_eq!(class("3"), Class::Stable);
}

#[test]
fn corners_say_where_the_outcome_counts() {
    let analysis = parse("g1*g2*g3").analyse(&full());
    assert_eq!((analysis.sign, analysis.veto), (0.25, 0.75));
    let plain = parse("g1 + 0.5*g2").analyse(&full());
    assert_eq!((plain.sign, plain.veto), (1.0, 0.0));
    assert_eq!(plain.description, "stable: a weighted sum");
    let wrong = parse("g2 - g1").analyse(&full());
    assert_eq!(wrong.sign, 0.0);
    assert_eq!(wrong.description, "adversarial: raising g1 lowers it in 100 % of the corners");
    let blind = parse("found + mean(fresh)").analyse(&full());
    assert_eq!(blind.sign, 0.0);
    assert!(blind.description.ends_with("it never looks at g1"), "{}", blind.description);
}
