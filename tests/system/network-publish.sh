#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Published ports: on the host's loopback unless an address is written, TCP and UDP, ranges, IPv4 and IPv6; from the host,
# from machines and from outside as far as each was asked for, and nothing more.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

make_outside
m=$TEST-a
create "$m" busybox Network=default \
    "Publish=8080:80 8053:53/udp $UPLINK4:8081:80 0.0.0.0:8082:80 [::]:8082:80 9000-9004:7000-7004 $UPLINK4:8053:53/udp 0.0.0.0:8054:53/udp" -- "${WEB[@]}"
start "$m"
four=$(address "$m" 4) six=$(address "$m" 6)
gate4=$(gateway "$m" 4)
serve "$m" tcp "$four" 7000-7005
serve "$m" udp "$four" 53
serve "$m" udp "$six" 53
page() { in_place "$1" curl -s -m 3 "http://$2/name"; }
wait_for 5 'the web server' page host "$four"

# loopback: the host alone, by both families and the name
equal 'by 127.0.0.1' "$m" "$(page host 127.0.0.1:8080)"
equal 'by ::1' "$m" "$(page host '[::1]:8080')"
equal 'by localhost' "$m" "$(page host localhost:8080)"
reaches host udp 127.0.0.1 8053 "^$m "
reaches host udp ::1 8053 "^$m "
denied outside tcp "$UPLINK4" 8080
denied outside tcp "$UPLINK6" 8080
denied host tcp "$UPLINK4" 8080
equal 'a user of the host' "$m" "$(runuser -u tester -- curl -s -m 3 http://127.0.0.1:8080/name)"

# a range, and nothing beside it
for i in 0 1 2 3 4; do reaches host tcp 127.0.0.1 $((9000 + i)) "^$m .* $((7000 + i))\$"; done
denied host tcp 127.0.0.1 9005
denied host tcp 127.0.0.1 8999

# an address of the host: from outside, with the client's address, and from the host itself
equal 'from outside' "$m" "$(page outside "$UPLINK4:8081")"
equal 'from the host' "$m" "$(page host "$UPLINK4:8081")"
reaches outside udp "$UPLINK4" 8053 "^$m $OUTSIDE4 "
denied host tcp 127.0.0.1 8081
denied outside tcp "$UPLINK6" 8081

# every address
equal 'from outside to any' "$m" "$(page outside "$UPLINK4:8082")"
equal 'from outside to any, IPv6' "$m" "$(page outside "[$UPLINK6]:8082")"
equal 'from the host to any' "$m" "$(page host 127.0.0.1:8082)"
equal 'from the host to any, IPv6' "$m" "$(page host '[::1]:8082')"
reaches outside udp "$UPLINK4" 8054 "^$m $OUTSIDE4 "

# other machines: loopback's at the gateway in the same network; those of wide addresses everywhere, also by itself
b=$TEST-b c=$TEST-c
new_network "$TEST-other"
run_idle "$b" Network=default
run_idle "$c" "Network=$TEST-other"
at_exit 'sysctl -q -w net.bridge.bridge-nf-call-iptables=1 2>/dev/null'
for filter in 1 0; do # whether the kernel shows what a bridge passes on to the rules for IP, as docker asks it to
    [[ ! -e /proc/sys/net/bridge ]] || sysctl -q -w net.bridge.bridge-nf-call-iptables=$filter
    equal 'a neighbour, at the gateway' "$m" "$(fetch "$b" "$gate4:8080/name")"
    equal 'a neighbour, at an address of the host' "$m" "$(fetch "$b" "$UPLINK4:8081/name")"
    equal 'another network, at an address of the host' "$m" "$(fetch "$c" "$UPLINK4:8082/name")"
    equal 'the machine itself' "$m" "$(fetch "$m" "$UPLINK4:8082/name")"
done
denied "$c" tcp "$(gateway "$c" 4)" 8080
denied "$c" tcp "$gate4" 8080
denied "$c" tcp "$four" 80

# the host's loopback stays the host's: neither from a machine nor from outside does a packet for 127.0.0.1 arrive
serve host udp 127.0.0.1 7777
watch host lo "$WORK/lo"
watch "$m" host0 "$WORK/in"
bridge=$(bridge_of default)
bridge_mac=$(ip -o link show dev "$bridge" | sed -n 's|.*link/ether \([0-9a-f:]*\).*|\1|p')
in_place "$b" "$CLIENTS/frames" send host0 udp "from=$(address "$b" 4)" to=127.0.0.1 port=7777 "destination=$bridge_mac"
in_place "$b" "$CLIENTS/frames" send host0 udp "from=$(address "$b" 4)" to=127.0.0.1 port=8053 "destination=$bridge_mac"
in_place outside "$CLIENTS/frames" send eth0 udp "from=$OUTSIDE4" to=127.0.0.1 port=8053 "destination=$(ip -o link show dev uplink | sed -n 's|.*link/ether \([0-9a-f:]*\).*|\1|p')"
in_place "$b" "$CLIENTS/traffic" ask udp 127.0.0.1 7777 0.5 2>/dev/null && fail "a machine's loopback is the host's"
sleep 0.3
lacks 'what the host answers' "$(address "$b" 4)" "$(<"$WORK/lo")"
lacks 'what was led on' 'forged' "$(<"$WORK/in")"

# lists
matches 'port ls' "$m +.*8080.*80" "$(lodgectl port ls "$m")"
lodgectl port ls --json=short "$m" | python3 -c 'import json, sys; assert len(json.load(sys.stdin)) == 11'
matches 'status' '127\.0\.0\.1:8080' "$(lodgectl status "$m")"

end_servers
stop "$m"
denied host tcp 127.0.0.1 8080
denied host tcp ::1 8080
denied outside tcp "$UPLINK4" 8082
