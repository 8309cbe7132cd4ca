#!/usr/bin/env bash
# Builds the C++ library and runs its tests, under the address and undefined-behaviour sanitizers, against the programs in
# SLUICE_BIN (build/dev/bin unless it is set). Then installs it and runs the example with what was installed.
# Arguments are for CTest: clients/cpp/test.sh -R Broken --repeat until-fail:5
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

here=$root/clients/cpp
build=$root/build/cpp-client
export SLUICE_BIN=${SLUICE_BIN:-$root/build/dev/bin}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1}

# configure FOLDER SOURCES OPTION...
configure() {
  local folder=$1 sources=$2
  shift 2
  [[ -f $build/$folder/build.ninja ]] || cmake -S "$sources" -B "$build/$folder" -G Ninja --log-level=WARNING \
    -DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_COMPILE_WARNING_AS_ERROR=ON "$@"
}

# What was installed publishes, and a reader gets it. The bridge's address is in the line that it prints.
run_example() {
  local status=0 ready address line
  cmake --install "$build/release" --prefix "$build/prefix" >"$build/install.log" &&
    configure example "$here/example" -DCMAKE_PREFIX_PATH="$build/prefix" -DCMAKE_BUILD_TYPE=Release &&
    cmake --build "$build/example" || return
  coproc "$SLUICE_BIN/sluice-bridge" --grpc_listen=127.0.0.1:0 --http_listen=127.0.0.1:0 --log_level=error
  # shellcheck disable=SC2153 # COPROC_PID is Bash's
  local bridge=$COPROC_PID
  read -r -t 60 ready <&"${COPROC[0]}" || status=1
  address=$(sed -nE 's/.* grpc=([^ ]+) .*/\1/p' <<<"$ready")
  line=$("$build/example/countdown" "$address" launch 3 | tail -n 1) || status=1
  kill "$bridge"
  wait "$bridge" || true
  printf '%s\n' "$line"
  [[ $status == 0 && $line == '4 events' ]]
}

install_packages "${build_packages[@]}" "${test_packages[@]}"

say 'Building the C++ library'
configure asan "$here" -DSLUICE_CLIENT_TESTS=ON -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG='-O1 -g1' \
  -DCMAKE_CXX_FLAGS='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer'
cmake --build "$build/asan"
configure release "$here" -DCMAKE_BUILD_TYPE=Release
cmake --build "$build/release"

say 'Running the tests of the C++ library'
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
ctest --test-dir "$build/asan" --output-on-failure --no-tests=error -j 2 "$@" 2>&1 | tee "$log" || status=$?
read -r bad total < <(sed -nE 's/^[0-9]+% tests passed, ([0-9]+) tests? failed out of ([0-9]+)$/\1 \2/p' "$log") || true
good=$((${total:-0} - ${bad:-0}))
bad=${bad:-0}
if ((bad == 0 && (status != 0 || good == 0))); then bad=1; fi

say 'Running the example with the installed library'
if run_example; then good=$((good + 1)); else bad=$((bad + 1)); fi
printf '%d passed, %d failed\n' "$good" "$bad"
((bad == 0))
