#!/usr/bin/env bash
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
usage "usage: ./dev bench [NAME...]

Builds and runs the benchmarks (all, or those named: runtime, http, compile, peers, search_engine ...) and writes one table to build/bench/table.md.
Every row is a ratio to a baseline that ran in turn with it, or a figure with its limit; MISSED marks a budget that was not kept, LOST a peer
that is faster. Peers that ./dev peers has not installed are left out.
Figures are only worth something on a machine that does nothing else." "$@"
setup run bench
build bench hem_bench
table=build/bench/table.md
wanted() {
    local name=$1
    shift
    [ $# -eq 0 ] && return
    for chosen in "$@"; do [ "$chosen" = "$name" ] && return; done
    return 1
}
{
    echo '| what                                         | Hem               | baseline                 |   baseline | ratio  | budget          |'
    echo '| -------------------------------------------- | ----------------- | ------------------------ | ---------- | ------ | --------------- |'
} | tee "$table"
status=0 ran=0
for program in build/bench/bench/*_bench; do
    name=$(basename "$program" _bench)
    if wanted "$name" "$@"; then
        ran=1
        taskset -c 0 "$program" </dev/null | tee -a "$table" || status=$?
    fi
done
if [ -x build/bench/bench/plaintext_server ] && wanted http "$@"; then
    ran=1
    python3 bench/http_bench.py build/bench/bench </dev/null | tee -a "$table" || status=$?
fi
if wanted compile "$@"; then
    ran=1
    python3 bench/compile_bench.py . build/bench </dev/null | tee -a "$table" || status=$?
fi
if wanted peers "$@"; then
    ran=1
    taskset -c 0 python3 bench/runtime_peers.py build/bench/bench </dev/null | tee -a "$table" || status=$?
fi
[ "$ran" -eq 1 ] || die "No benchmark is called ${*}; there are: compile http peers $(basename -as _bench build/bench/bench/*_bench | xargs)"
[ "$status" -eq 0 ] || die "A benchmark failed: its message stands above"
say "The table is in $table"
