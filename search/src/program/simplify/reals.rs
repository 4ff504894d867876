//! Programs in double precision over small random trees: what rewrites are checked with.
//!
//! Constants are taken as the decimal numbers they are written as, so that `1.109 · 0.899` is 0.996991 and not a number nearby.

use crate::program::{
    Action, Argument, Dice, Kind, Operation, Program, Reduction, Signature, number,
};

/// A value: one number, one for each leaf, or one for each place.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::program) struct Reals {
    pub(in crate::program) kind: Kind,
    pub(in crate::program) numbers: Vec<f64>,
}

impl Reals {
    pub(in crate::program) fn scalar(number: f64) -> Self {
        Self { kind: Kind::Scalar, numbers: vec![number] }
    }

    pub(in crate::program) fn tree(numbers: Vec<f64>) -> Self {
        Self { kind: Kind::Tree, numbers }
    }
}

/// The decimal number that a constant is written as.
pub(in crate::program) fn decimal(constant: f32) -> f64 {
    number(constant).parse().expect("numbers read back")
}

/// What `/` adds to its divisor.
pub(in crate::program) const PROTECTION: f64 = 1e-8;

/// A call with numbers, with the meaning of the table; what single precision cannot hold is infinite.
pub(in crate::program) fn call(operation: Operation, args: &[f64]) -> f64 {
    use Operation as O;
    let x = args.first().copied().unwrap_or(0.0);
    let y = args.get(1).copied().unwrap_or(0.0);
    let value = match operation {
        O::Add => x + y,
        O::Subtract => x - y,
        O::Multiply | O::Dot => x * y,
        O::Divide => x / (y + PROTECTION),
        O::Quotient => x / y,
        O::Max => match x > y || x.is_nan() {
            true => x,
            false => y,
        },
        O::Min => match x < y || x.is_nan() {
            true => x,
            false => y,
        },
        O::Pi => std::f64::consts::PI,
        O::E => std::f64::consts::E,
        O::Epsilon => 1e-8,
        O::Abs | O::Norm | O::GlobalNorm => x.abs(),
        O::Cos => libm::cos(x),
        O::Sin => libm::sin(x),
        O::Tan => libm::tan(x),
        O::Arcsin => libm::asin(x),
        O::Arccos => libm::acos(x),
        O::Arctan => libm::atan(x),
        O::Sinh => libm::sinh(x),
        O::Cosh => libm::cosh(x),
        O::Tanh => libm::tanh(x),
        O::Arcsinh => libm::asinh(x),
        O::Arccosh => libm::acosh(x),
        O::Arctanh => libm::atanh(x),
        O::Exp => libm::exp(x),
        O::Exp2 => libm::exp2(x),
        O::Exp10 => libm::pow(10.0, x),
        O::Expm1 => libm::expm1(x),
        O::Log => libm::log(x.abs()),
        O::Log10 => libm::log10(x.abs()),
        O::Log2 => libm::log2(x.abs()),
        O::Log1p => libm::log((1.0 + x).abs()),
        O::Square => x * x,
        O::Sqrt => x.abs().sqrt(),
        O::Cube => x * x * x,
        O::Cbrt => libm::cbrt(x),
        O::Sign => match x {
            x if x > 0.0 => 1.0,
            x if x < 0.0 => -1.0,
            x => x,
        },
        O::Reciprocal => 1.0 / x,
        O::Negative => -x,
        O::CosineSimilarity => x * y / (x.abs() * y.abs()),
        O::Clip => x * clip_factor(x.abs(), y),
        O::Interpolate => (1.0 - args[2]) * x + args[2] * y,
        O::Power => libm::pow(x, y),
        O::Ln => libm::log(x),
        O::Root => x.sqrt(),
    };
    if value.abs() > f64::from(f32::MAX) { value * f64::INFINITY } else { value }
}

fn clip_factor(norm: f64, c: f64) -> f64 {
    let factor = c / norm;
    if factor > 1.0 { 1.0 } else { factor }
}

/// The results of a program for these inputs, in the order of the signature; `leaves` are the sizes of the leaves.
///
/// `protection` is what `/` adds to its divisor: 1e-8, or 0 for programs that are equal but for it.
pub(in crate::program) fn run(
    program: &Program,
    signature: &Signature,
    leaves: &[usize],
    protection: f64,
    inputs: &[Reals],
) -> Vec<Reals> {
    let last = program.last_variable(signature) as usize;
    let mut variables: Vec<Option<Reals>> = inputs.iter().cloned().map(Some).collect();
    variables.resize(last + 1, None);
    for statement in &program.statements {
        let value = |argument: &Argument| match *argument {
            Argument::Variable(variable) => {
                variables[variable as usize].clone().expect("the program was checked")
            }
            Argument::Constant(index) => Reals::scalar(decimal(program.constants[index as usize])),
        };
        let args: Vec<Reals> = statement.args().iter().map(value).collect();
        let value = apply(statement.operation, &args, leaves, protection);
        variables[statement.target as usize] = Some(value);
    }
    let result = |variable: u16| variables[variable as usize].clone().expect("it was checked");
    signature.results().iter().map(|(variable, _)| result(*variable)).collect()
}

pub(super) fn apply(
    operation: Operation,
    args: &[Reals],
    leaves: &[usize],
    protection: f64,
) -> Reals {
    let kinds: Vec<Kind> = args.iter().map(|arg| arg.kind).collect();
    let kind = operation.result(&kinds).expect("the program was checked");
    let size: usize = leaves.iter().sum();
    let leaf_of: Vec<usize> =
        leaves.iter().enumerate().flat_map(|(leaf, size)| vec![leaf; *size]).collect();
    let product = |x: &Reals, y: &Reals| -> f64 {
        x.numbers.iter().zip(&y.numbers).map(|(x, y)| x * y).sum()
    };
    let numbers = match operation.action() {
        Action::Reduce(Reduction::Norm) if args[0].kind == Kind::Tree => {
            let mut sums = vec![0.0; leaves.len()];
            for (x, leaf) in args[0].numbers.iter().zip(&leaf_of) {
                sums[*leaf] += x * x;
            }
            sums.into_iter().map(f64::sqrt).collect()
        }
        Action::Reduce(Reduction::GlobalNorm) => vec![product(&args[0], &args[0]).sqrt()],
        Action::Reduce(Reduction::Dot) => vec![product(&args[0], &args[1])],
        Action::Reduce(Reduction::CosineSimilarity) => {
            let norm = |x| product(x, x).sqrt();
            vec![product(&args[0], &args[1]) / (norm(&args[0]) * norm(&args[1]))]
        }
        Action::Clip => {
            let factor = clip_factor(product(&args[0], &args[0]).sqrt(), args[1].numbers[0]);
            args[0].numbers.iter().map(|x| x * factor).collect()
        }
        _ => {
            let length = match kind {
                Kind::Scalar => 1,
                Kind::Leaves => leaves.len(),
                Kind::Tree => size,
            };
            let at = |arg: &Reals, place: usize| match (arg.kind, kind) {
                (Kind::Scalar, _) => arg.numbers[0],
                (Kind::Leaves, Kind::Tree) => arg.numbers[leaf_of[place]],
                _ => arg.numbers[place],
            };
            let one = |place| {
                let numbers: Vec<f64> = args.iter().map(|arg| at(arg, place)).collect();
                match operation {
                    Operation::Divide => numbers[0] / (numbers[1] + protection),
                    _ => call(operation, &numbers),
                }
            };
            (0..length).map(one).collect()
        }
    };
    Reals { kind, numbers }
}

/// Where a comparison of two programs begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::program) enum From {
    /// Random states, one step: both programs must carry the same states.
    AnyStates,
    /// States of zeros, several steps: what a user of the program sees.
    Zeros,
}

/// Sizes of the leaves of the trees that programs are compared on.
const LEAVES: [usize; 3] = [9, 1, 14];
/// Steps from states of zeros.
const STEPS: usize = 6;
/// Largest relative difference of two numbers that count as equal: single precision constants differ by 6e-8, sums amplify that.
const TOLERANCE: f64 = 1e-5;
/// Share of places that may differ: those next to a pole or to a change of sign.
const OUTLIERS: f64 = 0.02;
/// Typical sizes of the gradients or columns of the trials.
const SCALES: [f64; 6] = [1.0, 0.1, 3.0, 0.01, 0.5, 30.0];

/// Whether two programs do the same, up to [`TOLERANCE`] and [`OUTLIERS`], on random inputs of several scales. Places where
/// `original` has no finite number do not count; where it has none at all the answer is no.
pub(in crate::program) fn agree(
    original: &Program,
    other: &Program,
    signature: &Signature,
    from: From,
    protection: f64,
) -> bool {
    if other.check(signature).is_err() {
        return false;
    }
    let mut count = Count::default();
    for (trial, scale) in SCALES.into_iter().enumerate() {
        let mut dice = Dice::new(0, trial as u64, 0x51);
        compare(original, other, signature, (from, scale, protection), &mut dice, &mut count);
    }
    count.compared > 0 && count.differing as f64 <= OUTLIERS * count.compared as f64
}

#[derive(Default)]
struct Count {
    compared: usize,
    differing: usize,
}

impl Count {
    fn add(&mut self, a: &Reals, b: &Reals) {
        let size = a.numbers.iter().filter(|x| x.is_finite()).fold(0.0, |m: f64, x| m.max(x.abs()));
        let places = a.numbers.len().max(b.numbers.len());
        for place in 0..places {
            let at = |x: &Reals| *x.numbers.get(place).unwrap_or(&x.numbers[0]);
            let (a, b) = (at(a), at(b));
            if !a.is_finite() {
                continue;
            }
            self.compared += 1;
            // What is lost by cancellation is small beside the largest number of the tree.
            let near = (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()) + 1e-8 * size;
            self.differing += usize::from(!near);
        }
    }
}

fn compare(
    original: &Program,
    other: &Program,
    signature: &Signature,
    (from, scale, protection): (From, f64, f64),
    dice: &mut Dice,
    count: &mut Count,
) {
    let size: usize = LEAVES.iter().sum();
    let draw = |dice: &mut Dice, scale: f64| -> Vec<f64> {
        (0..size).map(|_| scale * dice.normal()).collect()
    };
    let optimizer = signature.is_optimizer();
    let steps = if optimizer && from == From::Zeros { STEPS } else { 1 };
    let state = |variable| signature.states().iter().any(|(state, _)| *state == variable);
    let mut weights = draw(dice, 1.0);
    let mut states: [Vec<Reals>; 2] = Default::default();
    for (variable, _) in signature.states() {
        let numbers = if from == From::Zeros { vec![0.0; size] } else { draw(dice, scale) };
        // Half the trials have states that are no average of anything, the others states that cannot be negative.
        let numbers = match scale < 1.0 && *variable == 3 {
            true => numbers.iter().map(|x| x.abs()).collect(),
            false => numbers,
        };
        states.iter_mut().for_each(|states| states.push(Reals::tree(numbers.clone())));
    }
    for step in 0..steps {
        let mut carried = 0;
        let mut inputs: Vec<Reals> = Vec::new();
        let mut places = Vec::new();
        for (variable, input) in signature.inputs().iter().enumerate() {
            if state(variable as u16) {
                places.push((variable, carried));
                carried += 1;
            }
            inputs.push(match (input.kind, optimizer && variable == 0) {
                (Kind::Tree, true) => Reals::tree(weights.clone()),
                (Kind::Tree, false) => Reals::tree(draw(dice, scale)),
                // Rate, progress, ln of the number of steps.
                _ => Reals::scalar(((step as f64 + dice.unit()) / steps as f64).clamp(0.05, 1.0)),
            });
        }
        let results: Vec<Vec<Reals>> = [original, other]
            .into_iter()
            .zip(&states)
            .map(|(program, states)| {
                for (variable, carried) in &places {
                    inputs[*variable] = states[*carried].clone();
                }
                run(program, signature, &LEAVES, protection, &inputs)
            })
            .collect();
        let outputs = signature.outputs().len();
        let compared = if from == From::Zeros { outputs } else { results[0].len() };
        for (a, b) in results[0].iter().zip(&results[1]).take(compared) {
            count.add(a, b);
        }
        for (states, results) in states.iter_mut().zip(&results) {
            states.clone_from_slice(&results[outputs..]);
        }
        if optimizer {
            for (w, u) in weights.iter_mut().zip(&results[0][0].numbers) {
                *w -= if u.is_finite() { *u } else { 0.0 };
            }
        }
    }
}
