#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
# Disk images that are broken, not for lodge, or made to do harm: each is refused soon with a sentence that names it, and
# nothing is left; one that breaks while it is used takes its machine along, and nothing else. What the parts of lodge-work
# see in more of them is in tests/unit/disk.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/raw-image.bash"

bystander=$TEST-bystander
run_idle "$bystander"
pid=$(daemon_pid)

no_start() { # no_start NAME REGEX: a machine from image "$TEST-NAME" does not start, and says so within 10 s
    local m=$TEST-m-$1
    create "$m" "$TEST-$1" -- "${IDLE[@]}"
    within 10 expect 1 start "$m"
    matches "$1" "$2" "$ERR"
    lacks "$1: control characters" '[[:cntrl:]]' "${ERR//$NL/}"
    equal "$1: reason" failed "$(reason "$m")"
    equal "$1: loop devices" 0 "$(loops_of "$(image_file "$1")")"
    remove "$m"
}

image() { image_file "$1"; }
: >"$(image zero)"
no_start zero 'is empty: 0 bytes'
head -c 511 /dev/zero >"$(image short)"
no_start short 'is too small for anything: 511 bytes'
truncate -s 8M "$(image zeros)"
no_start zeros 'holds no partition table and no file system that is known'
truncate -s 8T "$(image sparse)"
no_start sparse 'holds no partition table and no file system that is known'
truncate -s 32M "$(image luks)"
echo secret | cryptsetup -q luksFormat --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$(image luks)" -
no_start luks 'is encrypted'
expect 0 lodgectl image status "$TEST-luks"
matches 'status' 'file system: crypto_LUKS.*cannot be used: .* is encrypted' "$OUT"
truncate -s 8M "$(image swap)"
chmod 600 "$(image swap)"
mkswap "$(image swap)" >/dev/null 2>&1
no_start swap 'holds swap, which lodge does not mount'
truncate -s 32M "$(image mbr)"
echo 'start=1MiB, type=83' | sfdisk -q --label dos "$(image mbr)"
no_start mbr 'partition table of type dos'
file_system ext4 "$(image two)" "$IMAGES/busybox" 16
file_system squashfs "$WORK/squashfs" "$IMAGES/busybox"
dd if="$WORK/squashfs" of="$(image two)" bs=512 count=2 conv=notrunc status=none
no_start two 'is ambiguous'
disk "$(image empty)" 32 "start=4MiB, size=16MiB, type=$ROOT_TYPE"
no_start empty 'Partition 1 .* holds no file system that is known'
disk "$(image cut)" 32 "start=4MiB, size=16MiB, type=$ROOT_TYPE"
put "$(image cut)" "$WORK/squashfs" 4
truncate -s 12M "$(image cut)"
no_start cut 'does not lie within|damaged or cut short'
mkfifo "$(image pipe)"
within 5 expect 125 lodgectl run "$TEST-pipe" true </dev/null
ln -s /dev/loop0 "$(image device)"
within 5 expect 125 lodgectl run "$TEST-device" true </dev/null

# a superblock that libblkid knows, and the kernel does not take
file_system ext4 "$(image broken)" "$IMAGES/busybox" 16
dd if=/dev/urandom of="$(image broken)" bs=1024 seek=2 count=64 conv=notrunc status=none
no_start broken 'Cannot mount the ext4 file system|has nothing to run|not unmounted cleanly'
# one that was in use when it was copied
file_system ext4 "$(image dirty)" "$IMAGES/busybox" 16
debugfs -w -R 'feature needs_recovery' "$(image dirty)" >/dev/null 2>&1
no_start dirty 'was not unmounted cleanly'
# nothing of a label is ever run or shown raw
file_system ext4 "$(image label)" "$IMAGES/busybox" 16
tune2fs -L $'$(x)\e[31m`y`' "$(image label)" >/dev/null
expect 0 lodgectl run "$TEST-label" echo fine </dev/null
equal 'output' fine "$OUT"

# cut short while it is used: reads fail, of this machine only
file_system ext4 "$(image shrinks)" "$IMAGES/busybox" 16
m=$TEST-shrinks
create "$m" "$TEST-shrinks" -- "${IDLE[@]}"
start "$m"
truncate -s 64K "$(image shrinks)"
echo 3 >/proc/sys/vm/drop_caches 2>/dev/null || true
timeout 20 lodgectl exec "$m" cat /bin/busybox >/dev/null 2>&1 </dev/null || true
within 20 stop "$m"
wait_for 5 'the loop device has gone' has_loops 0 "$(image shrinks)"

equal 'the bystander' ready "$(get "$bystander" State)"
inside "$bystander" true
equal 'lodged' "$pid" "$(daemon_pid)"
equal 'loop devices of any image' '' "$(losetup --noheadings --output BACK-FILE | grep -F "$TREES/$TEST-" || true)"
wait_for 5 'the workers have gone' no_workers
equal 'failed workers' '' "$(systemctl --failed --no-legend --plain list-units 'lodge-work@*')"
