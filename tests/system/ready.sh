#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ReadyWhen=: what a machine is ready by holds back its start and its unit; what never comes fails the start, and says so.
. "$(dirname "$0")/lib.bash"

tree=$(new_tree tools)
cp "$PROGRAMS/probe" "$tree/bin/"
image=$TEST-tools
TRAP='trap "exit 0" TERM; '
active() { systemctl show --property ActiveState --value "lodge@$1"; }
is_active() { [[ $(active "$1") == active ]]; }
# awaiting NAME: its start goes on, and PID 1 runs
awaiting() {
    expect 0 lodgectl wait --for=running "$1"
    equal "State of $1" running "$(get "$1" State)"
    equal "unit of $1" activating "$(active "$1")"
}
begin() { systemctl start --no-block "lodge@$1"; }
# ready NAME: it becomes so, and its unit active
ready() {
    expect 0 lodgectl wait --for=ready "$1"
    wait_for 20 'the unit is active' is_active "$1"
}

# started: at once
create "$TEST-started" "$image" ReadyWhen=started -- "${IDLE[@]}"
start "$TEST-started"
equal 'State by ReadyWhen=started' 'ready active' "$(get "$TEST-started" State) $(active "$TEST-started")"

# notify
create "$TEST-notify" "$image" ReadyWhen=notify -- /bin/sh -c 'until test -e /go; do sleep 0.1; done; exec probe talk 1'
begin "$TEST-notify"
awaiting "$TEST-notify"
matches 'what systemd knows' 'Not ready yet: notify' "$(systemctl show --property StatusText "lodge@$TEST-notify")"
inside "$TEST-notify" touch /go
ready "$TEST-notify"

# healthy
create "$TEST-healthy" "$image" ReadyWhen=healthy Healthcheck='test -e /well' HealthcheckIntervalSec=100ms \
    HealthcheckStartPeriodSec=1h -- "${IDLE[@]}"
begin "$TEST-healthy"
awaiting "$TEST-healthy"
inside "$TEST-healthy" touch /well
ready "$TEST-healthy"
equal 'Health' healthy "$(get "$TEST-healthy" Health)"
refused InvalidOption 'ReadyWhen=healthy' CreateMachine "'$TEST-bad'" "'$image'" \
    "{'ReadyWhen': <'healthy'>, 'Healthcheck': <['']>}"
create "$TEST-ill" "$image" ReadyWhen=healthy -- "${IDLE[@]}"
expect 1 lodgectl start "$TEST-ill"
matches 'no health check' 'ReadyWhen=healthy and no health check' "$ERR"

# port: a socket that listens, whoever in the machine opens it, and none of another kind or number
m=$TEST-tcp
create "$m" "$image" ReadyWhen=port:8080 User=65534 -- \
    /bin/sh -c "$TRAP probe listen / udp 8080 & probe listen / tcp 8081 & probe listen /tmp/go tcp 8080 & wait"
begin "$m"
awaiting "$m"
sleep 0.5 # it has looked at what is not meant
awaiting "$m"
# the next lodged finds it as it is
systemctl restart lodged
awaiting "$m"
inside "$m" touch /tmp/go
ready "$m"
create "$TEST-tcp6" "$image" ReadyWhen=port:65535/tcp -- /bin/sh -c "$TRAP probe listen / tcp6 65535 & wait"
start "$TEST-tcp6"
create "$TEST-udp" "$image" ReadyWhen=port:5353/udp -- \
    /bin/sh -c "$TRAP probe listen / tcp 5353 & probe listen /go udp 5353 & wait"
begin "$TEST-udp"
awaiting "$TEST-udp"
inside "$TEST-udp" touch /go
ready "$TEST-udp"

# StartMachine, start and restart return when it is ready
m=$TEST-late
create "$m" "$image" ReadyWhen=port:8080 -- /bin/sh -c "$TRAP sleep 1; probe listen / tcp 8080 & wait"
start "$m"
equal 'State after a start' 'ready active' "$(get "$m" State) $(active "$m")"
expect 0 lodgectl restart "$m"
equal 'State after a restart' 'ready active' "$(get "$m" State) $(active "$m")"
stop "$m"
# what comes after it finds it ready
mkdir -p /run/systemd/system
at_exit "rm -f /run/systemd/system/$TEST-user.service; systemctl daemon-reload"
printf '[Unit]\nRequires=lodge@%s.service\nAfter=lodge@%s.service\n[Service]\nType=oneshot\nExecStart=/usr/bin/busctl get-property org.lodge1 %s org.lodge1.Machine State\n' \
    "$m" "$m" "$(object "$m")" >"/run/systemd/system/$TEST-user.service"
systemctl daemon-reload
systemctl start "$TEST-user"
journalctl --sync 2>/dev/null || true
matches 'what a unit after it finds' 's "ready"' "$(journalctl -o cat -u "$TEST-user")"

# in the network of the host, where only its own sockets count
m=$TEST-host
systemd-run --quiet --unit "$TEST-other" "$PROGRAMS/probe" listen / tcp 18080
at_exit "systemctl stop $TEST-other 2>/dev/null"
host_listens() { grep -q ':46A0 .* 0A ' /proc/net/tcp; }
wait_for 10 'the host listens' host_listens
create "$m" "$image" ReadyWhen=port:18080 PrivateNetwork=no -- /bin/sh -c "$TRAP probe listen /go tcp 18080 & wait"
begin "$m"
awaiting "$m"
sleep 0.5
awaiting "$m"
systemctl stop "$TEST-other"
inside "$m" touch /go
ready "$m"

# not in time: the machine is stopped, and everybody is told what was awaited
m=$TEST-never
create "$m" "$image" ReadyWhen=port:9 StartTimeoutSec=700ms -- "${IDLE[@]}"
expect 6 lodgectl start "$m"
matches 'a start that is not ready' "not ready within 700ms: it is by ReadyWhen=port:9/tcp, and nothing in it listens there" "$ERR"
equal 'StateReason' 'failed ready port:9/tcp' "$(reason "$m") $(reason "$m" Phase) $(reason "$m" Object)"
equal 'State' failed "$(get "$m" State)"
equal 'its unit' failed "$(active "$m")"
systemctl reset-failed "lodge@$m"
refused TimedOut 'not ready within 700ms' StartMachine "'$m'" '{}'
systemctl reset-failed "lodge@$m"
nothing_runs "$m"
create "$TEST-mute" "$image" ReadyWhen=notify StartTimeoutSec=1s -- "${IDLE[@]}"
expect 6 lodgectl start "$TEST-mute"
matches 'one that says nothing' 'within 1s: .*it has not said READY=1' "$ERR"
systemctl reset-failed "lodge@$TEST-mute"
# one that ends before has failed to start, too; one that is stopped has not failed
create "$TEST-exit" "$image" ReadyWhen=port:80 -- /bin/sh -c 'exit 3'
expect 1 lodgectl start "$TEST-exit"
matches 'one that ends' 'PID 1 exited with status 3 before it was ready by ReadyWhen=port:80/tcp' "$ERR"
equal 'ExitStatus' 3 "$(reason "$TEST-exit" ExitStatus)"
systemctl reset-failed "lodge@$TEST-exit"
create "$TEST-well" "$image" ReadyWhen=port:80 -- /bin/true
expect 1 lodgectl start "$TEST-well"
matches 'one that ends well' 'exited with status 0 before it was ready' "$ERR"
equal 'its unit' failed "$(active "$TEST-well")"
systemctl reset-failed "lodge@$TEST-well"
m=$TEST-stop
create "$m" "$image" ReadyWhen=port:80 -- "${IDLE[@]}"
lodgectl start "$m" 2>"$WORK/stopped" &
start_pid=$!
wait_for 20 'it runs' has "$m" State running
stop "$m"
! wait "$start_pid" || fail 'a start that was stopped succeeded'
matches 'a start that was stopped' 'was stopped before it had started' "$(<"$WORK/stopped")"
equal 'State and unit of one that was stopped' 'stopped inactive' "$(get "$m" State) $(active "$m")"
begin "$m"
awaiting "$m"
systemctl stop "lodge@$m"
equal 'State and unit of one that systemctl has stopped' 'stopped inactive' "$(get "$m" State) $(active "$m")"

# who is attached sees what goes on
expect 4 lodgectl run --name "$TEST-run" --ready-when=port:80 "$image" /bin/sh -c 'echo here; exit 4'
equal 'output of one that is attached' here "$OUT"

# while it is paused no time passes; and another boot in the same run of its unit is no start: it may be ready late, or never
m=$TEST-paused
create "$m" "$image" ReadyWhen=notify StartTimeoutSec=6s -- /bin/sh -c 'until test -e /go; do sleep 0.1; done; exec probe talk 1'
begin "$m"
awaiting "$m"
lodgectl pause "$m"
again=$TEST-again
create "$again" "$image" ReadyWhen=notify StartTimeoutSec=6s WritableLayer=reboot Healthcheck='test ! -e /ill' \
    HealthcheckIntervalSec=100ms HealthcheckRetries=1 HealthAction=restart -- \
    /bin/sh -c "test -e /second || { touch /second; exec probe talk 1; }; rm -f /ill; ${IDLE[2]}"
start "$again"
inside "$again" touch /ill
wait_for 20 'it was started again' has "$again" BootCount 2
sleep 6.5
equal 'one that has not said READY=1 again' 'running active' "$(get "$again" State) $(active "$again")"
equal 'one that is paused' 'paused activating' "$(get "$m" State) $(active "$m")"
lodgectl resume "$m"
inside "$m" touch /go
ready "$m"

# values that make no sense
for value in now port: port:0 port:65536 port:80/sctp port:x; do
    refused InvalidOption 'ReadyWhen' CreateMachine "'$TEST-bad'" "'$image'" "{'ReadyWhen': <'$value'>}"
done
