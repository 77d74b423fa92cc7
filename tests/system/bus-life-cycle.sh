#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The whole life of a machine with nothing but busctl.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
path=$(object "$m")
objects() { busctl --timeout=10 call org.lodge1 /org/lodge1 org.freedesktop.DBus.ObjectManager GetManagedObjects; }

expect 0 call CreateMachine 'ssa{sv}' "$m" busybox 2 \
    Command as 3 "${IDLE[@]}" Description s 'a first machine'
equal 'path of the new machine' "o \"$path\"" "$OUT"
matches 'managed objects' "\"$path\" .*\"org.lodge1.Machine\"" "$(objects)"
equal 'GetMachine' "o \"$path\"" "$(call GetMachine s "$m")"
equal State stopped "$(get "$m" State)"
equal Leader 0 "$(get "$m" Leader)"
equal Image busybox "$(get "$m" Image)"
equal Owner 0 "$(get "$m" Owner)"
equal Unit "lodge@$m.service" "$(get "$m" Unit)"
matches Settings 'a first machine' "$(get "$m" Settings)"

expect 0 on "$m" Start 'a{sv}' 0
equal 'State after Start' ready "$(get "$m" State)"
leader=$(get "$m" Leader)
equal 'parent of PID 1' "$(get "$m" Supervisor)" "$(awk '/^PPid/ { print $2 }' "/proc/$leader/status")"
equal BootCount 1 "$(get "$m" BootCount)"
[[ $(get "$m" StartedTimestamp) -gt $(get "$m" CreatedTimestamp) ]] || fail "started before it was created"
equal 'Wait for ready' 'si "ready" -1' "$(on "$m" Wait 'sa{sv}' ready 0)"

# Run returns status, stdout and stderr as bytes
equal Run 'iayay 3 3 97 98 10 2 99 10' "$(on "$m" Run 'asa{sv}' 3 /bin/sh -c 'echo ab; echo c >&2; exit 3' 0)"
equal 'Run with input' 'iayay 0 3 120 121 122 0' "$(on "$m" Run 'asa{sv}' 1 cat 1 Input s xyz)"

expect 0 on "$m" Restart 'a{sv}' 0
equal 'State after Restart' ready "$(get "$m" State)"
[[ $(get "$m" Leader) != "$leader" ]] || fail "the same PID 1 after a restart"

expect 0 on "$m" Kill 'sia{sv}' leader 9 0
wait_for 5 'stopped after SIGKILL' has "$m" State stopped
equal 'reason after SIGKILL' 'killed 9' "$(reason "$m") $(reason "$m" Signal)"
equal 'Wait for stopped' 'si "stopped" 137' "$(on "$m" Wait 'sa{sv}' stopped 0)"

expect 0 on "$m" Start 'a{sv}' 0
expect 0 on "$m" Kill 'sia{sv}' all 15 0
wait_for 5 'stopped after SIGTERM to all' has "$m" State stopped
equal 'reason after SIGTERM to all' 'exited 0' "$(reason "$m") $(reason "$m" ExitStatus)"

expect 0 on "$m" Start 'a{sv}' 0
expect 1 on "$m" Remove 'a{sv}' 0
matches 'removing a running machine' "$m.*stop" "$ERR"
expect 0 on "$m" Stop 'a{sv}' 0
equal 'State after Stop' stopped "$(get "$m" State)"
equal 'reason after Stop' stopped "$(reason "$m")"
expect 0 on "$m" Stop 'a{sv}' 0

expect 0 on "$m" Start 'a{sv}' 0
expect 0 on "$m" Terminate 'a{sv}' 0
equal 'State after Terminate' stopped "$(get "$m" State)"
equal 'reason of Terminate' stopped "$(reason "$m")"
equal 'the unit after Terminate' inactive "$(systemctl show --property ActiveState --value "lodge@$m.service")"
nothing_runs "$m"

expect 0 on "$m" Remove 'a{sv}' 0
lacks 'managed objects after Remove' "\"$path\"" "$(objects)"
expect 1 get "$m" State
absent "/etc/lodge/machines/$m.machine" "/run/lodge/machines/$m.machine" "/run/lodge/exit/$m"
