#!/usr/bin/env bash
# Builds Sluice and runs it with a demo: scripts/run.sh [flags of sluice-bridge]
# On Debian 12 it installs what is missing. Ctrl-C stops everything.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

install_packages "${build_packages[@]}"
say 'Building'
build_preset release
bin=$root/build/release/bin

pids=()  # in the order in which they are to stop
folder=$(mktemp -d)

# shellcheck disable=SC2317  # a trap calls it
stop_all() {
  trap '' INT TERM HUP
  local pid
  for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap stop_all EXIT
trap 'printf "\nStopping.\n"; exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# The chat and the questions to the model are published by pages, which is for this machine alone.
flags=(--demo --drain=1s)
[[ " $*" == *" --insecure"* || " $*" == *" --config"* ]] || flags+=(--http_publish)

# The bridge. Its first lines say whether it serves, and where; its log goes to this terminal.
mkfifo "$folder/ready"
"$bin/sluice-bridge" "${flags[@]}" "$@" >"$folder/ready" &
bridge=$!
pids+=("$bridge")
exec {ready}<"$folder/ready"
grpc='' http=''
while [[ -z $grpc ]] && IFS= read -r line <&"$ready"; do
  if [[ $line =~ ^sluice\ ready\ grpc=([^ ]+)\ http=([^ ]+)$ ]]; then
    grpc=${BASH_REMATCH[1]} http=${BASH_REMATCH[2]}
  fi
  printf '%s\n' "$line"
done
if [[ -z $grpc ]]; then
  code=0
  wait "$bridge" || code=$?
  pids=()
  exit "$code"
fi

# What its pages show. It says what its model does, which is part of the show.
PATH=$bin:$PATH SLUICE_GRPC=$grpc SLUICE_HTTP=http://$http "$root/scripts/demo.sh" &
pids=("$!" "${pids[@]}")

port=${http##*:}
cat <<TEXT

Sluice is running. Open this page:
  http://localhost:$port/

To use the command line in another shell:
  export PATH=$bin:\$PATH

Ctrl-C stops it.
TEXT

code=0
wait "$bridge" || code=$?
exit "$code"
