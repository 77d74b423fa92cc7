#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 900
# Machines from disk images on this host's own kernel, each file system that it can map the owners of; with dm-verity: a
# good image runs, a changed one does not, and no device is left.
. "$(dirname "$0")/../system/lib.bash"
. "$(dirname "$0")/../system/raw-image.bash"

# squashfs can have its owners mapped from Linux 6.2 on
IFS=. read -r major minor _ <<<"$(uname -r)"
types=(ext4 btrfs erofs squashfs)
if ((major == 6 && minor < 2)); then types=(ext4 btrfs erofs); fi
for type in "${types[@]}"; do
    file_system "$type" "$(image_file "$type")" "$IMAGES/busybox"
    expect 0 lodgectl run "$TEST-$type" sh -c 'echo x >/new; cat /new; stat -c %u:%g /etc/passwd' </dev/null
    equal "$type" "x${NL}0:0" "$OUT"
    wait_for 10 "$type: the loop device has gone" has_loops 0 "$(image_file "$type")"
done
if ((major == 6 && minor < 2)); then
    file_system squashfs "$(image_file squashfs)" "$IMAGES/busybox"
    expect 125 lodgectl run "$TEST-squashfs" true </dev/null
    matches 'squashfs' 'idmapped' "$ERR"
fi

# a reboot from inside, where detached mounts cannot be copied
m=$TEST-a
create "$m" "$TEST-ext4" WritableLayer=reboot Capability=CAP_SYS_BOOT -- \
    /bin/sh -c 'trap "exit 0" TERM; trap "reboot -f" USR1; while :; do sleep 100000 & wait; done'
start "$m"
call KillMachine 'ssia{sv}' "$m" leader 10 0
wait_for 60 'the second boot' has "$m" BootCount 2
inside "$m" cat /etc/os-release >/dev/null
stop "$m"

# dm-verity: the hash is in the UUIDs of the partitions
case $(uname -m) in
    x86_64) verity_type=2c7357ed-ebd2-46d9-aec1-23d437ec2bf5 ;;
    aarch64) verity_type=df3300ce-d69f-4c92-978c-9bfb0f38d820 ;;
esac
uuid() { sed -E 's/(.{8})(.{4})(.{4})(.{4})(.{12})/\1-\2-\3-\4-\5/' <<<"$1"; }
devices() { find /sys/class/block -name 'dm-*' | wc -l; }
file_system erofs "$WORK/data" "$IMAGES/busybox"
truncate -s 8M "$WORK/data"
truncate -s 2M "$WORK/hashes"
hash=$(veritysetup format "$WORK/data" "$WORK/hashes" | sed -n 's/^Root hash:[[:space:]]*//p')
equal 'length of the hash' 64 "${#hash}"
file=$(image_file verity)
disk "$file" 24 "start=4MiB, size=8MiB, type=$ROOT_TYPE, uuid=$(uuid "${hash:0:32}")" \
    "start=12MiB, size=2MiB, type=$verity_type, uuid=$(uuid "${hash:32}")"
put "$file" "$WORK/data" 4
put "$file" "$WORK/hashes" 12
before=$(devices)
m=$TEST-b
create "$m" "$TEST-verity" -- "${IDLE[@]}"
start "$m"
equal 'dm devices' $((before + 1)) "$(devices)"
matches 'the device' '^lodge-loop[0-9]+-[0-9a-f]{16}$' "$(cat /sys/class/block/dm-*/dm/name | grep lodge)"
inside "$m" cat /etc/os-release >/dev/null
# a second machine shares it, also after the first has ended
create "$TEST-c" "$TEST-verity" -- "${IDLE[@]}"
start "$TEST-c"
equal 'dm devices of two machines' $((before + 1)) "$(devices)"
stop "$TEST-c"
start "$TEST-c"
inside "$TEST-c" cat /etc/os-release >/dev/null
inside "$m" touch /new
equal 'diff' 'A /new' "$(lodgectl diff "$m" | grep -x '. /new')"
has_devices() { [[ $(devices) -eq $1 ]]; }
equal 'dm devices after a comparison' $((before + 1)) "$(devices)"
lodgectl commit --progress=none "$m" "$TEST-commit" >/dev/null
at_exit "lodgectl image rm --force $TEST-commit"
equal 'a commit' /new "$(lodgectl run "$TEST-commit" ls /new </dev/null)"
stop "$m"
inside "$TEST-c" ls /bin >/dev/null
stop "$TEST-c"
wait_for 10 'the device has gone' has_devices "$before"
lodgectl export --progress=none --format=tar "$TEST-verity" "$WORK/out.tar"
matches 'what is exported' 'bin/busybox' "$(tar -tf "$WORK/out.tar")"
wait_for 10 'the device has gone' has_devices "$before"
wait_for 10 'the loop devices have gone' has_loops 0 "$file"

cp "$file" "$(image_file forged)"
dd if=/dev/urandom of="$(image_file forged)" bs=1024 seek=$((4 * 1024 + 1)) count=3 conv=notrunc status=none
expect 125 lodgectl run "$TEST-forged" true </dev/null
matches 'a changed image' 'dm-verity|damaged|ambiguous|no file system' "$ERR"
cp "$file" "$(image_file other)"
sfdisk -q --part-uuid "$(image_file other)" 2 "$(uuid 00112233445566778899aabbccddeeff)"
expect 125 lodgectl run "$TEST-other" true </dev/null
matches 'another hash' 'dm-verity|damaged' "$ERR"
wait_for 10 'the devices have gone' has_devices "$before"
for name in forged other; do wait_for 10 "$name: the loop devices have gone" has_loops 0 "$(image_file "$name")"; done
