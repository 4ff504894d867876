//! The paper's way: tokens that are no grammar. What is written may be no reward.
//!
//! ```text
//! prior(token | last, place) = (n(place, last, token) + κ p(token | last)) / (n(place, last) + κ)
//! p(token | last)            = (n(last, token) + α) / (n(last) + α width)          n: counts in the examples
//! learnt                     = B[last] + P[place / 4]
//! ```
//!
//! The counts take the place of the paper's cold start: the likeliest tables for valid examples, which are rewards from the prior of the
//! grammar, written without spaces. The fewer examples, the more of what is written is invalid.

use hatchery_kernels::Dice;

use super::tables::Tables;
use super::writer::{Chances, Sample, Writer, write};
use crate::meta_reward::expression::{END, Reward, Vocabulary, tokens, validate};

/// Purposes of its dice.
const EXAMPLES: u32 = 0x5445_5854;
const LIKELIEST: u32 = 0x4c49_4b45;

/// Most tokens; what is not over then ends.
const LENGTH_MAX: usize = 64;
/// Places that share rows, and the number of rows; what is beyond the last counts as the last.
const PLACE: usize = 4;
const PLACES: usize = 8;
/// κ and α.
const PLACE_SHARE: f64 = 4.0;
const UNSEEN: f64 = 0.02;
/// Samples of which the likeliest valid one is the mode.
const SAMPLES: u64 = 256;

/// A distribution over text.
#[derive(Clone, Debug)]
pub struct Text {
    vocabulary: Vocabulary,
    names: Vec<String>,
    /// (places, last token or none, tokens)
    prior: Vec<f64>,
    tables: Tables,
}

impl Text {
    /// What so many valid examples look like, written with the vocabulary's tokens.
    pub fn new(vocabulary: Vocabulary, examples: usize, seed: u64) -> Self {
        let names = tokens(&vocabulary);
        let rows = names.len() + 1 + PLACES;
        let tables = Tables::new(rows, names.len());
        let mut text = Self { vocabulary, names, prior: Vec::new(), tables };
        text.prior = text.cold_start(examples, seed);
        text
    }

    /// The weights, (last tokens and places, tokens).
    pub fn weights(&self) -> &[f32] {
        &self.tables.weights
    }

    /// The weights, to be changed.
    pub fn weights_mut(&mut self) -> &mut [f32] {
        &mut self.tables.weights
    }

    /// The vocabulary.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    fn cold_start(&self, examples: usize, seed: u64) -> Vec<f64> {
        let width = self.names.len();
        let mut seen = vec![0.0; PLACES * (width + 1) * width];
        for ticket in 0..examples as u64 {
            let reward = Reward::random(&self.vocabulary, &mut Dice::new(seed, ticket, EXAMPLES));
            // Functions and signals have no tokens, and some rewards divide by 0 at the test point.
            let Some(tokens) = self.tokens(&reward) else { continue };
            if self.finish(tokens.clone()).is_none() {
                continue;
            }
            for (at, &token) in tokens.iter().enumerate() {
                let [last, place] = self.rows(&tokens[..at]);
                seen[(place * (width + 1) + last) * width + usize::from(token)] += 1.0;
            }
        }
        let mut pairs = vec![UNSEEN; (width + 1) * width];
        for place in seen.chunks(pairs.len()) {
            pairs.iter_mut().zip(place).for_each(|(pair, count)| *pair += count);
        }
        for (row, counts) in seen.chunks_mut(width).enumerate() {
            let pairs = &pairs[row % (width + 1) * width..][..width];
            let whole: f64 = pairs.iter().sum();
            let total: f64 = counts.iter().sum::<f64>() + PLACE_SHARE;
            for (count, pair) in counts.iter_mut().zip(pairs) {
                *count = (*count + PLACE_SHARE * pair / whole) / total;
            }
        }
        seen
    }

    /// The number of the last token, that of none being the width; and that of the place.
    fn rows(&self, tokens: &[u16]) -> [usize; 2] {
        let last = tokens.last().map_or(self.names.len(), |&token| usize::from(token));
        [last, (tokens.len() / PLACE).min(PLACES - 1)]
    }

    /// The likeliest of some samples that is valid.
    pub(super) fn likeliest(&self) -> Option<Reward> {
        let samples = (0..SAMPLES).filter_map(|ticket| {
            let mut dice = Dice::new(0, ticket, LIKELIEST);
            let (reward, Sample { logs, .. }) = write(self, |chances| dice.weighted(chances));
            Some((reward?, logs.iter().sum::<f64>()))
        });
        samples.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(reward, _)| reward)
    }

    fn end(&self) -> u16 {
        self.names.iter().position(|name| name == END).unwrap_or_default() as u16
    }
}

impl Writer for Text {
    type Draft<'a> = Vec<u16>;
    type Memory = [usize; 2];

    fn begin(&self) -> Vec<u16> {
        Vec::new()
    }

    fn next(&self, draft: &mut Vec<u16>, chances: &mut Chances) -> Option<[usize; 2]> {
        if draft.len() >= LENGTH_MAX || draft.last() == Some(&self.end()) {
            return None;
        }
        let (width, [last, place]) = (self.names.len(), self.rows(draft));
        chances.prior.clear();
        let row = &self.prior[(place * (width + 1) + last) * width..][..width];
        chances.prior.extend_from_slice(row);
        let rows = [last, width + 1 + place];
        self.tables.set(&rows, chances);
        Some(rows)
    }

    fn push(&self, draft: &mut Vec<u16>, token: usize) {
        draft.push(token as u16);
    }

    fn finish(&self, draft: Vec<u16>) -> Option<Reward> {
        let text: String =
            draft.iter().map(|&token| self.names[usize::from(token)].as_str()).collect();
        validate(&text, &self.vocabulary).ok()
    }

    /// Of its text without spaces, the longest token first.
    fn tokens(&self, reward: &Reward) -> Option<Vec<u16>> {
        let text: String = reward.text(&self.vocabulary).split(' ').collect();
        let (mut rest, mut tokens) = (text.as_str(), Vec::new());
        while !rest.is_empty() {
            let fitting = self.names.iter().enumerate().filter(|(_, name)| rest.starts_with(*name));
            let (token, name) = fitting.max_by_key(|(_, name)| name.len())?;
            tokens.push(token as u16);
            rest = &rest[name.len()..];
        }
        tokens.push(self.end());
        (tokens.len() <= LENGTH_MAX).then_some(tokens)
    }

    fn pull(&self, memories: &[[usize; 2]], slopes: &[f64], gradient: &mut [f32]) {
        for (rows, slopes) in memories.iter().zip(slopes.chunks(self.names.len())) {
            self.tables.pull(rows, slopes, gradient);
        }
    }
}
