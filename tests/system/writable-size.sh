#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A limit to the writable layer on each file system that can have one, and a clear word where it cannot.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/writable-size.bash"

# with quotas: not in every kernel; tests/vm has one
for type in ext4 xfs; do
    if on_file_system "${MKFS_WITH_QUOTA[$type]}" loop,prjquota 2>/dev/null; then
        bounded "$type"
        off_file_system
    fi
done

on_file_system 'mkfs.ext4 -q' loop
refused_here 'not supported on this file system \(ext4\)'
off_file_system

on_file_system 'mkfs.btrfs -q' loop
refused_here "not supported on this file system \(btrfs\): switch its quotas on"
btrfs quota enable "$STORE"
bounded btrfs
off_file_system

on_file_system 'mkfs.xfs -q' loop
refused_here 'not supported on this file system \(xfs\)'
off_file_system

systemctl stop lodged.socket lodged.service
mount -t tmpfs -o mode=0700 tmpfs "$STORE"
prepare_store
systemctl start lodged.socket
refused_here 'not supported on this file system \(tmpfs\)'
off_file_system
