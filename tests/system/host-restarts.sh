#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the rest of the host does meanwhile: PID 1 is replaced or reads its units again, polkit and the bus are
# restarted. Machines go on, and whoever has asked for something gets a right answer.
. "$(dirname "$0")/lib.bash"

rounds=${LODGE_ROUNDS:-6}
m=$TEST-stays
run_idle "$m" WritableLayer=keep
for i in 1 2 3; do create "$TEST-$i" busybox -- "${IDLE[@]}"; done
leader=$(get "$m" Leader)
path=$(known "$m")

untouched() { # untouched WHAT
    equal "the object after $1" "$path" "$(known "$m")"
    equal "PID 1 after $1" "$leader" "$(get "$m" Leader)"
    equal "State after $1" ready "$(get "$m" State)"
    equal "exec after $1" in "$(inside "$m" echo in)"
}

answers() { call GetMachine s "$m"; }

# starts and stops three machines over and over; each call has to succeed
in_flight() {
    local i
    for ((i = 0; i < rounds; i++)); do
        for name in "$TEST"-{1,2,3}; do start "$name" & done
        wait_all || return 1
        for name in "$TEST"-{1,2,3}; do
            [[ $(get "$name" State) =~ ^(running|ready)$ ]] || { echo "$name is $(get "$name" State) after its start" && return 1; }
            stop "$name" &
        done
        wait_all || return 1
    done
}

wait_all() {
    local job status=0
    for job in $(jobs -p); do wait "$job" || status=1; done
    return "$status"
}

# during WHAT COMMAND...: the command again and again while machines start and stop
during() {
    local what=$1 client n=0 status=0
    shift
    in_flight >"$WORK/in-flight" 2>&1 &
    client=$!
    while kill -0 "$client" 2>/dev/null; do
        "$@"
        n=$((n + 1))
        sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
    done
    wait "$client" || status=$?
    equal "starts and stops during $n times $what" '0 ' "$status $(<"$WORK/in-flight")"
    untouched "$what"
    echo "$what: $n times while $((rounds * 3)) machines were started and stopped"
}

during 'daemon-reload' systemctl daemon-reload
during 'daemon-reexec' systemctl daemon-reexec
restart_polkit() { systemctl reset-failed polkit.service && systemctl restart polkit.service; }
systemctl start polkit.service
during 'a restart of polkit' restart_polkit
systemctl reset-failed polkit.service

is_other_daemon() { [[ $(daemon_pid) != "$1" ]]; }
bus_is_away() { ! busctl --timeout=2 status org.freedesktop.DBus; }

# lodged leaves with the bus and comes back by itself. systemd-run, by which tests/lib/host runs a test, does not outlive
# the bus: this part is for a host that is entered otherwise, with LODGE_RESTART_BUS=1.
restart_bus() {
    local daemon ends
    daemon=$(daemon_pid)
    systemctl restart --no-block dbus.service # it would lose its own connection
    wait_for 10 'the bus has gone and lodged with it' is_other_daemon "$daemon"
    wait_for 10 'lodged answers after a restart of the bus' answers
    untouched 'a restart of the bus'

    # a bus that is away for longer, socket and all, and a machine that ends meanwhile
    start "$TEST-1"
    ends=$(get "$TEST-1" Leader)
    at_exit 'systemctl start dbus.socket dbus.service'
    systemctl stop --no-block dbus.socket dbus.service
    wait_for 10 'the bus is away' bus_is_away
    kill -TERM "$ends"
    sleep 3
    [[ -d /proc/$leader ]] || fail 'PID 1 died with the bus'
    systemctl start dbus.socket dbus.service
    wait_for 10 'lodged answers after three seconds without a bus' answers
    untouched 'three seconds without a bus'
    equal 'what ended meanwhile' 'stopped exited' "$(get "$TEST-1" State) $(reason "$TEST-1")"
    echo 'lodged is back after a restart of the bus, and after three seconds without one'
}
[[ -z ${LODGE_RESTART_BUS:-} ]] || restart_bus

within 10 stop "$m"
equal 'the reason after all that' stopped "$(reason "$m")"
