#!/usr/bin/env bash
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
usage "usage: ./dev run [ARGUMENTS OF blog]

Builds the blog service and starts it: a searchable blog on http://127.0.0.1:8000, its API documentation at /docs.
Ctrl-C stops it. Everything after 'run' goes to the program:

  ./dev run serve --help         flags and environment variables
  ./dev run import DIR           read a folder of Markdown posts" "$@"
setup run
build release blog
cd "${HEM_CALLER:-$root}"
exec "$root/build/release/blog" "$@"
