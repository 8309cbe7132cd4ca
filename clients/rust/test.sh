#!/usr/bin/env bash
# Builds the Rust library and runs its tests against the programs in SLUICE_BIN (build/dev/bin unless it is set). What it is
# given goes to `cargo test`: clients/rust/test.sh --test broken
# Exits 77 if there is no Rust that is new enough.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

here=$root/clients/rust
export SLUICE_BIN=${SLUICE_BIN:-$root/build/dev/bin}
export CARGO_TARGET_DIR=$root/build/rust-client CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never
least=$(sed -nE 's/^rust-version = "(.*)"$/\1/p' "$here/Cargo.toml")

# tool_is_new_enough cargo|rustc
tool_is_new_enough() {
  local have
  have=$("$1" --version 2>/dev/null | cut -d ' ' -f 2) || return
  [[ $(printf '%s\n' "$least" "$have" | sort -V | head -n 1) == "$least" ]]
}

rust_is_new_enough() { tool_is_new_enough cargo && tool_is_new_enough rustc; }

# Debian 12's own Rust is 1.63. It has another one beside it, for browsers, which is kept up to date.
get_rust() {
  install_packages cargo-web rustc-web || install_packages cargo rustc || return
  export PATH=/usr/bin:$PATH
  hash -r
  rust_is_new_enough
}

install_packages build-essential ca-certificates libprotobuf-dev protobuf-compiler
rust_is_new_enough || get_rust || {
  printf 'Rust %s is needed, and there is %s\n' "$least" "$(rustc --version 2>/dev/null || printf 'none')"
  exit 77
}

say 'Building the Rust library'
(cd "$here" && cargo build --locked --jobs 2)

say 'Running the tests of the Rust library'
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
(cd "$here" && cargo test --locked --no-fail-fast --jobs 2 "$@") 2>&1 | tee "$log" || status=$?
read -r good bad < <(sed -nE 's/^test result: .* ([0-9]+) passed; ([0-9]+) failed;.*/\1 \2/p' "$log" |
  awk '{ good += $1; bad += $2 } END { print good + 0, bad + 0 }')
if ((bad == 0 && (status != 0 || good == 0))); then bad=1; fi
printf '%d passed, %d failed\n' "$good" "$bad"
((bad == 0))
