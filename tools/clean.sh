#!/usr/bin/env bash
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
usage "usage: ./dev clean [PRESET...]

Removes what was built: everything under build/, or build/PRESET. A cluster node that ./dev cluster started is stopped first." "$@"
if [ $# -gt 0 ]; then
    for preset in "$@"; do
        [[ $preset =~ ^[a-z]+$ ]] || die "No preset '$preset': name a folder of build/"
        rm -rf "${root:?}/build/$preset"
    done
    exit 0
fi
if [ -d build/cluster ]; then tools/cluster.sh stop; fi
rm -rf "${root:?}/build"
