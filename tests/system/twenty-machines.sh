#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# One image runs as twenty machines at once, each with ids, names and files of its own.
. "$(dirname "$0")/lib.bash"

all=()
for i in $(seq 20); do all+=("$TEST-$i"); done
each() { # each FUNCTION: on all machines at once; all must succeed
    local m pids=()
    for m in "${all[@]}"; do "$1" "$m" & pids+=($!); done
    for m in "${pids[@]}"; do wait "$m" || fail "$1 of one machine failed"; done
}
distinct() { [[ $(sort -u | wc -l) -eq ${#all[@]} ]]; }

write_mark() { lodgectl exec "$1" sh -c "echo $1 >/mark" </dev/null; }
each run_idle
each write_mark
for m in "${all[@]}"; do
    equal 'State' ready "$(get "$m" State)"
    equal 'the mark of each' "$m" "$(inside "$m" cat /mark)"
    equal 'the host name of each' "$m" "$(inside "$m" hostname)"
done
for m in "${all[@]}"; do get "$m" UIDShift; done | distinct || fail 'two machines share a range of uids'
for m in "${all[@]}"; do get "$m" MachineID; done | distinct || fail 'two machines share a machine-id'
absent "$IMAGES/busybox/mark"
each stop
for m in "${all[@]}"; do nothing_runs "$m"; done
each remove
