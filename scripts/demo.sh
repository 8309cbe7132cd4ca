#!/usr/bin/env bash
# Publishes what the demo's pages show: a clock, the log of a build, and the answers of a model that only pretends.
# scripts/run.sh starts it. `sluice` has to be on the PATH; SLUICE_GRPC and SLUICE_HTTP say where the bridge is.
#   DEMO_TOKEN_PACE  seconds that a token takes, 0.07 unless set
#   DEMO_LINE_PACE   seconds that a line of the build takes, 0.35 unless set
#   DEMO_REST        seconds between two builds, 20 unless set
# It says on standard output what its model does. SIGTERM stops all of it.
set -euo pipefail
set -m  # each part is a process group, which goes as a whole

nothing=$(mktemp -u)
mkfifo "$nothing"
exec {never}<>"$nothing" {said}>&1
rm -f "$nothing"

# shellcheck disable=SC2317  # a trap calls it
stop_all() {
  trap '' INT TERM HUP
  local group
  for group in $(jobs -p); do kill -TERM -- "-$group" 2>/dev/null || true; done
}
trap stop_all EXIT
trap 'exit 143' INT TERM HUP

# A read that never gets anything is a sleep without a process.
pause() { read -rt "$1" -u "$never" || true; }

# Each second once: it waits for the next, and a little, since what time it is for printf may be a tick of the kernel late.
clock() {
  local rest
  while printf '%(%H:%M:%S)T\n' -1; do
    rest=$((1020000 - 10#${EPOCHREALTIME##*[.,]}))
    printf -v rest '%d.%06d' $((rest / 1000000)) $((rest % 1000000))
    pause "$rest"
  done 2>/dev/null | sluice pub clock --quiet
}

# What CMake and a test runner would print for a terminal.
build() {
  local bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' yellow=$'\e[33m' blue=$'\e[34m' off=$'\e[0m'
  local parts=(base event store hub net http grpc config) files=(clock cursor selector topic_log merged_read hub place
    event_loop listener connection encoded_run sse_frame routes payload publish_call options) n=0 name
  printf '%s\n' "${bold}Building sluice${off} ${dim}release, 2 jobs${off}" '-- Found Protobuf: libprotobuf.so (version 3.21.12)' \
    '-- Found gRPC: 1.51.1' '-- Configuring done' '-- Generating done' || return 1
  for name in "${files[@]}"; do
    n=$((n + 1))
    printf '[%3d%%] %sBuilding CXX object bridge/%s/%s.cc.o%s\n' $((n * 100 / (${#files[@]} + 2))) "$green" \
      "${parts[n * ${#parts[@]} / (${#files[@]} + 1)]}" "$name" "$off" || return 1
    if [[ $name == topic_log ]]; then
      printf '%s\n' "${bold}bridge/store/topic_log.cc:88:9: ${yellow}warning:${off}${bold} unused variable 'kept'${off} [-Wunused-variable]" \
        '   88 |   const uint64_t kept = events_.size();' "      |                  ${yellow}^~~~${off}" || return 1
    fi
    # Some of it is history for whoever comes first.
    ((n < 6)) || pause "${DEMO_LINE_PACE:-0.35}"
  done
  printf '%s\n' "[ 94%] ${bold}${green}Linking CXX executable bin/sluice-bridge${off}" '[100%] Built target sluice-bridge' \
    "${bold}Running tests${off}" || return 1
  for name in Cursor Selector MemoryStore Hub TimerWheel SseFrame HttpLoop Resume Publish Options; do
    printf '      %-14s %spassed%s %s%3d ms%s\n' "$name" "$green" "$off" "$dim" $((RANDOM % 900 + 12)) "$off" || return 1
    pause "${DEMO_LINE_PACE:-0.35}"
  done
  printf '      %-14s %sflaky, passed at the 2nd try%s\n' Listener "$red" "$off" || return 1
  printf '%s\n' "${bold}${green}11 tests passed${off} ${dim}of 11${off}, see ${blue}build/report.html${off}" || return 1
}

# One build after the other, each in a new life of the topic; in between there is time to see that it has ended.
builds() {
  sluice end build.demo >/dev/null 2>&1 || true
  while build 2>/dev/null | sluice pub build.demo --new --end --quiet; do pause "${DEMO_REST:-20}"; done
}

text='A token is a piece of a word. A model makes one after the other, and each costs the same, whether anyone reads it or
not. So the answer goes to a topic as it is made. Whoever opens the page reads it from its start, and goes on where it is
being made. When somebody says stop, the bridge tells the producer, the producer closes the model, and nobody pays for words
that nobody wants. And when the model fails, the topic fails with it, and every reader is told why.'

# Prints a token a line: 0 at its end, 1 when it fails, 2 when nobody takes them any more.
model() {
  local question=$1 made=0 token
  trap '' PIPE
  for token in $text; do
    pause "${DEMO_TOKEN_PACE:-0.07}"
    if [[ $question == *fail* ]] && ((made == 12)); then
      printf 'model: failed after %d tokens\n' "$made" >&"$said"
      return 1
    fi
    if ! printf '%s \n' "$token" 2>/dev/null; then
      printf 'model: stopped after %d tokens\n' "$made" >&"$said"
      return 2
    fi
    made=$((made + 1))
  done
  printf 'model: done after %d tokens\n' "$made" >&"$said"
}

# A stop by a reader is the end of what `sluice pub --feedback` takes, and the model's next token finds nobody.
answer() {
  local topic=$1 question=$2 outcome
  printf '%s\n' "$question" | sluice pub "$topic" --type question --quiet
  set +e
  model "$question" | sluice pub "$topic" --feedback --on-abort-fail --quiet 2>/dev/null
  outcome=${PIPESTATUS[0]}
  set -e
  case $outcome in
    0) sluice end "$topic" ;;
    1) sluice end "$topic" --fail 'the model has run out of memory.' --code INTERNAL ;;
    *) printf 'Stopped, as you asked.\n' | sluice pub "$topic" --type stopped --end --quiet ;;
  esac >/dev/null
}

# A question is a line: the topic for its answer, a space, and the question.
questions() {
  local topic question
  sluice sub questions --from latest --quiet | while read -r topic question; do
    [[ $topic =~ ^answer\.[a-z2-7]{16,64}$ ]] || continue
    # More at a time than this machine should make.
    if (($(jobs -rp | wc -l) >= 8)); then
      printf '' | sluice pub "$topic" --fail 'the model is busy, ask again later.' --code RESOURCE_EXHAUSTED --quiet
    else
      answer "$topic" "$question" &
    fi
  done
}

clock &
builds &
questions &
wait
