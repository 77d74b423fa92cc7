#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Network=default: address, routes, MTU, MAC, resolv.conf and hosts are there before PID 1 runs, in an image with nothing for it;
# they are the same at each start, and when the last machine has stopped nothing is left on the host.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

# PID 1's first act is to look
LOOK=(/bin/sh -c '{ ip addr show dev host0; ip route; ip -6 route; cat /etc/resolv.conf /etc/hosts; } >/first 2>&1; trap "exit 0" TERM INT; sleep 100000 & wait')

nothing_left
m=$TEST-a
create "$m" busybox Network=default -- "${LOOK[@]}"
start "$m"
four=$(address "$m" 4) six=$(address "$m" 6)
matches 'the properties' "^default host0 $four/23${NL}default host0 $six/64\$" "$(addresses "$m")"
first=$(inside "$m" cat /first)
matches 'the interface' 'host0@.*<.*,UP.*>.* mtu 1500 ' "$first"
matches 'the IPv4 address' "inet $four/23 " "$first"
matches 'the IPv6 address' "inet6 $six/64 scope global" "$first"
lacks 'the IPv6 address' "$six/64[^$NL]*tentative" "$first"
matches 'the default route' "default via 10\.21[45]\.[0-9.]+ dev host0" "$first"
matches 'the IPv6 default route' "default via fd[0-9a-f:]+ dev host0" "$first"
gate4=$(gateway "$m" 4) gate6=$(gateway "$m" 6)
matches 'the gateway is the first address' '\.1$' "$gate4"
matches 'resolv.conf' "nameserver $gate4" "$first"
matches 'hosts' '127\.0\.0\.1[[:space:]]+localhost' "$first"
matches 'hosts' '::1[[:space:]]+.*localhost' "$first"
matches 'hosts' "${four}[[:space:]]+$m" "$first"
matches 'hosts' "${six}[[:space:]]+$m" "$first"
equal 'devices' 'host0 lo' "$(inside "$m" ls /sys/class/net | xargs)"
matches 'loopback' 'inet 127.0.0.1/8' "$(inside "$m" ip addr show dev lo up)"

# traffic, at once and both ways
reaches_gateway() {
    serve host tcp "$gate4" 7001
    serve host udp "$gate6" 7001
    reaches "$m" tcp "$gate4" 7001 "^host $four "
    reaches "$m" udp "$gate6" 7001 "^host $six "
    serve "$m" tcp "$four" 7002
    serve "$m" udp "$six" 7002
    reaches host tcp "$four" 7002 "^$m $gate4 "
    reaches host udp "$six" 7002 "^$m $gate6 "
    end_servers
}
reaches_gateway
ping -q -c 1 -W 2 "$four" >/dev/null
ping -q -c 1 -W 2 "$six" >/dev/null
in_place "$m" ping -q -c 1 -W 2 "$gate4" >/dev/null
in_place "$m" ping -q -c 1 -W 2 "$gate6" >/dev/null

# the host's side: names as they are known elsewhere, and nothing that the machine could change
link=$(link_of "$m")
equal 'the bridge' lodge0 "$(basename "$(readlink "/sys/class/net/$link/master")")"
equal 'the bridge, as lodge tells it' lodge0 "$(bridge_of default)"
matches 'the name of the host'"'"'s end' '^ve-network-[0-9a-f]{4}$' "$link"
matches 'its full name' "altname ve-$m" "$(ip link show dev "ve-$m")"
mac=$(mac_of "$m")
matches 'the MAC' '^02:' "$mac"
refuses "$m" ip link set dev host0 down
refuses "$m" ip addr add 10.0.0.9/8 dev host0

# a short name needs no other
at_exit 'call RemoveMachine "sa{sv}" nd1 1 Force b true >/dev/null 2>&1'
run_idle nd1 Network=default
equal 'the short name' ve-nd1 "$(link_of nd1)"
[[ $(address nd1 4) != "$four" ]] || fail 'two machines have the same address'
reaches_each_other() {
    serve nd1 tcp "$(address nd1 4)" 7003
    serve nd1 udp "$(address nd1 6)" 7003
    reaches "$m" tcp "$(address nd1 4)" 7003 "^nd1 $four "
    reaches "$m" udp "$(address nd1 6)" 7003 "^nd1 $six "
    end_servers
}
reaches_each_other
remove nd1 2>/dev/null || { stop nd1; remove nd1; }

# the same again
stop "$m"
equal 'Addresses of a stopped machine' '' "$(addresses "$m")"
start "$m"
equal 'addresses after another start' "$four $six $mac" "$(address "$m" 4) $(address "$m" 6) $(mac_of "$m")"
reaches_gateway
stop "$m"
nothing_left
nothing_runs "$m"
