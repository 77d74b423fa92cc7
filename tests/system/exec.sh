#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `lodgectl exec`: streams, status, environment and directory of a command in a machine that runs; it lives in the machine's
# cgroup and ends with it.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
run_idle "$m" Environment=FROM=definition

expect 7 inside "$m" sh -c 'echo out; echo err >&2; exit 7'
equal 'stdout and stderr apart' 'out|err' "$OUT|$ERR"
equal 'piped input' 5 "$(printf 12345 | lodgectl exec "$m" wc -c)"
head -c 10000000 /dev/urandom >"$WORK/big"
equal 'ten megabytes there and back' "$(md5sum <"$WORK/big")" "$(lodgectl exec "$m" cat <"$WORK/big" | md5sum)"
expect 137 inside "$m" sh -c 'kill -9 $$'
expect 143 inside "$m" sh -c 'kill $$'
expect 127 inside "$m" no-such-command
matches 'command not found' 'no-such-command' "$ERR"
expect 126 inside "$m" /etc/passwd
matches 'not executable' '/etc/passwd' "$ERR"
expect 125 lodgectl exec "$TEST-none" true </dev/null
matches 'no such machine' "$TEST-none" "$ERR"

expect 0 inside --environment=A=b --working-directory=/tmp "$m" sh -c 'echo $A $FROM $(pwd)'
equal 'environment and directory' 'b definition /tmp' "$OUT"
equal 'container' lodge "$(inside "$m" sh -c 'echo $container')"
equal 'no terminal unless it is asked for' 'not a tty' "$(inside "$m" tty)"
expect 126 inside --working-directory=/no/such "$m" true
matches 'directory' '/no/such' "$ERR"

# where it lives; seen from the host, the number tells it from all others
lodgectl exec "$m" sleep 4711 </dev/null &
client=$!
at_exit "kill $client 2>/dev/null"
wait_for 5 'the command runs' pgrep -f '^sleep 4711$'
pid=$(pgrep -f '^sleep 4711$')
matches 'cgroup of the command' "/lodge@$m.service/payload" "$(<"/proc/$pid/cgroup")"
equal 'pid namespace of the command' "$(readlink "/proc/$(get "$m" Leader)/ns/pid")" "$(readlink "/proc/$pid/ns/pid")"
equal 'user namespace of the command' "$(readlink "/proc/$(get "$m" Leader)/ns/user")" "$(readlink "/proc/$pid/ns/user")"

# it ends with the machine
stop "$m"
[[ ! -d /proc/$pid ]] || fail "the command outlives its machine"
expect 137 wait "$client"

# a client that is told to end ends what it started
start "$m"
lodgectl exec "$m" sh -c 'echo up; exec sleep 4712' </dev/null >"$WORK/up" &
client=$!
wait_for 5 'the command runs' grep -q up "$WORK/up"
kill -TERM "$client"
expect 143 wait "$client"
wait_for 5 'the command has ended' eval "! pgrep -f '^sleep 4712$'"
