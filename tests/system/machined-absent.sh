#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Without systemd-machined nothing is missed, nobody tries to start it, and nothing is logged; when it comes it is told.
# hosts: bookworm trixie sid
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/machined.bash"

unmask() { systemctl unmask --runtime systemd-machined.service systemd-machined.socket 2>/dev/null; }

# a socket is there since 258; masked as both are, nothing of the package does anything
units=(systemd-machined.service)
[[ ! -e /usr/lib/systemd/system/systemd-machined.socket ]] || units+=(systemd-machined.socket)
systemctl stop "${units[@]}"
at_exit 'unmask; systemctl start systemd-machined.socket 2>/dev/null'
systemctl mask --runtime "${units[@]}"
sleep 1.1 # --since knows whole seconds
since=$(date '+%F %T')

m=$TEST-a
run_idle "$m"
equal State ready "$(get "$m" State)"
equal exec in "$(inside "$m" echo in)"
kill -KILL "$(get "$m" Leader)"
wait_for 5 'it has ended' has "$m" State stopped
equal reason killed "$(reason "$m")"
start "$m"
kill -KILL "$(daemon_pid)"
wait_for 10 'adopted' has "$m" State ready
stop "$m"
equal reason stopped "$(reason "$m")"
start "$m"
equal 'a run' ran "$(lodgectl run busybox echo ran </dev/null)"
sleep 0.5
equal 'words of machined in the journal' '' \
    "$(journalctl --no-pager --since "$since" -g 'systemd-machined|freedesktop.machine1' -o cat || true)"
expect 1 machinectl list

# a file of its name, left behind by a machined that is gone, keeps no machine from starting
stop "$m"
mkdir -p /run/systemd/machines
: >"/run/systemd/machines/$m"
at_exit "rm -f /run/systemd/machines/$m"
within 10 start "$m"
rm "/run/systemd/machines/$m"

unmask
[[ ${#units[@]} -eq 1 ]] || systemctl start systemd-machined.socket
matches 'machinectl list, which starts machined' '.' "$(machinectl list --no-pager)"
listed "$m"
