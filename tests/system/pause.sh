#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Pause and resume: nothing runs meanwhile, nothing is lost; and all that can come to a machine while it is paused.
. "$(dirname "$0")/lib.bash"

tree=$(new_tree tools)
cp "$PROGRAMS/probe" "$tree/bin/"
image=$TEST-tools
m=$TEST-a
# counts in a file, and leaves by SIGTERM with what it has counted to
COUNT=(/bin/sh -c 'trap "exit 7" TERM; i=0; while :; do i=$((i+1)); echo $i >/count; sleep 0.02; done')

# by the host's eyes: exec would have to run inside
counted() { cat "/proc/$(get "$1" Leader)/root/count"; }
counts() { [[ -s /proc/$(get "$1" Leader)/root/count ]]; }
frozen() { grep -c 'frozen 1' "$(cgroup_of "$1")/payload/cgroup.events" || true; }

create "$m" "$image" -- "${COUNT[@]}"
expect 4 lodgectl pause "$m"
matches 'a stopped machine' 'does not run' "$ERR"
start "$m"
wait_for 10 'it counts' counts "$m"
lodgectl exec "$m" sleep 100000 </dev/null >/dev/null &
beside=$!

# it stands still, with what exec has started
expect 0 lodgectl pause "$m"
equal 'State' paused "$(get "$m" State)"
equal 'in the kernel' 1 "$(frozen "$m")"
[[ $(get "$m" PausedTimestamp) -gt 0 ]] || fail 'no PausedTimestamp'
matches 'for systemctl' 'Paused' "$(systemctl show --property StatusText --value "lodge@$m.service")"
before=$(counted "$m")
sleep 0.3
equal 'what it counted to' "$before" "$(counted "$m")"
expect 0 lodgectl pause "$m" # again

# what needs it to run says so
expect 126 lodgectl exec "$m" true
matches 'exec' "is paused.*${NL}hint: lodgectl resume $m" "$ERR"
expect 126 lodgectl shell "$m" true
expect 4 lodgectl start "$m"
matches 'start' 'it is paused' "$ERR"
expect 6 lodgectl wait --for=running --timeout=200ms "$m"
expect 0 lodgectl logs "$m"
expect 0 lodgectl status "$m"
matches 'status' 'State: paused since' "$OUT"

# a lodged that comes later knows it
systemctl restart lodged
equal 'State for another lodged' paused "$(get "$m" State)"
[[ $(get "$m" PausedTimestamp) -gt 0 ]] || fail 'no PausedTimestamp after a restart'
kill -KILL "$(daemon_pid)"
wait_for 10 'State after a kill of lodged' has "$m" State paused

# and on it goes
expect 0 lodgectl resume "$m"
equal 'State' ready "$(get "$m" State)"
equal 'PausedTimestamp' 0 "$(get "$m" PausedTimestamp)"
goes_on() { [[ $(counted "$m") -gt $before ]]; }
wait_for 10 'it counts on' goes_on
expect 0 lodgectl resume "$m" # no error
expect 0 lodgectl exec "$m" true

# a signal waits, and is not lost
lodgectl pause "$m"
expect 0 lodgectl kill -s TERM "$m"
sleep 0.2
equal 'State with a signal pending' paused "$(get "$m" State)"
lodgectl resume "$m"
expect 0 lodgectl wait "$m"
wait "$beside" || true # its lodged was killed
equal 'by the signal' 'exited 7' "$(reason "$m") $(reason "$m" ExitStatus)"

# a stop resumes it, and so PID 1 ends by itself
start "$m"
wait_for 10 'it counts' counts "$m"
lodgectl pause "$m"
expect 0 lodgectl stop "$m"
equal 'by the stop' 'stopped 7' "$(reason "$m") $(reason "$m" ExitStatus)"
equal 'PausedTimestamp' 0 "$(get "$m" PausedTimestamp)"
start "$m"
lodgectl pause "$m"
expect 0 systemctl stop "lodge@$m"
equal 'by systemctl' stopped "$(reason "$m")"
start "$m"
lodgectl pause "$m"
expect 0 lodgectl restart "$m"
equal 'State after a restart' ready "$(get "$m" State)"

# SIGKILL gets through
lodgectl pause "$m"
expect 0 lodgectl terminate "$m"
nothing_runs "$m"
start "$m"
lodgectl pause "$m"
expect 0 lodgectl kill -s KILL "$m"
expect 0 lodgectl wait "$m"
equal 'by SIGKILL' 'killed 137' "$(reason "$m") $(reason "$m" ExitStatus)"

# its supervisor is killed
start "$m"
lodgectl pause "$m"
kill -KILL "$(get "$m" Supervisor)"
expect 0 lodgectl wait "$m"
equal 'without a supervisor' lost "$(reason "$m")"
nothing_runs "$m"
systemctl reset-failed "lodge@$m.service"

# a deaf one that is paused is killed at the deadline
create "$TEST-deaf" "$image" StopTimeoutSec=300ms -- probe deaf
start "$TEST-deaf"
lodgectl pause "$TEST-deaf"
expect 0 lodgectl stop "$TEST-deaf"
equal 'a deaf one' timeout "$(reason "$TEST-deaf")"

# many at once, by a pattern
for i in 1 2 3; do
    create "$TEST-m$i" "$image" -- "${IDLE[@]}"
    start "$TEST-m$i"
done
expect 0 lodgectl pause "$TEST-m*"
for i in 1 2 3; do equal 'State of many' paused "$(get "$TEST-m$i" State)"; done
expect 0 lodgectl resume "$TEST-m*"
for i in 1 2 3; do equal 'State of many' ready "$(get "$TEST-m$i" State)"; done

# pause, resume and stop at the same time: each gets an answer, and it ends
for i in 1 2 3 4 5; do
    start "$TEST-m1" 2>/dev/null || true
    lodgectl pause "$TEST-m1" 2>/dev/null &
    lodgectl resume "$TEST-m1" 2>/dev/null &
    lodgectl pause "$TEST-m1" 2>/dev/null &
    lodgectl stop "$TEST-m1" &
    wait
    equal 'State after all at once' stopped "$(get "$TEST-m1" State)"
done
