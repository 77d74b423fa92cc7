#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Networks do not reach or see each other; one without a way out reaches the host and nobody else.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

make_outside
serve outside tcp "$OUTSIDE4" 7001
serve outside tcp "$OUTSIDE6" 7001
new_network "$TEST-x"
new_network "$TEST-y"
new_network "$TEST-in" --internal
a=$TEST-a b=$TEST-b c=$TEST-c in=$TEST-in-a in2=$TEST-in-b
run_idle "$a" "Network=$TEST-x"
run_idle "$b" "Network=$TEST-x"
run_idle "$c" "Network=$TEST-y"
run_idle "$in" "Network=$TEST-in"
run_idle "$in2" "Network=$TEST-in"
for m in "$a" "$c" "$in"; do
    serve "$m" tcp "$(address "$m" 4)" 7002
    serve "$m" tcp "$(address "$m" 6)" 7002
    serve "$m" udp "$(address "$m" 4)" 7002
    reaches host tcp "$(address "$m" 4)" 7002 "^$m "
    reaches host tcp "$(address "$m" 6)" 7002 "^$m "
done

# within a network
reaches "$b" tcp "$(address "$a" 4)" 7002 "^$a $(address "$b" 4) "
reaches "$b" tcp "$(address "$a" 6)" 7002 "^$a $(address "$b" 6) "
reaches "$in2" tcp "$(address "$in" 4)" 7002 "^$in "
reaches "$b" tcp "$OUTSIDE4" 7001 "^outside "
reaches "$c" tcp "$OUTSIDE6" 7001 "^outside "

# between networks, and out of the internal one
for from in "$b" "$in2"; do
    denied "$from" tcp "$(address "$c" 4)" 7002
    denied "$from" tcp "$(address "$c" 6)" 7002
    denied "$from" udp "$(address "$c" 4)" 7002
done
denied "$c" tcp "$(address "$in" 4)" 7002
denied "$c" tcp "$(address "$in" 6)" 7002
denied "$in2" tcp "$OUTSIDE4" 7001
denied "$in2" tcp "$OUTSIDE6" 7001
serve host tcp 0.0.0.0 7003
gate=$(lodgectl network inspect "$TEST-in" | grep -oE '10\.[0-9]+\.[0-9]+\.1\b' | head -n 1)
reaches "$in2" tcp "$gate" 7003 '^host '

# one that sets a way by hand gets no further
ip -n outside route add 10.214.0.0/15 via "$UPLINK4"
in_place "$in2" ip route replace default via "$gate"
denied "$in2" tcp "$OUTSIDE4" 7001
denied "$in2" tcp "$(address "$c" 4)" 7002

# what is for others is not seen: neither in another network nor, between two who know each other, in the same
d=$TEST-d
run_idle "$d" "Network=$TEST-x"
watch "$c" host0 "$WORK/other"
watch "$d" host0 "$WORK/same"
in_place "$a" "$CLIENTS/frames" send host0 arp "sender=$(address "$a" 4)" "target=$(address "$b" 4)"
reaches "$b" tcp "$(address "$a" 4)" 7002 "^$a "
reaches "$b" udp "$(address "$a" 4)" 7002 "^$a "
wait_for 5 'broadcasts are seen in the same network' grep -q "$(mac_of "$a").* arp " "$WORK/same"
lacks 'packets of others in the same network' "(tcp|udp) $(address "$b" 4) > $(address "$a" 4)" "$(<"$WORK/same")"
lacks 'frames of another network' "$(mac_of "$a")|$(mac_of "$b")" "$(<"$WORK/other")"
