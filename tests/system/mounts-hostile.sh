#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest that exchanges the places at which something is mounted for it, or has no room: nothing reaches the host, nothing
# is half done, and the machine can still be stopped (CVE-2021-30465, 2024-45310, 2025-31133).
. "$(dirname "$0")/lib.bash"

SHARED=/var/lib/machines/$TEST-shared
at_exit "rm -rf --one-file-system '$SHARED' '$WORK/canary'; rm -f '/tmp/$TEST-canary'"
mkdir -p "$SHARED" "/tmp/$TEST-canary.d"
at_exit "rmdir '/tmp/$TEST-canary.d'"
echo host >"$SHARED/file"
host_mounts=$(wc -l </proc/1/mountinfo)

unchanged() {
    equal 'mounts of the host' "$host_mounts" "$(wc -l </proc/1/mountinfo)"
    equal 'the canary' '' "$(ls "/tmp/$TEST-canary.d")"
}

m=$TEST-links
create "$m" busybox Capability=CAP_SYS_ADMIN -- "${IDLE[@]}"
start "$m"

# --- links, at rest -------------------------------------------------------------------------------------------------

inside "$m" sh -c "mkdir /real /tmp/$TEST-canary.d; ln -s /real /to-real; ln -s /nowhere /dangling; ln -s /loop /loop; ln -s /proc /to-proc
    ln -s /proc/1/root/real /magic; ln -s ../../../../../../../tmp/$TEST-canary.d /out; ln -s /dev /to-dev"
lodgectl mount "$m" "$SHARED:/to-real/x"
inside "$m" test -e /real/x/file
lodgectl umount "$m" /to-real/x
refuses "$m" test -e /real/x/file
for target in /dangling /loop /to-proc /to-proc/sys /to-dev /magic/x; do
    refused Failed "$target" AddMountMachine "'$m'" "'Bind=$SHARED:$target'" '{}'
done
# a link out of the root leads to the machine's own /tmp
lodgectl mount "$m" "$SHARED:/out/x"
inside "$m" test -e "/tmp/$TEST-canary.d/x/file"
lodgectl umount "$m" /out/x
unchanged

# --- links that are exchanged all the time --------------------------------------------------------------------------

lodgectl exec "$m" sh -c "mkdir -p /swap/real; while [ ! -e /enough ]; do ln -sfn /swap/real /swap/here; ln -sfn /proc /swap/here; ln -sfn /tmp/$TEST-canary.d /swap/here; done" \
    </dev/null >/dev/null 2>&1 &
swapper=$!
for i in {1..40}; do
    lodgectl mount "$m" "$SHARED:/swap/here/$i" 2>/dev/null || continue
    lodgectl umount "$m" "/swap/here/$i"
done
inside "$m" touch /enough
wait "$swapper"
equal 'mounts left' 0 "$(inside "$m" grep -c "$TEST-shared" /proc/self/mountinfo || true)"
equal 'what is known of' 'a(ssss) 0' "$(busctl get-property org.lodge1 "$(object "$m")" org.lodge1.Machine Mounts)"
unchanged

# --- moved, covered, and unmounted by the guest ---------------------------------------------------------------------

lodgectl mount "$m" "$SHARED:/one" "$SHARED:/two" "$SHARED:/three"
inside "$m" sh -c 'mkdir /elsewhere; mount --move /one /elsewhere 2>/dev/null || true; umount -l /two
    for i in 1 2 3; do mount -t tmpfs tmpfs /three; done'
lodgectl umount "$m" /one /two /three
equal 'mounts left' 0 "$(inside "$m" grep -c "$TEST-shared" /proc/self/mountinfo || true)"

# --- a full table ----------------------------------------------------------------------------------------------------

limit=$(cat /proc/sys/fs/mount-max)
at_exit "echo $limit >/proc/sys/fs/mount-max"
echo 200 >/proc/sys/fs/mount-max
inside "$m" sh -c 'i=0; while mkdir -p /fill/$i && mount -t tmpfs tmpfs /fill/$i 2>/dev/null; do i=$((i + 1)); done; true'
refused Failed 'fs.mount-max' AddMountMachine "'$m'" "'Bind=$SHARED:/full'" '{}'
echo "$limit" >/proc/sys/fs/mount-max
lodgectl mount "$m" "$SHARED:/full"
inside "$m" test -e /full/file
lodgectl umount "$m" /full

unchanged
stop "$m"
nothing_runs "$m"
