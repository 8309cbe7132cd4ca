#!/usr/bin/env bash
# Measures Sluice beside a floor and its peers: scripts/bench.sh [--quick] [--load NAME] [--peer NAME]... (--help has all)
# Builds or installs everyone, runs each in turn, prints a table, and leaves report.md, results.json and plots in
# build/bench/report. About a quarter of an hour; --quick takes two minutes, shows that it works, and measures nothing.
# MERCURE=PATH and CENTRIFUGO=PATH take other builds of these. On Debian 12 it installs what is missing.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Plots are drawn by the distribution's Python, whose matplotlib needs no building.
readonly bench_packages=(libbenchmark-dev python3 python3-matplotlib)

install_packages "${build_packages[@]}" "${bench_packages[@]}"
need_node
if ! command -v go >/dev/null; then install_packages golang-go; fi
say 'Building bench'
build_preset bench
exec /usr/bin/python3 "$root/tests/bench/harness/bench.py" "$@"
