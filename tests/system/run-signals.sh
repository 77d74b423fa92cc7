#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `lodgectl run` ends its machine when it is told to end itself, gives 128 + N when the command was killed, and a machine
# does not outlive its client for long.
. "$(dirname "$0")/lib.bash"

name=$TEST-a

lodgectl run --name "$name" busybox /bin/sh -c 'trap "echo caught; exit 9" TERM; echo up; sleep 100000 & wait' \
    </dev/null >"$WORK/out1" 2>&1 &
client=$!
wait_for 10 'the command runs' grep -q up "$WORK/out1"
kill -TERM "$client"
expect 9 wait "$client"
matches 'output after SIGTERM' caught "$(<"$WORK/out1")"
wait_for 10 'the machine is gone' unknown "$name"

# its PID 1 is killed from outside
lodgectl run --name "$name" busybox sleep 100000 </dev/null >"$WORK/out2" 2>&1 &
client=$!
wait_for 10 'the machine runs' has "$name" State ready
on "$name" Kill 'sia{sv}' leader 9 0
expect 137 wait "$client"
wait_for 10 'the machine is gone' unknown "$name"

# the client is killed: the command sees the end of its input
mkfifo "$WORK/fifo"
lodgectl run --name "$name" busybox cat <"$WORK/fifo" >"$WORK/out3" 2>&1 &
client=$!
exec 7>"$WORK/fifo"
wait_for 10 'the machine runs' has "$name" State ready
kill -KILL "$client"
expect 137 wait "$client"
exec 7>&-
wait_for 10 'the machine whose client was killed is gone' unknown "$name"
