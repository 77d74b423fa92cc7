#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# WritableLayer=reboot: what was written survives a reboot from inside, not a stop.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
# a PID 1 that reboots when it gets SIGUSR1
create "$m" busybox WritableLayer=reboot Capability=CAP_SYS_BOOT -- \
    /bin/sh -c 'trap "exit 0" TERM; trap "reboot -f" USR1; while :; do sleep 100000 & wait; done'
start "$m"
inside "$m" touch /mark
call KillMachine 'ssia{sv}' "$m" leader 10 0
wait_for 5 'the second boot' has "$m" BootCount 2
inside "$m" test -e /mark
stop "$m"
start "$m"
expect 1 inside "$m" test -e /mark
