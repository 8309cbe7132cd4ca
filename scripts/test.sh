#!/usr/bin/env bash
# Builds Sluice and runs its tests: scripts/test.sh [unit] [asan] [tsan] [lint] [fuzz] [e2e] [clients] [bench]   (none named: all)
#   unit  the tests in C++: unit and integration
#   asan  the same under the address and undefined-behaviour sanitizers
#   tsan  those that need no gRPC under the thread sanitizer
#   lint  protos, format, clang-tidy with the annotations of locks, scripts
#   fuzz  each fuzz target for a minute (SLUICE_FUZZ_SECONDS), two at a time
#   e2e   real clients and a real browser against the programs
#   clients  the producer libraries of clients/, each in its own language, against the programs
#   bench    that the benchmark works; it measures nothing then
# Runs every part, even after one has failed, and exits 1 if anything did. On Debian 12 it installs what is missing.
# A library whose toolchain cannot be had is named at the end as not run; with CI set it counts as failed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

e2e=$root/tests/e2e
passed=0
failed=0
broken=()
not_run=()
failures=$(mktemp)
trap 'rm -f "$failures"' EXIT

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

# keep_failure NAME: keeps what is read, 200 lines of it at the most, for the end, where one looks first.
keep_failure() {
  local text
  text=$(head -n 200 | cut -c -500)
  if [[ $text ]]; then printf '\n== From %s\n%s\n' "$1" "$text" >>"$failures"; fi
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
  awk '/^ *[0-9]+\/[0-9]+ Test / { failed = /\*\*\*/ } /^ +Start +[0-9]+:/ { next } failed' "$log" | keep_failure "$name"
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

run_tsan() {
  install_packages "${build_packages[@]}" "${test_packages[@]}"
  run_ctest tsan
}

# The packages of the end-to-end tests, as the lock file has them.
need_node_packages() {
  need_node
  npm_ci "$e2e"
}

# Python's gRPC in a folder of its own under build/.
need_python() {
  local venv=$root/build/venv list=$e2e/producers/requirements.txt
  if [[ -f $venv/ready && ! $list -nt $venv/ready ]]; then return; fi
  say 'Installing the Python packages of the tests'
  make_venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$list"
  touch "$venv/ready"
}

lint_protos() { (cd "$root/protos" && "$e2e/node_modules/.bin/buf" lint); }

lint_format() {
  (cd "$root" && find bridge clients tests -name node_modules -prune -o \( -name '*.h' -o -name '*.cc' \) -print0 |
    xargs -0r clang-format-14 --dry-run -Werror)
}

lint_scripts() {
  (cd "$root" && shellcheck -x scripts/*.sh clients/*/test.sh clients/examples/*/*.sh .ci/run)
}

# By the flags of the fuzz preset, which is Clang's: it knows the annotations of locks, and GCC does not. Headers that are
# generated are all that must have been built. The slowest files come first, so that no processor waits for the last.
lint_sources() {
  local build=$root/build/fuzz
  configure_preset fuzz || return
  cmake --build "$build" --target protos/sluice/v1/event.pb.h bridge/grpc/health.pb.h \
    clients/cpp/generated/sluice/internal/error.pb.h || return
  (cd "$root" && find bridge/grpc bridge/http clients/cli clients/cpp/sluice bridge tests/fuzz -name '*.cc' | awk '!seen[$0]++' |
    xargs scripts/tidy.py "$build")
}

run_lint() {
  install_packages "${build_packages[@]}" "${lint_packages[@]}"
  need_node_packages
  check 'protos (buf lint)' lint_protos
  check 'format (clang-format)' lint_format
  check 'scripts (shellcheck)' lint_scripts
  check 'sources (clang-tidy)' lint_sources
}

# fuzz_target NAME SECONDS: one target, from its kept corpus. What it finds new goes to a scratch folder, and an input that
# breaks it to build/fuzz/found, with a line that runs that input again.
fuzz_target() {
  local name=$1 seconds=$2 build=$root/build/fuzz status=0 scratch log options=()
  local corpus=$root/tests/fuzz/corpus/${name%_fuzz} dictionary=$root/tests/fuzz/dictionary/${name%_fuzz}
  [[ ! -f $dictionary ]] || options+=("-dict=$dictionary")
  scratch=$(mktemp -d)
  log=$build/found/$name.log
  "$build/bin/$name" "$scratch" "$corpus" "${options[@]}" -artifact_prefix="$build/found/$name-" -print_final_stats=1 \
    -max_total_time="$seconds" -timeout=30 -rss_limit_mb=2048 >"$log" 2>&1 || status=$?
  rm -rf "$scratch"
  printf '%s: %s executions\n' "$name" "$(sed -nE 's/^stat::number_of_executed_units: *//p' "$log")"
  if ((status)); then
    grep -vE '^#[0-9]+' "$log" | tail -n 60
    printf 'To see it again: %s %s\n' "build/fuzz/bin/$name" "$(sed -nE "s|.*Test unit written to $root/||p" "$log")"
  fi
  return "$status"
}

run_fuzz() {
  install_packages "${build_packages[@]}" "${fuzz_packages[@]}"
  say 'Building fuzz'
  if ! build_preset fuzz; then
    count 'build of fuzz' 0 1 1
    return
  fi
  local seconds=${SLUICE_FUZZ_SECONDS:-60} source name pid running=0
  say "Fuzzing each target for $seconds s"
  mkdir -p "$root/build/fuzz/found"
  local -A targets=()
  for source in "$root"/tests/fuzz/*_fuzz.cc; do
    if ((running == 2)); then fuzz_done; fi
    name=$(basename "$source" .cc)
    fuzz_target "$name" "$seconds" &
    targets[$!]=$name
    running=$((running + 1))
  done
  while ((running)); do fuzz_done; done
}

# Waits for one of run_fuzz's targets, whose variables these are.
fuzz_done() {
  local status=0
  wait -n -p pid || status=$?
  running=$((running - 1))
  count "${targets[$pid]}" $((status == 0)) $((status != 0)) "$status"
}

run_e2e() {
  install_packages "${build_packages[@]}" "${test_packages[@]}" "${e2e_packages[@]}"
  unpack_packages "${e2e_unpacked[@]}"
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
  sed -n '/^✖ failing tests:/,$p' "$log" | keep_failure 'end-to-end tests'
  bad=$(sed -nE 's/^ℹ (fail|cancelled) ([0-9]+)$/\2/p' "$log" | awk '{ sum += $1 } END { print sum + 0 }')
  rm -f "$log"
  count 'end-to-end tests' "$good" "$bad" "$status"
}

# Each clients/NAME/test.sh ends with a line `N passed, N failed`, or exits 77 and says in its last line what it lacks.
run_client() {
  local script=$1 name log status=0 good bad
  name=$(basename "$(dirname "$script")")
  say "Testing the library for $name"
  log=$(mktemp)
  SLUICE_BIN=$root/build/dev/bin "$script" 2>&1 | tee "$log" || status=$?
  if ((status == 77)); then
    not_run+=("$name: $(tail -n 1 "$log")")
    if [[ -n ${CI:-} ]]; then count "library for $name" 0 1 "$status"; fi
  else
    read -r good bad < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log" | tail -n 1) || true
    if ((status)); then tail -n 200 "$log" | keep_failure "library for $name"; fi
    count "library for $name" "$good" "$bad" "$status"
  fi
  rm -f "$log"
}

run_clients() {
  install_packages "${build_packages[@]}" "${test_packages[@]}"
  say 'Building the programs'
  if ! { configure_preset dev && (cd "$root" && cmake --build --preset dev --target sluice-bridge sluice); }; then
    count 'build of the programs' 0 1 1
    return
  fi
  local script
  for script in "$root"/clients/*/test.sh; do run_client "$script"; done
}

# With the programs of dev, so that nothing is compiled once more.
quick_bench() { SLUICE_BENCH_PRESET=dev "$root/scripts/bench.sh" --quick; }

bench_report() { (cd "$root/tests/bench/harness" && python3 -m unittest -q test_report); }

run_bench() {
  check 'benchmark, a quick run' quick_bench
  check "benchmark's report" bench_report
}

parts=("$@")
((${#parts[@]})) || parts=(unit asan tsan lint fuzz e2e clients bench)
for part in "${parts[@]}"; do
  case $part in
    unit | asan | tsan | lint | fuzz | e2e | clients | bench) ;;
    *) printf 'usage: scripts/test.sh [unit] [asan] [tsan] [lint] [fuzz] [e2e] [clients] [bench]\n' >&2; exit 2 ;;
  esac
done
for part in "${parts[@]}"; do "run_$part"; done

cat "$failures"
printf '\n'
if ((${#not_run[@]})); then printf 'not run: %s\n' "${not_run[@]}"; fi
if ((failed)); then printf 'Failed: %s\n' "${broken[@]}"; fi
printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
