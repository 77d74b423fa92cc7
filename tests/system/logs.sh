#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a machine prints is in the host's journal, with fields that say whose it is, and stays there when it is removed.
. "$(dirname "$0")/lib.bash"

m=$TEST-$$ # the journal remembers earlier runs
fields() { # fields MACHINE MATCH FIELD: of the last entry
    journalctl -q --no-pager -n 1 -o json "LODGE_MACHINE=$1" "$2" | python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1]))' "$3"
}
logged() { [[ $(lodgectl logs "$1") == *"$2"* ]]; }

lodgectl create "$m" busybox -- /bin/sh -c 'echo to stdout; echo to stderr >&2; trap "echo bye; exit 0" TERM; sleep 100000 & wait'
start "$m"
wait_for 10 'both lines' eval "logged $m 'to stdout' && logged $m 'to stderr'"
for field in LODGE_IMAGE:busybox _UID:0 LODGE_BOOT:1 SYSLOG_IDENTIFIER:"$m" OBJECT_SYSTEMD_UNIT:"lodge@$m.service"; do
    equal "${field%%:*}" "${field#*:}" "$(fields "$m" LODGE_STREAM=stdout "${field%%:*}")"
done
equal 'priority of errors' 4 "$(fields "$m" LODGE_STREAM=stderr PRIORITY)"
boot=$(fields "$m" LODGE_STREAM=stdout LODGE_BOOT_ID)
matches 'journalctl -u' 'to stderr' "$(journalctl -q -u "lodge@$m" -o cat)"

# --follow shows what comes, and ends when it is told to
lodgectl logs -f "$m" >"$WORK/followed" &
follower=$!
at_exit "kill $follower 2>/dev/null"
wait_for 10 'what there was' grep -q 'to stderr' "$WORK/followed"
stop "$m"
wait_for 10 'what came' grep -qx bye "$WORK/followed"
kill "$follower"
wait "$follower" || true

# boots: one for each PID 1
start "$m"
wait_for 10 'another boot' eval "[[ \$(fields $m LODGE_STREAM=stdout LODGE_BOOT_ID) != $boot ]]"
stop "$m"
wait_for 10 'its end' eval "[[ \$(lodgectl logs -b $m) == *bye* ]]"
equal 'lines of a boot' 3 "$(lodgectl logs --boot=-1 "$m" | wc -l)"
equal 'lines by the id of a boot' "$(lodgectl logs --boot=-1 "$m")" "$(lodgectl logs --boot="$boot" "$m")"
equal 'the first boot' "$(lodgectl logs --boot=-1 "$m")" "$(lodgectl logs --boot=1 "$m")"
expect 3 lodgectl logs --boot=-2 "$m"
equal 'lines of all boots' 6 "$(lodgectl logs "$m" | wc -l)"
equal 'last line' bye "$(lodgectl logs -n 1 "$m")"
equal 'lines before there were any' '' "$(lodgectl logs --until=yesterday "$m")"
equal 'lines since then' 6 "$(lodgectl logs --since=yesterday "$m" | wc -l)"
matches 'with the time' "^[A-Z][a-z]+ [0-9 ]+ [0-9:]+ $m: bye$" "$(lodgectl logs -n 1 -o short "$m")"
equal 'as JSON' "$m bye stdout" \
    "$(lodgectl logs -n 1 -o jsonl "$m" | python3 -c 'import json, sys; e = json.load(sys.stdin); print(e["Machine"], e["Message"], e["Stream"])')"

# the journal is read without lodged, and keeps what removed machines have printed
remove "$m"
equal 'lines of a removed machine' 6 "$(lodgectl logs "$m" | wc -l)"
equal 'lines without a bus' 6 "$(DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere lodgectl logs "$m" | wc -l)"
expect 3 lodgectl logs "$TEST-never"

# nobody but root can put words into a machine's mouth
setpriv --reuid=65534 --regid=65534 --clear-groups logger --journald <<EOF
MESSAGE=said by nobody
LODGE_MACHINE=$m
LODGE_STREAM=stdout
PRIORITY=6
EOF
lacks 'a forged line' 'nobody' "$(journalctl --sync; lodgectl logs "$m")"
