#!/usr/bin/env bash
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
usage "usage: ./dev peers

Installs what the comparison with other programs needs: a JDK and Maven for the real search cluster (./dev cluster),
Asio and Tokio for the comparison of runtimes (./dev bench peers)." "$@"
setup peers bench-peers
command -v cargo >/dev/null || setup rust
rm -rf build/bench/bench/peers/tokio-source
mkdir -p build/bench/bench/peers
cp -r bench/peers/tokio build/bench/bench/peers/tokio-source
cargo build --release --quiet --manifest-path build/bench/bench/peers/tokio-source/Cargo.toml --target-dir build/bench/bench/peers/tokio
rm -r build/bench/bench/peers/tokio-source
