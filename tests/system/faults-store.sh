#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The store or the definitions without room, or read-only: each call that needs them fails and says what it is, what runs goes
# on, stop and remove work, and afterwards everything is as before, without a restart.
# timeout: 300
. "$(dirname "$0")/lib.bash"

running=$TEST-running stopped=$TEST-stopped kept=$TEST-kept
tree=$(new_tree tree)

# small file systems in place of the real ones, for as long as this test lasts; lodged sees them after a restart
systemctl stop lodged.service 2>/dev/null
mount -t tmpfs -o size=2m,nr_inodes=400,mode=0700 lodge-store /var/lib/lodge
mkdir -m 0700 /var/lib/lodge/{images,machines,trash}
cp -a /etc/lodge "$WORK/etc-lodge"
mount -t tmpfs -o size=1m,nr_inodes=100,mode=0755 lodge-etc /etc/lodge
cp -a "$WORK/etc-lodge/." /etc/lodge/
at_exit 'systemctl stop lodged.service 2>/dev/null; umount /var/lib/lodge /etc/lodge; systemctl start lodged.service'
at_exit 'remove_machines'
at_exit 'mend'
systemctl start lodged.service
daemon=$(daemon_pid)

fill() { # fill bytes|files DIRECTORY
    if [[ $1 == bytes ]]; then
        head -c 8M /dev/zero >"$2/filler" 2>/dev/null || true
    else
        touch "$2"/filler{1..500} 2>/dev/null || true
    fi
}
mend() {
    mount -o remount,rw /var/lib/lodge
    mount -o remount,rw /etc/lodge
    rm -f /var/lib/lodge/filler* /etc/lodge/filler*
}

# others_live: what ran before the fault
others_live() {
    equal 'PID 1' "$leader" "$(get "$running" Leader)"
    equal 'a program in it' hello "$(inside "$running" echo hello)"
    lodgectl list >/dev/null
    equal 'lodged' "$daemon" "$(daemon_pid)"
}

all_is_well() {
    start "$stopped"
    equal 'a program' hello "$(inside "$stopped" echo hello)"
    within 5 stop "$stopped"
    nothing_runs "$stopped"
    remove "$running" 2>/dev/null || true
}

run_again() {
    create "$running" '' "RootDirectory=$tree" -- "${IDLE[@]}"
    start "$running"
    leader=$(get "$running" Leader)
}

create "$stopped" '' "RootDirectory=$tree" -- "${IDLE[@]}"

for what in bytes files; do
    run_again
    fill "$what" /var/lib/lodge
    refused NoSpace '/var/lib/lodge.*No space|No space.*' StartMachine "'$stopped'" '{}'
    matches 'what it says' 'No space left on device' "$(reason "$stopped" message)"
    nothing_runs "$stopped"
    others_live
    within 5 stop "$running"
    nothing_runs "$running"
    remove "$running"
    unknown "$running"
    mend
    all_is_well
done

# a store that the kernel has made read-only, as it does after an error of the disk
run_again
create "$kept" '' "RootDirectory=$tree" WritableLayer=keep -- "${IDLE[@]}"
start "$kept"
stop "$kept"
mount -o remount,ro /var/lib/lodge
refused StartFailed '/var/lib/lodge.*Read-only file system' StartMachine "'$stopped'" '{}'
nothing_runs "$stopped"
others_live
within 5 stop "$running"
remove "$stopped"
unknown "$stopped"
# its files cannot go now; no other machine of that name gets them
remove "$kept"
unknown "$kept"
refused Failed "/var/lib/lodge/machines/$kept.*Read-only file system" CreateMachine "'$kept'" "''" "{'RootDirectory': <'$tree'>}"
create "$stopped" '' "RootDirectory=$tree" -- "${IDLE[@]}"
mend
all_is_well
create "$kept" '' "RootDirectory=$tree" -- "${IDLE[@]}"
absent "/var/lib/lodge/machines/$kept" # its files of before
remove "$kept"

# no room for definitions, or none may be written
run_again
for what in bytes files; do
    fill "$what" /etc/lodge
    refused NoSpace "/etc/lodge/machines/$TEST-new.machine.*No space left" CreateMachine "'$TEST-new'" "''" "{'RootDirectory': <'$tree'>}"
    unknown "$TEST-new"
    others_live
    start "$stopped" # needs no room there
    within 5 stop "$stopped"
    mend
done
create "$kept" '' "RootDirectory=$tree" WritableLayer=keep -- "${IDLE[@]}"
start "$kept"
inside "$kept" sh -c 'echo precious >/precious'
stop "$kept"
mount -o remount,ro /etc/lodge
refused Failed "/etc/lodge/machines/$TEST-new.machine.*Read-only file system" CreateMachine "'$TEST-new'" "''" "{'RootDirectory': <'$tree'>}"
refused Failed "/etc/lodge/machines/$kept.machine.*Read-only file system" RemoveMachine "'$kept'" '{}'
others_live
# what could not be removed has lost nothing
start "$kept"
equal 'what it had written' precious "$(inside "$kept" cat /precious)"
within 5 stop "$kept"
within 5 stop "$running"
expect 0 lodgectl run --rm -D "$tree" echo temporary </dev/null # is defined in /run
mend
remove "$kept"
remove "$running"
all_is_well
