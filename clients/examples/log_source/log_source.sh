#!/bin/sh
# Serves a growing file to whoever reads the topic, and reads it only while somebody does, as `kubectl logs -f` would:
#   clients/examples/log_source/log_source.sh FILE TOPIC [more options of sluice pub]
set -eu
[ $# -ge 2 ] || { echo "usage: $0 FILE TOPIC [options of sluice pub]" >&2; exit 2; }
FILE=$1 topic=$2
shift 2
export FILE

# tail starts with the first reader, and is gone after the last one. SLUICE_EVENTS is how many lines have been published
# by then: the next tail goes on behind them, and each line of the file is in the topic once. -F stays with the name when
# the log is rotated; but the count is no line number of the new file, so for one that is rotated `tail -n 0 -F` may suit
# better, which leaves out what was written while nobody read.
# shellcheck disable=SC2016  # the shell that runs the command is to expand it
exec sluice pub "$topic" --start-on-interest 'exec tail -n "+$((SLUICE_EVENTS + 1))" -F -- "$FILE"' "$@"
