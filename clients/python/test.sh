#!/usr/bin/env bash
# Builds the Python library and runs its tests against the programs in SLUICE_BIN (build/dev/bin unless it is set).
# Exits 77 if there is no Python that is new enough.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

here=$root/clients/python
venv=$root/build/python-venv
export SLUICE_BIN=${SLUICE_BIN:-$root/build/dev/bin}

missing() {
  printf '%s\n' "$1"
  exit 77
}

command -v python3 >/dev/null || install_packages python3 python3-venv || missing 'there is no python3'
python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' || missing "Python 3.9 is needed, this is $(python3 --version)"

if [[ ! -f $venv/ready || $here/pyproject.toml -nt $venv/ready ]]; then
  say 'Installing the Python packages of the library'
  make_venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "${here}[test]"
  touch "$venv/ready"
fi
say 'Building the Python library'
"$venv/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps "$here"

say 'Running the tests of the Python library'
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
(cd "$here" && PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" -m pytest -p no:cacheprovider) 2>&1 | tee "$log" || status=$?
# The last line of pytest: === 2 failed, 30 passed, 1 error in 12.34s ===
tally() { tail -n 1 "$log" | grep -oE "[0-9]+ ($1)" | awk '{ sum += $1 } END { print sum + 0 }' || true; }
good=$(tally passed)
bad=$(tally 'failed|errors?')
if ((bad == 0 && (status != 0 || good == 0))); then bad=1; fi
printf '%d passed, %d failed\n' "$good" "$bad"
((bad == 0))
