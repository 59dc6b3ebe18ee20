#!/usr/bin/env bash
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
usage "usage: ./dev test [release|debug|asan|tsan] [ARGUMENTS OF ctest]
       ./dev test seeds [N]

Builds and runs every test, optimized by default.
  asan   AddressSanitizer and UndefinedBehaviorSanitizer, every test
  tsan   ThreadSanitizer, the tests of what crosses threads
  debug  for a debugger
  seeds  the layers' test programs, each asynchronous test under N seeds (20): the scheduler permutes what is ready

  ./dev test -R TaskGroup        the tests whose name matches
  ./dev test asan -L http        the tests of one layer

HEM_TEST_SEARCH_URL=http://127.0.0.1:9201 (see ./dev cluster) runs the search conformance cases against that cluster too." "$@"

if [ "${1:-}" = seeds ]; then
    setup run test
    build release hem_tests
    export HEM_TEST_SEED_COUNT=${2:-20}
    # One process per program: a process per test would cost more than its seeds.
    printf '%s\n' build/release/hem_*_tests |
        xargs -P "$(nproc)" -I {} sh -c 'log=$1.seeds.log; "$1" --gtest_brief=1 >"$log" 2>&1 || { cat "$log"; exit 1; }' - {} </dev/null ||
        die "A test failed under one of its seeds: the message names it."
    say "Every asynchronous test passed under $HEM_TEST_SEED_COUNT seeds."
    exit 0
fi

preset=release
case ${1:-} in
release | debug | asan | tsan)
    preset=$1
    shift
    ;;
esac
setup run test
selection=()
if [ "$preset" = tsan ]; then
    build tsan hem_thread_tests
    selection=(-L '^(core|telemetry|search|service)$')
else
    build "$preset"
fi
export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19 TSAN_OPTIONS="external_symbolizer_path=/usr/bin/llvm-symbolizer-19 ${TSAN_OPTIONS:-}"
export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1:${ASAN_OPTIONS:-}" UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
cd "build/$preset"
ctest --output-on-failure -j "$(nproc)" "${selection[@]}" "$@" </dev/null
python3 -B ../../tools/rules.py >&2
[ -n "${HEM_TEST_SEARCH_URL:-}" ] ||
    say "Left out: the search conformance cases against a real cluster (./dev cluster start prints what to set)."
