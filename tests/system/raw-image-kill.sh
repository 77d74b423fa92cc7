#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 600
# lodge-work and lodged are killed at moments of the start of a machine from a disk image, and starts are given up: the
# start succeeds or fails with a sentence, the next one works the first time, no loop device, mount, worker or lock is left.
# LODGE_TEST_FULL=1: ten times as often.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/raw-image.bash"

ROUNDS=12
[[ -z ${LODGE_TEST_FULL:-} ]] || ROUNDS=120
m=$TEST-a
file=$(image_file disk)
file_system ext4 "$file" "$IMAGES/busybox" 16
create "$m" "$TEST-disk" -- "${IDLE[@]}"

# How long a start takes here, in ms.
start "$m"
stop "$m"
begin=${EPOCHREALTIME/./}
start "$m"
took=$(((${EPOCHREALTIME/./} - begin) / 1000))
stop "$m"

settled() { [[ $(get "$m" State 2>/dev/null) =~ ^(stopped|failed|ready)$ ]]; }
moment() { sleep "$(printf '0.%03d' $((RANDOM % (took + 20) % 1000)))"; }

nothing_left() { # nothing_left WHAT
    wait_for 20 "$1: settled" settled
    if [[ $(get "$m" State) == ready ]]; then
        inside "$m" cat /etc/os-release >/dev/null
        stop "$m"
    else
        [[ -n $(reason "$m" message) ]] || fail "$1: no sentence about it"
    fi
    wait_for 10 "$1: the loop device has gone" has_loops 0 "$file"
    wait_for 10 "$1: the workers have gone" no_workers
    nothing_runs "$m"
}

# At once if there is one by then, else as soon as it comes.
kill_worker() {
    local i pid
    for ((i = 0; i < 50; i++)); do
        for pid in $(pgrep -x lodge-work || true); do kill -KILL "$pid" 2>/dev/null && return; done
        sleep 0.01
    done
}

for ((round = 1; round <= ROUNDS; round++)); do
    start "$m" >/dev/null 2>&1 &
    moment
    kill_worker
    wait "$!" || true
    nothing_left "the worker, round $round"

    start "$m" >/dev/null 2>&1 &
    moment
    kill -KILL "$(systemctl show --property MainPID --value lodged.service)" 2>/dev/null || true
    wait "$!" || true
    wait_for 20 'lodged is back' known "$m"
    nothing_left "lodged, round $round"

    start "$m" >/dev/null 2>&1 &
    moment
    stop "$m" >/dev/null 2>&1 || true
    wait "$!" || true
    nothing_left "given up, round $round"
done
start "$m"
equal 'State' ready "$(get "$m" State)"
stop "$m"
wait_for 5 'the loop device has gone' has_loops 0 "$file"
