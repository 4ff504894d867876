# What CI runs, and the verbs of a working day.

# Everything that CI checks
check:
    .ci/run

# All tests
test:
    cargo test --workspace

# Tests that take from half a minute to a few minutes each, in full: a hundred thousand spaces, twenty seeds, sanitizers
slow:
    cargo test --workspace -- --ignored

# Correctness and speed on a machine with an NVIDIA GPU
test-gpu:
    scripts/gpu-check.sh

# Format all code
fmt:
    cargo fmt --all

# Documentation of every crate, in the browser
docs:
    cargo doc --workspace --no-deps --open

# An example by its number, as in `just example 05`
example N:
    cargo run --release --example "$(basename examples/{{N}}_*.rs .rs)"

# A preset or a file
run PRESET *FLAGS:
    cargo run --release -- run {{PRESET}} {{FLAGS}}

# One of the benches: kernels, generation, external, profile, population_scaling, programs, formulas, claims, offline
bench NAME *FLAGS:
    cargo bench --bench {{NAME}} -- {{FLAGS}}

# When the one-sided estimator wins: a table, not a timing
estimators:
    cargo bench --bench estimators

# Rewrite the golden vectors; each script says what it needs, and the difference is read by a human
golden:
    python3 engine/tests/golden/make_update_rules.py
    python3 tasks/tests/golden/make_gymnasium.py
    python3 tasks/tests/golden/make_egg.py
    git diff --stat
