#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# systemd as PID 1 is asked to stop by SIGRTMIN+3, also while it is still booting, and shuts its services down.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
create "$m" debian12 WritableLayer=keep
start "$m"
on "$m" Wait 'sa{sv}' ready 0 >/dev/null
# no "sleep & wait": a shell that gets the signal just before wait waits all the same
inside "$m" systemd-run --quiet --unit=mark /bin/sh -c 'trap "echo stopped >/mark; exit 0" TERM; echo runs >/mark; while :; do sleep 0.1; done'
wait_for 5 'the service runs' inside "$m" grep -q runs /mark
within 20 stop "$m"
equal 'the service was stopped in order' stopped "$(cat "/var/lib/lodge/machines/$m/upper/mark")"
equal 'reason' stopped "$(reason "$m")"

for delay in 0 0.05 0.1 0.2 0.5; do
    start "$m"
    sleep "$delay"
    within 30 stop "$m"
    equal "reason, stopped after $delay s" stopped "$(reason "$m")"
done

# while StartMachine() is still under way
call StartMachine 'sa{sv}' "$m" 0 2>/dev/null &
starter=$!
wait_for 5 'starting' eval "[[ \$(get $m State) != stopped ]]"
within 30 stop "$m"
wait "$starter" || true
equal 'State of a machine that was stopped while starting' stopped "$(get "$m" State)"
equal 'reason' stopped "$(reason "$m")"
wait_for 5 'its unit has not failed' eval "[[ \$(systemctl show --property ActiveState --value lodge@$m.service) == inactive ]]"
