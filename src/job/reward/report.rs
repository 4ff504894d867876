//! A reward and what it is compared with, as numbers and as lines.

use hatchery_search::meta_reward::Interval;
use hatchery_search::meta_reward::expression::{Invariance, Node, Reward, Vocabulary};
use hatchery_search::meta_reward::outer::Verdict;
use serde_json::{Map, Value, json};

use super::found::of_splits;

/// What is compared, in the order of the tables; the first is what was found.
const NAMES: [&str; 4] = ["searched", "outcome_only", "average", "hand_made"];

/// What was found, and its three rivals.
pub(super) struct Report<'a> {
    /// All that a person may write.
    pub(super) all: &'a Vocabulary,
    pub(super) rewards: &'a [Reward; 4],
    pub(super) verdicts: &'a [Verdict],
}

impl Report<'_> {
    /// The keys that all searches share.
    pub(super) fn summary(&self) -> Map<String, Value> {
        let reward = &self.rewards[0];
        let analysis = reward.analyse(self.all);
        let hash = reward.canonical_hash(self.all, Invariance::Affine);
        let mut summary = Map::new();
        let mut add = |key: &str, value: Value| summary.insert(key.to_owned(), value);
        add("expression", reward.text(self.all).into());
        add("hash", format!("{hash:016x}").into());
        add("class", json!(analysis.class));
        add("tree", tree(reward, self.all));
        add("check", analysis.description.into());
        add("sign", json!(analysis.sign));
        add("veto", json!(analysis.veto));
        for ((name, reward), verdict) in NAMES.iter().zip(self.rewards).zip(self.verdicts) {
            let mut object = of_splits(verdict);
            object.insert("expression".into(), reward.text(self.all).into());
            if *name != NAMES[0] {
                let differences = self.verdicts[0].minus(verdict);
                for ((split, _), difference) in verdict.splits().into_iter().zip(differences) {
                    if let Some(Interval { mean, low, high }) = difference {
                        let difference = json!({ "mean": mean, "low": low, "high": high });
                        object[split]["searched_minus"] = difference;
                    }
                }
            }
            add(name, object.into());
        }
        summary
    }

    /// The table for people, under a line that says what it is.
    pub(super) fn table(&self, about: String) -> Vec<String> {
        let row = |name: &str, cells: [String; 3]| {
            let [l0, l1, l2] = cells;
            format!("{name:<14}{l0:<22}{l1:<22}{l2:<22}").trim_end().to_owned()
        };
        let head = ["L0 as trained", "L1 new places", "L2 held-out kinds"].map(str::to_owned);
        let mut lines = vec![about, row("", head)];
        for (name, verdict) in NAMES.iter().zip(self.verdicts) {
            let cells = verdict.intervals().map(|interval| match interval {
                Some(Interval { mean, low, high }) => format!("{mean:.3} ({low:.3}-{high:.3})"),
                None => "-".into(),
            });
            lines.push(row(&name.replace('_', " "), cells));
        }
        lines
    }
}

/// The tree of a reward: names and operands.
fn tree(reward: &Reward, vocabulary: &Vocabulary) -> Value {
    fn below(nodes: &mut std::slice::Iter<'_, Node>, vocabulary: &Vocabulary) -> Value {
        let Some(&node) = nodes.next() else { return Value::Null };
        let Node::Call(operator) = node else { return json!({ "name": vocabulary.name_of(node) }) };
        let operands: Vec<Value> =
            (0..operator.arity()).map(|_| below(nodes, vocabulary)).collect();
        json!({ "name": operator.name(), "operands": operands })
    }
    below(&mut reward.nodes().iter(), vocabulary)
}
