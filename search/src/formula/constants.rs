//! Constants by the method of Levenberg and Marquardt.
//!
//! (A + λ diag A) δ = Jᵀ r, with A = JᵀJ, residuals r and the derivatives J of the formula with respect to its constants, by
//! reverse mode. A step that lowers the loss is taken and λ falls tenfold; another is not taken and λ rises tenfold.
//!
//! With scaling the residuals are those of `offset + slope · f`. Offset and slope are the best for any constants, so they are
//! no unknowns of their own: f and all columns of J are taken less their means, and the slope is a column of J
//! (variable projection after Kaufman).
//!
//! Source: Marquardt 1963. A step is one evaluation; default 5, as in Operon.

use hatchery_kernels::cpu::elementwise::Operand;

use super::machine::Machine;
use super::outcome::{Failure, Score};
use super::sums::{COLUMNS_MAX, Gram, Residuals, STRIDE, Scaled, Table2};
use super::{Expression, Table};

/// Constants of a formula that are fitted at most; the others stay.
pub const CONSTANTS_MAX: usize = 16;

/// Damping to begin with.
const DAMPING: f64 = 1e-2;
/// A relative gain below this ends the search.
const GAIN_MIN: f64 = 1e-7;

const SIZE: usize = CONSTANTS_MAX + 1;
type Matrix = [[f64; SIZE]; SIZE];

/// What the fitting of constants is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    /// Which target.
    pub(super) target: usize,
    /// Whether offset and slope are free.
    pub(super) scaling: bool,
    /// Steps, at most.
    pub(super) steps: u32,
    /// A relative loss that is good enough.
    pub(super) enough: f64,
    /// Whether constants that are whole numbers stay as they are.
    pub(super) whole_stay: bool,
}

/// What became of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fitted {
    pub(super) score: Result<Score, Failure>,
    /// Evaluations, the first included.
    pub(super) evaluations: u32,
}

/// Losses of a formula as it is.
pub(super) fn score(machine: &mut Machine<'_>, target: usize) -> Result<Score, Failure> {
    let table: &Table = machine.table();
    let target = &table.targets()[target];
    let moments = machine.moments(&target.deviations);
    Score::of(&moments, table.total(), target)
}

/// Scores a formula and makes its constants better.
pub(super) fn fit(machine: &mut Machine<'_>, expression: &mut Expression, fit: Fit) -> Fitted {
    machine.load(expression);
    let mut best = match score(machine, fit.target) {
        Ok(score) => score,
        failed => return Fitted { score: failed, evaluations: 1 },
    };
    let loss_of = |score: &Score| if fit.scaling { score.scaled } else { score.plain };
    let mut evaluations = 1;
    let mut nodes = [0_usize; CONSTANTS_MAX];
    let mut values = [0.0_f32; CONSTANTS_MAX];
    let mut count = 0;
    let free = |&(_, value): &(usize, f32)| !(fit.whole_stay && value.fract() == 0.0);
    for (node, value) in machine.constants().filter(free).take(CONSTANTS_MAX) {
        (nodes[count], values[count]) = (node, value);
        count += 1;
    }
    if count == 0 || fit.steps == 0 || loss_of(&best) <= fit.enough {
        return Fitted { score: Ok(best), evaluations };
    }
    let nodes = &nodes[..count];
    let mut damping = DAMPING;
    let mut normal = None;
    while evaluations <= fit.steps {
        let (matrix, right) = match normal {
            Some(normal) => normal,
            None => match equations(machine, nodes, &best, fit) {
                Some(equations) => *normal.insert(equations),
                None => break,
            },
        };
        let Some(step) = solve(matrix, right, count + usize::from(fit.scaling), damping) else {
            damping *= 10.0;
            evaluations += 1;
            continue;
        };
        let step = &step[usize::from(fit.scaling)..];
        let mut moved = false;
        for (index, &node) in nodes.iter().enumerate() {
            let value = (f64::from(values[index]) + step[index]) as f32;
            let value = if value.is_finite() { value } else { values[index] };
            moved |= value != values[index];
            machine.set_constant(node, value);
        }
        if !moved {
            break;
        }
        evaluations += 1;
        let before = loss_of(&best);
        match score(machine, fit.target) {
            Ok(score) if loss_of(&score) < before => {
                best = score;
                for (value, &node) in values.iter_mut().zip(nodes) {
                    *value = machine.constant(node);
                }
                normal = None;
                damping = (damping * 0.1).max(1e-12);
                let after = loss_of(&best);
                if after <= fit.enough || before - after < GAIN_MIN * before {
                    break;
                }
            }
            _ => {
                damping *= 10.0;
                if damping > 1e8 {
                    break;
                }
            }
        }
    }
    for (index, &node) in nodes.iter().enumerate() {
        expression.nodes_mut()[node] = super::Node::Constant(values[index]);
    }
    Fitted { score: Ok(best), evaluations }
}

/// A and Jᵀr at the constants that the machine was last evaluated with. None if they are not finite.
///
/// Columns are shifted by about their means, so that little is lost to cancellation when they are centred.
fn equations(
    machine: &mut Machine<'_>,
    nodes: &[usize],
    score: &Score,
    fit: Fit,
) -> Option<(Matrix, [f64; SIZE])> {
    let table: &Table = machine.table();
    let target = &table.targets()[fit.target];
    let first = usize::from(fit.scaling);
    let size = nodes.len() + first;
    let (slope, offset) = match fit.scaling {
        true => (score.slope, target.mean - score.slope * score.mean_f),
        false => (1.0, 0.0),
    };
    let mut sums: Table2 = [[0.0; COLUMNS_MAX]; COLUMNS_MAX];
    let mut totals = [0.0; COLUMNS_MAX];
    let mut shifts: Option<[f32; SIZE]> = None;
    let mut columns = std::mem::take(machine.columns());
    let several = table.rows() > super::machine::BLOCK;
    for rows in machine.blocks() {
        if several {
            machine.forward(rows.clone());
        }
        machine.reverse(rows.clone());
        let count = rows.len();
        let stride = count.next_multiple_of(STRIDE);
        let roots = table.weight_roots().map(|roots| &roots[rows.clone()]);
        columns.resize((size + 1 + usize::from(roots.is_some())) * stride, 0.0);
        let shifts = shifts.get_or_insert_with(|| {
            let mut shifts = [0.0; SIZE];
            if fit.scaling {
                shifts[0] = shift_of(machine.result(&rows));
                for (shift, &node) in shifts[1..].iter_mut().zip(nodes) {
                    *shift = shift_of(machine.derivative(node, &rows).1);
                }
            }
            shifts
        });
        for (index, out) in columns.chunks_exact_mut(stride).enumerate() {
            let (out, padding) = out.split_at_mut(count);
            padding.fill(0.0);
            if index > size {
                Scaled { column: Operand::Scalar(1.0), factor: 1.0, shift: 0.0, roots, out }
                    .write();
                continue;
            }
            if index == size {
                let y = &target.deviations[rows.clone()];
                let (f, offset) = (machine.result(&rows), offset - target.mean);
                Residuals { f, slope, offset, y, roots, out }.write();
                continue;
            }
            let (factor, column) = match index.checked_sub(first) {
                None => (1.0, machine.result(&rows)),
                Some(constant) => machine.derivative(nodes[constant], &rows),
            };
            Scaled { column, factor, shift: shifts[index], roots, out }.write();
        }
        Gram { columns: &columns, stride, sums: &mut sums, totals: &mut totals }.add();
    }
    *machine.columns() = columns;
    if table.weight_roots().is_some() {
        // The last column is that of the roots: its products are the sums with weights.
        totals = sums[size + 1];
    }
    let mut matrix = [[0.0; SIZE]; SIZE];
    let mut right = [0.0; SIZE];
    let rows = if fit.scaling { 1.0 / table.total() } else { 0.0 };
    let by = |column: usize| if column < first { 1.0 } else { slope };
    for i in 0..size {
        for j in 0..=i {
            matrix[i][j] = by(i) * by(j) * (sums[i][j] - totals[i] * totals[j] * rows);
        }
        right[i] = by(i) * (sums[size][i] - totals[size] * totals[i] * rows);
    }
    let finite = (0..size).all(|row| {
        right[row].is_finite() && matrix[row][..=row].iter().all(|entry| entry.is_finite())
    });
    finite.then_some((matrix, right))
}

/// About the mean: that of 8 rows.
fn shift_of(column: Operand<'_>) -> f32 {
    match column {
        Operand::Scalar(value) => value,
        Operand::Block(block) => {
            let step = (block.len() / 8).max(1);
            let rows = block.iter().step_by(step).take(8);
            rows.clone().sum::<f32>() / rows.count() as f32
        }
    }
}

/// Solves (A + λ diag A) δ = right for a symmetric A of which the lower half is given, by Cholesky's method.
fn solve(mut a: Matrix, mut b: [f64; SIZE], size: usize, damping: f64) -> Option<[f64; SIZE]> {
    for (i, row) in a.iter_mut().enumerate().take(size) {
        // A constant without any influence must not stop the others.
        let own = row[i];
        row[i] = if own > 0.0 { own * (1.0 + damping) } else { 1.0 };
    }
    for i in 0..size {
        for j in 0..=i {
            let (left, above) = (&a[i][..j], &a[j][..j]);
            let sum = left.iter().zip(above).fold(a[i][j], |sum, (x, y)| sum - x * y);
            if i == j {
                if sum <= 0.0 || !sum.is_finite() {
                    return None;
                }
                a[i][i] = sum.sqrt();
            } else {
                a[i][j] = sum / a[j][j];
            }
        }
    }
    for i in 0..size {
        for k in 0..i {
            b[i] -= a[i][k] * b[k];
        }
        b[i] /= a[i][i];
    }
    for i in (0..size).rev() {
        for k in i + 1..size {
            b[i] -= a[k][i] * b[k];
        }
        b[i] /= a[i][i];
    }
    b[..size].iter().all(|x| x.is_finite()).then_some(b)
}
