#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Everything that happens to a machine is told on the bus as it happens, and is in the journal afterwards.
. "$(dirname "$0")/lib.bash"

m=$TEST-$$ # the journal remembers earlier runs
lodgectl events "$TEST-*" >"$WORK/live" &
watcher=$!
at_exit "kill $watcher 2>/dev/null"
# it is watching once it sees one
wait_for 20 'a first event' eval "{ create $TEST-first busybox -- /bin/true; remove $TEST-first; } && grep -q 'first removed' $WORK/live"

create "$m" busybox -- "${IDLE[@]}"
start "$m"
stop "$m"
remove "$m"
wanted='created starting started ready stopping stopped removed'
told() { sed -nE "s/^[A-Z][a-z]+ [0-9 ]+ [0-9:]+ $m ([a-z]+)(:.*)?$/\\1/p" "$1" | paste -sd ' '; }
wait_for 10 'all events' eval "[[ \$(told $WORK/live) == '$wanted' ]]"
matches 'the reason' "$m stopped: Stopped on request" "$(<"$WORK/live")"
kill "$watcher"
wait "$watcher" || true

lodgectl events --since=today "$m" >"$WORK/past"
equal 'what the journal has' "$wanted" "$(told "$WORK/past")"
equal 'the last one' removed "$(lodgectl events -n 1 -o jsonl "$m" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Event"])')"
equal 'before that' '' "$(lodgectl events --until=yesterday "$m")"

# a start that fails says why: in the event, in the journal and in its catalog
create "$m-bad" busybox -- /no/such/program
expect 1 lodgectl start "$m-bad"
matches 'the event' "$m-bad failed: .*/no/such/program" "$(lodgectl events -n 1 "$m-bad")"
equal 'its details' '127 2' "$(lodgectl events -n 1 -o jsonl "$m-bad" |
    python3 -c 'import json, sys; d = json.load(sys.stdin)["Details"]; print(d["ExitStatus"], d["Errno"])')"
journalctl --update-catalog # as a package does
matches 'the catalog' "Machine $m-bad has failed to start" "$(journalctl -q -x -n 1 "LODGE_MACHINE=$m-bad" LODGE_EVENT=failed)"
systemctl reset-failed "lodge@$m-bad.service" 2>/dev/null || true

# an event is told once: lodged may be restarted meanwhile
run_idle "$m-stays"
systemctl restart lodged
wait_for 10 'lodged is back' has "$m-stays" State ready
equal 'of one that was running' 'created starting started ready' \
    "$(lodgectl events --since=today -o jsonl "$m-stays" | python3 -c 'import json, sys; print(*(json.loads(line)["Event"] for line in sys.stdin))')"
