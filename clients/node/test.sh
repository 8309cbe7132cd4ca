#!/usr/bin/env bash
# Builds the Node.js library and runs its tests against the programs in SLUICE_BIN (build/dev/bin unless it is set).
# Exits 77 if there is no Node.js that is new enough.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

here=$root/clients/node
export SLUICE_BIN=${SLUICE_BIN:-$root/build/dev/bin}

need_node || { printf 'there is no Node.js 20, and none can be had\n'; exit 77; }
npm_ci "$here"
say 'Building the Node.js library'
(cd "$here" && npm run --silent build)

say 'Running the tests of the Node.js library'
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
(cd "$here" && npm test --silent) 2>&1 | tee "$log" || status=$?
good=$(sed -nE 's/^ℹ pass ([0-9]+)$/\1/p' "$log")
bad=$(sed -nE 's/^ℹ (fail|cancelled) ([0-9]+)$/\2/p' "$log" | awk '{ sum += $1 } END { print sum + 0 }')
if ((bad == 0 && (status != 0 || ${good:-0} == 0))); then bad=1; fi
printf '%d passed, %d failed\n' "${good:-0}" "$bad"
((bad == 0))
