use super::*;

mod functions;
mod hashes;

fn optimizer() -> Signature {
    Signature::optimizer(false)
}

fn error(text: &str) -> ParseError {
    parse(text, &optimizer()).expect_err("it is wrong")
}

#[test]
fn text_reads_back_to_the_same_program() {
    let signature = optimizer();
    for name in start::names() {
        let program = start::named(name, &signature).expect("it exists");
        let text = program.text(&signature, &Names::of(&signature));
        let (again, names) = parse(&text, &signature).expect("its own text is valid");
        assert_eq!(again.text(&signature, &names), text);
        assert_eq!(again.statements.len(), program.statements.len());
    }
}

#[test]
fn nested_calls_become_statements() {
    let text = "def train(w, g, m, v, lr):\n  update = (sign(interp(g, m, 0.9)) - -2e-3 * w) * lr\n  m = interp(g, m, 0.99)\n  return update, m, v";
    let (program, names) = parse(text, &optimizer()).expect("valid");
    let lines: Vec<String> =
        program.statements.iter().map(|s| s.operation.name().to_owned()).collect();
    assert_eq!(lines, ["interp", "sign", "*", "-", "*", "interp"]);
    assert!(program.text(&optimizer(), &names).contains("m = interp(g, m, 0.99)"));
}

#[test]
fn errors_point_at_the_place() {
    let cases = [
        ("update = g * lr\nv1 = inter(g, v1, 0.9)", 2, 6, "no operation 'inter'"),
        ("update = g + q", 1, 14, "'q' has no value here"),
        ("update = interp(g, v1)", 1, 10, "takes 3 arguments, not 2"),
        ("update = g * lr)", 1, 16, "end of the line"),
        ("update = dot(g, lr)", 1, 10, "does not take arguments of kind TS"),
        ("a = g * lr", 1, 1, "'update' must be a tree at the end and is never assigned"),
        ("update = lr * 2", 1, 1, "is a number"),
        ("update = g ? 2", 1, 12, "'?' has no meaning here"),
        ("update = g * 1e99", 1, 14, "no finite number"),
        ("def train(w, g):\n  update = g * g", 1, 1, "expected 5 inputs"),
        ("sign = g * lr", 1, 1, "name of an operation"),
        ("update =", 1, 9, "end of the line"),
    ];
    for (text, line, column, message) in cases {
        let found = error(text);
        assert_eq!((found.line, found.column), (line, column), "{text}: {found}");
        assert!(found.message.contains(message), "{found}");
    }
    let shown = error("update = g + q").to_string();
    assert!(shown.ends_with("\n  update = g + q\n               ^"), "{shown}");
}

#[test]
fn formulas_have_division_and_roots_of_mathematics() {
    let signature = Signature::formula(&["x", "z"], "y");
    let (program, _) = parse("y = sqrt(x)/z + x^2 - x^1.5 + log(z)", &signature).expect("valid");
    let names: Vec<&str> = program.statements.iter().map(|s| s.operation.name()).collect();
    assert_eq!(names, ["root", "div", "square", "+", "power", "-", "ln", "+"]);
}

#[test]
fn numbers_read_back_to_the_same_bits() {
    for value in [0.1_f32, 1e-8, 0.999, 1e10, -3.4028235e38, 1.1754944e-38, 16_777_217.0] {
        assert_eq!(number(value).parse::<f32>().expect("a number").to_bits(), value.to_bits());
    }
}

#[test]
fn a_statement_is_sixteen_bytes() {
    assert_eq!(size_of::<Statement>(), 16);
}

fn program(text: &str) -> Program {
    parse(text, &optimizer()).expect("valid").0
}

fn hash(text: &str) -> u128 {
    Graph::of(&program(text), &optimizer()).expect("finite").hash
}

pub(super) use start::LION_RAW as RAW_LION;

#[test]
fn a_state_that_is_overwritten_before_it_is_read_is_dead() {
    let program = program(RAW_LION);
    let live = Liveness::of(&program, &optimizer());
    assert_eq!((live.live_statements(), live.live_states()), (11, 1));
    assert!(!live.statements[10], "the line with cosh");
    let states = |name| {
        Liveness::of(&start::named(name, &optimizer()).expect("exists"), &optimizer()).live_states()
    };
    assert_eq!((states("adamw"), states("lion"), states("sgd"), states("rmsprop")), (2, 1, 0, 1));
}

#[test]
fn a_chain_of_states_is_alive_to_its_end() {
    // v2 feeds v1, which feeds the update: both live. Without the first line neither the update nor v1 needs v2.
    let chained = program("v1 = v1 + v2\nv2 = interp(g, v2, 0.9)\nupdate = v1 * lr");
    assert_eq!(Liveness::of(&chained, &optimizer()).live_states(), 2);
    let apart = program("v2 = interp(g, v2, 0.9)\nv1 = interp(g, v1, 0.5)\nupdate = v1 * lr");
    assert_eq!(Liveness::of(&apart, &optimizer()).live_states(), 1);
    assert_eq!(apart.without_dead(&optimizer()).statements.len(), 2);
}

#[test]
fn the_hash_knows_function_from_text() {
    let adamw = "g2 = square(g)\nv1 = interp(g, v1, 0.9)\nv2 = interp(g2, v2, 0.999)\ns = sqrt(v2)\nu = v1 / s\nd = w * 0.01\nu = u + d\nlr = lr * 0.001\nupdate = u * lr";
    let same = [
        // Other names and order, dead code, commuted arguments, states swapped.
        "rate = lr * 0.001\nv2 = interp(g, v2, 0.9)\nq = tan(w)\nv1 = interp(square(g), v1, 0.999)\nupdate = (0.01 * w + v2 / sqrt(v1)) * rate\nq = q + g",
        // Identities and functions of constants.
        "v1 = interp(g, v1, 0.9) * 1\nv2 = interp(square(--g), v2, 0.999) + 0\nz = max(v1, v1) / sqrt(v2) + w * 0.01\nz = interp(z, w, 0)\nupdate = interp(z, z, 0.3) * (lr * 0.001)",
    ];
    for text in same {
        assert_eq!(hash(adamw), hash(text), "{text}");
    }
    let other = [
        adamw.replace("0.999", "0.9990001"),
        adamw.replace("sqrt", "abs"),
        adamw.replace("v1 / s", "s / v1"),
        adamw.replace("w * 0.01", "g * 0.01"),
        adamw.replace("u + d", "u - d"),
    ];
    for text in other {
        assert_ne!(hash(adamw), hash(&text), "{text}");
    }
    let plain = "update = sign(g) * lr";
    for text in [
        "update = sign(sign(g * 1 + 0)) * lr",
        "h = --g\nupdate = lr * sign(h - 0)",
        "h = interp(g, w, 0)\nupdate = sign(interp(h, h, 0.3)) * lr",
        "one = 0.25 * 4\nupdate = min(sign(g), sign(g)) * (lr * one)",
        "v1 = interp(g, v1, 0)\nupdate = sign(v1) * lr",
    ] {
        assert_eq!(hash(plain), hash(text), "{text}");
    }
    // One state, whatever it is called.
    assert_eq!(hash("v1 = v1 + g\nupdate = v1 * lr"), hash("v2 = g + v2\nupdate = v2 * lr"));
    assert_ne!(hash("v1 = v1 + g\nupdate = v1 * lr"), hash("v1 = v1 + w\nupdate = v1 * lr"));
    assert_ne!(hash("v1 = v1 + g\nupdate = v1 * lr"), hash("update = v1 * lr\nv1 = v1 + g"));
}

#[test]
fn a_constant_that_is_not_finite_makes_no_graph() {
    let infinite = program("update = g * (1 / -1e-8)");
    assert_eq!(Graph::of(&infinite, &optimizer()), Err(NotFinite));
    let dead = program("x = 1 / -1e-8\nupdate = g * lr");
    assert_eq!(Graph::of(&dead, &optimizer()).map(|graph| graph.calls()), Ok(1));
}

#[test]
fn a_graph_becomes_a_program_of_the_same_graph() {
    let texts = [
        RAW_LION,
        "t = v1\nv1 = v2\nv2 = t\nupdate = (v1 + 2 * v2) * lr",
        "update = v1\nv1 = interp(g, v1, 0.9)",
        "v1 = g\nupdate = v1 * lr + v2\nv2 = v1",
        "v2 = v1\nv1 = g\nupdate = v2 * lr",
    ];
    for text in texts {
        let graph = Graph::of(&program(text), &optimizer()).expect("finite");
        let again = graph.program(&optimizer());
        again.check(&optimizer()).expect("valid");
        let again_graph = Graph::of(&again, &optimizer()).expect("finite");
        assert_eq!(
            graph,
            again_graph,
            "{text}\n{}",
            again.text(&optimizer(), &Names::of(&optimizer()))
        );
    }
}

/// An optimizer as a search leaves it: 40 assignments, of which 12 matter. The others are overwritten, never read, or only feed what is
/// overwritten by the next step before it is read.
#[test]
fn of_forty_assignments_twelve_are_left() {
    let found = program(
        "a = square(g)
         b = tan(w)
         v2 = interp(a, v2, 0.95)
         c = b + a
         v1 = v1 * 0.9
         d = global_norm(g)
         e = max(d, 0.5)
         h = sign(w)
         v1 = v1 + g
         c = c * c
         k = sqrt(v2)
         h = h * e
         l = v1 / k
         e = d * d
         m = exp(lr)
         n = norm(w)
         m = m * 0.3
         o = n + m
         l = l * 0.5
         p = get_pi()
         q = cos(p)
         s = abs(l)
         r = w * 0.02
         t = s + o
         s = s * q
         u = dot(w, g)
         l = l + r
         x = u * d
         y = cosh(l)
         v = l - y
         f = lr * 0.003
         z = tanh(f)
         l = clip(l, 2)
         aa = z * f
         bb = sin(aa)
         v = v * bb
         i = interp(v, x, 0.1)
         cc = i * t
         update = l * f
         dd = cc - update",
    );
    assert_eq!(found.statements.len(), 40);
    let expected = program(
        "a = square(g)
         v2 = interp(a, v2, 0.95)
         v1 = v1 * 0.9
         v1 = v1 + g
         k = sqrt(v2)
         l = v1 / k
         l = l * 0.5
         r = w * 0.02
         l = l + r
         f = lr * 0.003
         l = clip(l, 2)
         update = l * f",
    );
    let shorter = found.without_dead(&optimizer());
    assert_eq!(shorter.statements.len(), 12);
    let text = |program: &Program| program.text(&optimizer(), &Names::of(&optimizer()));
    let graph = |program: &Program| Graph::of(program, &optimizer()).expect("finite");
    assert_eq!(graph(&shorter), graph(&expected), "{}", text(&shorter));
    assert_eq!(graph(&found), graph(&expected));
}
