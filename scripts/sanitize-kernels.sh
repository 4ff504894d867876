#!/usr/bin/env bash
# The tests of kernels on the emulator, with a thread of the system for each CUDA thread, under a sanitizer of g++:
#   scripts/sanitize-kernels.sh thread [FILTER]     races between the threads of a block
#   scripts/sanitize-kernels.sh address [FILTER]    accesses beyond an array, undefined arithmetic
# FILTER is a part of the names of tests (cuda::). A launch is a process, so that this takes minutes for what takes seconds without:
# each test has one random case, or HATCHERY_TEST_CASES of them.
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in
    thread | address) ;;
    *) sed -n 2,6p "$0" && exit 2 ;;
esac
# That the sanitizers find what is wrong, and nothing else.
cargo test --package hatchery-kernels --lib device::sanitized -- --include-ignored
export HATCHERY_EMULATED_SANITIZER=$1 HATCHERY_REQUIRE_EMULATOR=1
export HATCHERY_TEST_CASES="${HATCHERY_TEST_CASES:-1}"
cargo test --package hatchery-kernels --lib "${2:-cuda::}" -- --test-threads=1
