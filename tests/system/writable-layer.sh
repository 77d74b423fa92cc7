#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a machine writes is gone when it stops, unless it is to be kept; the image stays as it is.
. "$(dirname "$0")/lib.bash"

digest() { (cd "$1" && find . -printf '%p %y %m %U %G %s %l %T@\n' | sort && find . -type f -exec md5sum {} + | sort) | md5sum; }
write='echo x >/mark; rm -r /etc/group /root; chmod 700 /var; echo more >>/etc/passwd'
before=$(digest "$IMAGES/busybox")

# stop: gone with the run, whether it is stopped, ends by itself or is killed
m=$TEST-stop
run_idle "$m"
inside "$m" sh -c "$write"
inside "$m" test -e /mark
stop "$m"
start "$m"
expect 1 inside "$m" test -e /mark
inside "$m" sh -c 'test -e /etc/group && ! grep more /etc/passwd'
inside "$m" sh -c "$write"
call KillMachine 'ssia{sv}' "$m" leader 9 0
wait_for 5 'stopped' has "$m" State stopped
nothing_runs "$m"
start "$m"
expect 1 inside "$m" test -e /mark

# keep: there until the machine is removed
m=$TEST-keep
run_idle "$m" WritableLayer=keep
inside "$m" sh -c "$write"
stop "$m"
[[ -e /var/lib/lodge/machines/$m/upper/mark ]] || fail 'the layer is not where it is said to be'
start "$m"
equal 'a kept file' x "$(inside "$m" cat /mark)"
expect 1 inside "$m" test -e /etc/group
stop "$m"
remove "$m"
wait_for 5 'the kept layer goes with the machine' eval "[[ ! -e /var/lib/lodge/machines/$m ]]"
wait_for 5 'the trash is emptied' eval "[[ -z \$(ls /var/lib/lodge/trash 2>/dev/null) ]]"

# two machines of one image do not see each other
run_idle "$TEST-one"
run_idle "$TEST-two"
inside "$TEST-one" touch /of-one
expect 1 inside "$TEST-two" test -e /of-one

equal 'the image' "$before" "$(digest "$IMAGES/busybox")"
