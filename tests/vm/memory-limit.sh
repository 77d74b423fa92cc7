#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
# A limit is a property of the unit; what the kernel's OOM killer ended says so.
. "$(dirname "$0")/../system/lib.bash"

m=$TEST-a
unit=lodge@$m.service
at_exit "systemctl revert $unit; systemctl daemon-reload"
create "$m" busybox -- dd if=/dev/zero of=/dev/shm/big bs=1M
systemctl set-property --runtime "$unit" MemoryMax=32M MemorySwapMax=0
start "$m" || true
wait_for 60 'stopped' has "$m" State stopped
equal 'reason' 'oom true 9' "$(reason "$m") $(reason "$m" OOM | tr '[:upper:]' '[:lower:]') $(reason "$m" Signal)"
matches 'the sentence' '[Mm]emory' "$(reason "$m" message)"

# a limit of a running machine, live
create "$TEST-b" busybox -- "${IDLE[@]}"
start "$TEST-b"
at_exit "systemctl revert lodge@$TEST-b.service; systemctl daemon-reload"
systemctl set-property --runtime "lodge@$TEST-b.service" MemoryMax=24M MemorySwapMax=0
equal 'memory.max' $((24 << 20)) "$(cat "$(cgroup_of "$TEST-b")/memory.max")"
expect 137 inside "$TEST-b" dd if=/dev/zero of=/dev/shm/big bs=1M
equal 'the machine whose command was killed' ready "$(get "$TEST-b" State)"
told() { journalctl --boot --output=cat LODGE_EVENT=oom-kill LODGE_MACHINE="$1" 2>/dev/null; }
is_told() { [[ -n $(told "$1") ]]; }
wait_for 30 'the event' is_told "$TEST-b"
matches 'the event' "^Machine '$TEST-b' is out of memory: The kernel has killed (a|[0-9]+) process(es)? of it" "$(told "$TEST-b")"
equal 'events of a machine whose PID 1 was killed' '' "$(told "$m")"
matches 'status' '; [0-9]+ process(es were| was) killed for want of memory' "$(lodgectl status "$TEST-b")"
stop "$TEST-b"
