#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# hosts: trixie
# images: podman
# Containers in a machine with the profile nested: podman, as Debian has it, builds an image, runs it with a network of its
# own and without, and is no nearer to the host than any guest.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
lodgectl create --profile=nested "$m" podman
lodgectl start "$m"
lodgectl wait --for=ready "$m"
# pids_limit: a test host has no such controller to hand on
lodgectl exec "$m" sh -ec '
mkdir -p /etc/containers /tmp/tree/bin
printf "[containers]\npids_limit=0\n" >/etc/containers/containers.conf
cp /bin/busybox /tmp/tree/bin
for applet in sh cat id ip sleep; do ln -s busybox /tmp/tree/bin/$applet; done
tar -C /tmp/tree -c . | podman import -q - localhost/base >&2
printf "FROM localhost/base\nRUN echo built >/made\n" >/tmp/Containerfile
podman build -q -t localhost/made -f /tmp/Containerfile /tmp >&2'
equal 'driver' overlay "$(lodgectl exec "$m" podman info --format '{{.Store.GraphDriverName}}')"
expect 0 lodgectl exec "$m" podman run --rm --network=none localhost/made sh -c 'cat /made; id -u; echo x >/new'
equal 'output of a container' "built${NL}0" "$OUT"
expect 7 lodgectl exec "$m" podman run --rm --network=none localhost/made sh -c 'exit 7'
expect 0 lodgectl exec "$m" podman run --rm localhost/base ip -o addr show dev eth0
matches 'the address of a container' ' 10\.88\.' "$OUT"
expect 0 lodgectl exec "$m" sh -c 'podman run -d --name=c localhost/base sleep 100000 >/dev/null
podman exec c id -u; podman kill c >/dev/null; podman rm -f c >/dev/null; podman ps -aq'
equal 'exec in a container' 0 "$OUT"
equal 'the store of podman' 1 "$(lodgectl volume ls --no-legend | grep -c "$m")"

# a command alone, without systemd
expect 0 lodgectl run --profile=nested podman sh -c 'cd /; tar -c bin/busybox usr/bin/busybox | podman import -q - localhost/base >/dev/null
podman run --rm --pids-limit=0 --network=none localhost/base /usr/bin/busybox echo from inside'
equal 'a container without systemd' 'from inside' "$OUT"

# what is mounted for it is not a way to the host
nesting=/run/host/nesting
for file in proc/sysrq-trigger proc/sys/kernel/core_pattern proc/sys/kernel/printk proc/sys/vm/drop_caches proc/sys/fs/protected_hardlinks; do
    refuses "$m" sh -c "echo 1 >$nesting/$file"
done
refuses "$m" sh -c "cat $nesting/proc/kcore"
refuses "$m" mount -o remount,rw,bind /proc/sys
refuses "$m" umount "$nesting/proc"
refuses "$m" setpriv --reuid=65534 ls "$nesting"
lodgectl stop "$m"
lodgectl rm "$m"
equal 'the store of podman, without its machine' '' "$(lodgectl volume ls --no-legend | grep "$m" || true)"

# it is not there for others
create "$TEST-b" podman -- "${IDLE[@]}"
start "$TEST-b"
refuses "$TEST-b" ls "$nesting"
refuses "$TEST-b" unshare --mount --pid --fork mount -t proc proc /proc
