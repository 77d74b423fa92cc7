#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A running machine is attached to a network and detached from it; what ran goes on.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

devices() { inside "$1" ls /sys/class/net | xargs; }

new_network "$TEST-two"
m=$TEST-a b=$TEST-b
run_idle "$m" Network=default
run_idle "$b" "Network=$TEST-two"
leader=$(get "$m" Leader) four=$(address "$m" 4)
serve host tcp "$(gateway "$m" 4)" 7001
serve "$b" tcp "$(address "$b" 4)" 7002
denied "$m" tcp "$(address "$b" 4)" 7002

lodgectl network attach "$TEST-two" "$m"
equal 'devices' 'host0 host1 lo' "$(devices "$m")"
second=$(address "$m" 4 "$TEST-two")
matches 'addresses' "default host0 $four/.*$TEST-two host1 $second/" "$(addresses "$m" | xargs)"
matches 'inside' "inet $second/" "$(inside "$m" ip addr show dev host1)"
reaches "$m" tcp "$(address "$b" 4)" 7002 "^$b $second "
reaches "$m" tcp "$(gateway "$m" 4 host0)" 7001 "^host $four "
matches 'its name there' "Address[^$NL]*: $second" "$(inside "$b" nslookup "$m" 2>&1 || true)"
matches 'the members' "$m" "$(lodgectl network inspect "$TEST-two")"
refused '(Exists|InvalidOption|Busy)' "$TEST-two" AttachNetworkMachine "'$m'" "'$TEST-two'" '{}'
refused '(NoSuchNetwork|InvalidOption|NotFound)' "$TEST-none" AttachNetworkMachine "'$m'" "'$TEST-none'" '{}'

matches 'its hosts' "(^|$NL)$second $m" "$(inside "$m" cat /etc/hosts)"

# the way out is another network's once its own has gone, and stays there
route() { inside "$1" ip "-$2" route show default | xargs; }
first=$(gateway "$m" 4)
matches 'the way out' "^default via $first dev host0" "$(route "$m" 4)"
lodgectl network detach default "$m"
matches 'the way out' "^default via $(gateway "$b" 4) dev host1" "$(route "$m" 4)"
matches 'the way out of IPv6' "^default via $(gateway "$b" 6) dev host1" "$(route "$m" 6)"
equal 'its name servers' "nameserver $(gateway "$b" 4)" "$(inside "$m" grep -m 1 nameserver /etc/resolv.conf)"
lodgectl network attach default:name=host0 "$m"
matches 'the way out' "^default via $(gateway "$b" 4) dev host1" "$(route "$m" 4)"

lodgectl network detach "$TEST-two" "$m"
matches 'the way out' "^default via $first dev host0" "$(route "$m" 4)"
equal 'devices' 'host0 lo' "$(devices "$m")"
lacks 'its hosts' "$second" "$(inside "$m" cat /etc/hosts)"
denied "$m" tcp "$(address "$b" 4)" 7002
reaches "$m" tcp "$(gateway "$m" 4)" 7001 "^host $four "
lacks 'its name there' "Address[^$NL]*: $second" "$(inside "$b" nslookup "$m" 2>&1 || true)"
refused '(InvalidOption|NoSuchNetwork|NotFound|Failed)' "$TEST-two" DetachNetworkMachine "'$m'" "'$TEST-two'" '{}'

# the last one, too, and by the interface's name
end_servers
on "$m" DetachNetwork 'sa{sv}' host0 0 >/dev/null
equal 'devices' lo "$(devices "$m")"
equal 'addresses' '' "$(addresses "$m")"
on "$m" AttachNetwork 'sa{sv}' default 0 >/dev/null
equal 'the address when it is back' "$four" "$(address "$m" 4)"
ping -q -c 1 -W 2 "$four" >/dev/null
equal 'PID 1' "$leader" "$(get "$m" Leader)"

# for the next start
lodgectl network attach --persist "$TEST-two" "$m"
stop "$m"
start "$m"
equal 'devices after another start' 'host0 host1 lo' "$(devices "$m")"
lodgectl network detach --persist "$TEST-two" "$m"
stop "$m"
start "$m"
equal 'devices after another start' 'host0 lo' "$(devices "$m")"

# a machine without a network gets one
n=$TEST-none-yet
run_idle "$n"
equal 'devices' lo "$(devices "$n")"
inside "$n" rm -f /etc/resolv.conf
lodgectl network attach default "$n"
ping -q -c 1 -W 2 "$(address "$n" 4)" >/dev/null
equal 'its name servers' "nameserver $(gateway "$n" 4)" "$(inside "$n" grep -m 1 nameserver /etc/resolv.conf)"
matches 'a neighbour by name' "Address[^$NL]*: $four" "$(inside "$n" nslookup "$m" 2>&1 || true)"
# what somebody inside has changed stays, and nothing outside is written through a link
inside "$n" sh -c 'echo mine >/etc/hosts'
echo untouched >"$WORK/canary"
inside "$n" sh -c "rm /etc/resolv.conf; ln -s $WORK/canary /etc/resolv.conf"
# a bridge of the host's
at_exit 'ip link delete br-live 2>/dev/null'
ip link add br-live type bridge
on "$n" AttachNetwork 'sa{sv}' bridge=br-live:name=lan0,address=192.0.2.7/24 0 >/dev/null
equal 'devices' 'host0 lan0 lo' "$(devices "$n")"
matches 'inside' 'inet 192.0.2.7/24' "$(inside "$n" ip addr show dev lan0)"
on "$n" DetachNetwork 'sa{sv}' lan0 0 >/dev/null
lacks 'devices' lan0 "$(devices "$n")"
equal 'its hosts' mine "$(inside "$n" cat /etc/hosts)"
equal 'a file of the host' untouched "$(<"$WORK/canary")"
ip link delete br-live

stop "$n"
stop "$m"
stop "$b"
nothing_left
