#!/usr/bin/env bash
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
usage "usage: ./dev peers

Installs what the comparison with other programs needs: a JDK and Maven for the real search cluster (./dev cluster)." "$@"
setup peers
