#!/usr/bin/env bash
# Runs presets over seeds and judges what was learned on fresh episodes or the held-out part.
#   scripts/solve-presets.sh [OUT.jsonl] [PRESET:SEEDS ...]
# Prints and writes one JSON object per run: preset, seed, wall_s of the whole process, the run's summary, eval's answer.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-target/solve-presets.jsonl}
shift || true
plan=("$@")
if [ ${#plan[@]} -eq 0 ]; then
    plan=(cartpole:10 acrobot:3 mountain-car:3 mountain-car-continuous:3 pendulum:3 door-key:3 digits:3)
fi
cargo build --release --quiet
hatchery=target/release/hatchery
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT
mkdir -p "$(dirname "$out")"
: >"$out"
for item in "${plan[@]}"; do
    preset=${item%%:*}
    for seed in $(seq 1 "${item##*:}"); do
        dir=$runs/$preset-$seed
        began=$(date +%s.%N)
        summary=$("$hatchery" run "$preset" --seed "$seed" --out "$dir" --quiet --json | tail -n 1)
        wall=$(echo "$(date +%s.%N) - $began" | awk '{printf "%.3f", $1 - $3}')
        judged=$("$hatchery" eval "$dir" --episodes 100 --json | tail -n 1)
        printf '{"preset":"%s","seed":%s,"wall_s":%s,"run":%s,"eval":%s}\n' \
            "$preset" "$seed" "$wall" "$summary" "$judged" | sed "s#$runs/##g" | tee -a "$out"
    done
done
