#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine is its unit: systemctl and journalctl do what lodge's own methods do.
. "$(dirname "$0")/lib.bash"

m=$TEST-a.x
unit=lodge@$m.service
journal() { journalctl --no-pager -u "$unit" -o cat; }
create "$m" busybox -- /bin/sh -c 'trap "echo going; exit 0" TERM; echo hello from PID 1; sleep 100000 & wait'

systemctl start "$unit"
equal 'State after systemctl start' ready "$(get "$m" State)"
equal 'is-active' active "$(systemctl is-active "$unit")"
equal 'MainPID is the supervisor' "$(get "$m" Supervisor)" "$(systemctl show --property MainPID --value "$unit")"
equal Slice machine.slice "$(systemctl show --property Slice --value "$unit")"
equal Delegate yes "$(systemctl show --property Delegate --value "$unit")"
matches 'where PID 1 is' "/$unit/payload" "$(</proc/"$(get "$m" Leader)"/cgroup)"
matches 'where the shim is' "/$unit/supervisor$" "$(</proc/"$(get "$m" Supervisor)"/cgroup)"
wait_for 5 'PID 1 in the journal' eval "journal | grep 'hello from PID 1'"
matches 'systemctl status' 'Active: active \(running\)' "$(systemctl status --no-pager "$unit")"

leader=$(get "$m" Leader)
systemctl restart "$unit"
equal 'State after systemctl restart' ready "$(get "$m" State)"
[[ $(get "$m" Leader) != "$leader" ]] || fail 'the same PID 1 after systemctl restart'

systemctl stop "$unit"
wait_for 2 'State after systemctl stop' has "$m" State stopped # lodged hears of it a moment later
equal 'reason after systemctl stop' stopped "$(reason "$m")"
matches 'what the handler printed' 'going' "$(journal)"
expect 3 systemctl is-active "$unit"

start "$m"
systemctl kill --kill-whom=all --signal=KILL "$unit"
wait_for 5 'stopped after systemctl kill' eval "[[ \$(get $m State) == stopped ]]"
systemctl reset-failed "$unit" 2>/dev/null || true
start "$m"
equal 'State of the next start' ready "$(get "$m" State)"
stop "$m"

at_exit "systemctl --quiet disable $unit"
systemctl --quiet enable "$unit"
[[ -n $(find /etc/systemd/system -path '*.wants/*' -name "$unit") ]] || fail "systemctl enable made no link for $unit"
equal 'is-enabled' enabled "$(systemctl is-enabled "$unit")"
systemctl --quiet disable "$unit"
equal 'links after disable' '' "$(find /etc/systemd/system -name "$unit")"

# a unit of a machine that nobody created fails and says why
expect 1 systemctl start "lodge@$TEST-none.service"
wait_for 5 'the reason in the journal' eval "journalctl -u lodge@$TEST-none.service | grep '$TEST-none'"
systemctl reset-failed "lodge@$TEST-none.service" 2>/dev/null || true
