#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `lodgectl shell`: a login shell on a terminal of the guest's, in a tree with and in one without systemd.
. "$(dirname "$0")/lib.bash"

tree=$(new_tree tools)
cp "$PROGRAMS/probe" "$tree/bin/"
mkdir -p "$tree/root" "$tree/home/joe"
printf '%s\n' joe:x:1001:1001::/home/joe:/bin/sh none:x:1002:1002::/missing:/bin/sh >>"$tree/etc/passwd"
create "$TEST-small" "$TEST-tools" -- "${IDLE[@]}"
start "$TEST-small"
python3 -B "$TESTS/clients/shell-session" "$TEST-small"
equal 'terminals left over' '' "$(inside "$TEST-small" find /dev/pts -name '[0-9]*')"

# with systemd and a real bash; no session bus, no PAM needed
create "$TEST-debian" debian13
start "$TEST-debian"
on "$TEST-debian" Wait 'sa{sv}' ready 0 >/dev/null
cat >"$WORK/session.py" <<PYTHON
from terminal import Terminal, equal
t = Terminal(['lodgectl', 'shell', '$TEST-debian'])
t.until('[#] ')
equal('shell', '/bin/bash', t.ask('echo "[\$SHELL]"', r'\[(.*)\]'))
equal('job control', 'himBHs', t.ask('echo "[\$-]"', r'\[(.*)\]'))
equal('cgroup', 'exec', t.ask('cat /proc/self/cgroup', r'0::.*(exec)'))
t.send('exit 3\n')
equal('exit status', 3, t.wait())
PYTHON
PYTHONPATH=$TESTS/clients python3 -B "$WORK/session.py"

# a command, too, begins in the user's home, unless told otherwise; exec does not
home() { lodgectl "$@" pwd </dev/null; }
equal 'home of root' /root "$(home shell "$TEST-small")"
equal 'a directory that is asked for' /bin "$(home shell -w /bin "$TEST-small")"
equal 'exec' / "$(home exec "$TEST-small")"
equal 'home of somebody' /home/joe "$(home shell "joe@$TEST-small")"
equal 'a home that is missing' / "$(home shell "none@$TEST-small")"
cat >"$WORK/home.py" <<PYTHON
from terminal import Terminal, equal
t = Terminal(['lodgectl', 'shell', 'joe@$TEST-small', 'sh', '-c', 'echo "[\$(pwd) \$LC_TIME]"'], env={'LC_TIME': 'C'})
t.until(r'\[/home/joe C\]')
equal('exit status', 0, t.wait())
PYTHON
PYTHONPATH=$TESTS/clients python3 -B "$WORK/home.py"

# without a terminal of our own there is one inside all the same
equal 'a shell from a pipe' 'answer 42' "$(echo 'echo answer $((40 + 2)); exit' | lodgectl shell "$TEST-small" | tr -d '\r' | grep '^answer')"
