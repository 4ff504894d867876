use super::*;

#[test]
fn rejections_name_the_column_and_what_to_do() {
    let error = |text: &str| Reward::parse(text, &full()).expect_err(text);
    let cases = [
        ("g1 + 1e - 6", 8, "exponent"),
        ("g1 * * g2", 6, "found '*'"),
        ("(g1 + g2", 1, "never closed"),
        ("g1 + g2)", 8, "closes nothing"),
        ("g1 + fuond", 6, "did you mean 'found'"),
        ("g1 + xyzzy", 6, "there are g1, g2"),
        ("g1 g2", 4, "expected an operator"),
        ("0.5(g1)", 4, "expected an operator"),
        ("", 1, "found the end"),
        ("g1 +", 5, "found the end"),
        ("g1 + fresh", 6, "mean(fresh)"),
        ("g1 + mean(frehs)", 11, "did you mean 'fresh'"),
        ("tahn(g1)", 1, "did you mean 'tanh'"),
        ("g1 + g2(g3)", 6, "is a primitive"),
        ("min(g1)", 1, "takes 2 operands, found 1"),
        ("gate(g1)", 1, "takes 2 operands, found 1"),
        ("g1 & g2", 4, "no meaning"),
        ("g1 + 1e99", 6, "too large"),
        ("g1 + .", 6, "no number"),
        ("größe", 3, "no meaning"),
    ];
    for (text, column, words) in cases {
        let found = error(text);
        assert_eq!(found.column, column, "{text}: {found}");
        assert!(found.message.contains(words), "{text}: {found}");
    }
    let deep = format!("{}g1{}", "(".repeat(1000), ")".repeat(1000));
    assert!(error(&deep).message.contains("too deep"));
    assert!(error(&"tanh(".repeat(40)).column > 1);
    let nested = format!("{}g1{}", "tanh(".repeat(40), ")".repeat(40));
    assert!(error(&nested).message.contains("flatter"));
    assert!(error(&vec!["g1"; 200].join("+")).message.contains("at most 255 nodes"));
    assert!(error(&"g1+".repeat(5000)).message.contains("characters"));
    let plain = Reward::parse("min(g1, g2)", &derl4()).expect_err("no such operator");
    assert_eq!(plain.column, 1);
    assert!(plain.message.contains("use + - * /"), "{plain}");
    assert!(
        Reward::parse("found", &derl4()).expect_err("not chosen").message.contains("chosen set")
    );
}

#[test]
fn text_has_the_fewest_parentheses() {
    for text in [
        "g1 - 0.5*g2 + g3/(g4 + 1)",
        "g1 - g2 - g3 - g4",
        "-g1*(g2 - g3)",
        "g1/(g2*g3)",
        "g1*g2/g3",
        "-(g1 + 0.5*g2)",
        "gate(mean(fresh), max(g1, g2)) + ramp(g1, tanh(-g2))",
        "1e-7*g1",
        "g1*-0.5",
    ] {
        assert_eq!(parse(text).text(&full()), text);
    }
    assert_eq!(parse("g1 - (g2 - (g3 + g4))").text(&full()), "g1 - g2 + g3 + g4");
    assert_eq!(parse("(g1*(g2*(g3)))").text(&full()), "g1*g2*g3");
    assert_eq!(parse("g1 + -0.5*g2").text(&full()), "g1 - 0.5*g2");
    let without_negation = Reward::parse("-(g1 + g2)", &derl4()).expect("a reward");
    assert_eq!(without_negation.text(&derl4()), "-(g1 + g2)");
    // A sign that is a factor changes the sign of a term, and the text is read back to itself.
    let sign = Reward::parse("g1 - 1*g2 - -(g3 - -(g2 - 0.5))", &derl4()).expect("a reward");
    assert_eq!(sign.text(&derl4()), "g1 - 1*g2 + g3 + g2 - 0.5");
}

#[test]
fn the_papers_tokens_and_what_it_calls_valid() {
    let vocabulary = derl4();
    let tokens = tokens(&vocabulary);
    assert_eq!(tokens.len(), 19 + 4 + 1);
    assert_eq!(tokens.last().map(String::as_str), Some(END));
    let valid = validate("g1+0.5*(g2+0.5*(g3+0.5*(g4+0.5)))<end>g1 * *", &vocabulary);
    assert_eq!(valid.map(|reward| reward.nodes().len()), Ok(15));
    assert_eq!(validate("0.5 + 1", &vocabulary), Err(Invalid::NoPrimitive));
    let undefined = Err(Invalid::Undefined(Undefined::DivisionByZero));
    assert_eq!(validate("g1/(g1 - g2)", &vocabulary), undefined);
    for text in ["1e - 6*g1", "g1 * * g2", "(g1", "g5", ""] {
        assert!(matches!(validate(text, &vocabulary), Err(Invalid::Syntax(_))), "{text}");
    }
}
