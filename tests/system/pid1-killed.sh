#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# How a machine ended is kept: signal, exit status, and the last lines that PID 1 printed.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
create "$m" busybox -- /bin/sh -c 'trap "exit 12" USR1; for i in $(seq 100); do echo "line $i"; done; printf "an \033[31mescape\n"; sleep 100000 & wait'
start "$m"
leader=$(get "$m" Leader)
kill -KILL "$leader"
wait_for 5 'stopped' has "$m" State stopped
equal 'reason' 'killed 9 137' "$(reason "$m") $(reason "$m" Signal) $(reason "$m" ExitStatus)"
matches 'the sentence' 'SIGKILL' "$(reason "$m" message)"
equal 'Leader' 0 "$(get "$m" Leader)"
nothing_runs "$m"

lines=$(on "$m" ReadOutput 'a{sv}' 0)
matches 'the last lines' '"line 100"' "$lines"
lacks 'an escape in the lines' $'\033|\\\\033|\\\\x1b|\\\\e' "$lines"
matches 'lodgectl logs' 'line 100' "$(lodgectl logs "$m")"
matches 'lodgectl status' 'SIGKILL' "$(lodgectl status "$m" || true)"

# by itself, with a status
start "$m"
kill -USR1 "$(get "$m" Leader)"
wait_for 5 'stopped' has "$m" State stopped
equal 'reason' 'exited 12 0' "$(reason "$m") $(reason "$m" ExitStatus) $(reason "$m" Signal | sed 's/^$/0/')"
[[ $(get "$m" StoppedTimestamp) -gt 0 ]] || fail 'no StoppedTimestamp'

# also when lodged was not there to see it, and has been started anew since
start "$m"
leader=$(get "$m" Leader)
systemctl stop lodged.service 2>/dev/null
kill -USR1 "$leader"
wait_for 5 'PID 1 is gone' eval "[[ ! -d /proc/$leader ]]"
wait_for 5 'stopped' has "$m" State stopped
equal 'reason' 'exited 12' "$(reason "$m") $(reason "$m" ExitStatus)"
