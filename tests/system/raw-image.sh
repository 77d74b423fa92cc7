#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Machines from bare file systems in a file: each that is supported, read-only below a writable layer, owners as they are in
# the image, one loop device for all machines of an image, and none when they have ended.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/raw-image.bash"

tree=$(new_tree tree)
chown 1000:65533 "$tree/etc/os-release"
chmod 4755 "$tree/etc/os-release"
for type in ext4 xfs btrfs squashfs erofs; do
    file=$(image_file "$type")
    file_system "$type" "$file" "$tree"
    before=$(md5sum <"$file")
    # shellcheck disable=SC2016 # of the inner shell
    expect 0 lodgectl run "$TEST-$type" sh -c 'stat -c "%u:%g %a" /etc/os-release /; echo x >/new; rm /etc/passwd; cat /new; ls -A /bin | wc -l' </dev/null
    equal "$type" "1000:65533 4755${NL}0:0 755${NL}x${NL}$(find "$tree/bin" -mindepth 1 | wc -l)" "$OUT"
    wait_for 5 "$type: the loop device has gone" has_loops 0 "$file"
    equal "$type: the image" "$before" "$(md5sum <"$file")"
done
equal 'mounts in the host' '' "$(grep -F /dev/loop /proc/1/mountinfo || true)"
wait_for 5 'the workers have gone' no_workers

# one loop device, whatever the number of machines
file=$(image_file xfs)
for m in "$TEST-a" "$TEST-b" "$TEST-c"; do create "$m" "$TEST-xfs" -- "${IDLE[@]}"; done
for m in "$TEST-a" "$TEST-b" "$TEST-c"; do start "$m" & done
wait
for m in "$TEST-a" "$TEST-b" "$TEST-c"; do equal 'State' ready "$(get "$m" State)"; done
equal 'loop devices' 1 "$(loops_of "$file")"
inside "$TEST-a" touch /mark
refuses "$TEST-b" test -e /mark
stop "$TEST-a"
inside "$TEST-b" cat /etc/os-release >/dev/null
stop "$TEST-b"
# nothing of the image hangs on lodged
systemctl restart lodged
wait_for 10 'lodged is back' has "$TEST-c" State ready
inside "$TEST-c" cat /etc/os-release >/dev/null
stop "$TEST-c"
wait_for 5 'the loop device has gone' has_loops 0 "$file"

# a link in /var/lib/machines, as systemd's tools take it
mkdir "$WORK/elsewhere"
mv "$(image_file ext4)" "$WORK/elsewhere/disk"
ln -s "$WORK/elsewhere/disk" "$(image_file link)"
expect 0 lodgectl run "$TEST-link" echo linked </dev/null
equal 'output' linked "$OUT"

# a reboot from inside: the same mounts once more
m=$TEST-d
create "$m" "$TEST-squashfs" WritableLayer=reboot Capability=CAP_SYS_BOOT -- \
    /bin/sh -c 'trap "exit 0" TERM; trap "reboot -f" USR1; while :; do sleep 100000 & wait; done'
start "$m"
inside "$m" touch /mark
for boot in 2 3; do
    call KillMachine 'ssia{sv}' "$m" leader 10 0
    wait_for 5 "boot $boot" has "$m" BootCount "$boot"
    inside "$m" test -e /mark
    inside "$m" cat /etc/os-release >/dev/null
done
stop "$m"
wait_for 5 'the loop device has gone' has_loops 0 "$(image_file squashfs)"
