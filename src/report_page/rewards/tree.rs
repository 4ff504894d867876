//! An expression as a tree.

use std::fmt::Write;

use serde_json::Value;

use super::super::html::escape;
use super::{list, word};

/// Width of a leaf and height of a level, pixels.
const LEAF: f64 = 84.0;
const LEVEL: f64 = 58.0;
const HALF_HEIGHT: f64 = 14.0;

/// The tree of `{ "name": .., "operands": [..] }`, root at the top; nothing of nothing.
pub(super) fn picture(tree: &Value) -> String {
    if tree["name"].is_null() {
        return String::new();
    }
    let mut drawing = Drawing { leaves: 0, deepest: 0, lines: String::new(), nodes: String::new() };
    drawing.node(tree, 0);
    let (width, height) =
        (drawing.leaves as f64 * LEAF, drawing.deepest as f64 * LEVEL + 3.0 * HALF_HEIGHT);
    format!(
        "<div class=\"scroll\"><svg class=\"tree\" role=\"img\" aria-label=\"The reward as a tree.\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n{}{}</svg></div>\n",
        drawing.lines, drawing.nodes
    )
}

struct Drawing {
    leaves: usize,
    deepest: usize,
    lines: String,
    nodes: String,
}

impl Drawing {
    /// Draws what is below a node, then the node above their middle; returns where it is.
    fn node(&mut self, node: &Value, depth: usize) -> f64 {
        let operands = list(&node["operands"]);
        self.deepest = self.deepest.max(depth);
        let below: Vec<f64> =
            operands.iter().map(|operand| self.node(operand, depth + 1)).collect();
        let x = match (below.first(), below.last()) {
            (Some(first), Some(last)) => (first + last) / 2.0,
            _ => {
                self.leaves += 1;
                (self.leaves as f64 - 0.5) * LEAF
            }
        };
        let y = depth as f64 * LEVEL + 1.5 * HALF_HEIGHT;
        for child in below {
            let _ = writeln!(
                self.lines,
                "<line x1=\"{x}\" y1=\"{y}\" x2=\"{child}\" y2=\"{}\"/>",
                y + LEVEL
            );
        }
        let name = word(&node["name"]);
        let half = 12.0 + 3.8 * name.chars().count() as f64;
        let class = if operands.is_empty() { "leaf" } else { "operator" };
        let _ = writeln!(
            self.nodes,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"9\"/>\
             <text x=\"{x}\" y=\"{y}\" dy=\".34em\">{}</text>",
            x - half,
            y - HALF_HEIGHT,
            2.0 * half,
            2.0 * HALF_HEIGHT,
            escape(name)
        );
        x
    }
}
