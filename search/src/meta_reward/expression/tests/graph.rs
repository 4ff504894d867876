use super::*;

const PRIMITIVES: [Node; 4] =
    [Node::Primitive(0), Node::Primitive(1), Node::Primitive(2), Node::Primitive(3)];

#[test]
fn the_graph_is_that_of_the_paper() {
    let w = [[0.5, -0.25, 2.0, 1.5_f32], [1.0, 0.5, -0.75, 0.25], [0.25, 0.5, 1.25, -0.5]];
    let inner = w.map(|[p, q, r, s]| [p + q, p - q, r, s]);
    let reward = Reward::graph(&inner, PRIMITIVES).expect("finite");
    assert_eq!(reward.nodes().len(), 127);
    let node = |[p, q, r, s]: [f32; 4], x: f32, y: f32| {
        let quotient = x * y / (y * y + 1e-4);
        p * (x + y) + q * (x - y) + r * x * y + s * quotient
    };
    for inputs in [[1.0, 0.5, 0.25, 0.75], [0.0, 1.0, 0.5, 0.5], [0.0; 4]] {
        let [a, b, c, d] = inputs;
        let expected = node(w[2], node(w[0], a, b), node(w[1], c, d));
        let inputs = Inputs { primitives: &inputs, reduced: &[], progress: 0.0 };
        let found = reward.evaluate(&inputs, Division::Safe).expect("a value");
        assert!((found - expected).abs() < 1e-4 * (1.0 + expected.abs()), "{found} {expected}");
    }
}

#[test]
fn what_weighs_nothing_is_left_out() {
    let text = |weights: [[f32; 4]; 3]| {
        let reward = Reward::graph(&weights, PRIMITIVES).expect("finite");
        assert_eq!(parse(&reward.text(&derl4())), reward);
        reward.text(&derl4())
    };
    let sum = [1.0, 1.0, 0.0, 0.0];
    assert_eq!(text([sum, sum, sum]), "g1 + g2 + g3 + g4");
    let mixed = [-0.5, 0.0, -1.0, 3.0];
    assert_eq!(text([sum, mixed, [0.0, 0.0, 0.0, 2.0]]), "2*(g1 + g2)/(-0.5*g3 - g3*g4 + 3*g3/g4)");
    assert_eq!(text([[0.0; 4]; 3]), "0");
    assert!(Reward::graph(&[[f32::NAN; 4]; 3], PRIMITIVES).is_err());
}
