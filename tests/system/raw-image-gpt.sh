#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
# Machines from disks with a GPT: the partitions of the Discoverable Partitions Specification, /usr of its own, an
# unmodified Debian system that boots and reboots from one.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/guest.bash"
. "$(dirname "$0")/raw-image.bash"

tree=$(new_tree tree)
file_system ext4 "$WORK/root" "$tree" 16
esp=c12a7328-f81f-11d2-ba4b-00a0c93ec93b

# the one with the newer label, not the first; nothing of the ESP
echo VERSION=old >>"$tree/etc/os-release"
file_system squashfs "$WORK/old" "$tree"
file=$(image_file versions)
disk "$file" 64 "start=1MiB, size=2MiB, type=$esp" "start=4MiB, size=16MiB, type=$ROOT_TYPE, name=os_10" \
    "start=20MiB, size=16MiB, type=$ROOT_TYPE, name=os_9" "start=36MiB, size=16MiB, type=$ROOT_TYPE, name=_empty"
put "$file" "$WORK/root" 4
put "$file" "$WORK/old" 20
expect 0 lodgectl run "$TEST-versions" cat /etc/os-release </dev/null
lacks 'the chosen one' 'VERSION=old' "$OUT"

# /usr is a partition: over the directory, read-only, and not nosuid
mkdir -p "$WORK/usr/bin" "$TREES/$TEST-split/usr"
cp -a "$tree/bin/busybox" "$WORK/usr/bin/"
for applet in sh id cat touch ls grep sleep; do ln -s busybox "$WORK/usr/bin/$applet"; done
cp -a "$tree"/{dev,etc,proc,root,run,sys,tmp,var} "$TREES/$TEST-split/"
ln -s usr/bin "$TREES/$TEST-split/bin"
file_system erofs "$WORK/split" "$TREES/$TEST-split"
file_system squashfs "$WORK/usr.squashfs" "$WORK/usr"
file=$(image_file usr)
disk "$file" 64 "start=4MiB, size=16MiB, type=$USR_TYPE" "start=20MiB, size=16MiB, type=$ROOT_TYPE" \
    'start=40MiB, size=8MiB, type=933ac7e1-2eb4-4f13-b844-0e14e2aef915'
put "$file" "$WORK/usr.squashfs" 4
put "$file" "$WORK/split" 20
expect 0 lodgectl image status "$TEST-usr"
matches 'status' "Type: raw.*Contents: size: 67108864 bytes$NL *partition table: gpt$NL *partition 1: usr, 16777216 bytes at 4194304, squashfs \(usr\)$NL *partition 2: root, 16777216 bytes at 20971520, erofs \(root\)" "$OUT"
m=$TEST-a
create "$m" "$TEST-usr" -- "${IDLE[@]}"
start "$m"
equal 'loop devices' 2 "$(loops_of "$file")"
matches 'a word on /home' "Of disk image '$TEST-usr', these partitions are not used: 3 \\(home\\)" \
    "$(journalctl --unit=lodged --output=cat --lines=20)"
inside "$m" touch /new
expect 1 inside "$m" touch /usr/new
matches 'a write to /usr' 'Read-only' "$ERR"
matches 'diff' '(^|\n)A /new($|\n)' "$(lodgectl diff "$m")"
expect 1 lodgectl commit --progress=none "$m" "$TEST-commit"
matches 'a commit' "cannot commit '$m': .*/usr in a partition of its own" "$ERR"
expect 1 lodgectl export --progress=none --format=oci "$TEST-usr" "$WORK/out.tar"
matches 'an export' "cannot export '$TEST-usr': .*/usr in a partition of its own" "$ERR"
absent "$WORK/out.tar"
matches '/usr' ' /usr ro,nodev[, ]' "$(inside "$m" grep -F ' /usr ' /proc/self/mountinfo)"
stop "$m"
wait_for 5 'the loop devices have gone' has_loops 0 "$file"

# copies of one that does not run see it, too, and keep no device
create "$TEST-c" "$TEST-usr" WritableLayer=keep -- "${IDLE[@]}"
lodgectl cp "$TEST-c:/usr/bin/busybox" "$WORK/busybox"
cmp "$WORK/usr/bin/busybox" "$WORK/busybox"
expect 1 lodgectl cp "$WORK/busybox" "$TEST-c:/usr/bin/new"
matches 'a copy to /usr' 'Read-only' "$ERR"
lodgectl cp "$WORK/busybox" "$TEST-c:/etc/new"
wait_for 5 'the loop devices have gone' has_loops 0 "$file"
start "$TEST-c"
inside "$TEST-c" ls /etc/new
stop "$TEST-c"
wait_for 5 'the loop devices have gone' has_loops 0 "$file"

# an unmodified system
file_system erofs "$WORK/debian" "$IMAGES/debian13"
size=$(($(stat -c %s "$WORK/debian") / 1048576 + 1))
file=$(image_file debian)
disk "$file" $((size + 8)) "start=4MiB, size=${size}MiB, type=$ROOT_TYPE, name=debian"
put "$file" "$WORK/debian" 4
rm "$WORK/debian"
m=$TEST-b
boot "$m" "$TEST-debian"
no_failed_units "$m"
inside "$m" systemctl --no-block reboot
wait_for 60 'the second boot' has "$m" BootCount 2
within 60 on "$m" Wait 'sa{sv}' ready 0 >/dev/null
no_failed_units "$m"
stop "$m"
nothing_runs "$m"
wait_for 5 'the loop device has gone' has_loops 0 "$file"
