#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The socket on which root talks to lodged without the system bus: who gets in, what there is, and what becomes of those
# who misuse it.
. "$(dirname "$0")/lib.bash"

socket=/run/lodge/private.sock
private() { busctl --address="unix:path=$socket" --timeout=20 "$@"; }
manager() { private -- call org.lodge1 /org/lodge1 org.lodge1.Manager "$@"; }
a=$TEST-a
create "$a" busybox -- "${IDLE[@]}"

# --- what there is

matches 'ListMachines()' "\"$a\" 1 \"State\" s \"stopped\"" "$(manager ListMachines as 1 State)"
for path in /org/lodge1 "$(object "$a")"; do
    equal "introspection of $path" "$(busctl --xml-interface introspect org.lodge1 "$path")" \
        "$(private --xml-interface introspect org.lodge1 "$path")"
done
manager StartMachine 'sa{sv}' "$a" 0
equal 'State' 's "ready"' "$(private get-property org.lodge1 "$(object "$a")" org.lodge1.Machine State)"
manager StopMachine 'sa{sv}' "$a" 0
expect 1 manager StartMachine 'sa{sv}' "$TEST-none" 0
matches 'its error' "'$TEST-none'" "$ERR"
env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=connect -o "$WORK/connect" lodgectl list >/dev/null
equal 'connections of lodgectl' "$socket" "$(grep -o '"[^"]*"' "$WORK/connect" | tr -d '"')"
equal 'what lodgectl exec passes through' through "$(echo through | { lodgectl start "$a" && inside "$a" true && lodgectl exec "$a" cat; })"
equal 'the owner of what root makes' 0 "$(lodgectl create "$TEST-b" busybox && get "$TEST-b" Owner)"

# --- who gets in

equal 'mode of the socket' '600 root' "$(stat -c '%a %U' "$socket")"
expect 1 setpriv --reuid=daemon --regid=daemon --clear-groups busctl --address="unix:path=$socket" tree org.lodge1
matches 'what a user is told' '(Permission denied|Operation not permitted)' "$ERR"
setpriv --reuid=daemon --regid=daemon --clear-groups lodgectl list >/dev/null # by the system bus

# --- too many

pid=$(daemon_pid)
descriptors() { find "/proc/$pid/fd" -type l | wc -l; }
before=$(descriptors)
python3 -c '
import socket, sys, time
peers = []
for _ in range(200):
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(sys.argv[1])
    peer.settimeout(0.2)
    peers.append(peer)
time.sleep(0.5)
refused = 0
for peer in peers:
    try:
        refused += peer.recv(1) == b""
    except TimeoutError:
        pass
print(200 - refused, flush=True)
sys.stdin.readline()' "$socket" <> <(sleep 30) >"$WORK/held" &
holder=$!
wait_for 20 'the connections are counted' test -s "$WORK/held"
equal 'connections held at once' 64 "$(<"$WORK/held")"
within 2 lodgectl list >/dev/null # by the system bus
equal 'lodgectl exec meanwhile' in "$(inside "$a" echo in)"
kill "$holder"
wait "$holder" 2>/dev/null || true
wait_for 5 'lodged has closed them' eval "[[ \$(descriptors) -le $before ]]"
manager ListMachines as 1 State >/dev/null

# --- one that does not listen

memory() { awk '/^Pss_Anon/ {print $2}' "/proc/$pid/smaps_rollup"; }
small=$(memory)
for _ in 1 2 3; do "$TESTS/clients/deaf" "$socket" 20; done
wait_for 10 'lodged has given its memory back' eval "[[ \$(memory) -le $((small + 2048)) ]]"
equal 'lodged' "$pid" "$(daemon_pid)"

# --- lodged goes away and comes back

lodgectl wait "$a" >"$WORK/status" 2>&1 &
waiter=$!
lodgectl exec "$a" sh -c 'sleep 3; exit 7' </dev/null >"$WORK/exec" 2>&1 &
runner=$!
for _ in 1 2; do
    sleep 0.5
    systemctl kill --signal=KILL lodged.service
done
sleep 0.5
status=0
wait "$runner" || status=$?
equal 'exec over a restart' '7 ' "$status $(<"$WORK/exec")"
lodgectl stop "$a"
wait "$waiter" || fail "wait failed: $(<"$WORK/status")"
equal 'wait over a restart' 0 "$(<"$WORK/status")"

# --- without the system bus: hidden from lodged and lodgectl, since this test itself needs it

dropin=/run/systemd/system/lodged.service.d
at_exit 'rm -rf /run/systemd/system/lodged.service.d; systemctl daemon-reload; systemctl restart lodged.service'
mkdir -p "$dropin"
printf '[Service]\nInaccessiblePaths=/run/dbus\n' >"$dropin/no-bus.conf"
systemctl daemon-reload
systemctl restart lodged.service
without_bus() { unshare --mount bash -c 'mount -t tmpfs tmpfs /run/dbus && exec "$@"' - "$@"; }
expect 0 without_bus lodgectl list
matches 'list without a bus' "$a +stopped" "$ERR$OUT"
for _ in 1 2; do
    without_bus lodgectl start "$a"
    equal 'exec without a bus' in "$(without_bus lodgectl exec "$a" echo in </dev/null)"
    without_bus lodgectl stop "$a"
done
lacks 'names on the bus' '^org\.lodge1 ' "$(busctl list --acquired --no-legend)"
rm -rf "$dropin"
systemctl daemon-reload
systemctl restart lodged.service
known "$a" >/dev/null
