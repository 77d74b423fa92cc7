#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lodged may die at any time: the machines go on, and a new lodged knows them as they are.
. "$(dirname "$0")/lib.bash"

kill_daemon() {
    local pid
    pid=$(daemon_pid)
    kill -KILL "$pid"
    wait_for 5 'lodged is gone' eval "[[ ! -d /proc/$pid ]]"
}

m=$TEST-a
run_idle "$m" WritableLayer=keep
create "$TEST-stopped" busybox -- "${IDLE[@]}"
create "$TEST-ends" busybox -- /bin/sh -c 'trap "exit 6" USR1; sleep 100000 & wait'
start "$TEST-ends"
leader=$(get "$m" Leader)
ends=$(get "$TEST-ends" Leader)
before=$(for p in Leader Supervisor UIDShift MachineID CreatedTimestamp StartedTimestamp ReadyTimestamp BootCount; do get "$m" $p; done)
path=$(call GetMachine s "$m")

systemctl stop lodged.service lodged.socket
kill -USR1 "$ends"
wait_for 5 'the other PID 1 has ended' eval "[[ ! -d /proc/$ends ]]"
[[ -d /proc/$leader ]] || fail 'PID 1 died with lodged'

equal 'the object' "$path" "$(call GetMachine s "$m")"
wait_for 5 'ready again' has "$m" State ready
after=$(for p in Leader Supervisor UIDShift MachineID CreatedTimestamp StartedTimestamp ReadyTimestamp BootCount; do get "$m" $p; done)
equal 'the properties' "$before" "$after"
equal 'what was stopped' stopped "$(get "$TEST-stopped" State)"
equal 'what ended meanwhile' 'stopped exited 6' "$(get "$TEST-ends" State) $(reason "$TEST-ends") $(reason "$TEST-ends" ExitStatus)"

equal 'exec afterwards' in "$(inside "$m" echo in)"
kill_daemon
within 5 stop "$m"
equal 'reason after Stop() of a new lodged' stopped "$(reason "$m")"
start "$m"
equal 'State after another start' ready "$(get "$m" State)"

# one that is killed over and over while machines come and go leaves each in one of its states, listed
for delay in 0.01 0.03 0.06 0.1; do
    (start "$TEST-stopped" >/dev/null 2>&1 || true) &
    sleep "$delay"
    kill_daemon
    wait
    wait_for 15 'a settled state' eval "[[ \$(get $TEST-stopped State) =~ ^(ready|stopped|failed)\$ ]]"
    within 15 stop "$TEST-stopped"
done
start "$TEST-stopped"
