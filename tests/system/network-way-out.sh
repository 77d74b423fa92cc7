#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Machines reach what the host reaches, under the host's address, by IPv4 and IPv6; nobody outside reaches them by theirs.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

make_outside
for a in "$OUTSIDE4" "$OUTSIDE6"; do
    serve outside tcp "$a" 7001
    serve outside udp "$a" 7001
done
serve outside tcp "$BEYOND4" 7001

m=$TEST-a
run_idle "$m" Network=default
for protocol in tcp udp; do
    reaches "$m" $protocol "$OUTSIDE4" 7001 "^outside $UPLINK4 "
    reaches "$m" $protocol "$OUTSIDE6" 7001 "^outside $UPLINK6 "
done
reaches "$m" tcp "$BEYOND4" 7001 "^outside $UPLINK4 "
in_place "$m" ping -q -c 1 -W 2 "$OUTSIDE4" >/dev/null
in_place "$m" ping -q -c 1 -W 2 "$OUTSIDE6" >/dev/null

# a web server and a real client, and more than fits into one packet
mkdir "$WORK/www"
head -c 3000000 /dev/urandom >"$WORK/www/big"
in_background outside /dev/null busybox httpd -f -p 80 -h "$WORK/www"
wait_for 5 'the web server' in_place outside busybox wget -q -O /dev/null http://127.0.0.1/big
equal 'what was fetched' "$(sha256sum <"$WORK/www/big")" "$(fetch "$m" "$OUTSIDE4/big" | sha256sum)"
equal 'what was fetched by IPv6' "$(sha256sum <"$WORK/www/big")" "$(fetch "$m" "[$OUTSIDE6]/big" | sha256sum)"

head -c 3000000 /dev/urandom >"$WORK/up"
in_background outside /dev/null busybox nc -l -p 7100 -e sh -c "cat >$WORK/arrived"
wait_for 5 'a listener' in_place outside sh -c 'ss -Hltn sport = :7100 | grep -q 7100'
lodgectl exec "$m" nc -w 3 "$OUTSIDE4" 7100 <"$WORK/up"
wait_for 3 'what was sent has arrived' cmp "$WORK/up" "$WORK/arrived"
IPERF=outside
for a in "$OUTSIDE4" "$OUTSIDE6"; do
    at_least "to $a" 200 "$(rate "$m" "$a" -t 1)"
    at_least "from $a" 200 "$(rate "$m" "$a" -t 1 -R)"
done

# from outside there is no way in, even for one who knows where it would be
serve "$m" tcp "$(address "$m" 4)" 7002
serve "$m" udp "$(address "$m" 6)" 7002
reaches host tcp "$(address "$m" 4)" 7002 "^$m "
ip -n outside route add 10.214.0.0/15 via "$UPLINK4"
ip -n outside -6 route add fd00::/8 via "$UPLINK6"
denied outside tcp "$(address "$m" 4)" 7002
denied outside udp "$(address "$m" 6)" 7002
in_place outside ping -q -c 1 -W 1 "$(address "$m" 4)" >/dev/null && fail 'a machine answers a ping from outside'
end_servers

# the host's forwarding is the administrator's: without it machines reach the host and each other
at_exit 'sysctl -q -w net.ipv4.ip_forward=1'
serve host tcp "$(gateway "$m" 4)" 7003
serve outside tcp "$OUTSIDE4" 7003
sysctl -q -w net.ipv4.ip_forward=0
denied "$m" tcp "$OUTSIDE4" 7003
reaches "$m" tcp "$(gateway "$m" 4)" 7003 '^host '
equal 'what lodge makes of it' 0 "$(</proc/sys/net/ipv4/ip_forward)"
