#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Many clients that call all at once: defined answers, nothing of them stays in lodged, and root's own calls do not wait for
# theirs, since root has a socket of its own. LODGE_TEST_FULL=1: a thousand clients with 20 calls each.
# timeout: 400
. "$(dirname "$0")/lib.bash"

clients=200
[[ -z ${LODGE_TEST_FULL:-} ]] || clients=1000
create "$TEST-a" busybox -- "${IDLE[@]}"
start "$TEST-a"
stop "$TEST-a"
pid=$(daemon_pid)
descriptors() { find "/proc/$pid/fd" -type l | wc -l; }
memory() { awk '/^Pss_Anon/ {print $2}' "/proc/$pid/smaps_rollup"; }

"$TESTS/clients/flood" 50 20 "$TEST-a" >/dev/null 2>&1 || true # what it allocates once
before=$(descriptors) memory=$(memory)
status=0
"$TESTS/clients/flood" "$clients" 20 "$TEST-a" || status=$?
equal 'lodged' "$pid" "$(daemon_pid)"
wait_for 10 'the descriptors of lodged are as before' eval "[[ \$(descriptors) -le $before ]]"
wait_for 10 'lodged has given its memory back' eval "[[ \$(memory) -le $((memory + 2048)) ]]"
echo "memory of lodged: $memory KiB before, $(memory) KiB afterwards"
equal 'the flood' 0 "$status"

# One client that waits again and again, and asks the bus not to expect an answer, which it would count. Others do not notice.
status=0
setpriv --reuid=daemon --regid=daemon --clear-groups python3 - "$TEST-a" >"$WORK/waits" 2>&1 <<'EOF' || status=$?
import sys
import gi
gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib
bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
call = ('org.lodge1', '/org/lodge1', 'org.lodge1.Manager', 'WaitMachine')
for _ in range(600):
    message = Gio.DBusMessage.new_method_call(*call)
    message.set_body(GLib.Variant('(ssa{sv})', (sys.argv[1], 'exited', {})))
    message.set_flags(Gio.DBusMessageFlags.NO_REPLY_EXPECTED)
    bus.send_message(message, Gio.DBusSendMessageFlags.NONE)
try:
    bus.call_sync(*call, GLib.Variant('(ssa{sv})', (sys.argv[1], 'exited', {})), None, 0, 20000)
except GLib.Error as e:
    print(Gio.DBusError.get_remote_error(e), e.message)
EOF
matches 'the wait after 600 others' '^0 org.lodge1.Error.Busy .*too many calls of this client' "$status $(<"$WORK/waits")"
stop "$TEST-a"
