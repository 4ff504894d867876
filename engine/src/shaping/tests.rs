use super::*;
use proptest::prelude::*;

const ALL: [Shaping; 7] = [
    Shaping::ZScore,
    Shaping::CentredRanks,
    Shaping::SignOfPair,
    Shaping::Centred,
    Shaping::LeaveOneOut,
    Shaping::Raw,
    Shaping::Baseline,
];

/// The scores of the specification's printed answers.
const PRINTED: [f32; 4] = [3.0, 1.0, 0.5, 2.0];

/// Compares with numbers printed to six decimal places.
fn assert_printed(got: &[f32], printed: [f64; 4]) {
    for (got, printed) in got.iter().zip(printed) {
        let rounded = (f64::from(*got) * 1e6).round() / 1e6;
        assert_eq!(rounded, printed, "{got} does not print as {printed}");
    }
}

#[test]
fn global_z_score_gives_the_printed_answer() {
    let got = shape(Shaping::ZScore, 0, &PRINTED);
    assert_printed(&got, [1.43207, -0.650941, -1.171694, 0.390565]);
}

#[test]
fn grouped_z_score_takes_the_group_mean_and_the_global_deviation() {
    let got = shape(Shaping::ZScore, 2, &PRINTED);
    assert_printed(&got, [1.041506, -1.041506, -0.781129, 0.781129]);
}

#[test]
fn small_answers_by_hand() {
    let third = 1.0 / 3.0_f32;
    assert_eq!(shape(Shaping::Centred, 0, &PRINTED), [1.375, -0.625, -1.125, 0.375]);
    assert_eq!(shape(Shaping::Centred, 2, &PRINTED), [1.0, -1.0, -0.75, 0.75]);
    assert_eq!(shape(Shaping::LeaveOneOut, 2, &PRINTED), [2.0, -2.0, -1.5, 1.5]);
    assert_eq!(shape(Shaping::Raw, 2, &PRINTED), PRINTED);
    assert_eq!(shape(Shaping::CentredRanks, 2, &PRINTED), [0.5, -0.5, -0.5, 0.5]);
    assert_eq!(shape(Shaping::SignOfPair, 0, &[1.0, 1.0, 2.0, 9.0]), [0.0, 0.0, -1.0, 1.0]);
    // Ranks 0, then 1 and 2 shared, then 3.
    let tied = shape(Shaping::CentredRanks, 0, &[7.0, 5.0, 7.0, 9.0]);
    assert_eq!(tied, [0.0, -0.5, 0.0, 0.5]);
    let tied_at_the_end = shape(Shaping::CentredRanks, 0, &[7.0, 5.0, 6.0, 7.0]);
    assert_eq!(tied_at_the_end, [third, -0.5, -0.5 * third, third]);
}

#[test]
fn leave_one_out_is_the_difference_from_the_mean_of_the_others() {
    let fitness = [0.25, -3.0, 8.5, 1.0, 1.0];
    let sum: f32 = fitness.iter().sum();
    for (f, got) in fitness.iter().zip(shape(Shaping::LeaveOneOut, 0, &fitness)) {
        let expected = f - (sum - f) / 4.0;
        assert!((got - expected).abs() < 1e-6, "{got} for {expected}");
    }
}

#[test]
fn baseline_members_have_no_weight_and_the_others_are_measured_from_member_zero() {
    let fitness = [1.0, 1.0, 4.0, 2.0, 10.0, 10.0, 9.0, 13.0];
    let got = shape(Shaping::Baseline, 4, &fitness);
    // Group 0: variance 1.5; group 1: mean 10.5, variance (0.25 + 0.25 + 2.25 + 6.25)/4 = 2.25.
    let root = 1.5_f64.sqrt() + 1e-8;
    let expected = [0.0, 0.0, 3.0 / root, 1.0 / root, 0.0, 0.0, -1.0 / 1.5, 3.0 / 1.5];
    for (got, expected) in got.iter().zip(expected) {
        assert!((f64::from(*got) - expected).abs() < 1e-6, "{got} for {expected}");
    }
}

#[test]
fn equal_fitness_gives_zero_utility_and_no_nan() {
    for kind in ALL.into_iter().filter(|kind| *kind != Shaping::Raw) {
        for group in [0, 4] {
            assert_eq!(shape(kind, group, &[2.5; 8]), [0.0; 8], "{kind:?}, group {group}");
        }
    }
    assert_eq!(shape(Shaping::CentredRanks, 0, &[0.0, -0.0, 0.0, -0.0]), [0.0; 4]);
}

#[test]
fn a_failed_member_counts_as_the_worst_finite_one_of_its_generation() {
    let with_failures = [3.0, f32::NAN, 0.5, 2.0, f32::NEG_INFINITY, f32::INFINITY, 4.0, 0.5];
    let replaced = [3.0, 0.5, 0.5, 2.0, 0.5, 0.5, 4.0, 0.5];
    for kind in
        [Shaping::ZScore, Shaping::Centred, Shaping::LeaveOneOut, Shaping::Raw, Shaping::Baseline]
    {
        for group in [0, 4] {
            let (got, expected) =
                (shape(kind, group, &with_failures), shape(kind, group, &replaced));
            assert_eq!(got, expected, "{kind:?}, group {group}");
        }
    }
}

#[test]
fn a_failed_member_ranks_below_every_number() {
    let ranks = shape(Shaping::CentredRanks, 0, &[-1e30, f32::NAN, 5.0]);
    assert_eq!(ranks, [0.0, -0.5, 0.5]);
    let signs = shape(Shaping::SignOfPair, 0, &[-1e30, f32::NAN, f32::NAN, f32::NAN]);
    assert_eq!(signs, [1.0, -1.0, 0.0, 0.0]);
}

#[test]
fn a_generation_without_a_finite_score_moves_nothing() {
    for kind in ALL {
        assert_eq!(shape(kind, 2, &[f32::NAN; 6]), [0.0; 6], "{kind:?}");
        assert!(shape(kind, 0, &[]).is_empty());
    }
    assert_eq!(per_question(3, &[f32::NAN; 6]), [0.0; 2]);
    assert!(per_question(3, &[]).is_empty());
}

#[test]
fn tied_pairs_are_counted() {
    let nan = f32::NAN;
    assert_eq!(tied_pairs(&[1.0, 1.0, 2.0, 1.0, nan, nan, nan, 0.0, 0.0, -0.0]), 3);
}

#[test]
fn check_refuses_split_pairs_and_broken_groups_one_by_one() {
    use ShapingError::{GroupDoesNotDivide, NoPairs, SplitPair, TooFew};
    let refused = [
        (Shaping::ZScore, 6, 16, true, GroupDoesNotDivide { group: 6, members: 16 }),
        (Shaping::ZScore, 3, 12, true, SplitPair { what: "group", got: 3 }),
        (Shaping::ZScore, 0, 7, true, SplitPair { what: "members", got: 7 }),
        (Shaping::SignOfPair, 0, 8, false, NoPairs),
        (Shaping::Baseline, 2, 8, true, TooFew { expected: 4, got: 2 }),
        (Shaping::Baseline, 2, 8, false, TooFew { expected: 3, got: 2 }),
        (Shaping::Raw, 0, 0, true, TooFew { expected: 2, got: 0 }),
        (Shaping::Centred, 1, 8, false, TooFew { expected: 2, got: 1 }),
    ];
    for (kind, group, members, paired, error) in refused {
        assert_eq!(kind.check(group, members, paired), Err(error), "{kind:?}");
    }
    for kind in ALL {
        assert_eq!(kind.check(4, 16, true), Ok(()));
        assert_eq!(kind.check(0, 16, true), Ok(()));
    }
    assert_eq!(Shaping::LeaveOneOut.check(3, 9, false), Ok(()));
}

#[test]
fn shapings_are_written_in_kebab_case() {
    let names: Vec<_> = ALL.iter().map(|kind| serde_json::to_value(kind).unwrap()).collect();
    let expected =
        ["z-score", "centred-ranks", "sign-of-pair", "centred", "leave-one-out", "raw", "baseline"];
    assert_eq!(names, expected);
}

/// Whole numbers from a small range, so that ties are common.
fn populations() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec((-20..20_i32).prop_map(|f| f as f32), 1..40)
        .prop_map(|half| half.iter().chain(half.iter().rev()).map(|f| f * 0.5).collect())
        .prop_shuffle()
}

fn sum(utilities: &[f32]) -> f64 {
    utilities.iter().map(|&u| f64::from(u)).sum()
}

proptest! {
    #[test]
    fn centred_utilities_sum_to_zero_in_every_group(half in populations(), group in 0..2_usize) {
        let fitness = [half.clone(), half].concat();
        let group = group * fitness.len() / 2;
        let compared = if group == 0 { fitness.len() } else { group };
        for kind in [
            Shaping::ZScore, Shaping::CentredRanks, Shaping::SignOfPair, Shaping::Centred,
            Shaping::LeaveOneOut,
        ] {
            for members in shape(kind, group, &fitness).chunks_exact(compared) {
                let size: f64 = members.iter().map(|&u| f64::from(u.abs())).sum();
                prop_assert!(sum(members).abs() <= 1e-6 * (1.0 + size), "{kind:?}");
            }
        }
    }

    #[test]
    fn centred_ranks_and_signs_ignore_monotone_maps(fitness in populations()) {
        let mapped: Vec<f32> = fitness.iter().map(|f| (f * 0.5).exp() - 3.0).collect();
        for kind in [Shaping::CentredRanks, Shaping::SignOfPair] {
            prop_assert_eq!(shape(kind, 0, &fitness), shape(kind, 0, &mapped));
        }
    }

    #[test]
    fn centred_ranks_stay_in_their_interval_and_keep_the_order(fitness in populations()) {
        let ranks = shape(Shaping::CentredRanks, 0, &fitness);
        for (a, u) in fitness.iter().zip(&ranks) {
            prop_assert!((-0.5..=0.5).contains(u));
            for (b, v) in fitness.iter().zip(&ranks) {
                prop_assert_eq!(a.total_cmp(b), u.total_cmp(v));
            }
        }
    }

    #[test]
    fn z_scores_have_unit_variance_and_ignore_scale_and_offset(fitness in populations()) {
        let scores: Vec<f64> = fitness.iter().map(|&f| f64::from(f)).collect();
        prop_assume!(variance(&scores) > 0.1);
        let utilities = shape(Shaping::ZScore, 0, &fitness);
        let squares: f64 = utilities.iter().map(|&u| f64::from(u) * f64::from(u)).sum();
        prop_assert!((squares / fitness.len() as f64 - 1.0).abs() < 2e-4);
        let moved: Vec<f32> = fitness.iter().map(|f| 4.0 * f + 32.0).collect();
        for (a, b) in utilities.iter().zip(shape(Shaping::ZScore, 0, &moved)) {
            prop_assert!((a - b).abs() <= 1e-4 * (1.0 + a.abs()));
        }
    }

    #[test]
    fn pairs_cancel_and_negated_fitness_negates_the_utility(fitness in populations()) {
        let negated: Vec<f32> = fitness.iter().map(|f| -f).collect();
        for kind in ALL {
            let (there, back) = (shape(kind, 0, &fitness), shape(kind, 0, &negated));
            prop_assert!(there.iter().zip(&back).all(|(a, b)| *a == -*b), "{kind:?}");
        }
        let signs = shape(Shaping::SignOfPair, 0, &fitness);
        prop_assert!(signs.chunks_exact(2).all(|pair| pair[0] == -pair[1]));
    }

    /// Parity row 11: several prompts per direction.
    #[test]
    fn summing_then_z_scoring_equals_per_question_centring_up_to_a_scalar(
        scores in prop::collection::vec(-8.0..8.0_f32, 24),
        questions in prop::sample::select(vec![1_usize, 2, 3, 4, 6]),
    ) {
        let members = scores.len() / questions;
        let mut sums = vec![0.0_f32; members];
        for row in scores.chunks_exact(members) {
            sums.iter_mut().zip(row).for_each(|(sum, score)| *sum += score);
        }
        let (paper, reference) = (per_question(questions, &scores), shape(Shaping::ZScore, 0, &sums));
        let best = (0..members).max_by(|&a, &b| reference[a].total_cmp(&reference[b])).unwrap();
        prop_assume!(reference[best] > 0.1);
        let factor = paper[best] / reference[best];
        prop_assert!(factor > 0.0);
        for (a, b) in paper.iter().zip(&reference) {
            prop_assert!((a - factor * b).abs() <= 1e-5, "{a} is not {factor} times {b}");
        }
    }
}

/// A device shapes as the CPU does, to the bit, ties and several chunks included.
#[test]
fn utilities_on_a_device_have_the_bits_of_the_cpu() {
    let Some(cuda) = hatchery_kernels::cuda::testing::cuda(1) else { return };
    let device = &cuda.devices()[0];
    for members in [2, 6, 100, 1024, 1030, 9000] {
        let fitness: Vec<f32> =
            (0..members).map(|m| ((m * 37 % 501) as f32 * 0.1).sin() * 1e3).collect();
        for kind in [
            Shaping::ZScore,
            Shaping::CentredRanks,
            Shaping::SignOfPair,
            Shaping::Centred,
            Shaping::LeaveOneOut,
            Shaping::Raw,
        ] {
            let utility = on_device(kind, 0, members).expect("it has one");
            let found = device.utilities(utility, &fitness).expect("shaped");
            let found = found.download().expect("read");
            assert_eq!(found, shape(kind, 0, &fitness), "{kind:?} of {members}");
        }
    }
}
