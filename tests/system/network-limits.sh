#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Bandwidth= holds for all connections of a machine together, each way by itself, and can be changed while it runs; Egress= lets
# out what it lists, and answers.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

# steady MACHINE ADDRESS [IPERF_OPTION...]: Mbit/s, without the first second, in which what was saved up is spent; in small
# blocks, since only whole ones are counted; for so long that half a second in which others have this machine does not count
steady() { rate "$1" "$2" -t 5 -O 1 -l 1K "${@:3}"; }
between() { # between WHAT LOW HIGH FOUND
    awk -v l="$2" -v h="$3" -v f="$4" 'BEGIN { exit !(f >= l && f <= h) }' || fail "$1: $4 Mbit/s, $2 to $3 were expected"
}

make_outside
m=$TEST-a
run_idle "$m" Network=default Bandwidth=in=20M,out=10M
IPERF=host
gate=$(gateway "$m" 4)
between 'from the machine by 4 connections' 8.5 11 "$(steady "$m" "$gate" -P 4)"
between 'to the machine by 4 connections' 17 22 "$(steady "$m" "$gate" -P 4 -R)"
between 'from the machine by UDP' 7 11 "$(steady "$m" "$gate" -u -b 30M)"
matches 'status' '20(\.0)?M.*10(\.0)?M|in.*20.*out.*10' "$(lodgectl status "$m")"

on "$m" SetBandwidth 'sa{sv}' in=40M 0 >/dev/null
between 'to the machine, changed' 34 46 "$(steady "$m" "$gate" -R)"
at_least 'out, without a limit' 100 "$(rate "$m" "$gate" -t 1)"
on "$m" SetBandwidth 'sa{sv}' '' 0 >/dev/null
at_least 'in, without a limit' 100 "$(rate "$m" "$gate" -t 1 -R)"

# what is not listed does not get out: neither to outside, nor to neighbours, nor to the host
b=$TEST-b e=$TEST-e n=$TEST-n
run_idle "$b" Network=default
run_idle "$e" Network=default "Egress=$OUTSIDE4:7001/tcp $BEYOND4 [2001:db8:77::/64]:7000-7005/udp"
run_idle "$n" Network=default Egress=none
refused InvalidOption 'around it' AttachNetworkMachine "'$n'" "'bridge=lodge0'" '{}'
for a in "$OUTSIDE4" "$BEYOND4" "$OUTSIDE6"; do
    serve outside tcp "$a" 7001-7002
    serve outside udp "$a" 7001-7002
done
serve "$b" tcp "$(address "$b" 4)" 7001
serve host tcp "$gate" 7001
reaches "$e" tcp "$OUTSIDE4" 7001 '^outside '
reaches "$e" tcp "$BEYOND4" 7002 '^outside '
reaches "$e" udp "$BEYOND4" 7001 '^outside '
reaches "$e" udp "$OUTSIDE6" 7002 '^outside '
reaches "$b" tcp "$OUTSIDE4" 7002 '^outside '
denied "$e" tcp "$OUTSIDE4" 7002
denied "$e" udp "$OUTSIDE4" 7001
denied "$e" tcp "$OUTSIDE6" 7001
for x in "$e" "$n"; do
    denied "$x" tcp "$(address "$b" 4)" 7001
    denied "$x" tcp "$gate" 7001
done
denied "$n" tcp "$OUTSIDE4" 7001
denied "$n" tcp "$BEYOND4" 7001
serve "$n" tcp "$(address "$n" 4)" 7003
reaches host tcp "$(address "$n" 4)" 7003 "^$n "
reaches "$b" tcp "$(address "$n" 4)" 7003 "^$n "
matches 'names' "$(address "$b" 4)" "$(inside "$e" nslookup "$b" 2>&1 || true)"
