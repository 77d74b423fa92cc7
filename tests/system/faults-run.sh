#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# /run without room, for bytes and for files: a start is refused with the reason, what runs goes on, stop and remove work, and
# afterwards everything is as before.
# timeout: 300
. "$(dirname "$0")/lib.bash"

running=$TEST-running stopped=$TEST-stopped
size=$(findmnt --noheadings --output OPTIONS /run | grep -o 'size=[0-9a-z]*' || echo size=50%)
files=$(($(df --output=itotal /run | tail -n 1)))
create "$stopped" busybox -- "${IDLE[@]}"
daemon=$(daemon_pid)

fill_bytes() {
    mount -o "remount,size=$(($(df --output=used -k /run | tail -n 1) + 64))k" /run
    head -c 1M /dev/zero >"/run/$TEST-filler" 2>/dev/null || true
}
fill_files() {
    local used
    used=$(df --output=iused /run | tail -n 1)
    mount -o "remount,nr_inodes=$((used + 2))" /run
    touch /run/"$TEST"-filler{1..4} 2>/dev/null || true
}
free_again() {
    rm -f "/run/$TEST"-filler*
    mount -o "remount,$size,nr_inodes=$files" /run
}
at_exit free_again

for what in bytes files; do
    run_idle "$running"
    leader=$(get "$running" Leader)
    fill_$what
    refused NoSpace "/run/lodge: No space left on device; make room in /run" StartMachine "'$stopped'" '{}'
    expect 1 lodgectl start "$stopped"
    matches "lodgectl, no $what" 'No space left on device' "$ERR"
    nothing_runs "$stopped"
    expect 1 systemctl start "lodge@$stopped.service"
    nothing_runs "$stopped"

    # what runs does not notice
    equal 'PID 1' "$leader" "$(get "$running" Leader)"
    equal 'a program in it' hello "$(inside "$running" echo hello)"
    lodgectl list >/dev/null
    lodgectl status "$running" >/dev/null
    within 5 stop "$running"
    nothing_runs "$running"
    remove "$running"
    unknown "$running"

    free_again
    start "$stopped"
    equal 'a program in the other' hello "$(inside "$stopped" echo hello)"
    stop "$stopped"
    equal 'lodged' "$daemon" "$(daemon_pid)"
done
