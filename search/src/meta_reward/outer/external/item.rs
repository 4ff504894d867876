//! What a program has proposed, and what it is told of it.

use serde_json::Value;

use super::protocol::Item;
use super::record::Malformed;
use crate::meta_reward::expression::{Node, Reward, Vocabulary};
use crate::meta_reward::inner::group_advantages;

/// One of the things that came where expressions were asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Proposed {
    /// As the program wrote it.
    pub(super) text: String,
    /// The reward, or why it is none.
    pub(super) reward: Result<Reward, String>,
}

/// Reads the expressions of an answer, of which at most `count` are wanted, and adds the lines that were no answer.
pub(super) fn read_all(
    exprs: &[Value],
    malformed: Vec<Malformed>,
    count: usize,
    vocabulary: &Vocabulary,
) -> Vec<Proposed> {
    let mut all: Vec<Proposed> = exprs.iter().take(count).map(|e| read(e, vocabulary)).collect();
    if exprs.len() > count {
        let reason = format!("{} expressions are more than the {count} asked for", exprs.len());
        all.push(Proposed { text: String::new(), reward: Err(reason) });
    }
    all.extend(
        malformed.into_iter().map(|line| Proposed { text: line.text, reward: Err(line.reason) }),
    );
    all
}

fn read(expr: &Value, vocabulary: &Vocabulary) -> Proposed {
    let Value::String(text) = expr else {
        let reason = "an expression must be text".to_owned();
        return Proposed { text: expr.to_string(), reward: Err(reason) };
    };
    Proposed { text: text.clone(), reward: parse(text, vocabulary) }
}

fn parse(text: &str, vocabulary: &Vocabulary) -> Result<Reward, String> {
    let reward = Reward::parse(text, vocabulary).map_err(|error| error.to_string())?;
    let (found, most) = (reward.nodes().len(), vocabulary.limits().nodes);
    if found > most {
        return Err(format!("it has {found} nodes, {most} are allowed: write it shorter"));
    }
    let grounded = |node: &Node| matches!(node, Node::Primitive(_) | Node::Reduced(..));
    if !reward.nodes().iter().any(grounded) {
        return Err("no primitive occurs: use at least one".to_owned());
    }
    Ok(reward)
}

/// Items of the feedback: valid ones have their values, in order, the others 0, and all of them are one group.
pub(super) fn judged(proposed: &[Proposed], values: &[f32]) -> Vec<Item> {
    let mut values = values.iter().copied();
    let each: Vec<f32> = proposed
        .iter()
        .map(|one| if one.reward.is_ok() { values.next().unwrap_or(f32::NAN) } else { 0.0 })
        .collect();
    let mut advantages = each.clone();
    group_advantages(&mut advantages, 0.0);
    let item = |((one, v), adv): ((&Proposed, f32), f32)| Item {
        expr: one.text.clone(),
        valid: one.reward.is_ok(),
        v,
        adv,
        err: one.reward.as_ref().err().cloned(),
    };
    proposed.iter().zip(each).zip(advantages).map(item).collect()
}
