#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Our own programs cannot be overwritten, or run again, from inside (CVE-2019-5736).
. "$(dirname "$0")/lib.bash"

programs() { find /usr/bin/lodge* /usr/lib/lodge -type f -exec md5sum {} + | sort; }
before=$(programs)
[[ -n $before ]] || fail 'no program of lodge was found'

tree=$(new_tree tree)
printf '#!/proc/self/exe\n' >"$tree/bin/entry"
chmod 755 "$tree/bin/entry"
create "$TEST-entry" "$TEST-tree" -- /bin/entry
start "$TEST-entry" 2>/dev/null || true
call TerminateMachine 'sa{sv}' "$TEST-entry" 0
equal 'our programs' "$before" "$(programs)"

# the same by exec, while something inside writes to every program it sees
m=$TEST-a
create "$m" "$TEST-tree" -- /bin/sh -c 'trap "exit 0" TERM
    while :; do for p in /proc/[0-9]*; do [ $p = /proc/$$ ] || echo broken 2>/dev/null >$p/exe; done; done'
start "$m"
for i in $(seq 30); do lodgectl exec "$m" /bin/entry </dev/null >/dev/null 2>&1 || true; done
stop "$m"
equal 'our programs' "$before" "$(programs)"
