#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Files and directories of the host inside a machine: whose they are on both sides, what a guest cannot do with them,
# and what is refused.
. "$(dirname "$0")/lib.bash"

SHARED=/var/lib/machines/$TEST-shared # on a file system that takes idmapped mounts
mkdir "$SHARED"
at_exit "umount -R $SHARED/sub 2>/dev/null; rm -rf --one-file-system $SHARED"

owner_of() { stat -c '%u %g' "$1"; }
listing() { (cd "$SHARED" && find . -printf '%p %U %G %m\n' | sort); }

# --- maps --------------------------------------------------------------------------------------------------------

source=$SHARED/maps
mkdir "$source"
echo host >"$source/mine"
echo root >"$source/root"
chown 1234:2345 "$source" "$source/mine"
chmod 0755 "$source"
before=$(listing)

map() { # map MAP [KEY=VALUE...]: a machine $m with that map at /mnt/b
    m=$TEST-$1
    run_idle "$m" "Bind=$source:/mnt/b:map=$1" "${@:2}"
}

m=$TEST-default
run_idle "$m" "Bind=$source:/mnt/b"
equal 'by default the owner is root' '0 0' "$(inside "$m" stat -c '%u %g' /mnt/b)"
stop "$m"

map root
equal 'map=root: a file of the owner' '0 0' "$(inside "$m" stat -c '%u %g' /mnt/b/mine)"
equal 'map=root: a file of somebody else' '65534 65534' "$(inside "$m" stat -c '%u %g' /mnt/b/root)"
inside "$m" sh -c 'echo x >/mnt/b/new; mkdir -p /mnt/b/d'
equal 'map=root: what root makes' '1234 2345' "$(owner_of "$source/new")"
refuses "$m" sh -c 'echo x >/mnt/b/root'
expect 1 lodgectl exec --user user "$m" touch /mnt/b/users </dev/null
absent "$source/users"
refuses "$m" chown user /mnt/b/new
stop "$m"
rm -r "$source/new" "$source/d"

tree=$(new_tree owned)
mkdir -p "$tree/mnt/b"
chown 1000:1000 "$tree/mnt/b"
m=$TEST-owner
create "$m" "$TEST-owned" "Bind=$source:/mnt/b:map=owner" -- "${IDLE[@]}"
start "$m"
equal 'map=owner: a file of the owner' '1000 1000' "$(inside "$m" stat -c '%u %g' /mnt/b/mine)"
lodgectl exec --user user "$m" touch /mnt/b/users </dev/null
equal 'map=owner: what user makes' '1234 2345' "$(owner_of "$source/users")"
refuses "$m" touch /mnt/b/roots
stop "$m"
rm "$source/users"

# the creator is root here, but the definition can be written
m=$TEST-caller
create "$m" busybox "Bind=$source:/mnt/b:map=caller" User=user -- "${IDLE[@]}"
sed -i 's/^Owner=.*//; s/^\[Machine\]/[Machine]\nOwner=1234/' "/etc/lodge/machines/$m.machine"
start "$m"
equal "map=caller: the creator's file" '1000 1000' "$(inside "$m" stat -c '%u %g' /mnt/b/mine)"
lodgectl exec --user user "$m" touch /mnt/b/users </dev/null
equal 'map=caller: what the user makes' '1234 2345' "$(owner_of "$source/users")"
stop "$m"
rm "$source/users"

map same
equal 'map=same: a file' '1234 2345' "$(inside "$m" stat -c '%u %g' /mnt/b/mine)"
inside "$m" sh -c 'echo x >/mnt/b/new; chown 77:78 /mnt/b/new'
equal 'map=same: what root makes and gives away' '77 78' "$(owner_of "$source/new")"
stop "$m"
rm "$source/new"

map none
equal 'map=none: a file' '65534 65534' "$(inside "$m" stat -c '%u %g' /mnt/b/mine)"
equal 'map=none: it can be read' host "$(inside "$m" cat /mnt/b/mine)"
refuses "$m" touch /mnt/b/new
stop "$m"
equal 'owners and modes on the host' "$before" "$(listing)"

# --- options -----------------------------------------------------------------------------------------------------

mkdir -p "$SHARED/sub"
mount -t tmpfs tmpfs "$SHARED/sub"
touch "$SHARED/sub/below"
cp "$IMAGES/busybox/bin/busybox" "$SHARED/busybox"
cp "$PROGRAMS/probe" "$SHARED/suid"
chmod 4755 "$SHARED/suid"
mknod -m 0666 "$SHARED/null" c 1 3

m=$TEST-options
run_idle "$m" "Bind=$SHARED:/rw $SHARED:/ro:ro $SHARED:/top:norecursive $SHARED:/data:noexec,ro"
inside "$m" test -e /rw/sub/below
inside "$m" test -e /ro/sub/below
refuses "$m" test -e /top/sub/below
refuses "$m" touch /ro/x
refuses "$m" touch /ro/sub/x
inside "$m" touch /rw/sub/x
inside "$m" /rw/busybox true
refuses "$m" /data/busybox true
refuses "$m" sh -c 'echo x >/rw/null'
inside "$m" grep -q ' /rw [^ ]*nosuid,nodev' /proc/self/mountinfo
# locked: neither taken off, nor made writable
refuses "$m" umount /ro
refuses "$m" mount -o remount,bind,rw /ro
refuses "$m" mount -o remount,bind,exec /data
refuses "$m" mount -o remount,bind,suid /rw
# mounted afterwards on the host: not seen inside, and nothing of the guest's outside
mkdir "$SHARED/later"
mount -t tmpfs tmpfs "$SHARED/later"
touch "$SHARED/later/x"
refuses "$m" test -e /rw/later/x
umount "$SHARED/later"
rmdir "$SHARED/later"
stop "$m"
umount "$SHARED/sub"

# --- files, targets ----------------------------------------------------------------------------------------------

echo 'nameserver 192.0.2.1' >"$SHARED/resolv.conf"
ln -s resolv.conf "$SHARED/link"
m=$TEST-files
run_idle "$m" "Bind=$SHARED/resolv.conf:/etc/resolv.conf:ro $SHARED/link:/new/dir/file $SHARED:/a $SHARED:/a/in/inner"
equal 'a file' 'nameserver 192.0.2.1' "$(inside "$m" cat /etc/resolv.conf)"
equal 'a file by a link of the host, in a new directory' 'nameserver 192.0.2.1' "$(inside "$m" cat /new/dir/file)"
inside "$m" test -e /a/in/inner/resolv.conf
[[ -d $SHARED/in/inner ]] || fail 'a place inside a bind is made there'
rmdir "$SHARED/in/inner" "$SHARED/in"
stop "$m"
absent "$IMAGES/busybox/new" "$IMAGES/busybox/a"

m=$TEST-refused
create "$m" busybox "Bind=$SHARED/nothing:/x" -- "${IDLE[@]}"
refused StartFailed "$SHARED/nothing': No such file" StartMachine "'$m'" '{}'
nothing_runs "$m"
remove "$m"
create "$m" busybox "Bind=$SHARED/resolv.conf:/etc" -- "${IDLE[@]}"
refused StartFailed "cannot mount at '/etc': a file cannot" StartMachine "'$m'" '{}'
remove "$m"
create "$m" busybox "Bind=$SHARED:/etc/passwd" -- "${IDLE[@]}"
refused StartFailed "cannot mount at '/etc/passwd': a directory needs" StartMachine "'$m'" '{}'
remove "$m"
create "$m" busybox "Bind=$SHARED:/r:ro $SHARED:/r/new" -- "${IDLE[@]}"
refused StartFailed "cannot mount at '/r/new': Read-only" StartMachine "'$m'" '{}'
remove "$m"
# no idmapped mounts
create "$m" busybox 'Bind=/proc/sys:/x' -- "${IDLE[@]}"
refused NotSupported "owners of '/proc/sys': its file system .proc.*map=none" StartMachine "'$m'" '{}'
remove "$m"
mount -t proc proc "$SHARED/sub"
create "$m" busybox "Bind=$SHARED:/x" -- "${IDLE[@]}"
refused NotSupported "owners of '$SHARED': a file system mounted below it .*norecursive leaves it out" StartMachine "'$m'" '{}'
umount "$SHARED/sub"
remove "$m"
create "$m" busybox 'Bind=/proc/sys:/x:map=none,ro' -- "${IDLE[@]}"
start "$m"
stop "$m"
remove "$m"
for bind in /a:/proc /a:/sys/fs /a:/dev /a:/dev/null /a:/run /a:/run/host/x /a:/ a:/b /a:b /a:/b/../c /a:/b:dev /a:/b:suid \
    /a:/b:bind-propagation=rshared /a:/b:map=0; do
    refused InvalidOption 'Bind=' CreateMachine "'$m'" "'busybox'" "{'Bind': <['$bind']>}"
done
refused InvalidOption "two mounts have the target '/b'" CreateMachine "'$m'" "'busybox'" "{'Bind': <['/a:/b']>, 'Tmpfs': <['/b']>}"
