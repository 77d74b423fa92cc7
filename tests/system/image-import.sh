#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
# What may be imported, and where it may come from: disk images by name, through a pipe and packed; every kind of descriptor that a
# program can pass over D-Bus, for every form of image; what is no image, or not the one it is said to be, gets a sentence.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/image.bash"
. "$(dirname "$0")/raw-image.bash"

FROM=$TESTS/clients/import-fd
before=$(store_list)
"$OCI" image --ref "localhost/$TEST:1" "$BIG/layout" "$IMAGES/busybox,gzip"
"$OCI" image --ref "localhost/$TEST:1" --format oci-tar "$BIG/oci.tar" "$IMAGES/busybox,gzip"
"$OCI" image --ref "localhost/$TEST:1" --format docker-save "$BIG/docker.tar" "$IMAGES/busybox"
tar -C "$IMAGES/busybox" --numeric-owner -cf "$BIG/root.tar" .
file_system ext4 "$BIG/disk.raw" "$IMAGES/busybox" 64
for program in gzip xz zstd bzip2; do "$program" -q -k "$BIG/disk.raw"; done
printf 'QFI\373' >"$BIG/disk.qcow2"
truncate -s 200K "$BIG/disk.qcow2"

gone() { lodgectl image rm "$1" >/dev/null; }

runs() { # runs NAME TYPE: an image of that type, and of busybox
    equal "the type of $1" "$2" "$(property "$1" Type)"
    expect 0 lodgectl run "$1" /bin/sh -c 'echo it runs' </dev/null
    equal "what $1 prints" 'it runs' "$OUT"
}

# --- disk images --------------------------------------------------------------------------------------------------

is_disk() { # is_disk NAME: the one that was imported, with its holes
    local path
    path=$(property "$1" Path)
    cmp "$BIG/disk.raw" "$path" || fail "$1 is another disk"
    [[ $(du -k "$path" | cut -f1) -lt 16384 ]] || fail "$1 has lost its holes: $(du -k "$path")"
    runs "$1" raw
    gone "$1"
}

for form in disk.raw disk.raw.gz disk.raw.xz disk.raw.zst disk.raw.bz2; do
    equal "$form" "$TEST-a" "$(importing "$BIG/$form" "$TEST-a")"
    is_disk "$TEST-a"
    lodgectl import --progress=none - "$TEST-a" < <(cat "$BIG/$form")
    is_disk "$TEST-a"
done
equal 'as importctl says it' "$TEST-a" "$(lodgectl import-raw --progress=none "$BIG/disk.raw.xz" "$TEST-a")"
is_disk "$TEST-a"
for verb in import import-raw import-tar; do
    expect 1 lodgectl "$verb" --progress=none "$BIG/disk.qcow2" "$TEST-a"
    matches "$verb of a qcow2" "cannot import '.*disk.qcow2': .* is a qcow2 image; convert it with 'qemu-img convert -O raw'" "$ERR"
done
expect 2 lodgectl import-tar --progress=none "$BIG/disk.raw" "$TEST-a"
matches 'a disk as an archive' 'is a disk image, not the archive that it is said to be' "$ERR"
expect 2 lodgectl import-raw --progress=none "$BIG/root.tar" "$TEST-a"
matches 'an archive as a disk' 'is an archive, not the disk image that it is said to be' "$ERR"
expect 1 lodgectl import --progress=none - "$TEST-a" < <(head -c 100000 "$BIG/disk.raw.zst")
matches 'a packed disk that ends early' 'truncated' "$ERR"

# --- descriptors --------------------------------------------------------------------------------------------------

takes() { # takes HOW FILE TYPE [--type]
    equal "$2 by $1" "done $TEST-a" "$("$FROM" "$1" "$BIG/$2" "$TEST-a" 2>&1)"
    runs "$TEST-a" "$3"
    gone "$TEST-a"
}

for how in open both pipe socket memory gone; do
    takes "$how" root.tar oci
    takes "$how" oci.tar oci
    takes "$how" docker.tar oci
    takes "$how" disk.raw.zst raw
done
for how in open gone; do
    ln -sfn "$IMAGES/busybox" "$BIG/tree"
    takes "$how" layout oci
    takes "$how" tree oci
done
equal 'a tree that stays one' "done $TEST-a" "$("$FROM" open "$IMAGES/busybox" "$TEST-a" directory)"
runs "$TEST-a" directory
gone "$TEST-a"

is_running() { [[ $(lodgectl job ls "$(<"$WORK/job")") == *running* ]]; }

no() { # no ERROR REGEX HOW FILE [TYPE]
    expect 1 "$FROM" "$3" "$4" "$TEST-a" "${@:5}"
    matches "$3 of $4 ${5-}" "^$1: .*($2)" "$ERR"
}
no InvalidOption 'not open for reading' write "$BIG/root.tar"
no InvalidOption 'not open for reading' path "$BIG/root.tar"
no InvalidOption 'not open for reading' path "$BIG/tree"
no InvalidOption 'neither a file, a directory nor a pipe' open /dev/null
no InvalidOption 'neither a file, a directory nor a pipe' both /dev/ptmx
no ImportFailed 'is empty' end "$BIG/root.tar"
no ImportFailed 'truncated' cut "$BIG/root.tar"
no ImportFailed 'truncated' cut "$BIG/oci.tar"
no ImportFailed 'ends early' cut "$BIG/disk.raw.xz"
no NotSupported 'qcow2' pipe "$BIG/disk.qcow2" disk
no InvalidOption 'is a disk image' pipe "$BIG/disk.raw.gz" tar
no InvalidOption 'is an archive' socket "$BIG/root.tar" disk
no InvalidOption 'is no directory' memory "$BIG/root.tar" directory
no InvalidOption 'is a directory' open "$BIG/tree" tar
no ImportFailed 'no manifest.json' open "$BIG/oci.tar" docker
no ImportFailed 'no image' open "$BIG/tree" oci
no ImportFailed 'no archive, disk image or directory' pipe "$OCI"
no InvalidOption "'zip'|auto, oci" open "$BIG/root.tar" zip

# a pipe that nobody writes into: the job waits, and can be ended
exec 3<> <(:)
lodgectl import --detach - "$TEST-a" <&3 >"$WORK/job"
wait_for 10 'it runs' is_running

# what reads it meanwhile: nobody's uid, a filter, no sockets but those to lodged and the journal, no file but those of its job
pid=$(systemctl show --value -p MainPID "lodge-import@$(<"$WORK/job").service")
status() { sed -n "s/^$1:\s*//p" "/proc/$pid/status"; }
is_somebody_else() { [[ $(status Uid) != 0* ]]; }
wait_for 10 'it is somebody else' is_somebody_else
equal 'a filter of system calls' 2 "$(status Seccomp)"
equal 'new privileges' 1 "$(status NoNewPrivs)"
equal 'capabilities: chown, dac_override, fowner, fsetid, mknod, setfcap' 000000008800001b "$(status CapPrm)"
equal 'capabilities to inherit, and ambient ones' '0000000000000000 0000000000000000' "$(status CapInh) $(status CapAmb)"
read -r uid _ < <(status Uid)
[[ $uid -gt 65535 ]] || fail "it has uid $uid"
expect 2 getent passwd "$uid"
equal 'groups' '' "$(status Groups | tr -d ' ')"
equal 'sockets: the journal and lodged' 2 "$(find "/proc/$pid/fd" -lname 'socket:*' -printf '%l\n' | sort -u | wc -l)"
equal 'files that it could write' '' "$(find "/proc/$pid/fd" -lname '/*' ! -lname "$STORE/incoming/*" ! -lname "$STORE/layers" ! -lname /dev/null -printf '%l ')"
lodgectl job cancel "$(<"$WORK/job")"
exec 3<&-

store_is_clean 'after all'
equal 'the store when all is gone' "$before" "$(store_list)"
