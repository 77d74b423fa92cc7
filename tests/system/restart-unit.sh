#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Restart= of a machine is systemd's: it comes back by itself, a stop while it waits holds, a start does not wait, and what
# is removed is not tried again. Killing lodged meanwhile changes nothing.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
unit=lodge@$m.service
restarts() { systemctl show --property NRestarts --value "$unit"; }
waits() { [[ $(systemctl show --property SubState --value "$unit") == auto-restart ]]; }
restarted() { [[ $(restarts) -ge $1 && $(get "$m" State) == ready ]]; } # restarted N

create "$m" busybox Restart=on-failure RestartSec=100ms -- "${IDLE[@]}"
start "$m"
equal 'at first' 0 "$(restarts)"
for n in 1 2 3; do
    lodgectl kill --signal=KILL "$m"
    wait_for 10 "restart $n" restarted "$n"
done
# not what ends well, nor what is stopped
stop "$m"
equal 'stopped on request' stopped "$(get "$m" State)"
sleep 0.3
equal 'and it stays so' stopped "$(get "$m" State)"
remove "$m"

# while systemd waits
create "$m" busybox Restart=always RestartSec=1h -- /bin/sh -c 'exit 3'
start "$m"
wait_for 10 'systemd waits' waits
wait_for 10 'lodged does not' has "$m" State stopped
matches 'the reason' 'status 3.*starts it again' "$(reason "$m" message)"
first=$(restarts)
start "$m" # at once, not in an hour
wait_for 10 'systemd waits again' waits
wait_for 10 'it has run again' has "$m" State stopped
systemctl kill --signal=KILL lodged.service
wait_for 10 'lodged knows it after its own end' eval "[[ \$(reason $m message) == *'starts it again'* ]]"
stop "$m"
equal 'after the stop' inactive "$(systemctl show -P ActiveState "$unit")"
lacks 'the reason after the stop' 'starts it again' "$(reason "$m" message)"
start "$m"
wait_for 10 'systemd waits a third time' waits
wait_for 10 'lodged has heard of it' has "$m" State stopped
remove "$m"
wait_for 10 'nobody waits for what is removed' eval "! systemctl show -P SubState $unit | grep auto-restart"
first=${first:?}

# a definition that breaks while it is restarted: the unit fails with that reason, until it is mended
create "$m" busybox Restart=on-failure RestartSec=200ms StartLimitIntervalSec=1h StartLimitBurst=3 -- "${IDLE[@]}"
start "$m"
sed -i 's/^Restart=.*/Restart=sometimes/' "/etc/lodge/machines/$m.machine"
lodgectl kill --signal=KILL "$m"
wait_for 20 'it fails' has "$m" State failed
matches 'the reason' "Restart='sometimes'" "$(reason "$m" message)"
sed -i 's/^Restart=.*/Restart=on-failure/' "/etc/lodge/machines/$m.machine"
remove "$m"

# what can never start is not tried for ever if there is a limit
create "$m" busybox Restart=on-failure RestartSec=10ms StartLimitIntervalSec=1h StartLimitBurst=3 -- /no/such/program
expect 1 start "$m"
wait_for 20 'systemd gives up' eval "systemctl show -P Result $unit | grep -E 'start-limit-hit|exit-code' && ! systemctl show -P SubState $unit | grep auto-restart"
wait_for 10 'the reason is kept' eval "[[ \$(reason $m message) == *'/no/such/program'* ]]"
