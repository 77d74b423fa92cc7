#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A program that is started beside PID 1 without descriptors prints to the host's journal, and so do its children when it
# has ended.
. "$(dirname "$0")/lib.bash"

m=$TEST-$$ # the journal remembers earlier runs
logged() { [[ $(lodgectl logs "$m") == *"$1"* ]]; }
begin() { call ExecMachine 'sasa{uh}a{sv}' "$m" 3 /bin/sh -c "$1" 0 0 | cut -d' ' -f2 | tr -d '"'; } # prints the object
field() { # field MESSAGE FIELD: of that entry
    journalctl -q --no-pager -n 1 -o json "LODGE_MACHINE=$m" "MESSAGE=$1" |
        python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1]))' "$2"
}

create "$m" busybox -- "${IDLE[@]}"
start "$m"
process=$(begin 'echo from beside; echo its errors >&2; (sleep 0.5; echo from a child) & exit 0')
wait_for 10 'what it printed' logged 'from beside'
wait_for 10 'its errors' logged 'its errors'
wait_for 10 'what its child printed' logged 'from a child'
equal 'the process' "${process##*/}" "$(field 'from beside' LODGE_PROCESS)"
equal 'what it runs' /bin/sh "$(field 'from beside' LODGE_COMMAND)"
equal 'the stream' stderr "$(field 'its errors' LODGE_STREAM)"
equal 'the boot' 1 "$(field 'from a child' LODGE_BOOT)"
matches 'its lines' "$m/sh\[$(field 'from beside' SYSLOG_PID)\]: from beside" "$(lodgectl logs -o short "$m")"
equal 'as JSON' "${process##*/} /bin/sh" \
    "$(lodgectl logs -o jsonl "$m" | python3 -c 'import json, sys; e = json.loads(next(sys.stdin)); print(e["Process"], e["Command"])')"

# who has descriptors prints there alone
equal 'what exec prints' here "$(lodgectl exec "$m" echo here)"

# what is left when the machine ends
begin 'printf "last words"; sleep 1000' >/dev/null
begin 'echo "more than a pipe holds"; yes 0123456789abcdef | head -n 5000; echo "all of it"; sleep 1000' >/dev/null
wait_for 20 'more than a pipe holds' logged 'all of it'
stop "$m"
wait_for 10 'its last words' logged 'last words'
equal 'what exec printed' '' "$(lodgectl logs -n 10000 "$m" | grep -x here || true)"
remove "$m"
