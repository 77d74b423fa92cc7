# SPDX-License-Identifier: LGPL-2.1-or-later
# Disk images for tests, made by the usual tools. To be sourced after lib.bash.
# shellcheck shell=bash
# The variables are for the tests that source this file.
# shellcheck disable=SC2034

case $(uname -m) in
    x86_64) ROOT_TYPE=4f68bce3-e8cd-4db1-96e7-fbcaf984b709 USR_TYPE=8484680c-9521-48c6-9c11-b0720656f69e ;;
    aarch64) ROOT_TYPE=b921b045-1df0-41c3-af44-4c6f280d3fae USR_TYPE=b0e01050-ee5f-4390-949a-9101b17104e9 ;;
    *) skip 'no partition types of this architecture are known here' ;;
esac

image_file() { echo "$TREES/$TEST-$1.raw"; } # image_file NAME: image "$TEST-NAME"; goes with the test

# file_system TYPE FILE TREE [MIB]: an image of that tree, owners and all
file_system() {
    local type=$1 file=$2 tree=$3 size=${4:-32}
    rm -f "$file"
    case $type in
        squashfs) mksquashfs "$tree" "$file" -quiet -no-progress ;;
        erofs) mkfs.erofs "$file" "$tree" ;;
        ext4) truncate -s "${size}M" "$file" && mkfs.ext4 -q -d "$tree" "$file" ;;
        btrfs) truncate -s 128M "$file" && mkfs.btrfs -q -r "$tree" "$file" ;;
        xfs) truncate -s 320M "$file" && mkfs.xfs -q "$file" && fill "$tree" "$file" ;;
    esac >"$WORK/mkfs" 2>&1 || fail "cannot make $file: $(<"$WORK/mkfs")"
}

fill() { # fill TREE FILE: by mounting it, where nobody else sees that
    # shellcheck disable=SC2016 # of the inner shell
    unshare -m -- sh -c 'mount -o loop "$2" /mnt && cp -a "$1/." /mnt && umount /mnt' - "$@"
}

# disk FILE MIB LINE...: a GPT, a partition a line as sfdisk takes them
disk() {
    local file=$1 size=$2
    shift 2
    rm -f "$file"
    truncate -s "${size}M" "$file"
    { echo 'label: gpt'; printf '%s\n' "$@"; } | sfdisk -q "$file"
}

put() { dd if="$2" of="$1" bs=1M seek="$3" conv=notrunc status=none; } # put DISK FILE MIB

loops_of() { # loops_of FILE: how many loop devices there are for it
    losetup --noheadings --raw --output NAME --associated "$1" 2>/dev/null | wc -l
}
has_loops() { [[ $(loops_of "$2") -eq $1 ]]; } # has_loops N FILE

workers() { systemctl list-units --all --plain --no-legend 'lodge-work@*' | awk '{ print $1 }'; }
no_workers() { [[ -z $(workers) ]]; }
