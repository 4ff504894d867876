//! Tables.

use hatchery::search::meta_reward::Interval;

use super::args::{Args, INHERITED, METHODS, SEARCHES};
use super::searches::Found;

pub(crate) fn print(found: &[Found], args: &Args) {
    println!(
        "{}, {} trainings a search of {} updates, {} to a proposal, groups of {}, set {}, {} outer seeds from {}",
        args.env,
        args.budget,
        args.updates,
        args.trainings,
        args.group,
        args.primitives,
        args.seeds,
        args.first
    );
    println!(
        "Success of {} fresh trainings on L0: mean over outer seeds, middle half, 95 % interval; what the search had seen at most;",
        args.fresh
    );
    println!(
        "mean value of proposals in the first and last quarter; L1; L2; success of the consensus on L0."
    );
    println!(
        "method       mean   middle  low    high   seen   first  last   L1     L2     consensus"
    );
    let of =
        |method: &str| -> Vec<&Found> { found.iter().filter(|f| f.method == method).collect() };
    for method in METHODS {
        let rows = of(method);
        let values: Vec<f64> = rows.iter().map(|found| found.fresh[0]).collect();
        let Some(interval) = Interval::of(&values) else { continue };
        let mean = |get: &dyn Fn(&Found) -> Option<f64>| {
            let all: Vec<f64> = rows.iter().filter_map(|found| get(found)).collect();
            if all.is_empty() {
                "-".into()
            } else {
                format!("{:.3}", all.iter().sum::<f64>() / all.len() as f64)
            }
        };
        println!(
            "{method:<12} {:.3}  {:.3}   {:.3}  {:.3}  {:<6} {:<6} {:<6} {:<6} {:<6} {}",
            interval.mean,
            middle(&values),
            interval.low,
            interval.high,
            mean(&|f| f.seen),
            mean(&|f| f.quarters.map(|q| q[0])),
            mean(&|f| f.quarters.map(|q| q[1])),
            mean(&|f| Some(f.fresh[1])),
            mean(&|f| Some(f.fresh[2])),
            mean(&|f| f.consensus.as_ref().map(|(_, c)| c[0])),
        );
    }
    println!(
        "\nvalue of proposals, last less first quarter, 95 % interval; invalid ones, first and last"
    );
    for method in &METHODS[..SEARCHES] {
        let rows = of(method);
        let growth =
            rows.iter().filter_map(|found| found.quarters.map(|[first, last]| last - first));
        let Some(Interval { mean, low, high }) = Interval::of(&Vec::from_iter(growth)) else {
            continue;
        };
        let invalid: Vec<[f64; 2]> = rows.iter().filter_map(|found| found.invalid).collect();
        let share =
            |at: usize| invalid.iter().map(|both| both[at]).sum::<f64>() / invalid.len() as f64;
        let invalid = match invalid.len() {
            0 => String::new(),
            _ => format!("  {:.3} {:.3}", share(0), share(1)),
        };
        println!("{method:<12} {mean:+.3} ({low:+.3} to {high:+.3}){invalid}");
    }
    weights(&of("derl"));
    for (split, name) in ["L0", "L2"].iter().enumerate().map(|(at, name)| (at * 2, name)) {
        println!("\npaired differences on {name}, 95 % interval");
        for (at, a) in METHODS.iter().enumerate().take(SEARCHES + INHERITED.len()) {
            for b in &METHODS[at + 1..] {
                let (left, right) = (of(a), of(b));
                let pairs = left.iter().filter_map(|l| {
                    let other = right.iter().find(|r| r.seed == l.seed)?;
                    Some(l.fresh[split] - other.fresh[split])
                });
                let differences: Vec<f64> = pairs.collect();
                if let Some(Interval { mean, low, high }) = Interval::of(&differences) {
                    let word = if low > 0.0 {
                        "above"
                    } else if high < 0.0 {
                        "below"
                    } else {
                        "a tie"
                    };
                    println!("{a:<12} - {b:<12} {mean:+.3} ({low:+.3} to {high:+.3}) {word}");
                }
            }
        }
    }
}

/// What the learned policies want at their ends.
fn weights(rows: &[&Found]) {
    let learned: Vec<_> =
        rows.iter().filter_map(|found| found.weights.as_ref()?.as_object()).collect();
    let Some(first) = learned.first() else { return };
    println!(
        "\nmean weight in what the policy of derl writes at its end, 95 % interval, seeds above 0"
    );
    for name in first.keys() {
        let each = learned.iter().filter_map(|one| one.get(name)?.as_f64());
        let each: Vec<f64> = each.collect();
        let above = each.iter().filter(|weight| **weight > 0.0).count();
        if let Some(Interval { mean, low, high }) = Interval::of(&each) {
            println!("{name:<12} {mean:+.3} ({low:+.3} to {high:+.3})  {above} of {}", each.len());
        }
    }
}

/// Mean of the middle half.
fn middle(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cut = sorted.len() / 4;
    let inner = &sorted[cut..sorted.len() - cut];
    inner.iter().sum::<f64>() / inner.len().max(1) as f64
}
