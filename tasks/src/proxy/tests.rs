use hatchery_engine::{Part, Scratch};

use super::*;

/// Slopes along the signs of the gradient, leaf by leaf, against central differences of the batch loss.
#[test]
fn gradients_are_those_of_small_differences() {
    for id in ["q1", "q2", "m1", "m2", "c1", "n1", "t1", "t1:width=16,batch=3"] {
        let proxy = named(id).expect("it exists");
        let mut scratch = Scratch::default();
        let mut weights = proxy.init(3);
        // Away from the symmetric beginning.
        for (i, w) in weights.iter_mut().enumerate() {
            *w += 0.05 * (i as f32 * 0.7).sin();
        }
        let mut gradient = vec![0.0; weights.len()];
        proxy.gradient(&weights, 3, 0, &mut gradient, &mut scratch);
        let mut begin = 0;
        let mut other = gradient.clone();
        for (leaf, size) in proxy.leaves().iter().enumerate() {
            let direction: Vec<f32> = (begin..begin + size).map(|i| gradient[i].signum()).collect();
            let slope: f64 =
                direction.iter().zip(&gradient[begin..]).map(|(d, g)| f64::from(d * g)).sum();
            let step = 4e-3 / (*size as f32).sqrt();
            let mut at = |sign: f32| {
                let mut moved = weights.clone();
                for (w, d) in moved[begin..].iter_mut().zip(&direction) {
                    *w += sign * step * d;
                }
                f64::from(proxy.gradient(&moved, 3, 0, &mut other, &mut scratch))
            };
            let difference = (at(1.0) - at(-1.0)) / f64::from(2.0 * step);
            // Generated functions have noise in their gradients, and losses that are shares of the first.
            let scale = if id.starts_with('q') { slope / difference } else { 1.0 };
            assert!(
                (difference * scale - slope).abs() <= 0.03 * slope.abs() + 2e-4,
                "{id}, leaf {leaf}: {difference} {slope}"
            );
            begin += size;
        }
    }
}

/// Plain momentum brings every proxy down, and results repeat to the bit.
#[test]
fn every_proxy_can_be_trained() {
    for (id, rate) in [
        ("q1", 0.3),
        ("q2", 3e-4),
        ("m1", 0.1),
        ("m2", 1.0),
        ("c1", 0.1),
        ("n1", 0.1),
        ("t1", 0.1),
        ("b1", 0.3),
        ("h1", 1e-5),
    ] {
        let proxy = named(id).expect("it exists");
        let train = || {
            let mut scratch = Scratch::default();
            let mut weights = proxy.init(5);
            let (mut gradient, mut momentum) =
                (vec![0.0; weights.len()], vec![0.0_f32; weights.len()]);
            let before = proxy.loss(&weights, 5, Part::Validation, &mut scratch);
            for step in 0..proxy.steps() {
                proxy.gradient(&weights, 5, step, &mut gradient, &mut scratch);
                for ((w, m), g) in weights.iter_mut().zip(&mut momentum).zip(&gradient) {
                    *m = 0.9 * *m + 0.1 * g;
                    *w -= rate * 5.0 * *m;
                }
            }
            (
                before,
                proxy.loss(&weights, 5, Part::Validation, &mut scratch),
                proxy.loss(&weights, 5, Part::Test, &mut scratch),
            )
        };
        let (before, after, test) = train();
        println!("{id}: {before:.4} -> {after:.4} (test {test:.4}), {} weights", proxy.dimension());
        assert!(after < 0.9 * before && test < 0.95 * before, "{id}: {before} {after} {test}");
        assert_eq!(train(), (before, after, test));
    }
}

#[test]
fn knobs_are_checked() {
    assert_eq!(named("n1:width=128,steps=1000").expect("valid").name(), "n1:width=128,steps=1000");
    assert_eq!(named("n1:width=128").expect("valid").dimension(), 23_472);
    assert_eq!(named("n1").expect("valid").dimension(), 5_856);
    assert_eq!(named("m1").expect("valid").dimension(), 2_410);
    for (text, message) in [
        ("x9", "no proxy 'x9'"),
        ("n1:depth=2", "no knob 'depth'"),
        ("n1:width=0", "whole number"),
        ("n1:width", "not of the form"),
        ("n1:stage=d", "must be a, b or c"),
        ("t1:width=30", "multiple of 4"),
    ] {
        let error = named(text).err().expect("it is wrong");
        assert!(error.contains(message), "{error}");
    }
}
