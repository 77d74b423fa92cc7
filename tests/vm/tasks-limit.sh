#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
# TasksMax= holds against a fork bomb, and the machine can still be stopped.
. "$(dirname "$0")/../system/lib.bash"

m=$TEST-a
unit=lodge@$m.service
at_exit "systemctl revert $unit; systemctl daemon-reload"
# a shell that cannot fork ends: the bomb is one of its own, and PID 1 waits with nothing but a builtin
create "$m" busybox -- /bin/sh -c 'trap : TERM; (while :; do sleep 1000 & done) 2>/dev/null; while :; do read -r line; done'
systemctl set-property --runtime "$unit" TasksMax=40
start "$m"
# before Linux 6.11 the event is counted where the fork was tried, not where the limit is
full() { grep -rqsE '^max [1-9]' --include=pids.events "$(cgroup_of "$m")"; }
wait_for 60 'the limit is reached' full
[[ $(<"$(cgroup_of "$m")/pids.current") -le 40 ]] || fail 'more tasks than the limit'
within 30 call StopMachine 'sa{sv}' "$m" 1 TimeoutSec s 3s
nothing_runs "$m"
