#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Where firewalld runs, the bridge of a network that is up is in its zone "trusted", whatever comes and goes in which order.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

trusted() { firewall-cmd --zone=trusted --query-interface="$1"; }
not_trusted() { ! trusted "$1"; }
working() { # traffic of machine $a passes: to the host's resolver, to a neighbour, out
    inside "$a" nslookup "$b" >/dev/null || fail "no names $1"
    reaches "$a" tcp "$(address "$b" 4)" 7000 "$b"
    reaches "$a" tcp "$OUTSIDE4" 7000 outside
    reaches "$a" udp "$OUTSIDE4" 7001 outside
    reaches host tcp "$(address "$b" 4)" 7000 "$b"
}

make_outside
a=$TEST-a b=$TEST-b
for m in "$a" "$b"; do
    run_idle "$m" "Network=private"
done
serve "$b" tcp 0.0.0.0 7000
serve outside tcp 0.0.0.0 7000
serve outside udp 0.0.0.0 7001
bridge=$(bridge_of default)
working 'without firewalld'

at_exit 'systemctl stop firewalld.service'
expect 0 systemctl start firewalld.service
wait_for 10 'the bridge is in the zone' trusted "$bridge"
working 'once firewalld has come'

expect 0 firewall-cmd --reload
wait_for 10 'the bridge is in the zone' trusted "$bridge"
working 'after a reload'

expect 0 systemctl restart firewalld.service
wait_for 10 'the bridge is in the zone' trusted "$bridge"
working 'after a restart of firewalld'

expect 0 systemctl restart lodged.service
wait_for 10 'lodged is back' lodgectl list
expect 0 firewall-cmd --zone=trusted --remove-interface="$bridge"
denied "$a" tcp "$OUTSIDE4" 7000 # which is what firewalld does to interfaces that it does not know
expect 0 firewall-cmd --reload
wait_for 10 'the bridge is in the zone' trusted "$bridge"
working 'after a restart of lodged'

end_servers
stop "$a"
stop "$b"
wait_for 10 'the bridge is not in the zone any more' not_trusted "$bridge"
expect 0 firewall-cmd --zone=trusted --list-interfaces
equal 'what is in the zone' '' "$OUT"
start "$a"
wait_for 10 'the bridge is in the zone' trusted "$bridge"

# it stops while no lodged is there
systemctl stop lodged.socket lodged.service
systemctl stop "lodge@$a.service"
expect 0 trusted "$bridge"
systemctl start lodged.socket lodged.service
wait_for 10 'the bridge is not in the zone any more' not_trusted "$bridge"
lacks 'complaints' 'firewalld did not' "$(journalctl -u lodged.service --since '-2min' -o cat)"
