#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Binds, volumes and file systems in memory come and go while a machine runs.
. "$(dirname "$0")/lib.bash"

SHARED=/var/lib/machines/$TEST-shared # images are shared with the machine's files: a bind of there can be mapped
VOLUMES=/var/lib/lodge/volumes
at_exit "umount '$SHARED/sub' 2>/dev/null; rm -rf --one-file-system '$SHARED' '$VOLUMES/$TEST-v'; systemctl restart lodged.service"
mkdir -p "$SHARED/sub"
echo host >"$SHARED/file"
chown 1234:2345 "$SHARED" "$SHARED/file"
mkdir "$SHARED/other"
mount --bind "$SHARED/other" "$SHARED/sub"
touch "$SHARED/sub/below"

# as busctl has it, without quotes
listed() { equal "what is mounted $1" "$2" "$(busctl get-property org.lodge1 "$(object "$m")" org.lodge1.Machine Mounts | cut -d' ' -f2- | tr -d '"')"; }
persisted() { grep -cE "^(Bind|Volume|Tmpfs)=.*$1" "/etc/lodge/machines/$m.machine" || true; }

m=$TEST-a
create "$m" busybox Capability=CAP_SYS_ADMIN "Bind=$SHARED:/start:ro" -- "${IDLE[@]}"
refused NotRunning "'$m' does not run" AddMountMachine "'$m'" "'Bind=$SHARED:/mnt/b'" '{}'
start "$m"
leader=$(get "$m" Leader)
listed 'from the start' "1 bind $SHARED /start ro"

# --- seen by what runs, owned as at a start, and locked ------------------------------------------------------------

lodgectl exec "$m" sh -c 'until [ -e /mnt/b/file ]; do sleep 0.1; done; cat /mnt/b/file; while [ -e /mnt/b/file ]; do sleep 0.1; done' \
    </dev/null >"$WORK/seen" &
watcher=$!
lodgectl mount "$m" "$SHARED:/mnt/b"
equal 'whose it is' '0 0' "$(inside "$m" stat -c '%u %g' /mnt/b/file)"
inside "$m" sh -c 'echo new >/mnt/b/new'
equal 'whose it is on the host' '1234 2345' "$(stat -c '%u %g' "$SHARED/new")"
inside "$m" test -e /mnt/b/sub/below
refuses "$m" umount /mnt/b
refuses "$m" umount /mnt/b/sub
refuses "$m" mount -o remount,bind,suid,dev /mnt/b
inside "$m" grep -q ' /mnt/b [^ ]*nosuid,nodev' /proc/self/mountinfo
lodgectl mount "$m" "Bind=$SHARED:/mnt/ro:ro,noexec,norecursive,map=none"
refuses "$m" touch /mnt/ro/x
refuses "$m" test -e /mnt/ro/sub/below
refuses "$m" mount -o remount,bind,rw /mnt/ro
refuses "$m" mount -o remount,bind,exec,ro /mnt/ro
equal 'map=none' '65534 65534' "$(inside "$m" stat -c '%u %g' /mnt/ro/file)"
lodgectl mount "$m" "$SHARED/file:/etc/one"
equal 'a file' host "$(inside "$m" cat /etc/one)"
lodgectl mount "$m" Tmpfs=/scratch:size=1M,uid=7 "$TEST-v:/srv/data"
equal 'of the tmpfs' '7 0 1777' "$(inside "$m" stat -c '%u %g %a' /scratch)"
refuses "$m" dd if=/dev/zero of=/scratch/big bs=1M count=2
inside "$m" sh -c 'echo kept >/srv/data/file'
equal 'in the volume' kept "$(cat "$VOLUMES/$TEST-v/data/file")"
all="6 bind $SHARED /start ro bind $SHARED /mnt/b  bind $SHARED /mnt/ro ro,noexec,norecursive,map=none"
all+=" bind $SHARED/file /etc/one  tmpfs  /scratch mode=1777,size=1048576,uid=7 volume $TEST-v /srv/data "
listed 'now' "$all"
refused Busy "$TEST-v" RemoveVolume "'$TEST-v'" "{'Force': <true>}"
equal 'nothing is in the definition' 0 "$(persisted /mnt/b)"

# --- errors change nothing ----------------------------------------------------------------------------------------

refused Exists /mnt/b AddMountMachine "'$m'" "'Tmpfs=/mnt/b'" '{}'
refused Exists /mnt/b AddMountMachine "'$m'" "'Tmpfs=/mnt'" '{}'
refused Failed 'No such file' AddMountMachine "'$m'" "'Bind=/no/such:/mnt/none'" '{}'
refused Failed 'needs a directory' AddMountMachine "'$m'" "'Bind=$SHARED:/bin/busybox'" '{}'
refused NotSupported 'map=none' AddMountMachine "'$m'" "'Bind=/proc/sys:/mnt/none'" '{}'
refused NotSupported /run AddMountMachine "'$m'" "'Tmpfs=/run'" '{}'
for bad in /a Bind=/srv Bind=/srv:/proc/x Bind=/srv:/dev Tmpfs=/sys/x Tmpfs=/a:nr_inodes=1 Volume=a/b:/c Image=x ''; do
    refused InvalidOption '' AddMountMachine "'$m'" "'$bad'" '{}'
done
refused NoSuchMount /mnt/none RemoveMountMachine "'$m'" "'/mnt/none'" '{}'
refused NoSuchMount definition RemoveMountMachine "'$m'" "'/mnt/b'" "{'Persist': <true>}"
inside "$m" test -e /mnt/b/file
listed 'as before' "$all"

# --- another lodged, and a reboot from inside ---------------------------------------------------------------------

systemctl kill -s KILL lodged.service
wait_for 20 'lodged knows the machine' has "$m" State ready
listed 'by another lodged' "$all"
equal 'PID 1' "$leader" "$(get "$m" Leader)"

# --- unmounting ----------------------------------------------------------------------------------------------------

lodgectl mount "$m" Tmpfs=/mnt/b/deep
lodgectl umount "$m" /mnt/b 2>"$WORK/error" && fail 'what is below was lost'
matches 'why not' "'/mnt/b/deep' is mounted below" "$(cat "$WORK/error")"
lodgectl umount "$m" /mnt/b/deep
inside "$m" mount -t tmpfs tmpfs /mnt/b # the machine's own, over it: goes, too
lodgectl umount "$m" /mnt/b /mnt/ro /scratch /srv/data /etc/one
wait "$watcher"
equal 'what a program saw' host "$(cat "$WORK/seen")"
lacks 'the table of mounts' '/mnt/b|/mnt/ro|/scratch|/srv/data|/etc/one' "$(inside "$m" cat /proc/self/mountinfo)"
lodgectl umount "$m" /start
refuses "$m" test -e /start/file
listed 'in the end' 0
call RemoveVolume 'sa{sv}' "$TEST-v" 0

# --- kept for later -------------------------------------------------------------------------------------------------

lodgectl mount --persist "$m" "$SHARED:/mnt/b:ro" Tmpfs=/scratch:size=1M
equal 'it is in the definition' 1 "$(persisted /mnt/b:ro)"
lodgectl umount --persist "$m" /scratch
equal 'it is in the definition no longer' 0 "$(persisted /scratch)"
stop "$m"
listed 'when it is stopped' 0
start "$m"
listed 'after another start' "2 bind $SHARED /mnt/b ro bind $SHARED /start ro"
inside "$m" test -e /mnt/b/file
stop "$m"
lodgectl umount --persist "$m" /mnt/b
lodgectl mount --persist "$m" Tmpfs=/later
start "$m"
listed 'as changed while it was stopped' "2 tmpfs  /later mode=1777 bind $SHARED /start ro"
stop "$m"

# --- over a reboot from inside --------------------------------------------------------------------------------------

m=$TEST-reboot
create "$m" busybox WritableLayer=reboot Capability=CAP_SYS_BOOT Tmpfs=/gone -- \
    /bin/sh -c 'trap "exit 0" TERM; trap "reboot -f" USR1; while :; do sleep 100000 & wait; done'
start "$m"
lodgectl mount "$m" "$SHARED:/mnt/b:ro"
lodgectl umount "$m" /gone
call KillMachine 'ssia{sv}' "$m" leader 10 0
wait_for 30 'it has rebooted' has "$m" BootCount 2
wait_for 30 'it runs' has "$m" State ready
inside "$m" test -e /mnt/b/file
lacks 'its mounts' /gone "$(inside "$m" cat /proc/self/mountinfo)"
listed 'after a reboot' "1 bind $SHARED /mnt/b ro"
stop "$m"
