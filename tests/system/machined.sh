#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# systemd-machined knows the machines, and what it is asked to do to one is done to this one only.
# hosts: bookworm trixie sid
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/machined.bash"

warned=$(warnings)
m=$TEST-a other=$TEST-other.dotted-name
run_idle "$m" Network=default
run_idle "$other"
listed "$m"
listed "$other"
for name in "$m" "$other"; do
    matches 'machinectl list' "(^|$NL)$name +container +lodge " "$(machinectl list --no-legend --no-pager)"
    equal 'unit' "lodge@$name.service" "$(machined_get "$name" Unit)"
    equal 'id' "$(inside "$name" cat /etc/machine-id)" "$(machined_get "$name" Id)"
done
if [[ $SYSTEMD -ge 258 ]]; then
    equal 'supervisor' "$(get "$m" Supervisor)" "$(machined_get "$m" Supervisor)"
    equal 'subgroup' payload "$(machined_get "$m" Subgroup)"
fi
matches 'machinectl status' 'busybox test tree' "$(machinectl status --no-pager "$m")"
matches 'machinectl status' "Iface: ve-$m$NL" "$(machinectl status --no-pager "$m")"
matches 'machinectl show' "Service=lodge$NL" "$(machinectl show "$m")"
# ps asks libsystemd, which finds machines by their units: since 258 it shows none, nor for nspawn's own services
want=$m
[[ $SYSTEMD -lt 258 ]] || want=-
equal 'ps' "$want" "$(ps -o machine= -p "$(get "$m" Leader)" | xargs)"

# files: out of everywhere; into what is mounted by the host, not into what the machine's own root mounts or owns
echo content >"$WORK/file"
machinectl copy-to "$m" "$WORK/file" /run/file
equal 'copied to' 'content 0 0' "$(inside "$m" sh -c 'cat /run/file; stat -c "%u %g" /run/file' | xargs)"
inside "$m" sh -c 'echo mine >/mine'
machinectl copy-from "$m" /mine "$WORK/mine"
equal 'copied from' mine "$(<"$WORK/mine")"

# machined comes again
leader=$(get "$m" Leader)
systemctl restart systemd-machined.service
wait_for 10 'listed again' machined_has "$m"
[[ $SYSTEMD -lt 258 ]] || wait_for 10 'the cgroup of PID 1' eval "[[ \$(machined_get $m Subgroup) == payload ]]"
# lodged comes again
kill -KILL "$(daemon_pid)"
wait_for 10 'adopted' has "$m" Leader "$leader"
listed "$m"
# nobody has ended anything
equal 'states' 'ready ready' "$(get "$m" State) $(get "$other" State)"
equal 'PID 1' "$leader" "$(get "$m" Leader)"

# a signal
inside "$m" true
machinectl kill --kill-"$([[ $SYSTEMD -ge 254 ]] && echo whom || echo who)"=leader --signal=TERM "$m"
wait_for 5 'stopped' has "$m" State stopped
equal 'reason' exited "$(reason "$m")"
unlisted "$m"

# over and over, as fast as it goes: each run is listed, none is stopped for what machined knew of the one before
for ((i = 0; i < 8; i++)); do
    start "$m"
    [[ $((i % 2)) -eq 0 ]] || listed "$m"
    equal 'State' ready "$(get "$m" State)"
    kill -KILL "$(get "$m" Leader)"
    wait_for 5 'it has ended' has "$m" State stopped
    equal "reason $i" killed "$(reason "$m")"
done
for ((i = 0; i < 20; i++)); do
    start "$m"
    [[ $((i % 3)) -ne 0 ]] || listed "$m"
    stop "$m"
    equal "reason $i of a stop" stopped "$(reason "$m")"
done
start "$m"
listed "$m"
sleep 0.5
equal 'State of the last' ready "$(get "$m" State)"

# the supervisor is killed: what machined knows is replaced by the next run
kill -KILL "$(get "$m" Supervisor)"
wait_for 5 'lost' has "$m" State stopped
start "$m"
listed "$m"

daemon=$(daemon_pid)
machinectl terminate "$m"
wait_for 10 'terminated' has "$m" State stopped
equal 'reason' stopped "$(reason "$m")"
unlisted "$m"
equal 'the other one' ready "$(get "$other" State)"
listed "$other"
equal 'lodged' "$daemon" "$(daemon_pid)"
nothing_runs "$m"
equal 'warnings' "$warned" "$(warnings)"
