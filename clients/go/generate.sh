#!/usr/bin/env bash
# Generates the messages and stubs, v1/, from the protos. The plugins are those that go.mod names, built under build/.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../..
bin=$root/build/go-client/bin

cd "$here"
mkdir -p "$bin"
GOBIN=$(cd "$bin" && pwd) go install tool
PATH=$bin:$PATH protoc -I "$root/protos" --go_out=. --go_opt=module=sluice --go-grpc_out=. --go-grpc_opt=module=sluice \
  "$root"/protos/sluice/v1/*.proto
