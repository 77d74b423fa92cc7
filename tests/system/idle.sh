#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# While machines only run, lodged and the supervisors sleep, whatever else happens on the host: systemd tells of other
# units, and clients come to the bus and leave it, without waking them. Asked then, lodged does what it is asked.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
busy=$TEST-busy
run_idle "$m"
create "$busy" busybox -- /bin/sh -c 'while :; do :; done'
start "$busy"
lodged=$(daemon_pid)
mapfile -t supervisors < <(get "$m" Supervisor && get "$busy" Supervisor)

switches() { # switches PID...: how often these have gone to sleep of their own will: once more for each time they were woken
    local pid
    for pid; do awk '/^voluntary_ctxt_switches/ { print $2 }' "/proc/$pid/status"; done | awk '{ n += $1 } END { print n }'
}

# What lodged has begun ends within seconds: it is asleep once nothing has happened for longer than any of that takes.
sleeps() {
    local before
    before=$(switches "$lodged")
    sleep 5
    [[ $(switches "$lodged") -eq $before ]]
}

elsewhere() { # each of these would tell a lodged that listens several things
    local i
    for ((i = 0; i < 20; i++)); do
        systemd-run --quiet --wait true
        busctl call org.freedesktop.DBus / org.freedesktop.DBus GetId >/dev/null
    done
}

wait_for 120 'lodged sleeps' sleeps
before=$(switches "$lodged") before_supervisors=$(switches "${supervisors[@]}")
elsewhere
woken=$(($(switches "$lodged") - before)) woken_supervisors=$(($(switches "${supervisors[@]}") - before_supervisors))
[[ $woken -lt 20 ]] || fail "lodged was woken $woken times by what did not concern it"
[[ $woken_supervisors -lt 20 ]] || fail "supervisors were woken $woken_supervisors times by what did not concern them"

# it has to connect to systemd once more
within 10 stop "$m"
equal 'State' stopped "$(get "$m" State)"
within 10 start "$m"
equal 'State' ready "$(get "$m" State)"

# PID 1 is replaced while lodged does not listen
wait_for 120 'lodged sleeps again' sleeps
systemctl daemon-reexec
within 30 stop "$m"
equal 'State after daemon-reexec' stopped "$(get "$m" State)"

# the end of a supervisor is noticed without anybody asking
wait_for 120 'lodged sleeps once more' sleeps
kill -KILL "$(get "$busy" Supervisor)"
wait_for 30 "$busy is known to have ended" has "$busy" State stopped
