#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest that powers itself off is stopped; one that reboots stays the same machine: same unit, same object, one boot more.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/guest.bash"

m=$TEST-a
boot "$m" debian13
supervisor=$(get "$m" Supervisor)
leader=$(get "$m" Leader)
id=$(get "$m" MachineID)
invocation=$(systemctl show --property InvocationID --value "lodge@$m.service")
inside "$m" touch /before-the-reboot
inside "$m" systemctl reboot || true
wait_for 30 'the second boot' has "$m" BootCount 2
within 60 on "$m" Wait 'sa{sv}' ready 0 >/dev/null
equal 'the supervisor after a reboot' "$supervisor" "$(get "$m" Supervisor)"
equal 'the unit after a reboot' "$invocation" "$(systemctl show --property InvocationID --value "lodge@$m.service")"
equal 'the machine id after a reboot' "$id" "$(get "$m" MachineID)"
[[ $(get "$m" Leader) != "$leader" ]] || fail 'the same PID 1 after a reboot'
expect 1 inside "$m" test -e /before-the-reboot
no_failed_units "$m"

inside "$m" systemctl poweroff || true
wait_for 30 'stopped' has "$m" State stopped
equal 'reason' shutdown "$(reason "$m")"
nothing_runs "$m"
equal 'the unit' inactive "$(systemctl show --property ActiveState --value "lodge@$m.service")"
start "$m"
equal 'BootCount after another start' 1 "$(get "$m" BootCount)"
