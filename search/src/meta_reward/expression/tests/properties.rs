use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn print_parse_print_is_stable(seed: u64) {
        let vocabulary = full();
        let reward = uniform(&vocabulary, &mut Dice::new(seed, 0, 0));
        let read = Reward::parse(&reward.text(&vocabulary), &vocabulary);
        prop_assert!(read.is_ok(), "{}: {:?}", reward.text(&vocabulary), read);
        let read = read.expect("checked");
        let again = Reward::parse(&read.text(&vocabulary), &vocabulary);
        prop_assert_eq!(again, Ok(read));
    }

    #[test]
    fn simplified_rewards_read_back_to_the_same_hash(seed: u64, faithful: bool, mutations in 0..20) {
        let division = if faithful { Division::Faithful } else { Division::Safe };
        let vocabulary = full().with_division(division);
        let mut dice = Dice::new(seed, 0, 0);
        let mut reward = uniform(&vocabulary, &mut dice);
        for _ in 0..mutations {
            reward = reward.mutated(&vocabulary, &mut dice);
        }
        for invariance in [Invariance::Affine, Invariance::Exact] {
            let hash = reward.canonical_hash(&vocabulary, invariance);
            let printed = Reward::parse(&reward.text(&vocabulary), &vocabulary).expect("it was printed");
            prop_assert_eq!(printed.canonical_hash(&vocabulary, invariance), hash);
            let simple = reward.simplified(&vocabulary, invariance);
            prop_assert!(simple.nodes().len() <= reward.nodes().len());
            let text = simple.text(&vocabulary);
            let read = Reward::parse(&text, &vocabulary);
            prop_assert_eq!(read.as_ref(), Ok(&simple), "{}", text);
            prop_assert_eq!(simple.canonical_hash(&vocabulary, invariance), hash, "{}", text);
        }
    }

    #[test]
    fn exact_simplification_keeps_values(seed: u64) {
        let vocabulary = full();
        let mut dice = Dice::new(seed, 1, 0);
        let reward = Reward::random(&vocabulary, &mut dice);
        let simple = reward.simplified(&vocabulary, Invariance::Exact);
        prop_assume!(!reward.canonical(&vocabulary, Invariance::Exact).is_constant());
        let (primitives, _, progress) = inputs(&mut dice);
        let trace = Trace { values: &[0.5, 0.0, 1.0, 0.25, 0.75, 1.0], signals: 2, horizon: 4 };
        let value = |reward| Evaluator::new(reward, Division::Safe).of_episode(&primitives, trace, progress);
        let (before, after) = (value(&reward), value(&simple));
        let (before, after) = (before.expect("safe"), after.expect("safe"));
        // Three digits of each coefficient; a condition may tip over, and a quotient magnifies.
        let steep = reward.nodes().iter().any(|node| matches!(node, Node::Call(Operator::Gate | Operator::Divide)));
        prop_assert!(steep || (before - after).abs() <= 0.02 * (1.0 + before.abs()), "{} {}", before, after);
    }

    #[test]
    fn analyses_are_shares(seed: u64) {
        let vocabulary = full();
        let analysis = uniform(&vocabulary, &mut Dice::new(seed, 0, 0)).analyse(&vocabulary);
        prop_assert!((0.0..=1.0).contains(&analysis.sign) && (0.0..=1.0).contains(&analysis.veto));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "[g1-4.e+*/() ,minmaxfresh-]{0,40}") {
        let _ = Reward::parse(&text, &full());
    }
}
