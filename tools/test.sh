#!/usr/bin/env bash
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
usage "usage: ./dev test [release|debug|asan|tsan] [ARGUMENTS OF ctest]

Builds and runs every test, optimized by default.
  asan   AddressSanitizer and UndefinedBehaviorSanitizer, every test
  tsan   ThreadSanitizer, the tests of what crosses threads
  debug  for a debugger

  ./dev test -R TaskGroup        the tests whose name matches
  ./dev test asan -L http        the tests of one layer

HEM_TEST_SEARCH_URL=http://127.0.0.1:9201 (see ./dev cluster) runs the search conformance cases against that cluster too." "$@"

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
[ -n "${HEM_TEST_SEARCH_URL:-}" ] ||
    say "Left out: the search conformance cases against a real cluster (./dev cluster start prints what to set)."
