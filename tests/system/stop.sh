#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Stop: the right signal, when the payload can take it; a deadline; and it returns when the machine is gone.
. "$(dirname "$0")/lib.bash"

tree=$(new_tree tools)
cp "$PROGRAMS/probe" "$tree/bin/"
image=$TEST-tools

# a handler for SIGTERM is run, and its status kept
m=$TEST-handler
create "$m" "$image" -- /bin/sh -c 'trap "echo bye; exit 3" TERM; sleep 100000 & wait'
start "$m"
within 3 stop "$m"
equal 'State' stopped "$(get "$m" State)"
nothing_runs "$m"
equal 'reason and status' 'stopped 3' "$(reason "$m") $(reason "$m" ExitStatus)"
matches 'the handler ran' '"bye"' "$(on "$m" ReadOutput 'a{sv}' 0)"
stop "$m"

# StopSignal=
m=$TEST-signal
create "$m" "$image" StopSignal=SIGUSR1 -- /bin/sh -c 'trap "exit 4" USR1; trap "exit 5" TERM; sleep 100000 & wait'
start "$m"
within 3 stop "$m"
equal 'status with StopSignal=SIGUSR1' 4 "$(reason "$m" ExitStatus)"

# a handler that comes late, and a stop right after the start, at many moments
m=$TEST-late
create "$m" "$image" -- probe late 400
start "$m"
within 3 stop "$m"
equal 'status of a late handler' 7 "$(reason "$m" ExitStatus)"
for delay in 0 0.01 0.02 0.05 0.1 0.2; do
    start "$m"
    sleep "$delay"
    within 3 stop "$m"
    equal "State, stopped after $delay s" stopped "$(get "$m" State)"
    equal "status, stopped after $delay s" 7 "$(reason "$m" ExitStatus)"
done

# no handler at all: nothing can be hoped for, so it does not take the whole deadline
m=$TEST-plain
create "$m" "$image" -- sleep 100000
start "$m"
within 5 stop "$m"
equal 'State' stopped "$(get "$m" State)"

# deaf: killed at the deadline
m=$TEST-deaf
create "$m" "$image" StopTimeoutSec=1s -- probe deaf
start "$m"
within 5 stop "$m"
equal 'reason of a deaf one' 'timeout 9' "$(reason "$m") $(reason "$m" Signal)"
create "$TEST-deafer" "$image" StopTimeoutSec=infinity StopSignal=SIGTERM -- probe deaf
start "$TEST-deafer"
within 5 call StopMachine 'sa{sv}' "$TEST-deafer" 1 TimeoutSec t 500000
equal 'reason of a deaf one' timeout "$(reason "$TEST-deafer")"

# two at once
m=$TEST-handler
start "$m"
stop "$m" &
other=$!
stop "$m"
wait "$other" || fail 'the other stop failed'
equal 'State' stopped "$(get "$m" State)"
