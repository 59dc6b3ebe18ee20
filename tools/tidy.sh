#!/usr/bin/env bash
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
usage "usage: ./dev tidy [FILE...]

Runs clang-tidy with the checks of .clang-tidy over the named sources, or over all that the release build compiles (tests aside)." "$@"
setup run lint
configure release
build release hem_pch_library hem_pch_test
if [ $# -gt 0 ]; then
    files=()
    for file in "$@"; do files+=("$(cd "${HEM_CALLER:-$root}" && realpath "$file")"); done
else
    mapfile -t files < <(sed -n 's/^ *"file": "\(.*\)",*$/\1/p' build/release/compile_commands.json |
        grep -E "^$root/(hem|apps|tools|examples)/" | grep -vE '_(test|fuzz)\.cpp$' | sort -u)
fi
say "Checking ${#files[@]} sources"
printf '%s\0' "${files[@]}" | xargs -0 -P "$(nproc)" -n 1 clang-tidy-19 -p build/release --quiet 2>/dev/null ||
    die "clang-tidy has findings; a line may be excused with // NOLINT(check): reason"
