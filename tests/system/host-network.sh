#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine has a network of its own with nothing but loopback, up; with PrivateNetwork=no it has the host's, and no power over it.
. "$(dirname "$0")/lib.bash"

own() { readlink "/proc/$(get "$1" Leader)/ns/net"; }

m=$TEST-own
run_idle "$m"
[[ $(own "$m") != "$(readlink /proc/1/ns/net)" ]] || fail "the network is the host's"
equal 'devices' lo "$(inside "$m" ls /sys/class/net)"
matches 'loopback' 'inet 127.0.0.1/8' "$(inside "$m" ip addr show dev lo)"
matches 'loopback' 'LOOPBACK,UP' "$(inside "$m" ip addr show dev lo)"
inside "$m" ping -c 1 -W 2 127.0.0.1 >/dev/null || inside "$m" sh -c 'nc -l -p 7 </dev/null & sleep 0.2; nc -w 2 127.0.0.1 7 </dev/null'
equal 'what exec sees' "$(own "$m")" "$(inside "$m" readlink /proc/self/ns/net)"

at_exit 'ip link del lodge-test0 2>/dev/null'
ip link add lodge-test0 type veth peer lodge-test1
m=$TEST-host
run_idle "$m" PrivateNetwork=no
equal 'the network' "$(readlink /proc/1/ns/net)" "$(own "$m")"
matches 'devices' 'lodge-test0' "$(inside "$m" ls /sys/class/net | xargs)"
status=0
inside "$m" ip link set lodge-test0 up 2>/dev/null || status=$?
[[ $status -ne 0 ]] || fail "the guest's root changes the host's network"
status=0
inside "$m" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward' 2>/dev/null || status=$?
[[ $status -ne 0 ]] || fail "the guest's root changes a sysctl of the host's network"
# nothing of ours listens in the namespace that is shared
lacks 'abstract sockets' '@.*lodge' "$(ss -xl)"
