//! The text of some kernels, and the sizes it is compiled for.

/// A CUDA source with its constants: what is compiled, and the key of what has been.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// Name of the file without its ending, as in `rollout`.
    pub name: &'static str,
    /// Its text, without the headers that all sources share.
    pub text: &'static str,
    /// `#define`s of sizes, before all else.
    pub constants: String,
    /// Device functions it builds on.
    pub prelude: String,
}

/// What every source begins with.
const HEADERS: [&str; 2] = [include_str!("../math.cuh"), include_str!("../noise.cuh")];

impl Source {
    /// A source without constants.
    pub const fn new(name: &'static str, text: &'static str) -> Self {
        Self { name, text, constants: String::new(), prelude: String::new() }
    }

    /// The same with `#define name value` before it.
    #[must_use]
    pub fn define(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.constants.push_str(&format!("#define {name} {value}\n"));
        self
    }

    /// The same with more text before it.
    #[must_use]
    pub fn with(mut self, text: &str) -> Self {
        self.prelude.push_str(text);
        self
    }

    /// The whole text: constants, headers, device functions of the prelude, kernels.
    pub fn assemble(&self) -> String {
        let mut text = self.constants.clone();
        for part in HEADERS.iter().copied().chain([self.prelude.as_str(), self.text]) {
            text.push('\n');
            text.push_str(&part.replace("#pragma once", ""));
        }
        text
    }

    /// Names of the kernels.
    pub fn kernels(&self) -> Vec<&'static str> {
        let declarations = self.text.split("extern \"C\" __global__ void").skip(1);
        let names = declarations.filter_map(|rest| rest.split('(').find_map(name_at_end));
        let mut kernels: Vec<_> = names.collect();
        // One kernel may be written in two ways, of which a constant chooses one.
        kernels.dedup();
        kernels
    }
}

/// The identifier that ends a piece of a declaration; none if the piece ends in an attribute like `__launch_bounds__`.
fn name_at_end(piece: &'static str) -> Option<&'static str> {
    let piece = piece.trim_end();
    let start = piece.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
    let name = &piece[start..];
    (!name.is_empty() && !name.starts_with("__")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_found_with_and_without_attributes() {
        let text = "extern \"C\" __global__ void one(int a) {}\n\
                    extern \"C\" __global__ void __launch_bounds__(256)\n    two(float *b) {}";
        assert_eq!(Source::new("t", text).kernels(), ["one", "two"]);
    }

    #[test]
    fn constants_come_before_the_headers_that_use_them() {
        let source = Source::new("t", "// kernels").with("__device__ int f();\n").define("N", 4);
        let text = source.assemble();
        let at = |what: &str| text.find(what).expect(what);
        assert!(at("#define N 4") < at("philox") && at("philox") < at("int f()"));
        assert!(at("int f()") < at("// kernels"));
    }
}
