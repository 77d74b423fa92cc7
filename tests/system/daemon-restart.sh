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

# programs beside PID 1: one that goes on, one that ends while nobody listens, two that a lodgectl waits for
exec_of() { call ExecMachine 'sasa{uh}a{sv}' "$m" 3 /bin/sh -c "$1" 0 0 | sed 's/^o "\(.*\)"$/\1/'; }
of_process() { busctl get-property org.lodge1 "$1" org.lodge1.Process Machine Pid Command User Owner State ExitStatus Signal; }
wait_process() { busctl --timeout=20 call org.lodge1 "$1" org.lodge1.Process Wait 'a{sv}' 0; }
goes_on=$(exec_of 'until [ -e /on ]; do sleep 0.1; done; exit 7')
ends_meanwhile=$(exec_of 'trap "exit 8" USR1; touch /trapped; sleep 100000 & wait')
wait_for 5 'the trap' inside "$m" test -e /trapped
ends_meanwhile_pid=$(busctl get-property org.lodge1 "$ends_meanwhile" org.lodge1.Process Pid)
properties=$(of_process "$goes_on")
lodgectl exec "$m" /bin/sh -c 'echo ready; until [ -e /on ]; do sleep 0.1; done; exit 9' >"$WORK/exec-out" </dev/null &
client=$!
wait_for 5 'the program of lodgectl exec' grep -q ready "$WORK/exec-out"

systemctl stop lodged.service lodged.socket
kill -USR1 "$ends"
kill -USR1 "${ends_meanwhile_pid#u }"
wait_for 5 'the other PID 1 has ended' eval "[[ ! -d /proc/$ends ]]"
[[ -d /proc/$leader ]] || fail 'PID 1 died with lodged'

equal 'the object' "$path" "$(call GetMachine s "$m")"
wait_for 5 'ready again' has "$m" State ready
after=$(for p in Leader Supervisor UIDShift MachineID CreatedTimestamp StartedTimestamp ReadyTimestamp BootCount; do get "$m" $p; done)
equal 'the properties' "$before" "$after"
equal 'what was stopped' stopped "$(get "$TEST-stopped" State)"
equal 'what ended meanwhile' 'stopped exited 6' "$(get "$TEST-ends" State) $(reason "$TEST-ends") $(reason "$TEST-ends" ExitStatus)"

equal 'a program that goes on' "$properties" "$(of_process "$goes_on")"
equal 'how a program ended meanwhile' 'ii 8 0' "$(wait_process "$ends_meanwhile")"
inside "$m" touch /on
equal 'how a program ends afterwards' 'ii 7 0' "$(wait_process "$goes_on")"
status=0
wait "$client" || status=$?
equal 'what lodgectl exec tells' 9 "$status"

equal 'exec afterwards' in "$(inside "$m" echo in)"
kill_daemon
within 5 stop "$m"
equal 'reason after Stop() of a new lodged' stopped "$(reason "$m")"
start "$m"
equal 'State after another start' ready "$(get "$m" State)"

# a machine that removes itself ends while nobody is there: its status is told, and it is removed
m=$TEST-run
lodgectl run --name "$m" busybox /bin/sh -c 'trap "exit 6" USR1; echo ready; sleep 100000 & wait' >"$WORK/run-out" </dev/null &
client=$!
wait_for 5 'the machine of lodgectl run' grep -q ready "$WORK/run-out"
wait_for 5 'it is running' has "$m" State ready
leader=$(get "$m" Leader)
systemctl stop lodged.service lodged.socket
kill -USR1 "$leader"
status=0
wait "$client" || status=$?
equal 'what lodgectl run tells' 6 "$status"
wait_for 15 'it is removed' unknown "$m"

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
