//! K1: programs against loops that were written by hand, over a thousand steps.

use hatchery_engine::{Scratch, Trainable};
use hatchery_search::program::interpret::{Leaves, Machine, Plan};
use hatchery_search::program::{Graph, Signature, start};

const STEPS: u32 = 1000;

/// One step on one weight: weight, gradient, first and second state.
type Step = fn(&mut f32, f32, &mut f32, &mut f32, f32);

fn adamw(w: &mut f32, g: f32, m: &mut f32, v: &mut f32, lr: f32) {
    *m = (1.0 - 0.9) * g + 0.9 * *m;
    *v = (1.0 - 0.999) * (g * g) + 0.999 * *v;
    *w -= (*m / (v.sqrt() + 1e-8) + 0.01 * *w) * (0.001 * lr);
}

fn lion(w: &mut f32, g: f32, m: &mut f32, _: &mut f32, lr: f32) {
    let c = (1.0 - 0.9) * g + 0.9 * *m;
    let sign = if c == 0.0 { 0.0 } else { c.signum() };
    *m = (1.0 - 0.99) * g + 0.99 * *m;
    *w -= (sign + 0.01 * *w) * (0.0001 * lr);
}

fn momentum(w: &mut f32, g: f32, m: &mut f32, _: &mut f32, lr: f32) {
    *m = 0.9 * *m + g;
    *w -= *m * (0.01 * lr);
}

fn rmsprop(w: &mut f32, g: f32, _: &mut f32, v: &mut f32, lr: f32) {
    *v = (1.0 - 0.99) * (g * g) + 0.99 * *v;
    *w -= g / (v.sqrt() + 1e-8) * (0.001 * lr);
}

/// Largest difference of the weights over their largest magnitude, at the end of both runs.
fn difference(name: &str, by_hand: Step, proxy: &dyn Trainable) -> f32 {
    let signature = Signature::optimizer(false);
    let program = start::named(name, &signature).expect("it exists");
    let graph = Graph::of(&program, &signature).expect("finite");
    let plan = Plan::compile(&graph, &signature);
    let mut machine = Machine::new(plan, Leaves::of_sizes(proxy.leaves()));
    let size = proxy.dimension();
    let (mut a, mut states) = (proxy.init(1), vec![vec![0.0; size]; 2]);
    let (mut b, mut m, mut v) = (proxy.init(1), vec![0.0; size], vec![0.0; size]);
    let (mut gradient, mut scratch) = (vec![0.0; size], Scratch::default());
    for step in 0..STEPS {
        let rate = 1.0 - step as f32 / STEPS as f32;
        proxy.gradient(&a, 1, step, &mut gradient, &mut scratch);
        machine.step(&mut a, &gradient, &mut states, &[rate]);
        proxy.gradient(&b, 1, step, &mut gradient, &mut scratch);
        for i in 0..size {
            by_hand(&mut b[i], gradient[i], &mut m[i], &mut v[i], rate);
        }
    }
    let largest = b.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let apart = a.iter().zip(&b).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
    assert!(largest.is_finite() && apart.is_finite());
    apart / largest
}

#[test]
fn programs_are_the_optimizers_that_they_are_named_after() {
    let rules: [(&str, Step); 4] =
        [("adamw", adamw), ("lion", lion), ("sgd-momentum", momentum), ("rmsprop", rmsprop)];
    for id in ["q1", "m1:batch=16", "n1:width=16,batch=8"] {
        let proxy = hatchery_tasks::proxy::named(id).expect("it exists");
        for (name, by_hand) in rules {
            let found = difference(name, by_hand, proxy.as_ref());
            assert!(found <= 1e-5, "{name} on {id}: {found}");
        }
    }
}
