#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The kinds of Network=: none, host, bridge=, macvlan=, interface=, netns=, several networks; what was lent is given back as it was.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

net_of() { readlink "/proc/$(get "$1" Leader)/ns/net"; }
devices() { inside "$1" ls /sys/class/net | xargs; }
HOST_NET=$(readlink /proc/1/ns/net)

# none, as is the default; and the host's
for settings in '' Network=none; do
    run_idle "$TEST-none" ${settings:+"$settings"}
    equal "devices with '$settings'" lo "$(devices "$TEST-none")"
    equal "addresses with '$settings'" '' "$(addresses "$TEST-none")"
    stop "$TEST-none"
    remove "$TEST-none"
done
run_idle "$TEST-host" Network=host
equal 'the host network' "$HOST_NET" "$(net_of "$TEST-host")"
stop "$TEST-host"
nothing_left

# a bridge of the host's, with another host behind it
at_exit 'ip link del lt-br 2>/dev/null; ip link del lt-side 2>/dev/null'
ip link add name lt-br type bridge
ip addr add 172.31.7.1/24 dev lt-br
ip link set dev lt-br up
m=$TEST-bridge
run_idle "$m" "Network=bridge=lt-br:address=172.31.7.2/24,gateway=172.31.7.1,dns=172.31.7.1,mac=02:00:00:00:07:02,mtu=1400,name=lan0"
equal 'devices' 'lan0 lo' "$(devices "$m")"
matches 'the interface' 'mtu 1400 .*link/ether 02:00:00:00:07:02' "$(in_place "$m" ip link show dev lan0 | xargs)"
equal 'addresses' 'bridge=lt-br lan0 172.31.7.2/24' "$(addresses "$m")"
equal 'the way out' 172.31.7.1 "$(gateway "$m" 4)"
matches 'resolv.conf' 'nameserver 172.31.7.1' "$(inside "$m" cat /etc/resolv.conf)"
serve host tcp 172.31.7.1 7001
reaches "$m" tcp 172.31.7.1 7001 '^host 172.31.7.2 '
end_servers
equal 'addresses of the bridge' '172.31.7.1/24' "$(ip -4 -o addr show dev lt-br | awk '{ print $4 }')"
lacks 'our rules for a bridge that is not ours' 'lt-br' "$(nft list ruleset)"
stop "$m"
wait_for 2 'the bridge is empty' eval '[[ -z $(ls /sys/class/net/lt-br/brif) ]]'

# macvlan over an interface of the host's, to a host at its other end
ip link add name lt-side type veth peer name lt-far
ip link set dev lt-side up
at_exit 'ip netns del lt-far 2>/dev/null'
ip netns add lt-far
ip link set dev lt-far netns lt-far
ip -n lt-far addr add 172.31.8.1/24 dev lt-far
ip -n lt-far link set dev lt-far up
m=$TEST-macvlan
run_idle "$m" Network=macvlan=lt-side:address=172.31.8.2/24
equal 'devices' 'host0 lo' "$(devices "$m")"
matches 'the kind' macvlan "$(in_place "$m" ip -d link show dev host0)"
in_place "$m" ping -q -c 1 -W 2 172.31.8.1 >/dev/null
stop "$m"
wait_for 2 'no macvlan' eval '[[ -z $(ip -o link show type macvlan) ]]'

# an interface is moved in, and comes back under its name with its addresses and state, however the machine ends
ip addr add 172.31.8.9/24 dev lt-side
state() { ip -d link show dev lt-side | sed 's/^[0-9]*: //; s/@if[0-9]*//; s/state [A-Z]*//; s/link-netnsid [0-9]*//; s/promiscuity [0-9]*//; s/ *$//'; ip -o -4 addr show dev lt-side | awk '{ print $4 }'; }
before=$(state)
m=$TEST-moved
create "$m" busybox Network=interface=lt-side:address=172.31.8.3/24,name=wan0 -- "${IDLE[@]}"
back() { [[ $(state 2>/dev/null) == "$before" ]]; }
start "$m"
equal 'devices' 'lo wan0' "$(devices "$m")"
[[ ! -e /sys/class/net/lt-side ]] || fail 'the interface is still on the host'
in_place "$m" ping -q -c 1 -W 2 172.31.8.1 >/dev/null
create "$TEST-late" busybox Network=interface=lt-side -- "${IDLE[@]}"
expect 1 call StartMachine 'sa{sv}' "$TEST-late" 0
matches 'who comes late' 'lt-side' "$ERR"
equal 'devices' 'lo wan0' "$(devices "$m")"
stop "$m"
wait_for 2 "the interface is back: $(state 2>&1)" test -e /sys/class/net/lt-side
equal 'the interface after a stop' "$before" "$(state)"
start "$m"
kill -KILL "$(get "$m" Leader)"
wait_for 3 'the interface is back after its PID 1 was killed' back
wait_for 3 'stopped' eval "[[ \$(get $m State) =~ ^(stopped|failed)$ ]]"
systemctl reset-failed "lodge@$m.service" 2>/dev/null || true

# a network namespace that somebody has made
at_exit 'ip netns del lt-ns 2>/dev/null'
ip netns add lt-ns
ip -n lt-ns link set dev lo up
m=$TEST-netns
run_idle "$m" Network=netns=/run/netns/lt-ns
equal 'its network' "net:[$(stat -Lc %i /run/netns/lt-ns)]" "$(net_of "$m")"
equal 'what exec sees' "$(net_of "$m")" "$(inside "$m" readlink /proc/self/ns/net)"
stop "$m"
ip -n lt-ns link show dev lo | grep -q LOOPBACK,UP || fail 'the network namespace has changed'

# several
new_network "$TEST-two"
m=$TEST-several
run_idle "$m" "Network=default $TEST-two bridge=lt-br:address=172.31.7.3/24,name=lan0"
equal 'devices' 'host0 host1 lan0 lo' "$(devices "$m")"
matches 'addresses' "^default host0 10.*${NL}$TEST-two host1 10.*${NL}bridge=lt-br lan0 172" "$(addresses "$m")"
equal 'the way out is that of the first' host0 "$(in_place "$m" ip -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)"
in_place "$m" ping -q -c 1 -W 2 172.31.7.1 >/dev/null
end_servers
stop "$m"
nothing_left
