#!/usr/bin/env bash
# Runs the example: clients/examples/token_stream/run.sh [options of server.py]
#   PORT                     where the page is, 8001 unless set
#   SLUICE_GRPC, SLUICE_HTTP  a bridge that runs already, with the page's origin in its cors_origins; without them one
#                            is started on free ports, from build/release/bin or SLUICE_BIN
#   SLUICE_PYTHON            a Python with grpcio and grpcio-tools; without it one is made under build/
# Ctrl-C stops everything.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
port=${PORT:-8001}
stubs=$root/build/examples/stubs
python=${SLUICE_PYTHON:-$root/build/examples/venv/bin/python}
pids=()

# shellcheck disable=SC2317  # a trap calls it
stop_all() {
  trap '' INT TERM HUP
  local pid
  for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
}
trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if [[ ! -x $python ]]; then
  printf 'Making a Python with grpcio-tools under build/\n'
  python3 -m venv "$root/build/examples/venv"
  "$python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
fi
mkdir -p "$stubs"
"$python" -m grpc_tools.protoc -I "$root/protos" --python_out="$stubs" --grpc_python_out="$stubs" \
  "$root"/protos/sluice/v1/*.proto

if [[ -z ${SLUICE_GRPC:-} || -z ${SLUICE_HTTP:-} ]]; then
  bridge=${SLUICE_BIN:-$root/build/release/bin}/sluice-bridge
  if [[ ! -x $bridge ]]; then
    printf '%s is not there: scripts/run.sh builds it\n' "$bridge" >&2
    exit 1
  fi
  exec {ready}< <(exec "$bridge" --grpc_listen=127.0.0.1:0 --http_listen=127.0.0.1:0 --drain=1s \
    --cors_origins="http://localhost:$port,http://127.0.0.1:$port")
  pids+=("$!")
  IFS= read -r line <&"$ready" || exit 1
  [[ $line =~ ^sluice\ ready\ grpc=([^ ]+)\ http=([^ ]+)$ ]]
  SLUICE_GRPC=${BASH_REMATCH[1]} SLUICE_HTTP=http://${BASH_REMATCH[2]}
fi

PYTHONPATH=$stubs "$python" "$here/server.py" --grpc "$SLUICE_GRPC" --http "$SLUICE_HTTP" --port "$port" "$@" &
pids=("$!" "${pids[@]}")
wait "$!"
