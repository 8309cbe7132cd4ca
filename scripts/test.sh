#!/usr/bin/env bash
# Builds Sluice and runs its tests: scripts/test.sh [unit] [asan] [lint] [e2e]   (none named: all of them)
#   unit  the tests in C++: unit and integration
#   asan  the same under the address and undefined-behaviour sanitizers
#   lint  protos, format, thread-safety annotations, scripts
#   e2e   real clients and a real browser against the programs
# Runs every part, even after one has failed, and exits 1 if anything did. On Debian 12 it installs what is missing.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

e2e=$root/tests/e2e
passed=0
failed=0
broken=()

# check NAME COMMAND...: one test of its own.
check() {
  local name=$1
  shift
  say "$name"
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    broken+=("$name")
  fi
}

# count NAME PASSED FAILED STATUS: adds up what a runner said. One that failed without naming a test, or ran none, counts.
count() {
  local name=$1 good=${2:-0} bad=${3:-0} status=$4
  if ((bad == 0)) && ((status != 0 || good == 0)); then bad=1; fi
  passed=$((passed + good))
  failed=$((failed + bad))
  if ((bad)); then broken+=("$name"); fi
}

# Builds a preset and runs what CTest knows of it.
run_ctest() {
  local preset=$1 name="tests in C++ ($1)" log status=0 total bad
  say "Building $preset"
  if ! build_preset "$preset"; then
    count "build of $preset" 0 1 1
    return
  fi
  say "Running the $name"
  log=$(mktemp)
  ctest --test-dir "$root/build/$preset" --output-on-failure --no-tests=error -j 2 2>&1 | tee "$log" || status=$?
  read -r bad total < <(sed -nE 's/^[0-9]+% tests passed, ([0-9]+) tests? failed out of ([0-9]+)$/\1 \2/p' "$log") || true
  rm -f "$log"
  count "$name" "$((${total:-0} - ${bad:-0}))" "${bad:-0}" "$status"
}

run_unit() {
  install_packages "${build_packages[@]}" "${test_packages[@]}"
  run_ctest dev
}

run_asan() {
  install_packages "${build_packages[@]}" "${test_packages[@]}"
  run_ctest asan
}

node_is_new_enough() {
  command -v node >/dev/null && command -v npm >/dev/null &&
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 18) ? 0 : 1)'
}

# Node.js 20 or newer with npm. Debian 12's own is older; then its npm brings a newer one into build/.
need_node() {
  node_is_new_enough && return
  if ! command -v npm >/dev/null; then install_packages nodejs npm; fi
  if ! node_is_new_enough; then
    local arch
    case $(uname -m) in
      x86_64) arch=x64 ;;
      aarch64) arch=arm64 ;;
      *) printf 'Node.js 20 is needed, and there is none for this machine\n' >&2; return 1 ;;
    esac
    local home=$root/build/node
    [[ -x $home/node_modules/node-linux-$arch/bin/node ]] ||
      npm install --no-save --no-audit --no-fund --loglevel=error --prefix "$home" "node-linux-$arch@22.22.0"
    export PATH=$home/node_modules/node-linux-$arch/bin:$PATH
  fi
  node_is_new_enough
}

# The packages of the end-to-end tests, as the lock file has them.
need_node_packages() {
  need_node
  local stamp=$e2e/node_modules/.package-lock.json
  if [[ ! -f $stamp || $e2e/package-lock.json -nt $stamp ]]; then
    say 'Installing the Node.js packages of the tests'
    (cd "$e2e" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    touch "$stamp"
  fi
}

# Python's gRPC in a folder of its own under build/.
need_python() {
  local venv=$root/build/venv list=$e2e/producers/requirements.txt
  if [[ -f $venv/ready && ! $list -nt $venv/ready ]]; then return; fi
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then install_packages python3 python3-venv; fi
  say 'Installing the Python packages of the tests'
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$list"
  touch "$venv/ready"
}

lint_protos() { (cd "$root/protos" && "$e2e/node_modules/.bin/buf" lint); }

lint_format() {
  (cd "$root" && find bridge clients tests -name node_modules -prune -o \( -name '*.h' -o -name '*.cc' \) -print0 |
    xargs -0r clang-format-14 --dry-run -Werror)
}

lint_scripts() {
  (cd "$root" && shellcheck -x scripts/*.sh .ci/run)
}

# Clang knows the annotations of locks; GCC does not.
lint_threads() {
  local build=$root/build/clang
  if [[ ! -f $build/build.ninja ]]; then
    cmake -S "$root" -B "$build" -G Ninja --log-level=WARNING -DCMAKE_BUILD_TYPE=Debug \
      -DCMAKE_C_COMPILER=clang-14 -DCMAKE_CXX_COMPILER=clang++-14 -DSLUICE_TESTS=OFF -DSLUICE_GRPC=OFF || return
  fi
  cmake --build "$build"
}

run_lint() {
  install_packages "${build_packages[@]}" "${lint_packages[@]}"
  need_node_packages
  check 'protos (buf lint)' lint_protos
  check 'format (clang-format)' lint_format
  check 'scripts (shellcheck)' lint_scripts
  check 'locks (clang -Wthread-safety)' lint_threads
}

run_e2e() {
  install_packages "${build_packages[@]}" "${test_packages[@]}" "${e2e_packages[@]}"
  need_node_packages
  need_python
  say 'Building dev'
  if ! build_preset dev; then
    count 'build of dev' 0 1 1
    return
  fi
  say 'Running the end-to-end tests'
  local log status=0 good bad
  log=$(mktemp)
  (cd "$e2e" && node --test --test-reporter=spec --test-concurrency=2 --test-timeout=120000) 2>&1 | tee "$log" || status=$?
  good=$(sed -nE 's/^ℹ pass ([0-9]+)$/\1/p' "$log")
  bad=$(sed -nE 's/^ℹ (fail|cancelled) ([0-9]+)$/\2/p' "$log" | awk '{ sum += $1 } END { print sum + 0 }')
  rm -f "$log"
  count 'end-to-end tests' "$good" "$bad" "$status"
}

parts=("$@")
((${#parts[@]})) || parts=(unit asan lint e2e)
for part in "${parts[@]}"; do
  case $part in
    unit | asan | lint | e2e) ;;
    *) printf 'usage: scripts/test.sh [unit] [asan] [lint] [e2e]\n' >&2; exit 2 ;;
  esac
done
for part in "${parts[@]}"; do "run_$part"; done

printf '\n'
if ((failed)); then printf 'Failed: %s\n' "${broken[@]}"; fi
printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
