#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Many clients that call all at once: defined answers, and nothing of them stays in lodged. How long root's own calls take
# meanwhile is printed, not judged: they wait in the same queue. LODGE_CLIENTS=1000 is the full size.
# timeout: 400
. "$(dirname "$0")/lib.bash"

create "$TEST-a" busybox -- "${IDLE[@]}"
start "$TEST-a"
stop "$TEST-a"
pid=$(daemon_pid)
descriptors() { find "/proc/$pid/fd" -type l | wc -l; }
memory() { awk '/^Pss_Anon/ {print $2}' "/proc/$pid/smaps_rollup"; }

"$TESTS/clients/flood" 50 20 "$TEST-a" >/dev/null 2>&1 || true # what it allocates once
before=$(descriptors) memory=$(memory)
status=0
"$TESTS/clients/flood" "${LODGE_CLIENTS:-200}" 20 "$TEST-a" || status=$?
equal 'lodged' "$pid" "$(daemon_pid)"
wait_for 10 'the descriptors of lodged are as before' eval "[[ \$(descriptors) -le $before ]]"
wait_for 10 'lodged has given its memory back' eval "[[ \$(memory) -le $((memory + 2048)) ]]"
echo "memory of lodged: $memory KiB before, $(memory) KiB afterwards"
equal 'the flood' 0 "$status"
