# SPDX-License-Identifier: LGPL-2.1-or-later
# The store on file systems that can bound a directory, and on those that cannot. To be sourced after lib.bash.
# shellcheck shell=bash
# The variables are for the tests that source this file.
# shellcheck disable=SC2034

STORE=/var/lib/lodge
tree=$(new_tree tree)
MOUNTED=0
declare -A MKFS_WITH_QUOTA=([ext4]='mkfs.ext4 -q -O quota,project -E quotatype=prjquota' [xfs]='mkfs.xfs -q')

prepare_store() {
    MOUNTED=1
    chmod 0700 "$STORE"
    mkdir -m 0700 "$STORE"/{images,layers,machines,trash,volumes}
}

# on_file_system MKFS MOUNT_OPTIONS: the store is on one of its own; fails where the kernel does not mount it
on_file_system() {
    rm -f "$WORK/disk"
    truncate -s 512M "$WORK/disk"
    $1 "$WORK/disk" >"$WORK/mkfs.log" 2>&1 || fail "$1: $(<"$WORK/mkfs.log")"
    systemctl stop lodged.socket lodged.service
    local status=0
    mount -o "$2" "$WORK/disk" "$STORE" || status=$?
    if [[ $status -eq 0 ]]; then prepare_store; fi
    systemctl start lodged.socket
    return "$status"
}

off_file_system() {
    remove_machines
    wait_for 10 'the trash is emptied' eval "[[ -z \$(ls $STORE/trash 2>/dev/null) ]]"
    systemctl stop lodged.socket lodged.service
    umount "$STORE"
    MOUNTED=0
    systemctl start lodged.socket
}
at_exit '[[ $MOUNTED -eq 0 ]] || off_file_system'

make() { create "$1" '' RootDirectory="$tree" "${@:2}" -- "${IDLE[@]}"; }

# fill NAME: writes until it cannot; how much was written
fill() { inside "$1" sh -c 'dd if=/dev/zero of=/big bs=64k count=256 2>/dev/null; sync; wc -c </big'; }

# bounded FILE_SYSTEM: 4 MiB are 4 MiB
bounded() {
    local m=$TEST-$1 size
    make "$m" WritableLayerSize=4M
    start "$m"
    refuses "$m" dd if=/dev/zero of=/big bs=64k count=256
    size=$(fill "$m")
    [[ $size -gt $((2 << 20)) && $size -le $((4 << 20)) ]] || fail "$1: $size bytes of 4 MiB could be written"
    inside "$m" rm /big
    inside "$m" dd if=/dev/zero of=/fits bs=64k count=8
    # nor by a file of the image that is changed, nor under another owner
    inside "$m" sh -c 'chown -R user /tmp; cp /bin/busybox /tmp/copy; mv /fits /tmp/'
    stop "$m"
    start "$m"
    inside "$m" dd if=/dev/zero of=/fits bs=64k count=32
    stop "$m"
    remove "$m"

    # kept: the limit is still there, can be changed, and can be taken away; also where a copy has made the layer
    make "$m" WritableLayerSize=4M WritableLayer=keep
    head -c 3000000 /dev/zero >"$WORK/most"
    lodgectl cp "$WORK/most" "$m:/most"
    expect 1 lodgectl cp "$WORK/most" "$m:/more"
    matches 'a copy of too much' 'No space left|Disk quota exceeded' "$ERR"
    start "$m"
    inside "$m" rm /most
    inside "$m" dd if=/dev/zero of=/a bs=64k count=32
    stop "$m"
    start "$m"
    refuses "$m" dd if=/dev/zero of=/b bs=64k count=48
    stop "$m"
    sed -i 's/^WritableLayerSize=.*/WritableLayerSize=16M/' "/etc/lodge/machines/$m.machine"
    start "$m"
    inside "$m" dd if=/dev/zero of=/b bs=64k count=48
    stop "$m"
    sed -i '/^WritableLayerSize=/d' "/etc/lodge/machines/$m.machine"
    start "$m"
    inside "$m" dd if=/dev/zero of=/c bs=64k count=512
    stop "$m"
    remove "$m"

    # kept over a reboot: what was written before counts
    create "$m" '' RootDirectory="$tree" WritableLayerSize=4M WritableLayer=reboot Capability=CAP_SYS_BOOT -- \
        /bin/sh -c 'trap "exit 0" TERM; trap "reboot -f" USR1; while :; do sleep 100000 & wait; done'
    start "$m"
    inside "$m" dd if=/dev/zero of=/a bs=64k count=48
    call KillMachine 'ssia{sv}' "$m" leader 10 0
    wait_for 10 'the second boot' has "$m" BootCount 2
    inside "$m" test -s /a
    refuses "$m" dd if=/dev/zero of=/b bs=64k count=32
    stop "$m"
    start "$m"
    inside "$m" dd if=/dev/zero of=/b bs=64k count=48
    stop "$m"
    remove "$m"

    # one that was made without
    make "$m" WritableLayer=keep
    start "$m"
    inside "$m" touch /a
    stop "$m"
    sed -i 's/^\[Files\]/[Files]\nWritableLayerSize=4M/' "/etc/lodge/machines/$m.machine"
    refused 'StartFailed|NotSupported' 'was made without' StartMachine "'$m'" '{}'
    remove "$m"
}

refused_here() { # refused_here REGEX
    local m=$TEST-refused
    make "$m" WritableLayerSize=4M
    refused NotSupported "$1" StartMachine "'$m'" '{}'
    nothing_runs "$m"
    remove "$m"
    make "$m"
    start "$m"
    stop "$m"
    remove "$m"
}
