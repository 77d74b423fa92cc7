#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The shim's part of the network: interfaces follow a machine over reboots from inside, a start that fails or is killed
# leaves none behind and gives back what was lent, long names are found, and nothing of others is taken for an old one.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

devices() { inside "$1" ls /sys/class/net | xargs; }
fails_to_start() { # fails_to_start NAME REGEX
    expect 1 call StartMachine 'sa{sv}' "$1" 0
    matches "why $1 did not start" "$2" "$ERR"
    systemctl reset-failed "lodge@$1.service" 2>/dev/null || true
}
REBOOTS=(/bin/sh -c 'trap "exit 0" TERM; trap "reboot -f" USR1; while :; do sleep 100000 & wait; done')
reboot_inside() { # reboot_inside NAME BOOT
    call KillMachine 'ssia{sv}' "$1" leader 10 0 >/dev/null
    wait_for 5 "boot $2" has "$1" BootCount "$2"
}

# what was attached is there after a reboot from inside, what was detached is not
new_network "$TEST-two"
m=$TEST-reboot
create "$m" busybox Network=default Bandwidth=in=20M,out=10M Capability=CAP_SYS_BOOT -- "${REBOOTS[@]}"
start "$m"
before=$(addresses "$m") index=$(cat "/sys/class/net/$(link_of "$m")/ifindex")
lodgectl network attach "$TEST-two" "$m"
second=$(address "$m" 4 "$TEST-two")
reboot_inside "$m" 2
equal 'devices after a reboot' 'host0 host1 lo' "$(devices "$m")"
matches 'its hosts after a reboot' "(^|$NL)$second $m" "$(inside "$m" cat /etc/hosts)"
in_place "$m" ping -q -c 1 -W 2 "$(gateway "$m" 4 host0)" >/dev/null
matches 'its limit' 'tbf .*rate 20Mbit' "$(tc qdisc show dev "$(link_of "$m")")"
[[ $(cat "/sys/class/net/$(link_of "$m")/ifindex") != "$index" ]] || fail 'no new interface at a reboot'
lodgectl network detach "$TEST-two" "$m"
reboot_inside "$m" 3
equal 'devices after a reboot' 'host0 lo' "$(devices "$m")"
lacks 'its hosts after a reboot' "$second" "$(inside "$m" cat /etc/hosts)"
equal 'its addresses' "$before" "$(addresses "$m")"

# the guest's root may call it what it likes, and take it away: what is counted and limited is known all the same
in_place "$m" ip link set dev host0 name mine
matches 'its counters' 'host0' "$(lodgectl stats --by=interface "$m")"
in_place "$m" ip link del dev mine
reboot_inside "$m" 4
equal 'devices after a reboot' 'host0 lo' "$(devices "$m")"
stop "$m"
nothing_left

# a supervisor that is killed leaves an end that the next start replaces
m=$TEST-killed
create "$m" busybox Network=default -- "${IDLE[@]}"
for _ in {1..5}; do
    start "$m"
    kill -KILL "$(get "$m" Supervisor)"
    wait_for 3 'the machine is gone' eval "[[ \$(get $m State) =~ ^(stopped|failed)$ ]]"
    systemctl reset-failed "lodge@$m.service" 2>/dev/null || true
done
start "$m"
in_place "$m" ping -q -c 1 -W 2 "$(gateway "$m" 4)" >/dev/null
link=$(link_of "$m")
stop "$m"

# but not what others call so, as systemd-nspawn does
wait_for 3 'its interface is gone' eval "! ip link show dev $link 2>/dev/null"
at_exit 'ip link del lt-nspawn 2>/dev/null'
ip link add name "$link" type veth peer name lt-nspawn
fails_to_start "$m" "'$link'.*File exists"
ip link show dev lt-nspawn >/dev/null
ip link del lt-nspawn
start "$m"
stop "$m"

# an interface that was lent comes back from a start that fails half way, with its name, addresses and state
ip link add name lt-lent type veth peer name lt-far
at_exit 'ip link del lt-far 2>/dev/null'
ip link set dev lt-far up
ip link set dev lt-lent up mtu 1400
ip addr add 172.31.9.1/24 dev lt-lent
ip link property add dev lt-lent altname the-lent-interface-of-this-host
lent() { ip -o -d link show dev the-lent-interface-of-this-host | sed 's/^[0-9]*: \([^@:]*\)[^<]*\(<[^>]*>\) mtu \([0-9]*\).*link.ether \([^ ]*\) .*/\1 \2 \3 \4/'; ip -o -4 addr show dev lt-lent | awk '{ print $4 }'; }
before=$(lent)
m=$TEST-half
create "$m" busybox "Network=interface=lt-lent:mtu=1300,mac=02:00:00:00:09:09,name=wan0 bridge=lt-none:name=lan0" -- "${IDLE[@]}"
for _ in 1 2 3; do
    fails_to_start "$m" "cannot attach machine '$m' to bridge 'lt-none': No such device"
    equal 'what was lent' "$before" "$(lent)"
done

# a name too long for an interface is one all the same
m=$TEST-$(printf 'long%.0s' {1..8})
run_idle "$m" Network=default
matches 'the altname' "altname ve-$m" "$(ip link show dev "$(link_of "$m")")"
stop "$m"
end_servers
remove_networks
nothing_left
