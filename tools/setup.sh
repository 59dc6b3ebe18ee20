#!/usr/bin/env bash
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
usage "usage: ./dev setup [SET...]

Installs the Debian packages of the sets that are missing (default: run test), with sudo when not root.
Says nothing when nothing is missing. The sets stand in tools/packages.txt: run test bench lint docs peers.
Every other command sets itself up; HEM_NO_SETUP=1 forbids that." "$@"
[ $# -gt 0 ] || set -- run test
for name in "$@"; do
    [ -n "$(packages "$name")" ] || die "No package set '$name'; there are: $(awk '!/^#/ && NF {print $1}' tools/packages.txt | sort -u | xargs)"
done
setup "$@"
