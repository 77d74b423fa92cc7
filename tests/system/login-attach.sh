#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `lodgectl login` gives the guest's login prompt, `lodgectl attach` the terminal or the streams of its PID 1; each lets go
# of the machine by ^] three times.
. "$(dirname "$0")/lib.bash"

python() { PYTHONPATH=$TESTS/clients python3 -B - "$@"; }

# a machine with a terminal: what PID 1 prints, what it is told
m=$TEST-tty
create "$m" busybox Terminal=yes -- /bin/sh -c 'trap "exit 0" TERM; while :; do echo "tick $(stty size)"; sleep 0.2; read -t 1 line && echo "got $line"; done'
start "$m"
python "$m" <<'PYTHON'
import sys
from terminal import Terminal, equal
t = Terminal(['lodgectl', 'attach', sys.argv[1]], rows=33, columns=101)
t.until('tick 33 101')
t.send('words\n')
t.until('got words')
t.send('\x1d\x1d\x1d')
t.wait()
PYTHON
equal 'the machine after attach' ready "$(get "$m" State)"

# a machine without one: its streams
m=$TEST-pipes
create "$m" busybox -- /bin/sh -c 'trap "exit 0" TERM; while :; do echo out; echo err >&2; sleep 0.2; done'
start "$m"
timeout 2 lodgectl attach "$m" </dev/null >"$WORK/out" 2>"$WORK/err" || true
matches 'stdout of PID 1' '^out' "$(<"$WORK/out")"
matches 'stderr of PID 1' '^err' "$(<"$WORK/err")"
equal 'the machine after attach' ready "$(get "$m" State)"

# attached until the end
create "$TEST-short" busybox -- /bin/sh -c 'trap "echo last words; exit 4" TERM; sleep 100000 & wait'
start "$TEST-short"
lodgectl attach "$TEST-short" </dev/null >"$WORK/attached" 2>&1 &
client=$!
sleep 0.3
stop "$TEST-short"
wait "$client" || true
matches 'output at the end' 'last words' "$(<"$WORK/attached")"

m=$TEST-debian
create "$m" debian12
start "$m"
on "$m" Wait 'sa{sv}' ready 0 >/dev/null
python "$m" <<'PYTHON'
import sys
from terminal import Terminal
t = Terminal(['lodgectl', 'login', sys.argv[1]])
t.until('login: ', 20)
t.send('nobody-knows\n')
t.until('[Pp]assword: ')
t.send('\x1d\x1d\x1d')
t.wait()
PYTHON
