#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# How a machine ends is written down, or it does not start: the space for that is taken before PID 1 runs.
. "$(dirname "$0")/lib.bash"

EXITS=/run/lodge/exit
m=$TEST-a
create "$m" busybox -- /bin/sh -c 'for i in $(seq 200); do printf "line %d %0300d\n" "$i" 0; done; trap "exit 5" USR1; sleep 100000 & wait'

records() { find "$EXITS" -mindepth 1 -name "*$TEST*" -printf '%f '; }

small_exits() { # small_exits OPTIONS
    mount -t tmpfs -o "mode=0700,$1" tmpfs "$EXITS"
}
at_exit 'while mountpoint -q "$EXITS"; do umount "$EXITS"; done'

# refuses_start WHY: there is no space for a record. By systemctl: lodged would have looked before.
refuses_start() {
    expect 1 systemctl start "lodge@$m.service"
    wait_for 5 "State, $1" has "$m" State failed
    matches "reason, $1" "$EXITS.*$1" "$(reason "$m" message)"
    nothing_runs "$m"
}

small_exits size=64k
dd if=/dev/zero of="$EXITS/filler" bs=4k 2>/dev/null || true
refuses_start 'No space left on device'
refused NoSpace 'No space left on device' StartMachine "'$m'" '{}'
umount "$EXITS"

small_exits size=64k,nr_inodes=2
: >"$EXITS/filler"
refuses_start 'No space left on device'
umount "$EXITS"

small_exits ro
refuses_start 'Read-only file system'
umount "$EXITS"

# it becomes full while the machine runs: what was reserved is enough to tell the status
small_exits size=64k
start "$m"
equal 'what is reserved' ".#$m " "$(records)"
dd if=/dev/zero of="$EXITS/filler" bs=4k 2>/dev/null || true
leader=$(get "$m" Leader)
wait_for 5 'its trap is set' grep -q '^SigCgt:.*[^0]' "/proc/$leader/status"
wait_for 5 'its last line' eval "on $m ReadOutput 'a{sv}' 0 | grep -q 'line 200'"
kill -USR1 "$leader"
wait_for 5 'the end' has "$m" State stopped
equal 'the record' "$m " "$(records)"
matches 'the record' "CAUSE=exited${NL}STATUS=5${NL}" "$(<"$EXITS/$m")"
lacks 'the record' 'OUTPUT' "$(<"$EXITS/$m")"
umount "$EXITS"

# the supervisor is killed while nobody is there to notice: a restarted lodged knows what is left
start "$m"
supervisor=$(get "$m" Supervisor)
systemctl stop lodged.service lodged.socket
kill -KILL "$supervisor"
wait_for 5 'the unit has ended' eval "! systemctl is-active lodge@$m.service"
equal 'what is left of it' ".#$m " "$(records)"
equal 'State' stopped "$(get "$m" State)"
equal 'reason' lost "$(reason "$m")"
equal 'the record' "$m " "$(records)"
nothing_runs "$m"
start "$m"
equal 'State of the next run' ready "$(get "$m" State)"
stop "$m"
