#!/usr/bin/env bash
# Builds the client for pages and runs its unit tests; tests/e2e/web_client_*.test.js run what is built in three browsers.
# Exits 77 if there is no Node.js that is new enough.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

here=$root/clients/web

need_node || { printf 'there is no Node.js 20, and none can be had\n'; exit 77; }
npm_ci "$here"
say 'Building the client for pages'
(cd "$here" && npm run --silent build)

say 'Running its unit tests'
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
(cd "$here" && NO_COLOR=1 npm test --silent) 2>&1 | tee "$log" || status=$?
# Vitest's line: "      Tests  1 failed | 36 passed (37)"
tally() { sed -nE 's/^ +Tests +(.*)$/\1/p' "$log" | grep -oE "[0-9]+ $1" | awk '{ sum += $1 } END { print sum + 0 }' || true; }
good=$(tally passed)
bad=$(tally failed)
if ((bad == 0 && (status != 0 || good == 0))); then bad=1; fi
printf '%d passed, %d failed\n' "$good" "$bad"
((bad == 0))
