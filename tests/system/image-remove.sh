#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Removing, renaming, tagging and protecting images: what is used stays, and what nobody refers to any more goes.
. "$(dirname "$0")/lib.bash"

STORE=/var/lib/lodge
layers() { find "$STORE/layers" -mindepth 1 -maxdepth 1 | wc -l; }
importing() { lodgectl import --progress=none "$@" </dev/null; }
at_exit "remove_machines; for i in \$(lodgectl images -q | grep ^$TEST-); do lodgectl image read-only \$i no; lodgectl image rm --force \$i; done; rm -rf $TREES/$TEST-*"

before=$(layers)
tar -C "$IMAGES/busybox" -cf "$WORK/a.tar" .
mkdir "$WORK/more"
echo more >"$WORK/more/file"
tar -C "$WORK/more" -cf "$WORK/b.tar" .
importing "$WORK/a.tar" "$TEST-a"
importing "$WORK/b.tar" "$TEST-b"
equal 'layers of two images' $((before + 2)) "$(layers)"

# another name keeps the layers, the last one takes them along
call TagImage 'ssa{sv}' "$TEST-a" "$TEST-a2" 0
call RemoveImage 'sa{sv}' "$TEST-a" 0
equal 'layers of what has another name' $((before + 2)) "$(layers)"
call RenameImage 'ssa{sv}' "$TEST-a2" "$TEST-a" 0
refused Exists "$TEST-b" TagImage "'$TEST-a'" "'$TEST-b'" '@a{sv} {}'
call RemoveImage 'sa{sv}' "$TEST-b" 0
equal 'layers of what has no name' $((before + 1)) "$(layers)"
wait_for 10 'they are deleted' eval "[[ -z \$(ls $STORE/trash) ]]"

# what a machine has in its definition stays, unless told otherwise; what runs, always
create "$TEST-m" "$TEST-a" -- "${IDLE[@]}"
refused Busy "$TEST-m" RemoveImage "'$TEST-a'" '@a{sv} {}'
refused Busy "$TEST-m" RenameImage "'$TEST-a'" "'$TEST-c'" '@a{sv} {}'
start "$TEST-m"
refused Busy 'runs' RemoveImage "'$TEST-a'" "{'Force': <true>}"
stop "$TEST-m"
call RemoveImage 'sa{sv}' "$TEST-a" 1 Force b true
equal 'layers after a removal by force' "$before" "$(layers)"
refused NoSuchImage "$TEST-a" StartMachine "'$TEST-m'" '@a{sv} {}'
remove "$TEST-m"

# read-only: of layers by the record, a directory by the file system
importing "$WORK/a.tar" "$TEST-a"
call SetImageReadOnly 'sba{sv}' "$TEST-a" true 0
refused NotSupported read-only RemoveImage "'$TEST-a'" "{'Force': <true>}"
refused NotSupported read-only RenameImage "'$TEST-a'" "'$TEST-c'" '@a{sv} {}'
systemctl restart lodged
refused NotSupported read-only RemoveImage "'$TEST-a'" '@a{sv} {}'
call SetImageReadOnly 'sba{sv}' "$TEST-a" false 0
call RemoveImage 'sa{sv}' "$TEST-a" 0
tree=$(new_tree tree)
if chattr +i "$WORK" 2>/dev/null; then
    chattr -i "$WORK"
    call SetImageReadOnly 'sba{sv}' "$TEST-tree" true 0
    if touch "$tree/file" 2>/dev/null; then fail 'a protected directory can be written to'; fi
    refused NotSupported read-only RemoveImage "'$TEST-tree'" '@a{sv} {}'
    call SetImageReadOnly 'sba{sv}' "$TEST-tree" false 0
else
    expect 1 call SetImageReadOnly 'sba{sv}' "$TEST-tree" true 0
    matches 'a file system without flags' 'cannot protect' "$ERR"
fi

# one of machined's, on what is another mount for lodged
call RenameImage 'ssa{sv}' "$TEST-tree" "$TEST-tree2" 0
[[ -x $TREES/$TEST-tree2/bin/sh ]] || fail 'it is not there under its new name'
call RemoveImage 'sa{sv}' "$TEST-tree2" 0
absent "$TREES/$TEST-tree" "$TREES/$TEST-tree2"
wait_for 10 'it is deleted' eval "[[ -z \$(ls -A $TREES | grep lodge-trash) ]]"
lodgectl images -q >"$WORK/images"
lacks 'images' "$TEST-tree" "$(<"$WORK/images")"

# a directory is copied by a job
job=$(call CloneImage 'ssa{sv}' busybox "$TEST-copy" 0 | cut -d'"' -f2)
busctl --timeout=60 call org.lodge1 "$job" org.lodge1.Job Wait 'a{sv}' 0 >"$WORK/out"
matches 'the copy' "\"done\" \"$TEST-copy\"" "$(<"$WORK/out")"
cmp "$IMAGES/busybox/bin/busybox" "$IMAGES/$TEST-copy/bin/busybox"
call RemoveImage 'sa{sv}' "$TEST-copy" 0
