//! Ehrlich functions: sequences with forbidden neighbours, scored by how much of several spaced motifs they contain.
//!
//! f(x) = Πᵢ r(tᵢ)      r(t) = t (1 + e t (t − 1))      tᵢ = ⌊mᵢ / (k/q)⌋ / q
//!
//! mᵢ = maxₚ #{j : x_(p + oᵢⱼ) = aᵢⱼ}
//!
//! | symbol | code               | meaning                                                             |
//! |--------|--------------------|---------------------------------------------------------------------|
//! | v, L   | `states`, `length` | letters, length of a sequence                                       |
//! | c, k   | `motifs`, `motif_length` | number of motifs and their length                             |
//! | q      | `quantisation`     | steps that a motif is counted in, a divisor of k                    |
//! | e      | `epistasis`        | how much a motif that is half there falls behind                    |
//! | aᵢ, oᵢ | `motifs`, `offsets` | letters of motif i, and where they stand after its first           |
//! | P      | `transition`       | chance of each letter after each other; 0: the pair is forbidden    |
//!
//! A sequence with a forbidden pair is infeasible. The maximum is 1, and a sequence that has it is known.
//!
//! Source: Stanton et al. 2024, arXiv 2407.00236, and its program `holo-bench`. Departures: random numbers are our own; settings
//! where q does not divide k are refused, because there the program rounds k/q up and 1 cannot be reached.

use super::chain::Chain;
use super::draw::{Draws, Purpose};
use super::{DesignError, Oracle, Pool, Protocol, Site, Window, contains};

/// The sizes of an Ehrlich function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Letters: 2 or more.
    pub states: usize,
    /// Length of a sequence; at least `motifs · motif_length`.
    pub length: usize,
    /// Number of motifs: 1 or more.
    pub motifs: usize,
    /// Length of a motif: 1 or more.
    pub motif_length: usize,
    /// Steps that a motif is counted in: a divisor of `motif_length`.
    pub quantisation: usize,
    /// From 0 to 4; beyond, half a motif would be worse than nothing.
    pub epistasis: f64,
}

impl Default for Settings {
    /// 32 sites of 20 letters, 4 motifs of 4.
    fn default() -> Self {
        let (states, length, motifs, motif_length) = (20, 32, 4, 4);
        Self { states, length, motifs, motif_length, quantisation: 4, epistasis: 0.0 }
    }
}

impl Settings {
    /// The default of the published program: 256 sites of 32 letters, 4 motifs of 8.
    pub fn holo() -> Self {
        let (states, length, motifs, motif_length) = (32, 256, 4, 8);
        Self { states, length, motifs, motif_length, quantisation: 8, epistasis: 0.0 }
    }

    /// Draws the function of a seed.
    ///
    /// # Errors
    /// For a setting out of its range, by name.
    pub fn draw(self, seed: u64) -> Result<Ehrlich, DesignError> {
        self.check()?;
        let chain = Chain::draw(self.states, seed);
        let path =
            chain.path(self.motifs * self.motif_length, &mut Draws::new(seed, Purpose::Motifs, 0));
        let motifs = path.chunks_exact(self.motif_length).map(<[usize]>::to_vec).collect();
        let offsets = (0..self.motifs).map(|motif| self.spacing(seed, motif)).collect();
        Ok(Ehrlich::new(self, chain, motifs, offsets))
    }

    fn check(&self) -> Result<(), DesignError> {
        let refused = |setting, reason: String| Err(DesignError::refused(setting, reason));
        let needed = self.motifs.saturating_mul(self.motif_length);
        if self.states < 2 {
            return refused("states", format!("expected 2 or more, got {}", self.states));
        }
        if needed == 0 {
            return refused("motifs", "expected one or more, of one letter or more".into());
        }
        if self.length < needed {
            let (c, k) = (self.motifs, self.motif_length);
            let reason =
                format!("{c} motifs of {k} need {needed} sites, there are {}", self.length);
            return refused("length", reason);
        }
        if self.quantisation == 0 || !self.motif_length.is_multiple_of(self.quantisation) {
            let (q, k) = (self.quantisation, self.motif_length);
            let reason = format!("expected a divisor of the motif length {k}, got {q}");
            return refused("quantisation", reason);
        }
        if !(0.0..=4.0).contains(&self.epistasis) {
            return refused("epistasis", format!("expected 0 to 4, got {}", self.epistasis));
        }
        Ok(())
    }

    /// Offsets of a motif's letters: random gaps that leave room for all motifs one after another.
    fn spacing(&self, seed: u64, motif: usize) -> Vec<usize> {
        let mut draws = Draws::new(seed, Purpose::Spacings, motif);
        let slack = (self.length - self.motifs * self.motif_length) / self.motifs;
        let units: Vec<f64> = (1..self.motif_length).map(|_| draws.unit()).collect();
        let sum: f64 = units.iter().sum();
        let mut offsets = vec![0];
        for unit in units {
            offsets.push(offsets[offsets.len() - 1] + 1 + (slack as f64 * unit / sum) as usize);
        }
        offsets
    }
}

/// An Ehrlich function.
#[derive(Debug, Clone, PartialEq)]
pub struct Ehrlich {
    /// Its sizes.
    pub settings: Settings,
    /// Chances of each letter after each other: `(states, states)`, rows sum to 1; 0 forbids the pair.
    pub transition: Vec<Vec<f64>>,
    /// Letters of each motif: `(motifs, motif_length)`.
    pub motifs: Vec<Vec<usize>>,
    /// Where they stand after the first: `(motifs, motif_length)`.
    pub offsets: Vec<Vec<usize>>,
    chain: Chain,
    name: String,
    sites: Vec<Site>,
}

/// Sequences of a pool.
const POOL: usize = 5000;
/// So many letters of each are replaced, or fewer: then some half of the sequences is infeasible, whatever their length.
const REPLACED_MAX: usize = 4;

impl Ehrlich {
    fn new(
        settings: Settings,
        chain: Chain,
        motifs: Vec<Vec<usize>>,
        offsets: Vec<Vec<usize>>,
    ) -> Self {
        let Settings { states, length, motifs: c, motif_length: k, .. } = settings;
        let levels: Vec<String> = (0..states).map(|state| state.to_string()).collect();
        let site = |at: usize| Site::categorical(format!("site {}", at + 1), levels.clone());
        let sites = (0..length).map(site).collect();
        let name = format!("ehrlich-v{states}-l{length}-c{c}-k{k}");
        let transition = chain.transition.clone();
        Self { settings, transition, motifs, offsets, chain, name, sites }
    }

    /// The most letters of a motif that stand in place anywhere.
    fn found(sequence: &[usize], motif: &[usize], offsets: &[usize]) -> usize {
        let span = offsets[offsets.len() - 1];
        let at = |start: usize| {
            let pairs = motif.iter().zip(offsets);
            pairs.filter(|(letter, offset)| sequence[start + **offset] == **letter).count()
        };
        (0..sequence.len().saturating_sub(span)).map(at).max().unwrap_or(0)
    }

    /// The value of a sequence of letters; `None` if two neighbours are forbidden.
    pub fn value(&self, sequence: &[usize]) -> Option<f64> {
        if sequence.windows(2).any(|pair| self.transition[pair[0]][pair[1]] == 0.0) {
            return None;
        }
        let Settings { motif_length: k, quantisation: q, epistasis: e, .. } = self.settings;
        let response = |(motif, offsets): (&Vec<usize>, &Vec<usize>)| {
            let steps = Self::found(sequence, motif, offsets) / (k / q);
            let t = steps as f64 / q as f64;
            t * (1.0 + e * t * (t - 1.0))
        };
        Some(self.motifs.iter().zip(&self.offsets).map(response).product())
    }

    /// A sequence of the value 1: the motifs one after another, each letter repeated until the next has its place. A letter may
    /// always follow itself.
    pub fn solution(&self) -> Vec<usize> {
        let mut sequence = Vec::with_capacity(self.settings.length);
        for (motif, offsets) in self.motifs.iter().zip(&self.offsets) {
            let start = sequence.len();
            for (index, letter) in motif.iter().enumerate() {
                let end = offsets.get(index + 1).copied().unwrap_or(offsets[index] + 1);
                sequence.resize(start + end, *letter);
            }
        }
        let last = sequence.last().copied().unwrap_or(0);
        sequence.resize(self.settings.length, last);
        sequence
    }

    /// A path of the chain with none to four of its letters replaced at random.
    fn mutant(&self, seed: u64, index: usize) -> Vec<f64> {
        let mut draws = Draws::new(seed, Purpose::Mutants, index);
        let length = self.settings.length;
        let mut sequence = self.chain.path(length, &mut draws);
        for _ in 0..draws.below(REPLACED_MAX + 1) {
            let site = draws.below(length);
            sequence[site] = draws.below(self.settings.states);
        }
        numbers(&sequence)
    }
}

fn numbers(sequence: &[usize]) -> Vec<f64> {
    sequence.iter().map(|&letter| letter as f64).collect()
}

impl Oracle for Ehrlich {
    fn name(&self) -> &str {
        &self.name
    }

    fn sites(&self) -> &[Site] {
        &self.sites
    }

    fn truth(&self, design: &[f64]) -> Option<f64> {
        let sequence: Vec<usize> = design.iter().map(|&v| v as usize).collect();
        contains(&self.sites, design).then(|| self.value(&sequence)).flatten()
    }

    fn optimum(&self) -> Option<f64> {
        Some(1.0)
    }

    fn optima(&self) -> Vec<Vec<f64>> {
        vec![numbers(&self.solution())]
    }

    /// 5,000 sequences: paths of the chain with none to four of their letters replaced at random.
    fn pool(&self, seed: u64) -> Pool {
        Pool::score(self, (0..POOL).map(|index| self.mutant(seed, index)).collect())
    }

    /// Values up to the 80th percentile of the feasible and below 0.5.
    fn protocol(&self) -> Protocol {
        let windows = vec![Window::Lowest { share: 0.8 }, Window::Under { score: 0.5 }];
        Protocol { windows, ..Protocol::default() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::random_design;
    use super::*;

    fn whole(value: &Value) -> Vec<usize> {
        value.as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect()
    }

    fn lists(value: &Value) -> Vec<Vec<usize>> {
        value.as_array().unwrap().iter().map(whole).collect()
    }

    fn instance(value: &Value) -> Ehrlich {
        let row =
            |row: &Value| row.as_array().unwrap().iter().map(|p| p.as_f64().unwrap()).collect();
        let transition: Vec<Vec<f64>> =
            value["transition"].as_array().unwrap().iter().map(row).collect();
        let (motifs, offsets) = (lists(&value["motifs"]), lists(&value["offsets"]));
        let settings = Settings {
            states: value["v"].as_u64().unwrap() as usize,
            length: value["length"].as_u64().unwrap() as usize,
            motifs: motifs.len(),
            motif_length: motifs[0].len(),
            quantisation: value["q"].as_u64().unwrap() as usize,
            epistasis: value["epistasis"].as_f64().unwrap(),
        };
        settings.check().unwrap();
        Ehrlich::new(settings, Chain::of(transition), motifs, offsets)
    }

    #[test]
    fn values_are_those_of_an_independent_program() {
        let golden: Value =
            serde_json::from_str(include_str!("../../tests/golden/ehrlich.json")).unwrap();
        let instances = golden["instances"].as_array().unwrap();
        assert_eq!(instances.len(), 5);
        for golden in instances {
            let ehrlich = instance(golden);
            let points = golden["points"].as_array().unwrap();
            assert_eq!(points.len(), 61);
            for point in points {
                assert_eq!(ehrlich.value(&whole(&point["x"])), point["y"].as_f64(), "{point}");
            }
            assert_eq!(ehrlich.value(&ehrlich.solution()), Some(1.0));
        }
    }

    #[test]
    fn a_thousand_random_functions_have_the_optimum_one() {
        for seed in 0..1000 {
            let mut draws = Draws::new(seed, Purpose::Points, 0);
            let (motifs, quantisation) = (1 + draws.below(4), 1 + draws.below(4));
            let motif_length = quantisation * (1 + draws.below(3));
            let length = motifs * motif_length + draws.below(40);
            let states = 2 + draws.below(20);
            let epistasis = draws.between(0.0, 4.0);
            let settings =
                Settings { states, length, motifs, motif_length, quantisation, epistasis };
            let ehrlich = settings.draw(seed).expect("good settings");
            assert_eq!(ehrlich.value(&ehrlich.solution()), Some(1.0), "{settings:?}");
            assert_eq!(ehrlich.solution().len(), length);
        }
    }

    #[test]
    fn random_strings_of_the_published_size_are_infeasible() {
        let ehrlich = Settings::holo().draw(1).expect("good settings");
        let truth = |index| ehrlich.truth(&random_design(ehrlich.sites(), 5, index));
        assert!((0..1000).all(|index| truth(index).is_none()));
    }

    #[test]
    fn the_pool_has_feasible_and_infeasible_sequences() {
        let ehrlich = Settings::default().draw(3).expect("good settings");
        let mut pool = ehrlich.pool(3);
        let split = ehrlich.protocol().split(&mut pool, &[], 3).expect("rows are left");
        println!(
            "{} visible, {} hidden, {} infeasible",
            split.visible.len(),
            split.hidden.len(),
            split.infeasible.len()
        );
        assert_eq!(pool.len(), 5000);
        assert!(split.visible.len() > 1500 && split.hidden.len() > 100);
        assert!((1000..4000).contains(&split.infeasible.len()));
        let best = split.visible.iter().map(|&row| pool.scores[row]).fold(0.0, f64::max);
        assert!(best < 0.5 && split.hidden.iter().all(|&row| pool.scores[row] > best));
    }

    #[test]
    fn settings_that_cannot_reach_one_are_refused() {
        let message = |settings: Settings| settings.draw(0).expect_err("it is wrong").to_string();
        let good = Settings::default();
        let quantisation = message(Settings { motif_length: 5, quantisation: 2, ..good });
        assert_eq!(quantisation, "quantisation: expected a divisor of the motif length 5, got 2");
        let length = message(Settings { length: 15, ..good });
        assert_eq!(length, "length: 4 motifs of 4 need 16 sites, there are 15");
        assert!(message(Settings { quantisation: 0, ..good }).starts_with("quantisation"));
        assert!(message(Settings { states: 1, ..good }).starts_with("states"));
        assert!(message(Settings { motifs: 0, ..good }).starts_with("motifs"));
        assert!(message(Settings { epistasis: f64::NAN, ..good }).starts_with("epistasis"));
    }
}
