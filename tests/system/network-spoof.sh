#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine whose root may send any frame gets none through but under its own MAC and addresses: no ARP, neighbour or router
# advertisement, DHCP answer or packet of another's; neither its neighbours nor the host believe it.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

a=$TEST-a b=$TEST-b
create "$a" debian13 Network=default
start "$a"
run_idle "$b" Network=default
a4=$(address "$a" 4) a6=$(address "$a" 6) b4=$(address "$b" 4) b6=$(address "$b" 6)
gate4=$(gateway "$b" 4) gate6=$(gateway "$b" 6) mac=$(mac_of "$a")
free4=${b4%.*}.$((${b4##*.} == 77 ? 78 : 77))
[[ $free4 != "$a4" ]] || free4=${b4%.*}.79
bridge=$(bridge_of default)
watch "$b" host0 "$WORK/seen"
watch host "$bridge" "$WORK/host"
send() { in_place "$a" "$CLIENTS/frames" send host0 "$@"; }

# arrives WHAT REGEX FRAME...: proves that what is looked for would be seen
arrives() {
    send "${@:3}"
    wait_for 3 "$1 of its own" grep -qE "$2" "$WORK/seen"
}

# stopped WHAT REGEX FRAME...: then one of its own, and only that arrives
MARKS=0
stopped() {
    send "${@:3}"
    MARKS=$((MARKS + 1))
    send udp "from=$a4" "to=${b4%.*.*}.255.255" port=$((8000 + MARKS))
    wait_for 3 'a packet of its own' grep -q "> $((8000 + MARKS)) " "$WORK/seen"
    lacks "$1 at its neighbour" "$2" "$(<"$WORK/seen")"
    lacks "$1 at the host" "$2" "$(<"$WORK/host")"
}

arrives 'ARP' "$mac .* arp op 1 sender $a4 at $mac target $b4" arp "sender=$a4" "target=$b4"
arrives 'UDP' "udp $a4 > $b4 ports 4711 > 7100" udp "from=$a4" "to=$b4" port=7100
arrives 'UDP over IPv6' "udp $a6 > $b6 ports 4711 > 7100" udp "from=$a6" "to=$b6" port=7100
arrives 'a neighbour advertisement' "type 136 target $a6" na "from=$a6" "target=$a6"

for victim in "$b4" "$gate4" "$free4"; do
    stopped "ARP for $victim" "arp op . sender $victim at $mac" arp op=2 "sender=$victim" "target=$b4"
    stopped "UDP from $victim" "$mac [^$NL]* udp $victim > " udp "from=$victim" "to=$b4" port=7101
done
stopped 'ARP in the frame of another' '02:00:00:00:00:99' arp "sender=$a4" "target=$b4" source=02:00:00:00:00:99
stopped 'ARP for the MAC of another' 'at 02:00:00:00:00:98' arp "sender=$a4" "target=$b4" mac=02:00:00:00:00:98
stopped 'a frame with its neighbour'"'"'s MAC' "^$(mac_of "$b") .*7102" udp "from=$a4" "to=$b4" port=7102 "source=$(mac_of "$b")"
for victim in "$b6" "$gate6" fd00::77; do
    stopped "IPv6 from $victim" "$mac [^$NL]* udp $victim > " udp "from=$victim" "to=$b6" port=7103
    stopped "a neighbour advertisement for $victim" "$mac [^$NL]* type 136 target $victim($NL|\$)" na "from=$a6" "target=$victim"
done
stopped 'the link-local address of another' "$mac [^$NL]* udp fe80::77 > " udp from=fe80::77 "to=$b6" port=7104
own_link_local=$(in_place "$a" ip -6 -o addr show dev host0 scope link | awk '{ sub("/.*", "", $4); print $4; exit }')
stopped 'a router advertisement' "$mac [^$NL]* type 134" ra "from=${own_link_local:-fe80::1}"
stopped 'an offer of a DHCP server' "$mac [^$NL]* ports 67 > 68" dhcp "from=$a4"
stopped 'a VLAN tag' "$mac [^$NL]* type 8100" any type=8100
in_place "$b" ip -6 addr show dev host0 | grep -q 2001:db8:bad && fail 'the neighbour took an address of a false router'
equal 'routers that the neighbour knows' "$gate6" "$(in_place "$b" ip -6 route show default | sed -n 's/.* via \([^ ]*\).*/\1/p' | xargs)"

# nobody was led astray
serve "$b" tcp "$b4" 7001
serve "$b" tcp "$b6" 7001
reaches host tcp "$b4" 7001 "^$b $gate4 "
reaches "$a" tcp "$b6" 7001 "^$b $a6 "
lacks 'neighbours of the host' "($b4|$b6|$free4) .*$mac" "$(ip neigh show dev "$bridge")"
lacks 'where the bridge sees its MAC' "$(mac_of "$b")" "$(bridge fdb show dev "$(link_of "$a")")"
ping -q -c 1 -W 2 "$a4" >/dev/null

# by the means of a guest's root: another address or MAC silences it
inside "$a" ip addr add "$b4/32" dev lo
inside "$a" ping -q -c 1 -W 1 -I "$b4" "$gate4" >/dev/null 2>&1 && fail 'a machine speaks under the address of another'
inside "$a" ip addr del "$b4/32" dev lo
inside "$a" ping -q -c 1 -W 2 "$gate4" >/dev/null
inside "$a" ip link set dev host0 address 02:00:00:00:00:97
inside "$a" ping -q -c 1 -W 1 "$gate4" >/dev/null 2>&1 && fail 'a machine speaks under another MAC'
inside "$a" ip link set dev host0 address "$mac"
wait_for 5 'it is heard again' inside "$a" ping -q -c 1 -W 1 "$gate4"
end_servers
