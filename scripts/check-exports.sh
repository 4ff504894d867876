#!/usr/bin/env bash
# Runs the exports of programs in NumPy, SymPy, Optax and PyTorch and compares them with the interpreter.
# A virtual environment is made in the first argument (default: target/exports-venv); needs the network once.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-target/exports-venv}
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet numpy sympy jax optax
if ! "$venv/bin/pip" install --quiet torch --index-url "${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}"; then
    "$venv/bin/pip" install --quiet torch
fi
"$venv/bin/python" - <<'PYTHON'
import sys, numpy, sympy, jax, optax, torch
for module in (numpy, sympy, jax, optax, torch):
    print(module.__name__, module.__version__)
print("python", sys.version.split()[0])
PYTHON
HATCHERY_REQUIRE_PYTHON=1 HATCHERY_PYTHON="$(realpath "$venv")/bin/python" JAX_PLATFORMS=cpu \
    cargo test -p hatchery-search --lib program::export
