#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The tools of the host that talk to a systemd inside by way of systemd-machined, also after a reboot from inside.
# hosts: bookworm trixie sid
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/machined.bash"

m=$TEST-a
create "$m" debian13
start "$m"
on "$m" Wait 'sa{sv}' ready 0 >/dev/null

tools() { # each with something that only this guest can say
    local id
    listed "$m"
    id=$(inside "$m" cat /etc/machine-id)
    equal 'machinectl show' "$id" "$(machined_get "$m" Id)"
    matches 'the system' 'Debian GNU/Linux 13' "$(machinectl status --no-pager "$m")"
    # it always exits with 0, and its output is a terminal's
    matches 'machinectl shell' "$id" "$(machinectl --quiet shell "$m" /usr/bin/systemd-id128 machine-id </dev/null)"
    equal 'systemctl -M' running "$(systemctl -M "$m" is-system-running --wait)"
    expect 7 systemd-run -M "$m" --quiet --wait --pipe sh -c 'systemd-id128 machine-id; exit 7'
    equal 'systemd-run -M' "$id" "$OUT"
    inside "$m" sh -c "echo said-$1 | systemd-cat -t machined-test"
    wait_for 5 'journalctl -M' eval "journalctl -M $m --no-pager -t machined-test -o cat | grep -qx said-$1"
}

tools before
leader=$(get "$m" Leader)
machinectl reboot "$m"
wait_for 30 'the second boot' has "$m" BootCount 2
wait_for 60 'ready again' has "$m" State ready
[[ $(get "$m" Leader) != "$leader" ]] || fail 'PID 1 is the same'
tools after

# and by its own means, several times; with machined restarted, or lodged gone, in between
for between in true 'systemctl restart systemd-machined.service' "kill -KILL \$(daemon_pid)"; do
    boots=$(get "$m" BootCount)
    eval "$between"
    listed "$m"
    [[ $SYSTEMD -lt 258 ]] || wait_for 10 'the cgroup of PID 1' eval "[[ -n \$(machined_get $m Subgroup) ]]"
    inside "$m" systemctl reboot --no-block
    wait_for 30 "another boot after '$between'" has "$m" BootCount $((boots + 1))
    wait_for 60 'ready again' has "$m" State ready
    listed "$m"
done

machinectl poweroff "$m"
wait_for 60 'it has ended' has "$m" State stopped
equal 'reason' shutdown "$(reason "$m")"
unlisted "$m"
start "$m"
on "$m" Wait 'sa{sv}' ready 0 >/dev/null
listed "$m"
machinectl terminate "$m"
wait_for 60 'terminated' has "$m" State stopped
equal 'reason' stopped "$(reason "$m")"
nothing_runs "$m"
