#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The supervisor is killed: the machine is gone within a second and says so, and the next start works.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
create "$m" busybox WritableLayer=stop -- "${IDLE[@]}"
start "$m"
lodgectl exec "$m" sleep 4711 </dev/null &
client=$!
wait_for 5 'the command runs' pgrep -f '^sleep 4711$'
inside "$m" touch /mark
leader=$(get "$m" Leader)
kill -KILL "$(get "$m" Supervisor)"
wait_for 1 'PID 1 is gone' eval "[[ ! -d /proc/$leader ]]"
wait_for 1 'the state' has "$m" State stopped
equal 'reason' lost "$(reason "$m")"
matches 'the sentence' "$m|supervisor|lodge-shim" "$(reason "$m" message)"
status=0
wait "$client" || status=$?
[[ $status -ne 0 ]] || fail 'a command in a machine that was lost has succeeded'

systemctl reset-failed "lodge@$m.service" 2>/dev/null || true
start "$m"
equal 'State' ready "$(get "$m" State)"
expect 1 inside "$m" test -e /mark
stop "$m"
nothing_runs "$m"
