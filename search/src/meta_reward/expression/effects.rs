//! What each primitive does to a reward, whatever its form: how evolutions are drawn.

use hatchery_kernels::Dice;

use super::{Division, Evaluator, Inputs, Node, Reward, Vocabulary};

/// Settings of all other inputs that an effect is the mean over.
const DRAWS: u64 = 64;
const EFFECTS: u32 = 0x4546_4645;

impl Reward {
    /// By how much the reward rises when a primitive is raised from its smallest to its largest value, (primitives,): means over settings
    /// of all other inputs between their bounds, divided by the largest magnitude. All 0 for a reward that no primitive changes.
    ///
    /// Of a weighted sum of primitives between 0 and 1 these are the weights, the largest made 1. Divisions are the safe ones.
    pub fn effects(&self, vocabulary: &Vocabulary) -> Vec<f32> {
        let evaluator = Evaluator::new(self, Division::Safe);
        let symbols = vocabulary.primitives();
        let mut effects = vec![0.0_f64; symbols.len()];
        let mut primitives = vec![0.0; symbols.len()];
        let mut reduced = vec![0.0; evaluator.reductions().len()];
        for draw in 0..DRAWS {
            let mut dice = Dice::new(0, draw, EFFECTS);
            let mut between = |[low, high]: [f32; 2]| low + (high - low) * dice.unit() as f32;
            let progress = between([0.0, 1.0]);
            for (slot, &(reducer, signal)) in evaluator.reductions().iter().enumerate() {
                let range = vocabulary.range_of(Node::Reduced(reducer, signal as u16));
                reduced[slot] = between(range);
            }
            for (value, symbol) in primitives.iter_mut().zip(symbols) {
                *value = between(symbol.range);
            }
            for at in (0..symbols.len()).filter(|&at| self.mentions(at)) {
                let before = primitives[at];
                let [low, high] = symbols[at].range.map(|value| {
                    primitives[at] = value;
                    let inputs = Inputs { primitives: &primitives, reduced: &reduced, progress };
                    evaluator.value(&inputs).unwrap_or(0.0)
                });
                primitives[at] = before;
                effects[at] += f64::from(high - low);
            }
        }
        let largest = effects.iter().fold(0.0_f64, |most, effect| most.max(effect.abs()));
        let scale = if largest > 0.0 { largest.recip() } else { 0.0 };
        effects.iter().map(|effect| (effect * scale) as f32).collect()
    }
}
