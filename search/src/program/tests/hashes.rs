//! What the hash must not see, and what it must.

use super::super::signature::optimizer::{STATE_1, STATE_2};
use super::super::{Argument, Dice, Graph, Mutator, Operation, Program, Statement, mutate, start};
use super::optimizer;

/// Programs along lines of descent: their own, their graph's hash, and dice for what is done to them.
fn each(mut look: impl FnMut(&Program, u128, &mut Dice)) {
    let mutator = Mutator::new(optimizer(), mutate::Config::default());
    let mut looked = 0;
    for line in 0..40 {
        let name = start::names().nth(line % 7).expect("there are seven");
        let mut program = start::named(name, &optimizer()).expect("it exists");
        let mut dice = Dice::new(21, line as u64, 0);
        for _ in 0..50 {
            program = mutator.mutate(&program, &mut dice).0;
            if let Ok(graph) = Graph::of(&program, &optimizer()) {
                look(&program, graph.hash, &mut dice);
                looked += 1;
            }
        }
    }
    assert!(looked > 1000);
}

fn hash(program: &Program) -> Option<u128> {
    program.check(&optimizer()).expect("valid");
    Graph::of(program, &optimizer()).ok().map(|graph| graph.hash)
}

/// The program with other variables.
fn renamed(program: &Program, name: impl Fn(u16) -> u16) -> Program {
    let mut renamed = program.clone();
    for statement in &mut renamed.statements {
        statement.target = name(statement.target);
        for argument in statement.args_mut() {
            if let Argument::Variable(variable) = argument {
                *variable = name(*variable);
            }
        }
    }
    renamed
}

#[test]
fn names_do_not_count() {
    let first = optimizer().first_local();
    each(|program, expected, dice| {
        let shift = dice.below(5) as u16 + 1;
        let other = renamed(program, |v| if v < first { v } else { v * 2 + shift });
        assert_eq!(hash(&other), Some(expected));
    });
}

#[test]
fn which_state_is_the_first_does_not_count() {
    each(|program, expected, _| {
        let swapped = renamed(program, |v| match v {
            STATE_1 => STATE_2,
            STATE_2 => STATE_1,
            v => v,
        });
        assert_eq!(hash(&swapped), Some(expected));
        let graphs = [program, &swapped].map(|one| Graph::of(one, &optimizer()).expect("finite"));
        assert_eq!(graphs[0], graphs[1]);
    });
}

#[test]
fn dead_statements_do_not_count() {
    each(|program, expected, dice| {
        let mut longer = program.clone();
        let fresh = program.last_variable(&optimizer()) + 1;
        let of = Argument::Variable(dice.below(4) as u16);
        let statement = Statement::new(Operation::Tan, fresh, &[of]);
        longer.statements.insert(dice.below(program.statements.len() + 1), statement);
        assert_eq!(hash(&longer), Some(expected));
        assert_eq!(hash(&longer.without_dead(&optimizer())), Some(expected));
    });
}

#[test]
fn the_order_of_independent_statements_does_not_count() {
    let mut swaps = 0;
    each(|program, expected, dice| {
        if program.statements.len() < 2 {
            return;
        }
        let at = dice.below(program.statements.len() - 1);
        let (a, b) = (program.statements[at], program.statements[at + 1]);
        let reads = |one: &Statement, v| one.args().contains(&Argument::Variable(v));
        if a.target != b.target && !reads(&b, a.target) && !reads(&a, b.target) {
            let mut other = program.clone();
            other.statements.swap(at, at + 1);
            assert_eq!(hash(&other), Some(expected));
            swaps += 1;
        }
    });
    assert!(swaps > 300, "{swaps}");
}

#[test]
fn the_order_of_commuting_arguments_does_not_count() {
    each(|program, expected, _| {
        let mut other = program.clone();
        for statement in &mut other.statements {
            if statement.operation.is_commutative() {
                statement.args_mut().swap(0, 1);
            }
        }
        assert_eq!(hash(&other), Some(expected));
    });
}

/// Changes are made in the program that the graph is: there every statement matters.
#[test]
fn another_constant_or_operation_is_another_program() {
    let (mut constants, mut operations) = (0, 0);
    each(|program, expected, dice| {
        let graph = Graph::of(program, &optimizer()).expect("finite");
        let canonical = graph.program(&optimizer());
        if !canonical.constants.is_empty() {
            let mut other = canonical.clone();
            let at = dice.below(other.constants.len());
            other.constants[at] = other.constants[at] * 1.5 + 0.1234;
            if let Some(found) = hash(&other) {
                assert_ne!(found, expected);
                constants += 1;
            }
        }
        let mut other = canonical.clone();
        let at = dice.below(other.statements.len());
        let Statement { operation, target, .. } = other.statements[at];
        let others: Vec<Operation> = Operation::all()
            .filter(|one| *one != operation && one.args() == operation.args())
            .collect();
        if others.is_empty() {
            return;
        }
        let args = other.statements[at].args().to_vec();
        other.statements[at] = Statement::new(others[dice.below(others.len())], target, &args);
        if other.check(&optimizer()).is_ok()
            && let Some(found) = hash(&other)
        {
            assert_ne!(found, expected);
            operations += 1;
        }
    });
    assert!(constants > 300 && operations > 300, "{constants} {operations}");
}
