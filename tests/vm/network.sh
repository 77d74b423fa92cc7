#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
# The network on Debian's own kernels: an address at once, the way out, published ports, a limit, and nothing under another's name.
. "$(dirname "$0")/../system/lib.bash"
. "$(dirname "$0")/../system/network.bash"

make_outside
serve outside tcp "$OUTSIDE4" 7001
serve outside tcp "$OUTSIDE6" 7001
m=$TEST-a b=$TEST-b
create "$m" busybox Network=default "Publish=8080:80 $UPLINK4:8081:80" Bandwidth=in=20M,out=10M -- "${WEB[@]}"
create "$b" busybox Network=default -- "${WEB[@]}"
start "$m"
start "$b"
reaches "$m" tcp "$OUTSIDE4" 7001 "^outside $UPLINK4 "
reaches "$m" tcp "$OUTSIDE6" 7001 "^outside $UPLINK6 "
equal 'a page of its neighbour' "$b" "$(fetch "$m" "$b/name")"
equal 'on loopback' "$m" "$(curl -s -m 5 http://127.0.0.1:8080/name)"
equal 'on loopback, IPv6' "$m" "$(curl -s -m 5 'http://[::1]:8080/name')"
equal 'from outside' "$m" "$(in_place outside curl -s -m 5 "http://$UPLINK4:8081/name")"
denied outside tcp "$UPLINK4" 8080

# nothing under another's name
watch "$b" host0 "$WORK/seen"
four=$(address "$b" 4)
in_place "$m" "$CLIENTS/frames" send host0 arp op=2 "sender=$(gateway "$m" 4)" "target=$four"
in_place "$m" "$CLIENTS/frames" send host0 udp "from=$(gateway "$m" 4)" "to=$four" port=7101
in_place "$m" "$CLIENTS/frames" send host0 udp "from=$(address "$m" 4)" "to=$four" port=7102 source=02:00:00:00:00:99
in_place "$m" "$CLIENTS/frames" send host0 ra from=fe80::1
in_place "$m" "$CLIENTS/frames" send host0 udp "from=$(address "$m" 4)" "to=$four" port=7103
wait_for 10 'a packet of its own' grep -q '> 7103 ' "$WORK/seen"
lacks 'what it sees' "arp op 2 sender .* at $(mac_of "$m")|> 710[12] |type 134" "$(<"$WORK/seen")"

# a limit, each way
IPERF=host
gate=$(gateway "$m" 4)
for way in '' -R; do
    most=11
    [[ -z $way ]] || most=22
    # shellcheck disable=SC2086
    found=$(rate "$m" "$gate" -t 3 -O 1 $way)
    awk -v most=$most -v found="$found" 'BEGIN { exit !(found <= most && found >= most * 0.6) }' || fail "$found Mbit/s ${way:-out}, about $most were expected"
done

# packets of any size on every way: this kernel may cut them otherwise than that of the machine outside
for a in "$gate" "$(gateway "$m" 6)" "$OUTSIDE4" "$OUTSIDE6"; do
    IPERF=outside
    [[ $a == "$OUTSIDE4" || $a == "$OUTSIDE6" ]] || IPERF=host
    at_least "to $a" 30 "$(rate "$b" "$a" -t 1)"
    at_least "from $a" 30 "$(rate "$b" "$a" -t 1 -R)"
done
end_servers
stop "$m"
stop "$b"
nothing_left
