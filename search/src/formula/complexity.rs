//! How complex a formula is: the sum of the weights of its nodes.

use serde::{Deserialize, Serialize};

use super::Node;
use crate::program::Operation;

/// Weights of nodes; 1 each by default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Complexity {
    /// Of a column.
    pub column: u16,
    /// Of a constant.
    pub constant: u16,
    /// Of operations, by name; those not named weigh 1.
    pub operations: std::collections::BTreeMap<String, u16>,
}

impl Default for Complexity {
    fn default() -> Self {
        Self { column: 1, constant: 1, operations: std::collections::BTreeMap::new() }
    }
}

/// The weights by number.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighing {
    column: u32,
    constant: u32,
    operations: Vec<u32>,
}

impl Complexity {
    /// The weights by number.
    ///
    /// # Errors
    /// The name of an operation that does not exist.
    pub fn weighing(&self) -> Result<Weighing, String> {
        if let Some(name) = self.operations.keys().find(|name| Operation::named(name).is_none()) {
            return Err(name.clone());
        }
        let weight = |operation: Operation| {
            let named =
                self.operations.iter().find(|(n, _)| Operation::named(n) == Some(operation));
            named.map_or(1, |(_, weight)| u32::from(*weight))
        };
        let operations = Operation::all().map(weight).collect();
        let (column, constant) = (u32::from(self.column), u32::from(self.constant));
        Ok(Weighing { column, constant, operations })
    }
}

impl Weighing {
    /// The complexity of a formula.
    pub fn of(&self, nodes: &[Node]) -> u32 {
        let weight = |node: &Node| match *node {
            Node::Column(_) => self.column,
            Node::Constant(_) => self.constant,
            Node::Call(operation) => self.operations[operation as usize],
        };
        nodes.iter().map(weight).sum()
    }
}
