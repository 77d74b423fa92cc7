#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# File systems in memory, where the settings want them.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
run_idle "$m" 'Tmpfs=/scratch:size=1M,mode=0750,uid=1000,gid=5 /ro:ro /plain /var/tmp/x/y:noexec /dev/shm:size=2M'
equal 'owner and mode' '1000 5 750' "$(inside "$m" stat -c '%u %g %a' /scratch)"
equal 'the default mode' '0 0 1777' "$(inside "$m" stat -c '%u %g %a' /plain)"
lodgectl exec --user user "$m" touch /scratch/x </dev/null
refuses "$m" dd if=/dev/zero of=/scratch/big bs=1M count=2
refuses "$m" dd if=/dev/zero of=/dev/shm/big bs=1M count=3
inside "$m" dd if=/dev/zero of=/dev/shm/big bs=1M count=1
refuses "$m" touch /ro/x
inside "$m" cp /bin/busybox /var/tmp/x/y/
refuses "$m" /var/tmp/x/y/busybox true
refuses "$m" mknod /plain/null c 1 3
for path in /scratch /ro /plain /var/tmp/x/y /dev/shm; do
    inside "$m" grep -q " $path [^ ]*nosuid,nodev.* - tmpfs" /proc/self/mountinfo
    refuses "$m" umount "$path"
done
stop "$m"
start "$m"
refuses "$m" test -e /scratch/x
equal 'it is empty after a start' '' "$(inside "$m" ls /plain)"
stop "$m"

m=$TEST-run
run_idle "$m" 'Tmpfs=/run:size=1M /run/lock:size=64K'
refuses "$m" dd if=/dev/zero of=/run/big bs=1M count=2
inside "$m" test -S /run/host/notify
inside "$m" grep -q ' /run/lock .* - tmpfs' /proc/self/mountinfo
stop "$m"

# below a /tmp that an init gets anew
m=$TEST-boot
create "$m" debian13 'Tmpfs=/tmp/below:size=64K /opt/x'
start "$m"
wait_for 60 'ready' has "$m" State ready
inside "$m" grep -q ' /tmp/below .* - tmpfs' /proc/self/mountinfo
inside "$m" grep -q ' /tmp .* - tmpfs' /proc/self/mountinfo
equal '/tmp' '1777' "$(inside "$m" stat -c %a /tmp)"
stop "$m"

for tmpfs in /proc/x /dev /dev/shm/x / a /a:size=x /a:size=0 /a:mode=9 /a:uid=65536 /a:nr_inodes=1 /a:map=root; do
    refused InvalidOption 'Tmpfs=' CreateMachine "'$TEST-x'" "'busybox'" "{'Tmpfs': <['$tmpfs']>}"
done
