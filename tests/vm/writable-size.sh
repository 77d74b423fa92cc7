#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 900
# A limit to the writable layer by project quota, which not every kernel of a developer has.
. "$(dirname "$0")/../system/lib.bash"
. "$(dirname "$0")/../system/writable-size.bash"

for type in ext4 xfs; do
    on_file_system "${MKFS_WITH_QUOTA[$type]}" loop,prjquota || fail "this kernel has no quotas for $type"
    bounded "$type"
    off_file_system
done
