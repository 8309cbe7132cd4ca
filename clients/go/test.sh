#!/usr/bin/env bash
# Generates and builds the Go library and runs its tests against the programs in SLUICE_BIN (build/dev/bin unless it is
# set). What it is given goes to `go test`: clients/go/test.sh -race
# Exits 77 if there is no Go that is new enough.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

here=$root/clients/go
export SLUICE_BIN=${SLUICE_BIN:-$root/build/dev/bin}
export GOTOOLCHAIN=local GOWORK=off GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false"

missing() {
  printf '%s\n' "$1"
  exit 77
}

go_is_new_enough() {
  local least have
  least=go$(sed -nE 's/^go (.*)$/\1/p' "$here/go.mod")
  have=$(go env GOVERSION) || return
  [[ $(printf '%s\n' "$least" "$have" | sort -V | head -n 1) == "$least" ]]
}

# A Go that the one at hand downloads as a module, which is how newer ones get theirs by themselves. Like those, this marks
# what is to be run and names the go.mod files, neither of which a module can hold.
fetch_go() {
  local version=go1.24.13 arch home
  case $(uname -m) in
    x86_64) arch=amd64 ;;
    aarch64) arch=arm64 ;;
    *) return 1 ;;
  esac
  home=$root/build/go-client/toolchain/golang.org/toolchain@v0.0.1-$version.linux-$arch
  if [[ ! -x $home/bin/go ]]; then
    say "Getting $version"
    mkdir -p "$root/build/go-client/toolchain"
    (cd "$root/build" && GOFLAGS=-modcacherw GOMODCACHE=$root/build/go-client/toolchain \
      go mod download "golang.org/toolchain@v0.0.1-$version.linux-$arch") || return
    find "$home" -name _go.mod -execdir mv _go.mod go.mod \;
    chmod -R a+x "$home/pkg/tool" "$home/bin"
  fi
  export PATH=$home/bin:$PATH
}

install_packages build-essential libprotobuf-dev protobuf-compiler
command -v go >/dev/null || install_packages golang-go || missing 'there is no Go'
go_is_new_enough || fetch_go || missing "Go 1.24 is needed, this is $(go env GOVERSION)"

say 'Building the Go library'
(cd "$here" && go generate . && go vet ./... && go build ./...)

say 'Running the tests of the Go library'
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
(cd "$here" && go test -count=1 -v -timeout=20m "$@" .) 2>&1 | tee "$log" || status=$?
good=$(grep -c '^--- PASS' "$log" || true)
bad=$(grep -c '^--- FAIL' "$log" || true)
if ((bad == 0 && (status != 0 || good == 0))); then bad=1; fi
printf '%d passed, %d failed\n' "$good" "$bad"
((bad == 0))
