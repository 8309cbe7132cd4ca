#!/usr/bin/env bash
# Measures Sluice beside a floor and its peers: scripts/bench.sh [--quick] [--load NAME] [--peer NAME]... (--help has all)
# Builds or installs everyone, runs each in turn, prints a table, and leaves report.md, results.json and plots in
# build/bench/report. About a quarter of an hour; --quick takes two minutes, shows that it works, and measures nothing.
# MERCURE=PATH and CENTRIFUGO=PATH take other builds of these, SLUICE_BENCH_PRESET=dev another build of Sluice. On Debian 12 it installs what is missing.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

preset=${SLUICE_BENCH_PRESET:-bench}

install_packages "${build_packages[@]}" "${test_packages[@]}" "${bench_packages[@]}"
need_node
if ! command -v go >/dev/null; then install_packages golang-go; fi
say "Building $preset"
build_preset "$preset"
export SLUICE_BENCH_BIN=$root/build/$preset/bin
# The distribution's Python, which has its matplotlib.
exec /usr/bin/python3 "$root/tests/bench/harness/bench.py" "$@"
