#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `lodgectl doctor` names what on this host drops the traffic of machines: forwarding that is off, a chain that drops, a strict
# filter of reverse paths; and nothing when nothing does.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

checks() { busctl --json=short call org.lodge1 /org/lodge1 org.lodge1.Manager CheckNetwork 'a{sv}' 0 |
    python3 -c 'import json, sys
for line in json.load(sys.stdin)["data"][0]: print(line)'; }

make_outside
m=$TEST-a
run_idle "$m" Network=default
serve outside tcp "$OUTSIDE4" 7001
reaches "$m" tcp "$OUTSIDE4" 7001 '^outside '
equal 'a host that is well' '' "$(checks)"

at_exit 'sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.conf.uplink.rp_filter=0'
sysctl -q -w net.ipv4.ip_forward=0
denied "$m" tcp "$OUTSIDE4" 7001
matches 'forwarding' 'ip_forward' "$(checks)"
matches 'doctor' 'ip_forward' "$(lodgectl doctor || true)"
sysctl -q -w net.ipv4.ip_forward=1
equal 'forwarding is on again' '' "$(checks)"

# docker's FORWARD policy, in iptables' own table
at_exit 'nft delete table ip filter 2>/dev/null'
nft -f - <<'NFT'
table ip filter {
    chain FORWARD { type filter hook forward priority 0; policy drop; }
}
NFT
denied "$m" tcp "$OUTSIDE4" 7001
matches 'a policy' 'FORWARD' "$(checks)"
nft delete table ip filter

# somebody's firewall that lets nothing in: no names, no ports of the host
at_exit 'nft delete table inet lodge_test 2>/dev/null'
nft -f - <<'NFT'
table inet lodge_test {
    chain incoming { type filter hook input priority 0; policy drop; iifname "lo" accept; ct state established accept; }
}
NFT
matches 'an input policy' 'lodge_test|incoming|input' "$(checks)"
nft delete table inet lodge_test
equal 'all is well again' '' "$(checks)"
reaches "$m" tcp "$OUTSIDE4" 7001 '^outside '
