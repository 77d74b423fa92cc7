#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 900
# A Debian guest boots to "running" on this host's own kernel, with every cgroup controller in use.
. "$(dirname "$0")/../system/lib.bash"
. "$(dirname "$0")/../system/guest.bash"

case $(. /etc/os-release && echo "$VERSION_CODENAME") in
    bookworm) matches 'kernel' '^6\.1\.' "$(uname -r)" ;;
    trixie) matches 'kernel' '^6\.12\.' "$(uname -r)" ;;
esac
m=$TEST-a
create "$m" debian12
start "$m"
on "$m" Wait 'sa{sv}' ready 1 TimeoutSec s 300s >/dev/null || fail "not ready: $(lodgectl logs "$m")"
no_failed_units "$m"
matches 'controllers in the guest' 'memory' "$(inside "$m" cat /sys/fs/cgroup/cgroup.controllers)"
matches 'controllers in the guest' 'pids' "$(inside "$m" cat /sys/fs/cgroup/cgroup.controllers)"
stop "$m"
equal 'reason' stopped "$(reason "$m")"
nothing_runs "$m"
