#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Many commands at once and one after another; output without end does not hold up the machine.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
run_idle "$m"
pids=()
for i in $(seq 40); do
    lodgectl exec "$m" sh -c "echo $i; exit $i" </dev/null >"$WORK/out.$i" &
    pids+=($!)
done
for i in $(seq 40); do
    expect "$i" wait "${pids[i - 1]}"
    equal "output of command $i" "$i" "$(<"$WORK/out.$i")"
done
equal 'processes left over' '' "$(find "$(cgroup_of "$m")/payload" -mindepth 2 -name cgroup.procs -exec cat {} +)"

# a PID 1 that prints without end, with nobody to read but the journal
create "$TEST-loud" busybox -- /bin/sh -c 'trap "exit 0" TERM; yes "all work and no play" & wait'
start "$TEST-loud"
equal 'exec in a loud machine' fine "$(inside "$TEST-loud" echo fine)"
memory=$(awk '/^VmRSS/ { print $2 }' "/proc/$(get "$TEST-loud" Supervisor)/status")
[[ $memory -lt 16384 ]] || fail "the supervisor has $memory KiB"
matches 'the last line' 'no play' "$(lodgectl logs "$TEST-loud" | tail -n 1)"
within 5 stop "$TEST-loud"

# somebody who attached and does not read
create "$TEST-stuck" busybox -- /bin/sh -c 'trap "exit 0" TERM; i=0; while :; do i=$((i + 1)); echo "$i $(seq 200 | tr -d "\n")"; echo $i >/tmp/count; done'
start "$TEST-stuck"
mkfifo "$WORK/fifo"
exec 7<>"$WORK/fifo"
lodgectl attach "$TEST-stuck" </dev/null >"$WORK/fifo" &
at_exit "kill $! 2>/dev/null"
sleep 0.5
equal 'exec while a reader is stuck' fine "$(inside "$TEST-stuck" echo fine)"
within 10 stop "$TEST-stuck"
