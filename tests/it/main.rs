//! The `hatchery` command as a user meets it: words, exit codes, files, signals.

mod support;

mod budgets;
mod cma_es;
mod configuration;
mod design;
mod determinism;
mod devices;
mod external;
mod failures;
mod files;
mod fit;
mod language;
mod learned;
mod malformed_tables;
mod optimizer_search;
mod program;
mod resuming;
mod reward;
mod reward_search;
mod signals;
mod update_rules;
mod verify;
mod words;
