//! The Markov chain that says which letters of an Ehrlich function may be neighbours.

use hatchery_kernels::math;

use super::draw::{Draws, Purpose};

/// A chain that can go from every letter to every other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chain {
    /// `(states, states)`, rows sum to 1.
    pub(super) transition: Vec<Vec<f64>>,
    /// How often each letter is met in the long run.
    stationary: Vec<f64>,
}

/// Divides the logarithms of chances.
const TEMPERATURE: f64 = 0.5;
/// Half of the band of letters that may follow, as a share of all.
const BAND: f64 = 0.4;

impl Chain {
    /// The chain of a seed: a softmax of normals with a random band of forbidden neighbours, drawn until it can go everywhere.
    pub(super) fn draw(states: usize, seed: u64) -> Self {
        let sound = |attempt| {
            let transition = Self::attempt(states, &mut Draws::new(seed, Purpose::Chain, attempt));
            is_primitive(&transition).then(|| Self::of(transition))
        };
        (0..).find_map(sound).expect("a permutation that is one cycle comes sooner or later")
    }

    pub(super) fn of(transition: Vec<Vec<f64>>) -> Self {
        let stationary = stationary(transition.clone());
        Self { transition, stationary }
    }

    fn attempt(states: usize, draws: &mut Draws) -> Vec<Vec<f64>> {
        let mut bands: Vec<usize> = (0..states).collect();
        draws.shuffle(&mut bands);
        let half = (BAND * states as f64) as usize;
        let mut row = |row: usize, band: usize| {
            let chance = |column: usize| {
                let ahead = (column + states - band) % states;
                let allowed = column == row || ahead.min(states - ahead) <= half;
                let weight = math::exp_f64(draws.normal() / TEMPERATURE);
                if allowed { weight } else { 0.0 }
            };
            let weights: Vec<f64> = (0..states).map(chance).collect();
            let sum: f64 = weights.iter().sum();
            weights.into_iter().map(|weight| weight / sum).collect()
        };
        bands.into_iter().enumerate().map(|(index, band)| row(index, band)).collect()
    }

    /// A path of so many letters, the first from the long run.
    pub(super) fn path(&self, length: usize, draws: &mut Draws) -> Vec<usize> {
        let mut chances = &self.stationary;
        let mut path = Vec::with_capacity(length);
        for _ in 0..length {
            let letter = draws.weighted(chances);
            path.push(letter);
            chances = &self.transition[letter];
        }
        path
    }
}

/// Whether all entries of Pⁿ, n = (v − 1)² + 1, are positive. Since a letter may follow itself, that is whether every letter can
/// be reached from every other.
fn is_primitive(transition: &[Vec<f64>]) -> bool {
    let states = transition.len();
    let reached = |start: usize| {
        let (mut seen, mut open) = (vec![false; states], vec![start]);
        seen[start] = true;
        while let Some(letter) = open.pop() {
            for (next, chance) in transition[letter].iter().enumerate() {
                if *chance > 0.0 && !seen[next] {
                    seen[next] = true;
                    open.push(next);
                }
            }
        }
        seen.into_iter().all(|seen| seen)
    };
    (0..states).all(reached)
}

/// The distribution that the chain keeps, by the elimination of Grassmann, Taksar and Heyman (Oper. Res. 33, 1985), which takes
/// nothing from anything and so loses no digits.
fn stationary(mut p: Vec<Vec<f64>>) -> Vec<f64> {
    let states = p.len();
    for last in (1..states).rev() {
        let leaving: f64 = p[last][..last].iter().sum();
        for row in 0..last {
            p[row][last] /= leaving;
            for column in 0..last {
                p[row][column] += p[row][last] * p[last][column];
            }
        }
    }
    let mut chances = vec![1.0];
    while chances.len() < states {
        let state = chances.len();
        let chance = chances.iter().zip(&p).map(|(c, row)| c * row[state]).sum();
        chances.push(chance);
    }
    let sum: f64 = chances.iter().sum();
    chances.into_iter().map(|chance: f64| chance / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_run_is_kept_by_the_chain() {
        for (states, seed) in [(2, 1), (4, 2), (20, 3), (32, 4)] {
            let chain = Chain::draw(states, seed);
            for (column, chance) in chain.stationary.iter().enumerate() {
                let next: f64 = chain
                    .stationary
                    .iter()
                    .zip(&chain.transition)
                    .map(|(s, row)| s * row[column])
                    .sum();
                assert!((next - chance).abs() < 1e-15, "{states}: {next} and {chance}");
            }
        }
    }

    #[test]
    fn bands_forbid_what_the_definition_says() {
        // The number of forbidden neighbours of a letter is v − 2 ⌊0.4 v⌋ − 1, or one fewer where the letter itself was among them.
        for (states, forbidden) in [(3, 0), (4, 1), (5, 0), (20, 3), (32, 7)] {
            let chain = Chain::draw(states, 9);
            for (letter, row) in chain.transition.iter().enumerate() {
                let zeros = row.iter().filter(|p| **p == 0.0).count();
                assert!(zeros == forbidden || zeros + 1 == forbidden, "{states}: {zeros}");
                assert!(row[letter] > 0.0 && (row.iter().sum::<f64>() - 1.0).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn a_chain_that_cannot_return_is_no_chain() {
        assert!(is_primitive(&[vec![0.5, 0.5], vec![0.5, 0.5]]));
        assert!(!is_primitive(&[vec![0.5, 0.5], vec![0.0, 1.0]]));
    }

    #[test]
    fn paths_take_allowed_steps_only() {
        let chain = Chain::draw(20, 5);
        let path = chain.path(5000, &mut Draws::new(1, Purpose::Motifs, 0));
        assert!(path.windows(2).all(|pair| chain.transition[pair[0]][pair[1]] > 0.0));
        let share = path.iter().filter(|letter| **letter == 3).count() as f64 / 5000.0;
        // Neighbours are dependent, so that the standard error of 0.003 for independent letters is only a guide.
        assert!((share - chain.stationary[3]).abs() < 0.02, "{share}, {}", chain.stationary[3]);
    }
}
