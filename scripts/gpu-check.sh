#!/usr/bin/env bash
# Correctness, then speed, on a machine with an NVIDIA GPU. It needs a driver and CUDA's run-time compiler there, and no Rust.
#   scripts/gpu-check.sh build [DIR]        on a machine with Rust: test programs, bench and `hatchery` into DIR (target/carry)
#   scripts/gpu-check.sh run [DIR] [OUT]    on the machine with the GPU: checks, prints a table, writes raw results to OUT
#   scripts/gpu-check.sh                    both, on one machine
#   scripts/gpu-check.sh selftest           the control flow of `run` with programs that only pretend; needs no GPU
# The order of `run`: doctor; the twin tests (HATCHERY_REQUIRE_CUDA=1) of kernels, engine, tasks and of whole runs; a run on both
# backends, whose digests must agree; population_scaling --cuda; the integer language model in its published size; PyTorch's inference
# beside them; compute-sanitizer over the tests of kernels; ncu on the slowest kernel. What is not installed, and what GPU_CHECK_SECONDS (480) leave no time for, is SKIPPED: the
# table and the last line say so. Exit code: 0 if nothing failed, 1 if something did; a skipped step is no failure.
set -euo pipefail
cd "$(dirname "$0")/.."
verb=${1:-all}
carry=${2:-target/carry}
out=${3:-target/gpu-check}
budget_s=${GPU_CHECK_SECONDS:-480}

# Lines `folder kind name executable` of what a cargo command with --message-format=json has built. Its messages for people
# go to standard error as they are, and its failure is ours.
executables() {
    local messages
    messages=$(mktemp)
    if ! "$@" --message-format=json-render-diagnostics >"$messages"; then
        rm -f "$messages"
        echo "gpu-check: $* failed" >&2
        return 1
    fi
    python3 - "$messages" <<'PY'
import json, os, sys
for line in open(sys.argv[1]):
    message = json.loads(line)
    if message.get("executable"):
        folder = os.path.relpath(os.path.dirname(message["manifest_path"]))
        print(folder, message["target"]["kind"][0], message["target"]["name"], message["executable"])
PY
    rm -f "$messages"
}

build() {
    # For any processor of the last ten years: wider vectors are chosen while the program runs.
    export RUSTFLAGS="-C target-cpu=x86-64-v3"
    local target=target/carry-build wanted folder kind name path
    mkdir -p "$carry"
    cargo build --release --target-dir "$target"
    cp "$target/release/hatchery" "$carry/hatchery"
    wanted=$(executables cargo test --release --no-run --target-dir "$target" --lib --test it \
        -p hatchery-kernels -p hatchery-engine -p hatchery-tasks -p hatchery)
    while read -r folder kind name path; do
        case "$folder-$kind" in
            kernels-lib | engine-lib | tasks-test) cp "$path" "$carry/test-$folder" ;;
            .-test) cp "$path" "$carry/test-runs" ;;
        esac
    done <<<"$wanted"
    wanted=$(executables cargo bench --no-run --target-dir "$target" --bench population_scaling --bench egg)
    while read -r folder kind name path; do
        case "$name" in
            population_scaling | egg) cp "$path" "$carry/$name" ;;
        esac
    done <<<"$wanted"
    local program
    for program in hatchery test-kernels test-engine test-tasks test-runs population_scaling egg; do
        if [ ! -x "$carry/$program" ]; then
            echo "gpu-check: $program was not built" >&2
            return 1
        fi
        # Debugging symbols are most of it.
        if command -v strip >/dev/null; then strip "$carry/$program"; fi
    done
    ls -l "$carry"
}

steps=()
skipped=()
failed=()

# note STATE STEP SECONDS WHY
note() {
    steps+=("$(printf '%-8s %5s s  %-34s %s' "$1" "$3" "$2" "$4")")
    case "$1" in
        SKIPPED) skipped+=("$2") ;;
        FAILED) failed+=("$2") ;;
    esac
    if [ "$1" != ok ]; then echo "$1: $2: $4"; fi
}

# step NAME SECONDS FILE COMMAND...: does COMMAND with its output on the screen and in FILE, if there are SECONDS left for it; what
# takes longer than all that is left is stopped, and has failed.
step() {
    local name=$1 wanted_s=$2 file=$3 began=$SECONDS left=$((budget_s - SECONDS)) rc=0
    shift 3
    printf '\n== %s (%d s) ==\n' "$name" "$SECONDS"
    if [ "$left" -lt "$wanted_s" ]; then
        note SKIPPED "$name" 0 "$left s are left of $budget_s, it wants $wanted_s"
        return 0
    fi
    timeout --kill-after=5 "$left" "$@" 2>&1 | tee "$out/$file" || rc=$?
    case $rc in
        0) note ok "$name" $((SECONDS - began)) "$file" ;;
        124 | 137) note FAILED "$name" $((SECONDS - began)) "stopped after $left s, see $file" ;;
        *) note FAILED "$name" $((SECONDS - began)) "exit code $rc, see $file" ;;
    esac
}

# A program of tests whose filter finds none passes too: at least one must have run.
tests() {
    "$@" --test-threads=1 | tee "$scratch/tests.txt" && grep -q '^test result: ok. [1-9]' "$scratch/tests.txt"
}

same_digests() {
    local digests backend task options
    for task in cartpole egg-parity; do
        digests=() options="--generations 10 --seed 1 --quiet --json"
        if [ "$task" = egg-parity ]; then options="$options --set search.pairs=64 --set search.table_bits=18"; fi
        for backend in cpu cuda; do
            # The options are words without spaces.
            digests+=("$("$carry/hatchery" run "$task" $options --backend "$backend" --out "$scratch/$task-$backend" |
                tail -n 1 | sed 's/.*"digest":"\([^"]*\)".*/\1/')")
        done
        echo "$task: digests ${digests[*]}"
        if [ -z "${digests[0]}" ] || [ "${digests[0]}" != "${digests[1]}" ]; then return 1; fi
    done
}

# The kernel that takes most of the time of the short bench, and then what bounds it.
slowest_kernel() {
    local name
    ncu --clock-control none --csv --metrics gpu__time_duration.sum --launch-count 400 "$carry/population_scaling" --cuda --quick >"$scratch/times.csv"
    name=$(python3 - "$scratch/times.csv" <<'PY'
import csv, sys
lines = [line for line in open(sys.argv[1]) if line.startswith('"')]
total = {}
for row in csv.DictReader(lines):
    try:
        total[row["Kernel Name"]] = total.get(row["Kernel Name"], 0.0) + float(row["Metric Value"].replace(",", ""))
    except ValueError:
        pass
if total:
    print(max(total, key=total.get).split("(")[0])
PY
    )
    if [ -z "$name" ]; then
        echo "ncu has counted no kernel: may this user read the counters?"
        return 1
    fi
    echo "slowest kernel: $name"
    ncu --clock-control none --set full --kernel-name "$name" --launch-count 1 "$carry/population_scaling" --cuda --quick
}

run() {
    mkdir -p "$out"
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    export HATCHERY_REQUIRE_CUDA=1 scratch carry
    HATCHERY_BINARY=$(realpath "$carry/hatchery")
    export HATCHERY_BINARY
    export -f tests same_digests slowest_kernel
    SECONDS=0
    step "doctor" 1 doctor.txt bash -c 'set -e; if command -v nvidia-smi; then nvidia-smi -L; fi; "$carry/hatchery" doctor'
    local part filter
    for part in kernels:cuda:: engine:on_a_device tasks:device:: runs:devices::; do
        filter=${part#*:} part=${part%%:*}
        step "twin tests of $part" 10 "test-$part.txt" bash -c 'set -o pipefail; tests "$@"' tests "$carry/test-$part" "$filter"
    done
    step "the same run on both backends" 10 runs.txt bash -c 'set -o pipefail; same_digests'
    # The tables come before the slow checks: an hour later they can be had again, the GPU perhaps not.
    step "population_scaling --cuda" 40 scaling.txt "$carry/population_scaling" --cuda --json "$out/scaling.json"
    step "the integer language model" 30 egg.txt "$carry/egg" --cuda
    if python3 -c 'import torch; assert torch.cuda.is_available()' >"$scratch/torch.txt" 2>&1; then
        step "PyTorch's inference" 30 torch.txt python3 benches/peers/inference_torch.py "$out/scaling.json"
    else
        note SKIPPED "PyTorch's inference" 0 "$(tail -n 1 "$scratch/torch.txt")"
    fi
    local tool
    if command -v compute-sanitizer >/dev/null; then
        # Racecheck takes more than five minutes for a contraction of thousands of directions.
        local without=()
        for tool in memcheck racecheck; do
            if [ "$tool" = racecheck ]; then without=(--skip wide_gradients); fi
            step "compute-sanitizer $tool" 45 "$tool.txt" env HATCHERY_TEST_CASES=3 compute-sanitizer --tool "$tool" \
                --error-exitcode 9 "$carry/test-kernels" cuda:: --test-threads=1 "${without[@]}"
        done
    else
        note SKIPPED "compute-sanitizer" 0 "it is not installed"
    fi
    if command -v ncu >/dev/null; then
        step "ncu on the slowest kernel" 40 ncu.txt bash -c 'set -eo pipefail; slowest_kernel'
    else
        note SKIPPED "ncu on the slowest kernel" 0 "it is not installed"
    fi
    printf '\n== results (%d s of %d, raw files in %s) ==\n' "$SECONDS" "$budget_s" "$out"
    printf '%s\n' "${steps[@]}" | tee "$out/summary.txt"
    local list=""
    if [ ${#failed[@]} -gt 0 ]; then
        printf -v list '%s, ' "${failed[@]}"
        echo "FAILED: ${list%, }" | tee -a "$out/summary.txt"
    fi
    if [ ${#skipped[@]} -gt 0 ]; then
        printf -v list '%s, ' "${skipped[@]}"
        echo "NOT CHECKED: ${list%, }" | tee -a "$out/summary.txt"
    fi
    if [ ${#failed[@]} -gt 0 ]; then return 1; fi
    if [ ${#skipped[@]} -eq 0 ]; then echo "all is well" | tee -a "$out/summary.txt"; fi
}

# Programs that pretend; each case is what must be said of them.
selftest() {
    local program
    stubs=$(mktemp -d)
    trap 'rm -rf "$stubs"' EXIT
    mkdir "$stubs/carry" "$stubs/tools"
    pretend() { printf '#!/usr/bin/env bash\n%s\n' "$2" >"$stubs/$1" && chmod +x "$stubs/$1"; }
    for program in kernels engine tasks runs; do
        pretend "carry/test-$program" 'echo "test result: ok. 3 passed; 0 failed"'
    done
    pretend carry/hatchery 'echo "{\"digest\":\"12ab\"}"'
    pretend carry/population_scaling 'echo "a table"'
    pretend carry/egg 'echo "a table"'
    pretend tools/python3 'exit 0'
    pretend tools/compute-sanitizer 'while [ "$1" != 9 ]; do shift; done; shift; exec "$@"'
    pretend tools/ncu 'exit 0'
    # expect CODE PATTERN [ENVIRONMENT...]
    expect() {
        local code=$1 pattern=$2 rc=0
        shift 2
        env PATH="$stubs/tools:$PATH" "$@" "$0" run "$stubs/carry" "$stubs/out" >"$stubs/said" 2>&1 || rc=$?
        if [ "$rc" != "$code" ] || ! grep -q -- "$pattern" "$stubs/said"; then
            cat "$stubs/said"
            echo "selftest: exit code $rc, wanted $code and \`$pattern\`"
            return 1
        fi
    }
    # An ncu that counts nothing has failed, and is no reason to hide it.
    expect 1 '^FAILED: ncu on the slowest kernel$'
    pretend tools/python3 'if [ "$1" = - ]; then echo kernel; fi'
    expect 0 '^all is well$'
    pretend carry/test-tasks 'echo "test result: ok. 0 passed; 0 failed"'
    expect 1 '^FAILED: twin tests of tasks$'
    pretend carry/test-tasks 'echo "test result: FAILED. 2 passed; 1 failed"; exit 101'
    expect 1 '^FAILED: twin tests of tasks$'
    pretend carry/test-tasks 'echo "test result: ok. 1 passed; 0 failed"'
    pretend tools/python3 'if [ "$1" = -c ]; then echo "no module named torch"; exit 1; fi; if [ "$1" = - ]; then echo kernel; fi'
    expect 0 "^NOT CHECKED: PyTorch's inference$"
    expect 0 '^NOT CHECKED: population_scaling' GPU_CHECK_SECONDS=20
    pretend carry/test-kernels 'echo "test result: ok. 3 passed; 0 failed"; sleep 60'
    expect 1 '^FAILED: twin tests of kernels' GPU_CHECK_SECONDS=12
    pretend carry/test-kernels 'echo "test result: ok. 3 passed; 0 failed"'
    pretend carry/hatchery 'echo "{\"digest\":\"$RANDOM\"}"'
    expect 1 '^FAILED: the same run on both backends$'
    echo "selftest: all is well"
}

case "$verb" in
    build) build ;;
    run) run ;;
    all) build && run ;;
    selftest) selftest ;;
    *) sed -n 2,12p "$0" && exit 2 ;;
esac
