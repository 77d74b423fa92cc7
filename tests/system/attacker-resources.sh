#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest that fills what it can write to, renames and deletes interfaces, catches the programs that enter it and holds
# terminals: the host has its memory, others are answered, and it can be stopped.
# With LODGE_TEST_FULL=1 more of it, and for longer.
# timeout: 600
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/attacker.bash"

megabytes=64
[[ ! ${LODGE_TEST_FULL:-} ]] || megabytes=2048
hostile_tree
lodgectl list >/dev/null

# memory file systems: full of bytes or of files, all given back at the end
m=$TEST-fill
free_before=$(awk '/^Shmem:/ { print $2 }' /proc/meminfo)
run_idle "$m"
for directory in /dev /dev/shm /run /run/host; do
    inside "$m" sh -c "head -c ${megabytes}m /dev/zero >$directory/filler" 2>/dev/null || true
    inside "$m" sh -c "i=0; while [ \$i -lt 20000 ] && : >$directory/file\$i; do i=\$((i + 1)); done" 2>/dev/null || true
done
under_attack "$m" 'memory file systems filled'
answers=$(inside "$m" echo hello)
equal 'a program in it' hello "$answers"
equal 'a terminal in it' hello "$(lodgectl exec -t "$m" echo hello </dev/null | tr -d '\r')"
run_idle "$TEST-beside"
stops_in_time "$m" 10
wait_for 10 'its memory is given back' eval "[[ \$(awk '/^Shmem:/ { print \$2 }' /proc/meminfo) -le $((free_before + 32768)) ]]"

# interfaces of its own: renamed, deleted, moved about, thousands of times
m=$TEST-interfaces
create "$m" "$TEST-hostile" -- /bin/sh -c 'trap "exit 0" TERM
    ip link set lo down; ip link set lo name other; ip link del lo
    while :; do
        ip link add one type dummy; ip link add two type veth; ip link set one name "evil%s"
        ip link del one; ip link del "evil%s"; ip link del two; ip link set lo up
    done >/dev/null 2>&1 & wait'
start "$m"
under_attack "$m" 'interfaces renamed and deleted'
stops_in_time "$m"

# programs that enter are stopped and traced by what runs inside: the caller has an answer in time, the machine an end
m=$TEST-catch
create "$m" "$TEST-hostile" StopTimeoutSec=2s -- /bin/sh -c 'trap "exit 0" TERM; hostile catch & hostile catch & wait'
start "$m"
for i in $(seq 10); do
    busctl --timeout=20 call org.lodge1 "$(object "$m")" org.lodge1.Machine Run 'asa{sv}' 1 true 1 TimeoutSec s 500ms >"$WORK/out" 2>&1 ||
        matches "call $i" 'TimedOut|in time|not answer|did not end|within' "$(<"$WORK/out")"
done
under_attack "$m" 'programs that enter are caught'
stops_in_time "$m" 5

# terminals that are held by what nobody can reach any more, closed, hung up
m=$TEST-terminals
run_idle "$m"
for i in $(seq 20); do
    timeout 10 lodgectl exec -t "$m" sh -c 'trap "" HUP; sleep 1000 & exit 0' </dev/null >/dev/null || fail "exec $i does not return"
    timeout 10 lodgectl exec "$m" sh -c 'exec <&- >&- 2>&-; sleep 1000 & exit 0' </dev/null || fail "exec $i without files does not return"
done
inside "$m" sh -c 'for tty in /dev/pts/[0-9]*; do (stty -F $tty raw; yes >$tty) & done; sleep 0.5; kill $(jobs -p)' 2>/dev/null || true
under_attack "$m" 'terminals held'
stops_in_time "$m"

# PID 1 that stops itself and all others, and what it left behind
m=$TEST-stop
create "$m" "$TEST-hostile" StopTimeoutSec=2s -- /bin/sh -c 'trap "" TERM; hostile fork 50 & sleep 0.2; kill -STOP -1; kill -STOP $$; while :; do sleep 1000; done'
start "$m"
under_attack "$m" 'all stopped'
stops_in_time "$m" 4
