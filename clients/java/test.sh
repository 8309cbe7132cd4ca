#!/usr/bin/env bash
# Builds the Java library and runs its tests against the programs in SLUICE_BIN (build/dev/bin unless it is set).
# Exits 77 if there is no JDK that is new enough, or no Maven.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

here=$root/clients/java
export SLUICE_BIN=${SLUICE_BIN:-$root/build/dev/bin}
export MAVEN_OPTS=${MAVEN_OPTS:--XX:TieredStopAtLevel=1} # short runs: the second compiler does not pay

missing() {
  printf '%s\n' "$1"
  exit 77
}

# Maven goes by JAVA_HOME if it is set, and so do we.
jdk_is_new_enough() {
  local javac=${JAVA_HOME:+$JAVA_HOME/bin/}javac version
  version=$("$javac" -version 2>&1 | sed -nE 's/^javac ([0-9]+).*/\1/p') || return 1
  ((${version:-0} >= 17))
}

if ! jdk_is_new_enough || ! command -v mvn >/dev/null; then
  install_packages openjdk-17-jdk-headless maven || missing 'there is no JDK 17 or no Maven, and none can be had'
  jdk_is_new_enough || missing 'JDK 17 is needed, and another one comes first in the PATH or in JAVA_HOME'
fi

say 'Building the Java library and running its tests'
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
# Maven resets a terminal's colours even where it has set none, in front of what follows it.
(cd "$here" && mvn -B -ntp -Dstyle.color=never package) 2>&1 | sed -u 's/\x1b\[[0-9;]*m//g' | tee "$log" || status=$?
# Surefire's last word: Tests run: 60, Failures: 0, Errors: 0, Skipped: 0
read -r total failures errors skipped < <(sed -nE \
  's/.*Tests run: ([0-9]+), Failures: ([0-9]+), Errors: ([0-9]+), Skipped: ([0-9]+)$/\1 \2 \3 \4/p' "$log" | tail -n 1) || true
bad=$((${failures:-0} + ${errors:-0}))
good=$((${total:-0} - bad - ${skipped:-0}))
if ((bad == 0 && (status != 0 || good == 0))); then bad=1; fi
printf '%d passed, %d failed\n' "$good" "$bad"
((bad == 0))
