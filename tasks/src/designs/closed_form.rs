//! Real-valued test functions, negated.
//!
//! | function | box | value to be minimised |
//! |---|---|---|
//! | Branin | \[−5, 10] × \[0, 15] | (x₂ − b x₁² + c x₁ − 6)² + 10 (1 − t) cos x₁ + 10, b = 5.1/4π², c = 5/π, t = 1/8π |
//! | Hartmann-6 | \[0, 1]⁶ | −Σᵢ aᵢ exp(−Σⱼ Aᵢⱼ (xⱼ − Pᵢⱼ)²) |
//! | Ackley | ±32.768 | −20 exp(−0.2 √(mean x²)) − exp(mean cos 2πx) + 20 + e |
//! | Rastrigin | ±5.12 | 10 d + Σ x² − 10 cos 2πx |
//! | Rosenbrock | ±2.048 | Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)² |
//! | Levy | ±10 | sin² πw₁ + Σᵢ (wᵢ − 1)² (1 + 10 sin²(πwᵢ + 1)) + (w_d − 1)² (1 + sin² 2πw_d), w = 1 + (x − 1)/4, i < d |
//! | Styblinski–Tang | ±5 | ½ Σ x⁴ − 16 x² + 5 x |
//!
//! Source: the usual collections, such as Surjanovic and Bingham's Virtual Library of Simulation Experiments. Departures: the
//! optimum of Hartmann-6, published with six digits, is given to the last digit, found by iterating on its gradient.

use std::f64::consts::{E, PI, TAU};

use hatchery_kernels::math;

use super::{DesignError, Moved, Oracle, Pool, Protocol, Site, Window, contains, random_design};

/// Which function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// Two columns, three optima.
    Branin,
    /// Six columns.
    Hartmann6,
    /// Any number of columns; a funnel with ripples in a plain.
    Ackley,
    /// Any number of columns; a bowl with ripples.
    Rastrigin,
    /// Two columns or more; a bent valley.
    Rosenbrock,
    /// Any number of columns; a bowl with ripples that grow.
    Levy,
    /// Any number of columns; two hollows in each.
    StyblinskiTang,
}

const HARTMANN_HEIGHTS: [f64; 4] = [1.0, 1.2, 3.0, 3.2];
const HARTMANN_WIDTHS: [[f64; 6]; 4] = [
    [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
    [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
    [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
    [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
];
/// In units of 10⁻⁴.
const HARTMANN_CENTRES: [[f64; 6]; 4] = [
    [1312.0, 1696.0, 5569.0, 124.0, 8283.0, 5886.0],
    [2329.0, 4135.0, 8307.0, 3736.0, 1004.0, 9991.0],
    [2348.0, 1451.0, 3522.0, 2883.0, 3047.0, 6650.0],
    [4047.0, 8828.0, 8732.0, 5743.0, 1091.0, 381.0],
];
const HARTMANN_OPTIMUM: [f64; 6] = [
    0.20168951100670543,
    0.15001069182345797,
    0.4768739742218971,
    0.27533243049405604,
    0.31165161660011326,
    0.6573005340656203,
];

fn sine(x: f64) -> f64 {
    math::sin_cos_f64(x).0
}

fn cosine(x: f64) -> f64 {
    math::sin_cos_f64(x).1
}

impl Function {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Branin,
        Self::Hartmann6,
        Self::Ackley,
        Self::Rastrigin,
        Self::Rosenbrock,
        Self::Levy,
        Self::StyblinskiTang,
    ];

    /// Name without the number of columns.
    pub fn name(self) -> &'static str {
        match self {
            Self::Branin => "branin",
            Self::Hartmann6 => "hartmann",
            Self::Ackley => "ackley",
            Self::Rastrigin => "rastrigin",
            Self::Rosenbrock => "rosenbrock",
            Self::Levy => "levy",
            Self::StyblinskiTang => "styblinski-tang",
        }
    }

    /// Number of columns, if there is no choice.
    pub fn dimension(self) -> Option<usize> {
        match self {
            Self::Branin => Some(2),
            Self::Hartmann6 => Some(6),
            _ => None,
        }
    }

    /// Smallest and largest value of a column.
    pub fn bounds(self, column: usize) -> (f64, f64) {
        match self {
            Self::Branin if column == 0 => (-5.0, 10.0),
            Self::Branin => (0.0, 15.0),
            Self::Hartmann6 => (0.0, 1.0),
            Self::Ackley => (-32.768, 32.768),
            Self::Rastrigin => (-5.12, 5.12),
            Self::Rosenbrock => (-2.048, 2.048),
            Self::Levy => (-10.0, 10.0),
            Self::StyblinskiTang => (-5.0, 5.0),
        }
    }

    /// The value that is to be minimised.
    pub fn value(self, x: &[f64]) -> f64 {
        let count = x.len() as f64;
        match self {
            Self::Branin => {
                let (b, c, t) = (5.1 / (4.0 * PI * PI), 5.0 / PI, 1.0 / (8.0 * PI));
                let bend = x[1] - b * x[0] * x[0] + c * x[0] - 6.0;
                bend * bend + 10.0 * (1.0 - t) * cosine(x[0]) + 10.0
            }
            Self::Hartmann6 => {
                let rows = HARTMANN_WIDTHS.iter().zip(&HARTMANN_CENTRES).zip(HARTMANN_HEIGHTS);
                let term = |((widths, centres), height): ((&[f64; 6], &[f64; 6]), f64)| {
                    let parts = x.iter().zip(widths).zip(centres);
                    let square: f64 = parts.map(|((x, a), p)| a * (x - 1e-4 * p).powi(2)).sum();
                    height * math::exp_f64(-square)
                };
                -rows.map(term).sum::<f64>()
            }
            Self::Ackley => {
                let square = x.iter().map(|x| x * x).sum::<f64>() / count;
                let wave = x.iter().map(|x| cosine(TAU * x)).sum::<f64>() / count;
                20.0 * (1.0 - math::exp_f64(-0.2 * square.sqrt())) + (E - math::exp_f64(wave))
            }
            Self::Rastrigin => x.iter().map(|x| x * x + 10.0 * (1.0 - cosine(TAU * x))).sum(),
            Self::Rosenbrock => {
                let pairs = x.iter().zip(&x[1..]);
                pairs.map(|(a, b)| 100.0 * (b - a * a).powi(2) + (1.0 - a).powi(2)).sum()
            }
            Self::Levy => {
                let w = |x: f64| 1.0 + (x - 1.0) / 4.0;
                let (first, last) = (w(x[0]), w(x[x.len() - 1]));
                let between = x[..x.len() - 1]
                    .iter()
                    .map(|x| w(*x))
                    .map(|w| (w - 1.0).powi(2) * (1.0 + 10.0 * sine(PI * w + 1.0).powi(2)));
                let end = (last - 1.0).powi(2) * (1.0 + sine(TAU * last).powi(2));
                sine(PI * first).powi(2) + between.sum::<f64>() + end
            }
            Self::StyblinskiTang => {
                x.iter().map(|x| 0.5 * (x * x * (x * x - 16.0) + 5.0 * x)).sum()
            }
        }
    }

    /// Where it is smallest.
    pub fn minimisers(self, dimension: usize) -> Vec<Vec<f64>> {
        match self {
            Self::Branin => {
                vec![vec![-PI, 12.275], vec![PI, 2.275], vec![3.0 * PI, 2.475]]
            }
            Self::Hartmann6 => vec![HARTMANN_OPTIMUM.to_vec()],
            Self::Ackley | Self::Rastrigin => vec![vec![0.0; dimension]],
            Self::Rosenbrock | Self::Levy => vec![vec![1.0; dimension]],
            Self::StyblinskiTang => vec![vec![-2.903534027771177; dimension]],
        }
    }
}

/// A function of a number of columns, as published or moved.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedForm {
    /// Which function.
    pub function: Function,
    /// How it was moved, if it was.
    pub moved: Option<Moved>,
    name: String,
    sites: Vec<Site>,
}

/// Designs of a pool.
const POOL: usize = 20_000;

impl ClosedForm {
    /// The function as published.
    ///
    /// # Errors
    /// If the function is not of so many columns.
    pub fn try_new(function: Function, dimension: usize) -> Result<Self, DesignError> {
        let smallest = if function == Function::Rosenbrock { 2 } else { 1 };
        if function.dimension().unwrap_or(dimension.max(smallest)) != dimension {
            let name = function.name();
            let reason = format!("{name} is not a function of {dimension} columns");
            return Err(DesignError::refused("dimension", reason));
        }
        let site = |column| {
            let (lower, upper) = function.bounds(column);
            Site::real(format!("x{}", column + 1), lower, upper)
        };
        let number =
            if function == Function::Branin { String::new() } else { dimension.to_string() };
        let name = format!("{}{number}", function.name());
        Ok(Self { function, moved: None, name, sites: (0..dimension).map(site).collect() })
    }

    /// The function moved and turned by a seed.
    ///
    /// # Errors
    /// For Branin and Hartmann-6, which are what they are only in their box.
    pub fn moved(mut self, seed: u64) -> Result<Self, DesignError> {
        if self.function.dimension().is_some() {
            let reason = format!("{} has other optima outside of its box", self.name);
            return Err(DesignError::refused("moved", reason));
        }
        let (lower, upper) = self.function.bounds(0);
        let from = self.function.minimisers(self.sites.len()).swap_remove(0);
        self.moved = Some(Moved::draw(from, upper - lower, seed));
        Ok(self)
    }
}

impl Oracle for ClosedForm {
    fn name(&self) -> &str {
        &self.name
    }

    fn sites(&self) -> &[Site] {
        &self.sites
    }

    fn truth(&self, design: &[f64]) -> Option<f64> {
        let inside = contains(&self.sites, design);
        inside.then(|| match &self.moved {
            None => -self.function.value(design),
            Some(moved) => -self.function.value(&moved.apply(design)),
        })
    }

    fn optimum(&self) -> Option<f64> {
        self.truth(&self.optima()[0])
    }

    fn optima(&self) -> Vec<Vec<f64>> {
        match &self.moved {
            None => self.function.minimisers(self.sites.len()),
            Some(moved) => vec![moved.optimum.clone()],
        }
    }

    /// 20,000 uniform designs.
    fn pool(&self, seed: u64) -> Pool {
        let designs = (0..POOL).map(|index| random_design(&self.sites, seed, index)).collect();
        Pool::score(self, designs)
    }

    /// 5,000 of those in the lower half of the scores that are farther than 0.1 from the optimum.
    fn protocol(&self) -> Protocol {
        let windows = vec![Window::Lowest { share: 0.5 }, Window::Gap { radius: 0.1 }];
        Protocol { windows, rows: Some(5000), noise: 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn golden() -> Value {
        let text = include_str!("../../tests/golden/closed_form.json");
        serde_json::from_str(text).expect("it is JSON")
    }

    fn numbers(value: &Value) -> Vec<f64> {
        value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
    }

    fn function(name: &str) -> Function {
        let name = if name == "hartmann6" { "hartmann" } else { name }.replace('_', "-");
        Function::ALL.into_iter().find(|f| f.name() == name).expect("it is listed")
    }

    #[test]
    fn values_are_those_of_an_independent_program() {
        let golden = golden();
        let points = golden["points"].as_array().unwrap();
        assert_eq!(points.len(), 84);
        let mut worst = 0.0_f64;
        for point in points {
            let (x, y) = (numbers(&point["x"]), point["y"].as_f64().unwrap());
            let function = function(point["fn"].as_str().unwrap());
            let task = ClosedForm::try_new(function, x.len()).unwrap();
            let truth = task.truth(&x).expect("it lies in the box");
            worst = worst.max((truth + y).abs() / y.abs());
        }
        println!("largest relative difference {worst:e}");
        assert!(worst < 1e-13, "{worst:e}");
    }

    #[test]
    fn boxes_and_optima_are_those_that_are_published() {
        let golden = golden();
        for (name, bounds) in golden["bounds"].as_object().unwrap() {
            let bounds: Vec<Vec<f64>> = bounds.as_array().unwrap().iter().map(numbers).collect();
            let task = ClosedForm::try_new(function(name), bounds.len()).unwrap();
            for (column, bounds) in bounds.iter().enumerate() {
                assert_eq!(task.function.bounds(column), (bounds[0], bounds[1]), "{name}");
            }
            let published = golden["optima"][name].as_array().unwrap();
            let optima = task.optima();
            assert_eq!(published.len(), optima.len());
            for (published, optimum) in published.iter().zip(&optima) {
                let (truth, y) = (task.truth(optimum).unwrap(), published["y"].as_f64().unwrap());
                assert!((truth + y).abs() < 2e-6 * y.abs().max(1.0), "{name}: {truth}");
                assert!((truth - task.optimum().unwrap()).abs() < 1e-14, "{name}");
                for (ours, theirs) in optimum.iter().zip(numbers(&published["x"])) {
                    // Published with six digits.
                    assert!((ours - theirs).abs() < 3e-6, "{name}: {optimum:?}");
                }
            }
        }
    }

    #[test]
    fn no_design_is_better_than_the_optimum() {
        for function in Function::ALL {
            let task = ClosedForm::try_new(function, function.dimension().unwrap_or(4)).unwrap();
            let task = task.clone().moved(3).unwrap_or(task);
            let best = task.optimum().unwrap();
            assert!(task.pool(2).truths.iter().all(|truth| *truth < best), "{function:?}");
            // Small steps from an optimum, of which none may be uphill.
            for optimum in task.optima() {
                for (column, step) in (0..optimum.len()).flat_map(|c| [(c, 1e-4), (c, -1e-4)]) {
                    let mut near = optimum.clone();
                    near[column] += step;
                    assert!(task.truth(&near).unwrap() < best + 1e-12, "{function:?}");
                }
            }
        }
    }

    #[test]
    fn random_designs_of_twenty_columns_stay_far_from_the_optimum() {
        // The best of 10,000, on the scale from the worst of them to the optimum.
        for (function, most) in
            [(Function::Ackley, 0.15), (Function::Rastrigin, 0.75), (Function::Levy, 0.95)]
        {
            let reached = |seed: u64, moved: bool| {
                let task = ClosedForm::try_new(function, 20).unwrap();
                let task = if moved { task.moved(seed).unwrap() } else { task };
                let designs = (0..10_000).map(|row| random_design(task.sites(), seed, row));
                let truths: Vec<f64> = designs.filter_map(|x| task.truth(&x)).collect();
                let low = truths.iter().copied().fold(f64::INFINITY, f64::min);
                let high = truths.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                (high - low) / (task.optimum().unwrap() - low)
            };
            for moved in [false, true] {
                let shares = [1, 2, 3].map(|seed| reached(seed, moved));
                println!("{function:?}, moved {moved}: {shares:.3?}");
                assert!(shares.iter().all(|share| *share < most), "{function:?}: {shares:?}");
            }
        }
    }

    #[test]
    fn wrong_dimensions_and_moves_are_refused() {
        assert!(ClosedForm::try_new(Function::Branin, 3).is_err());
        assert!(ClosedForm::try_new(Function::Hartmann6, 5).is_err());
        assert!(ClosedForm::try_new(Function::Rosenbrock, 1).is_err());
        assert!(ClosedForm::try_new(Function::Ackley, 0).is_err());
        let hartmann = ClosedForm::try_new(Function::Hartmann6, 6).unwrap();
        assert_eq!(hartmann.truth(&[0.5, 0.5, 0.5, 0.5, 0.5, 1.1]), None);
        assert!(hartmann.moved(1).is_err());
    }
}
