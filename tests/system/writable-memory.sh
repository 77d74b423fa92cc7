#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A writable layer in memory: bounded, nothing of it on disk, gone at the end.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
if [[ $(printf '%s\n' 6.6 "$(uname -r)" | sort -V | head -n 1) != 6.6 ]]; then
    create "$m" busybox WritableLayerMedium=memory -- "${IDLE[@]}"
    refused NotSupported 'needs Linux 6.6' StartMachine "'$m'" '{}'
    nothing_runs "$m"
    exit
fi
run_idle "$m" WritableLayerMedium=memory WritableLayerSize=4M
absent "/var/lib/lodge/machines/$m"
inside "$m" sh -c 'echo x >/mark; rm -r /etc/group /root; mkdir /root; chmod 700 /var; echo more >>/etc/passwd'
equal 'what it wrote' x "$(inside "$m" cat /mark)"
equal 'a directory made where one was' '' "$(inside "$m" ls /root)"
inside "$m" mkdir /root/new
lodgectl exec --user user "$m" sh -c 'echo y >/tmp/users' </dev/null
equal 'an owner in there' 1000 "$(inside "$m" stat -c %u /tmp/users)"
refuses "$m" dd if=/dev/zero of=/big bs=1M count=5
inside "$m" rm -f /big
inside "$m" dd if=/dev/zero of=/fits bs=1M count=3
matches 'free space that it sees' ' [0-4][0-9]{0,3} ' "$(inside "$m" df -k / | tail -n 1)"
stop "$m"
nothing_runs "$m"
start "$m"
refuses "$m" test -e /mark
inside "$m" test -e /etc/group
stop "$m"

# without a size; rebooted from inside
m=$TEST-reboot
create "$m" busybox WritableLayerMedium=memory Capability=CAP_SYS_BOOT -- /bin/sh -c '
    trap "exit 0" TERM
    [ ! -e /mark ] || exit 7
    touch /mark
    sleep 1
    reboot -f
    sleep 100'
start "$m"
wait_for 10 'a second boot' eval "[[ \$(get $m BootCount) -ge 2 ]]"
absent "/var/lib/lodge/machines/$m"
stop "$m"

m=$TEST-boot
create "$m" debian13 WritableLayerMedium=memory WritableLayerSize=256M
start "$m"
wait_for 60 'ready' has "$m" State ready
equal 'units that failed' '' "$(inside "$m" systemctl --failed --plain --no-legend)"
stop "$m"

for keep in reboot keep; do
    refused InvalidOption 'WritableLayerMedium=memory keeps nothing' CreateMachine "'$TEST-x'" "'busybox'" \
        "{'WritableLayerMedium': <'memory'>, 'WritableLayer': <'$keep'>}"
done
refused InvalidOption WritableLayerSize CreateMachine "'$TEST-x'" "'busybox'" "{'WritableLayerSize': <'1'>}"
