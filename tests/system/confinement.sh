#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the guest's root can and cannot do, tried from inside: in a command's machine and in a booted one.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/guest.bash"

results() { # results NAME: one line "CALL RESULT" for each call of the list below
    inside "$1" probe call unknown i386 x32 bpf keyctl add_key perf_event_open open_by_handle_at delete_module \
        kexec_file_load swapon clock_settime syslog io_uring_setup userfaultfd personality mknod tiocsti tiocsti_high \
        socket_unix socket_inet socket_inet6 socket_route socket_audit socket_xfrm socket_alg socket_vsock \
        socket_vsock_high socket_xdp
}
wanted='unknown ENOSYS
i386 ENOSYS
x32 ENOSYS
bpf EPERM
keyctl ENOSYS
add_key ENOSYS
perf_event_open EPERM
open_by_handle_at EPERM
delete_module EPERM
kexec_file_load EPERM
swapon EPERM
clock_settime EPERM
syslog EPERM
io_uring_setup ENOSYS
userfaultfd ENOSYS
personality ok
mknod EPERM
tiocsti EPERM
tiocsti_high EPERM
socket_unix ok
socket_inet ok
socket_inet6 ok
socket_route ok
socket_audit EAFNOSUPPORT
socket_xfrm EAFNOSUPPORT
socket_alg EAFNOSUPPORT
socket_vsock EAFNOSUPPORT
socket_vsock_high EAFNOSUPPORT
socket_xdp EAFNOSUPPORT'

capability_sets() { inside "$@" grep ^Cap /proc/self/status | xargs; }

kernel_files() { # kernel_files NAME: hidden or read-only, and locked
    local m=$1 path
    for path in /proc/kcore /proc/keys /proc/sysrq-trigger /proc/timer_list /proc/kallsyms /proc/modules /proc/slabinfo; do
        [[ -e $path ]] || continue
        refuses "$m" sh -c "head -c 1 $path | grep -q ."
        refuses "$m" sh -c "echo x >$path"
    done
    for path in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/vm/drop_caches /proc/sys/fs/file-max \
        /proc/irq/default_smp_affinity /sys/kernel/uevent_helper /sys/kernel/mm/ksm/run /sys/module/printk/parameters/time; do
        [[ -e $path ]] || continue
        refuses "$m" sh -c "echo 0 >$path"
    done
    refuses "$m" sh -c 'ls /sys/firmware/* 2>/dev/null | grep -q .'
    for path in /proc/sys /proc/keys /proc/kcore /sys; do
        refuses "$m" sh -c "umount $path || umount -l $path"
        refuses "$m" mount -o remount,rw,bind "$path"
    done
    refuses "$m" mount -t proc proc /tmp
    refuses "$m" mount -t sysfs sysfs /tmp
    # a host with cgroup v1 lets it be mounted, in the guest's own cgroup namespace; nothing in it can be changed
    refuses "$m" sh -c 'mount -t cgroup -o memory cgroup /tmp && {
        test -e /tmp/release_agent || mkdir /tmp/mine || echo 0 >/tmp/cgroup.procs || echo 1 >/tmp/memory.limit_in_bytes; }'
}

outside() { # outside NAME: nothing of the host is in sight
    local m=$1
    lacks 'mounts' '/work|/usr/share/lodge-tests|/var/lib/machines' "$(inside "$m" cut -d' ' -f5 /proc/self/mountinfo)"
    [[ $(inside "$m" sh -c 'ls -d /proc/[0-9]* | wc -l') -lt 60 ]] || fail 'more processes than the guest has'
    equal 'device nodes' 'full null random tty urandom zero' \
        "$(inside "$m" find /dev -type c ! -path '/dev/pts*' ! -name console | sed 's|/dev/||' | sort | xargs)"
    refuses "$m" sh -c 'ls /dev/kmsg /dev/mem /dev/sda /dev/loop0 /dev/fuse'
    equal 'block devices' '' "$(inside "$m" find /dev -type b)"
}

# a command's machine
m=$TEST-app
tree=$(new_tree tools)
cp "$PROGRAMS/probe" "$tree/bin/"
create "$m" "$TEST-tools" -- "${IDLE[@]}"
start "$m"
diff -u <(echo "$wanted") <(results "$m") || fail "system calls in a command's machine"
none=0000000000000000 app=00000000800405fb
equal 'capabilities' "CapInh: $none CapPrm: $app CapEff: $app CapBnd: $app CapAmb: $none" "$(capability_sets "$m")"
equal 'capabilities of a user' "CapInh: $none CapPrm: $none CapEff: $none CapBnd: $app CapAmb: $none" \
    "$(capability_sets --user=1000 "$m")"
kernel_files "$m"
outside "$m"
equal 'core dumps' 0 "$(inside "$m" sh -c 'ulimit -c')"

# a booted one
m=$TEST-system
tree=$(new_tree debian debian13)
cp "$PROGRAMS/probe" "$tree/usr/bin/"
boot "$m" "$TEST-debian"
diff -u <(echo "$wanted") <(results "$m") || fail 'system calls in a booted machine'
sets=$(capability_sets "$m")
matches 'inheritable and ambient capabilities' 'CapInh: 0+ .*CapAmb: 0+$' "$sets"
bounding=${sets#*CapBnd: }
bounding=${bounding%% *}
for bit in 16 17 25 27 30 34 38 39; do # SYS_MODULE SYS_RAWIO SYS_TIME MKNOD AUDIT_CONTROL SYSLOG PERFMON BPF
    [[ $((0x$bounding >> bit & 1)) -eq 0 ]] || fail "capability $bit is in the bounding set $bounding"
done
kernel_files "$m"
outside "$m"

# its own cgroup it may have, the limits above not
inside "$m" sh -c 'mkdir /sys/fs/cgroup/mine && rmdir /sys/fs/cgroup/mine'
refuses "$m" sh -c 'echo 1 >/sys/fs/cgroup/cgroup.freeze'
equal 'where it is in the cgroups' '' "$(inside "$m" cat /proc/1/cgroup | grep lodge@ || true)"
