#!/usr/bin/env bash
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
usage "usage: ./dev format [--check] [FILE...]

Brings the C++ sources into the layout of .clang-format: the named files, or all. --check changes nothing and fails on a difference." "$@"
mode=(-i)
if [ "${1:-}" = --check ]; then
    mode=(--dry-run --Werror)
    shift
fi
setup lint
if [ $# -gt 0 ]; then
    cd "${HEM_CALLER:-$root}"
    files=("$@")
else
    mapfile -t files < <(git ls-files -co --exclude-standard '*.hpp' '*.cpp' | while read -r file; do [ ! -e "$file" ] || echo "$file"; done)
fi
[ ${#files[@]} -gt 0 ] || exit 0
printf '%s\0' "${files[@]}" | xargs -0 -P "$(nproc)" -n 20 clang-format-19 --style=file "${mode[@]}" ||
    die "Not in the project's layout: run ./dev format"
