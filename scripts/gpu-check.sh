#!/usr/bin/env bash
# Correctness, then speed, on a machine with an NVIDIA GPU. It needs a driver and CUDA's run-time compiler there, and no Rust.
#   scripts/gpu-check.sh build [DIR]        on a machine with Rust: test programs, bench and `hatchery` into DIR (target/carry)
#   scripts/gpu-check.sh run [DIR] [OUT]    on the machine with the GPU: checks, prints a table, writes raw results to OUT
#   scripts/gpu-check.sh                    both, on one machine
# The order of `run`: doctor; the twin tests (HATCHERY_REQUIRE_CUDA=1); a run on both backends, whose digests must agree;
# compute-sanitizer over the layers if it is installed; population_scaling --cuda; PyTorch's inference beside it, if there is PyTorch.
set -euo pipefail
cd "$(dirname "$0")/.."
verb=${1:-all}
carry=${2:-target/carry}
out=${3:-target/gpu-check}

build() {
    # For any processor of the last ten years: wider vectors are chosen while the program runs.
    export RUSTFLAGS="-C target-cpu=x86-64-v3"
    local target=target/carry-build
    mkdir -p "$carry"
    cargo build --release --target-dir "$target"
    cp "$target/release/hatchery" "$carry/hatchery"
    local wanted
    wanted=$(cargo test --release --no-run --target-dir "$target" --message-format=json -p hatchery-kernels -p hatchery-engine -p hatchery-tasks 2>/dev/null |
        python3 -c '
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message.get("executable"):
        print(message["package_id"].split("#")[0].rsplit("/", 1)[-1], message["target"]["kind"][0], message["executable"])')
    while read -r package kind path; do
        case "$package-$kind" in
            kernels-lib | engine-lib) cp "$path" "$carry/test-$package" ;;
            tasks-test) cp "$path" "$carry/test-$package" ;;
        esac
    done <<<"$wanted"
    local bench
    bench=$(cargo bench --no-run --target-dir "$target" --bench population_scaling --message-format=json 2>/dev/null |
        python3 -c '
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message.get("executable") and message["target"]["name"] == "population_scaling":
        print(message["executable"])')
    cp "$bench" "$carry/population_scaling"
    strip "$carry"/* 2>/dev/null || true
    ls -l "$carry"
}

run() {
    mkdir -p "$out"
    export HATCHERY_REQUIRE_CUDA=1
    local failed=0
    step() { printf '\n== %s (%d s) ==\n' "$*" "$SECONDS"; }
    step "doctor"
    nvidia-smi -L || true
    "$carry/hatchery" doctor | tee "$out/doctor.txt"
    step "twin tests"
    "$carry/test-kernels" cuda:: --test-threads=1 2>&1 | tee "$out/test-kernels.txt" || failed=1
    "$carry/test-engine" on_a_device --test-threads=1 2>&1 | tee "$out/test-engine.txt" || failed=1
    "$carry/test-tasks" device:: --test-threads=1 2>&1 | tee "$out/test-tasks.txt" || failed=1
    step "the same run on both backends"
    local runs
    runs=$(mktemp -d)
    local digests=()
    for backend in cpu cuda; do
        digests+=("$("$carry/hatchery" run cartpole --generations 10 --seed 1 --backend "$backend" --out "$runs/$backend" --quiet --json |
            tail -n 1 | tee -a "$out/runs.jsonl" | sed 's/.*"digest":"\([^"]*\)".*/\1/')")
    done
    rm -rf "$runs"
    echo "digests ${digests[*]}"
    [ "${digests[0]}" = "${digests[1]}" ] || failed=1
    if command -v compute-sanitizer >/dev/null; then
        step "compute-sanitizer"
        HATCHERY_TEST_CASES=9 timeout 120 compute-sanitizer --error-exitcode 9 "$carry/test-kernels" cuda::layers --test-threads=1 2>&1 |
            tail -n 5 | tee "$out/sanitizer.txt" || failed=1
    fi
    step "population_scaling --cuda"
    "$carry/population_scaling" --cuda --json "$out/scaling.json" 2>&1 | tee "$out/scaling.txt" || failed=1
    if python3 -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; then
        step "PyTorch"
        python3 benches/peers/inference_torch.py "$out/scaling.json" 2>&1 | tee "$out/torch.txt" || failed=1
    fi
    step "done, $([ $failed = 0 ] && echo all is well || echo something FAILED)"
    return $failed
}

case "$verb" in
    build) build ;;
    run) run ;;
    all) build && run ;;
    *) sed -n 2,8p "$0" && exit 2 ;;
esac
