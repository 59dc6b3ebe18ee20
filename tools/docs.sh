#!/usr/bin/env bash
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
usage "usage: ./dev docs [--update]

Checks the documentation: links lead somewhere, quoted code is the code of the examples, docs/patterns.md tells the truth.
--update copies the examples' code into the pages again." "$@"
setup docs
exec python3 tools/docs.py "$@"
