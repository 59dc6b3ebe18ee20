#!/usr/bin/env bash
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
usage "usage: ./dev fuzz [SECONDS] [TARGET...]

Runs every fuzz target for SECONDS each (default 60), as many at once as there are CPUs, with AddressSanitizer.
Inputs that were found stay under build/fuzz/corpus/; an input that fails is named and the command fails.
HEM_FUZZ_SEED=N chooses the random seed: 1 where CI=true, so that a red run can be run again, else another each time." "$@"

seconds=60
[ "${CI:-}" = true ] && HEM_FUZZ_SEED=${HEM_FUZZ_SEED:-1}
export HEM_FUZZ_SEED=${HEM_FUZZ_SEED:-0}
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
    seconds=$1
    shift
fi
setup run test
build fuzz hem_fuzzers
targets=()
if [ $# -gt 0 ]; then
    for name in "$@"; do
        [ -x "build/fuzz/fuzz/fuzz_${name#fuzz_}" ] ||
            die "No fuzz target '$name'; there are: $(find build/fuzz/fuzz -maxdepth 1 -type f -name 'fuzz_*' -printf '%f ')"
        targets+=("fuzz_${name#fuzz_}")
    done
else
    mapfile -t targets < <(find build/fuzz/fuzz -maxdepth 1 -type f -name 'fuzz_*' -executable -printf '%f\n' | sort)
fi
[ ${#targets[@]} -gt 0 ] || die "There are no fuzz targets: name one hem/<layer>/<concept>_fuzz.cpp"

# `fuzz_one NAME SECONDS`: one line about one target; fails when an input made it fail.
fuzz_one() {
    local name=$1 seconds=$2 corpus=build/fuzz/corpus/$1 found=build/fuzz/found log=build/fuzz/$1.log status=0 input
    mkdir -p "$corpus" "$found"
    "build/fuzz/fuzz/$name" "$corpus" -max_total_time="$seconds" -seed="$HEM_FUZZ_SEED" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$found/$name-" >"$log" 2>&1 </dev/null || status=$?
    if [ "$status" -eq 0 ]; then
        awk -v name="$name" '/ cov: / {for (i = 1; i < NF; ++i) if ($i == "cov:") covered = $(i + 1)}
            /^stat::number_of_executed_units/ {runs = $2} /^stat::average_exec_per_sec/ {rate = $2}
            END {printf "%-32s %10d runs %8d/s %6d edges\n", name, runs, rate, covered}' "$log"
        return
    fi
    input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    printf '%-32s FAILED: %s\n' "$name" "$(grep -m 1 -E 'ERROR: |runtime error: |SUMMARY: ' "$log" || echo "exit code $status")"
    printf '  input  %s\n  report %s\n  again  build/fuzz/fuzz/%s %s\n' "${input:-none was kept}" "$log" "$name" "${input:-}"
    return 1
}
export -f fuzz_one
say "Fuzzing ${#targets[@]} targets for $seconds s each"
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c 'fuzz_one {} '"$seconds" ||
    die "A fuzz target failed; its input and report are named above"
