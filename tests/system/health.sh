#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Health checks: states, retries, what is done then, checks that hang, fork, print without end or cannot run, and that a
# lodged is not needed for any of it.
. "$(dirname "$0")/lib.bash"

tree=$(new_tree tools)
cp "$PROGRAMS/probe" "$tree/bin/"
image=$TEST-tools
FAST=(HealthcheckIntervalSec=100ms HealthcheckTimeoutSec=10s HealthcheckRetries=2)

# checked NAME SCRIPT [KEY=VALUE...]: a machine whose health check is a shell script; its PID 1 leaves with 7 by SIGTERM
checked() {
    local name=$1 script=$2
    shift 2
    create "$name" "$image" Healthcheck="$(printf '/bin/sh -c "%s"' "$script")" "${FAST[@]}" "$@" \
        -- /bin/sh -c 'trap "exit 7" TERM; sleep 100000 & wait'
}
ill() { inside "$1" touch /ill; }
well() { inside "$1" rm -f /ill; }

# none: nothing is run, and nobody waits for it
run_idle "$TEST-none"
equal 'Health without a check' none "$(get "$TEST-none" Health)"
expect 1 lodgectl wait --for=healthy "$TEST-none"
matches 'waiting for no check' 'has no health check' "$ERR"
lacks 'status without a check' 'Health' "$(lodgectl status "$TEST-none")"
absent "$(cgroup_of "$TEST-none")/payload/health"

# healthy, unhealthy, and healthy again
m=$TEST-a
checked "$m" 'test ! -e /ill || { echo it is ill; exit 3; }'
start "$m"
expect 0 lodgectl wait --for=healthy "$m"
equal 'Health' healthy "$(get "$m" Health)"
ill "$m"
wait_for 20 'it is unhealthy' has "$m" Health unhealthy
[[ $(get "$m" HealthFailures) -ge 2 ]] || fail "HealthFailures is $(get "$m" HealthFailures)"
equal 'HealthOutput' 'it is ill' "$(get "$m" HealthOutput)"
matches 'status' 'Health: unhealthy, [0-9]+ failed in a row: it is ill' "$(lodgectl status "$m")"
equal 'State, with HealthAction=none' ready "$(get "$m" State)"

# another lodged learns of it; and none is needed to see it get well
systemctl restart lodged
equal 'Health for another lodged' unhealthy "$(get "$m" Health)"
well "$m"
systemctl stop lodged.socket lodged
sleep 1
systemctl start lodged.socket
equal 'Health after a time without lodged' healthy "$(get "$m" Health)"
equal 'HealthFailures' 0 "$(get "$m" HealthFailures)"
journalctl --sync 2>/dev/null || true
logged() { journalctl -o cat -u lodged | grep -q "Machine '$m' is $1"; }
wait_for 10 'it is in the journal' logged 'not healthy: it is ill'

# while it is paused it does not fall ill, and not for what it could not do then
lodgectl pause "$m"
sleep 1
lodgectl resume "$m"
equal 'Health after a pause' healthy "$(get "$m" Health)"

# as the user, in the directory and with the environment of its command
create "$TEST-user" "$image" Healthcheck='/bin/sh -c "id -u; pwd; echo $WHO; exit 1"' "${FAST[@]}" User=65534 \
    WorkingDirectory=/tmp Environment=WHO=me -- "${IDLE[@]}"
start "$TEST-user"
wait_for 20 'it is unhealthy' has "$TEST-user" Health unhealthy
matches 'who runs the check' '^65534.*/tmp.*me$' "$(get "$TEST-user" HealthOutput)"

# what hangs is killed with all that it has started
no_processes() { ! grep -qs . "$(cgroup_of "$1")/payload/health/cgroup.procs"; }
checked "$TEST-hang" 'sleep 100001 & sleep 100001' HealthcheckTimeoutSec=300ms HealthcheckIntervalSec=1h HealthcheckRetries=1
start "$TEST-hang"
wait_for 20 'it is unhealthy' has "$TEST-hang" Health unhealthy
equal 'what is said of it' 'It did not end in time and was killed' "$(get "$TEST-hang" HealthOutput)"
wait_for 5 'nothing is left of it' no_processes "$TEST-hang"
# what it leaves behind, too
checked "$TEST-fork" '(sleep 100002 &) ; (setsid sleep 100002 &) ; echo left' HealthcheckIntervalSec=1h
start "$TEST-fork"
expect 0 lodgectl wait --for=healthy "$TEST-fork"
wait_for 5 'nothing is left of it' no_processes "$TEST-fork"
# one that prints without end
checked "$TEST-flood" 'yes' HealthcheckTimeoutSec=500ms HealthcheckRetries=1 HealthcheckIntervalSec=1h
start "$TEST-flood"
wait_for 20 'it is unhealthy' has "$TEST-flood" Health unhealthy
# one that is not there
create "$TEST-missing" "$image" Healthcheck=nonesuch "${FAST[@]}" -- "${IDLE[@]}"
start "$TEST-missing"
wait_for 20 'it is unhealthy' has "$TEST-missing" Health unhealthy
matches 'a missing program' "nonesuch" "$(get "$TEST-missing" HealthOutput)"
# one in mid-run does not keep the machine from ending
checked "$TEST-mid" 'sleep 100003'
start "$TEST-mid"
within 5 stop "$TEST-mid"
nothing_runs "$TEST-mid"

# in the start period it may fail
checked "$TEST-slow" 'test -e /up' HealthcheckStartPeriodSec=1h
start "$TEST-slow"
sleep 1
equal 'in the start period' 'starting 0' "$(get "$TEST-slow" Health) $(get "$TEST-slow" HealthFailures)"
inside "$TEST-slow" touch /up
expect 0 lodgectl wait --for=healthy "$TEST-slow"

# HealthAction=
checked "$TEST-stop" 'test ! -e /ill || { echo it is ill; exit 3; }' HealthAction=stop
start "$TEST-stop"
lodgectl wait --for=healthy "$TEST-stop"
ill "$TEST-stop"
expect 0 lodgectl wait "$TEST-stop"
equal 'HealthAction=stop' 'unhealthy 7' "$(reason "$TEST-stop") $(reason "$TEST-stop" ExitStatus)"
matches 'the reason' 'health check failed 2 times in a row: it is ill' "$(reason "$TEST-stop" message)"
equal 'its unit' failed "$(systemctl show --property ActiveState --value "lodge@$TEST-stop")"
systemctl reset-failed "lodge@$TEST-stop"

checked "$TEST-kill" false HealthAction=kill
start "$TEST-kill"
expect 0 lodgectl wait "$TEST-kill"
equal 'HealthAction=kill' 'unhealthy 137' "$(reason "$TEST-kill") $(reason "$TEST-kill" ExitStatus)"
systemctl reset-failed "lodge@$TEST-kill"

m=$TEST-restart
checked "$m" 'test ! -e /ill' HealthAction=restart
start "$m"
lodgectl wait --for=healthy "$m"
unit=$(systemctl show --property InvocationID --value "lodge@$m")
ill "$m"
wait_for 20 'it was started again' has "$m" BootCount 2
expect 0 lodgectl wait --for=healthy "$m"
equal 'the unit goes on' "$unit active" \
    "$(systemctl show --property InvocationID --value "lodge@$m") $(systemctl show --property ActiveState --value "lodge@$m")"
# one that is asked to stop while it is being restarted stops
checked "$TEST-both" 'test ! -e /ill' HealthAction=restart StopTimeoutSec=1h StopSignal=SIGUSR1
start "$TEST-both"
lodgectl wait --for=healthy "$TEST-both"
ill "$TEST-both"
wait_for 20 'it is ill' has "$TEST-both" Health unhealthy
within 10 call StopMachine 'sa{sv}' "$TEST-both" 1 TimeoutSec t 300000
equal 'State of one that was to be restarted' stopped "$(get "$TEST-both" State)"

# a change counts at once: nothing waits for a start
set_health() { expect 0 lodgectl set "$@"; lacks "what waits after 'set $*'" 'next start' "$OUT$ERR"; }
m=$TEST-live
run_idle "$m"
set_health "$m" Healthcheck='/bin/sh -c "test ! -e /ill || { echo it is ill; exit 3; }"' HealthcheckIntervalSec=100ms \
    HealthcheckRetries=3
expect 0 lodgectl wait --for=healthy "$m"
ill "$m"
wait_for 20 'it is unhealthy' has "$m" Health unhealthy
# all but the command leaves the state as it is, and one that is not well is not called healthy in between
set_health "$m" HealthcheckIntervalSec=1h HealthcheckRetries=2
equal 'Health after another interval' unhealthy "$(get "$m" Health)"
failures=$(get "$m" HealthFailures)
sleep 1
[[ $(get "$m" HealthFailures) -le $((failures + 1)) ]] || fail 'it goes on with the old interval' # one may be on its way
set_health "$m" HealthcheckIntervalSec=100ms # does not wait for the hour
well "$m"
wait_for 20 'it is healthy' has "$m" Health healthy
set_health "$m" HealthAction=stop
# another command begins anew, whatever the one before was at
set_health "$m" Healthcheck='/bin/sh -c "sleep 100004"' HealthAction=
equal 'Health of one that has another check' starting "$(get "$m" Health)"
set_health "$m" Healthcheck='/bin/sh -c "echo another; exit 1"' HealthcheckRetries=1
wait_for 20 'it is unhealthy by another check' has "$m" HealthOutput another
wait_for 5 'nothing is left of the one before' eval "! pgrep -f '^sleep 100004' >/dev/null"
# by hand, and while there is no lodged
systemctl stop lodged.socket lodged
sed -i 's/another/by hand/' "/etc/lodge/machines/$m.machine"
systemctl start lodged.socket
wait_for 20 'the check of the file counts' has "$m" HealthOutput 'by hand'
# for the same one, another lodged changes nothing
boots=$(get "$m" BootCount)
systemctl restart lodged
equal 'Health for another lodged' 'unhealthy by hand' "$(get "$m" Health) $(get "$m" HealthOutput)"
# over a reboot, which is its action now
set_health "$m" Healthcheck='/bin/sh -c "exit 1"' HealthAction=restart
wait_for 20 'it was started again' eval "[[ \$(get $m BootCount) -gt $boots ]]"
set_health "$m" Healthcheck='""'
wait_for 20 'there is no check' has "$m" Health none
boots=$(get "$m" BootCount)
sleep 0.5
equal 'BootCount without a check' "$boots" "$(get "$m" BootCount)"
expect 1 lodgectl wait --for=healthy "$m"
stop "$m"

# values that make no sense
refused InvalidOption 'HealthAction' CreateMachine "'$TEST-bad'" "'$image'" "{'HealthAction': <'panic'>}"
refused InvalidOption 'HealthcheckRetries' CreateMachine "'$TEST-bad'" "'$image'" "{'HealthcheckRetries': <'0'>}"
refused InvalidOption 'empty word' CreateMachine "'$TEST-bad'" "'$image'" "{'Healthcheck': <['', 'x']>}"
