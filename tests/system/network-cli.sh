#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Networks, addresses and ports as lodgectl and busctl see them: made, shown, changed while a machine runs, refused with a
# sentence, and told by signals. What traffic gets where is in the other tests of the network.
. "$(dirname "$0")/lib.bash"

net=$TEST-n m=$TEST-a
network_get() { busctl get-property org.lodge1 "$(call GetNetwork s "$1" | cut -d'"' -f2)" org.lodge1.Network "$2" | cut -d' ' -f2-; }
remove_networks() {
    local n
    for n in $(lodgectl network ls -q | grep "^$TEST-"); do lodgectl network rm "$n"; done
}
at_exit 'remove_machines; remove_networks'

# a network
equal 'the one that is built in' 'o "/org/lodge1/network/default"' "$(call GetNetwork s default)"
equal 'create' "$net" "$(lodgectl network create "$net" --subnet=10.77.0.0/24 --subnet=fd77::/64 --description='For a test')"
matches 'its file' 'Subnet=10.77.0.0/24' "$(<"/etc/lodge/networks/$net.network")"
equal 'its subnets' '2 "10.77.0.0/24" "fd77::/64"' "$(network_get "$net" Subnets)"
equal 'its gateways' '2 "10.77.0.1" "fd77::1"' "$(network_get "$net" Gateways)"
equal 'its state' '"down"' "$(network_get "$net" State)"
matches 'listed' "$net +down +10.77.0.0/24, fd77::/64" "$(lodgectl network ls)"
refused Exists "$net" CreateNetwork "'$net'" '@a{sv} {}'
refused InvalidOption "$net" CreateNetwork "'$net-2'" "{'Subnet': <['10.77.0.128/25']>}"
refused InvalidOption Subnet CreateNetwork "'$net-2'" "{'Subnet': <['10.77.0.0/33']>}"
refused NoSuchNetwork nothing RemoveNetwork "'nothing'" '@a{sv} {}'
refused Busy default RemoveNetwork "'default'" '@a{sv} {}'
equal 'json' "$net" "$(lodgectl network inspect "$net" --json=short | python3 -c 'import json, sys; print(json.load(sys.stdin)["Name"])')"

# a machine in it
expect 3 lodgectl create --network="$net-typo" "$TEST-b" busybox
matches 'a network that there is not' "[Nn]o network '$net-typo'.*${NL}hint: lodgectl create --network=$net $TEST-b busybox" "$ERR"
lodgectl create --network="$net:address=10.77.0.9" -p 18080:80 "$m" busybox "${IDLE[@]}"
expect 4 lodgectl network rm "$net"
matches 'who wants it' "$m" "$ERR"
start "$m"
equal 'the state of the network' '"up"' "$(network_get "$net" State)"
equal 'who is in it' "1 \"$m\"" "$(network_get "$net" Machines)"
matches 'list' "$m .* 10.77.0.9 \\+1 " "$(lodgectl list)"
matches 'status' "Address: 10.77.0.9/24 on host0, network $net${NL} +fd77:[0-9a-f:]*/64 on host0, network $net${NL} +Ports: 127.0.0.1:18080 -> 80/tcp" "$(lodgectl status "$m")"
matches 'addresses on the bus' "^2 \"$net\" \"host0\" \"10.77.0.9/24\" " "$(get "$m" Addresses)"
matches 'network status' "Addresses: $m 10.77.0.9 fd77:" "$(lodgectl network status "$net")"
matches 'ports' "$m +127.0.0.1:18080 +80/tcp" "$(lodgectl port "$m")"

# ports, while it runs
lodgectl port add "$m" 18090-18091:90-91/udp
matches 'a range' "$m +127.0.0.1:18090-18091 +90-91/udp" "$(lodgectl port ls)"
expect 4 lodgectl port add "$m" 18080:81
matches 'taken' "18080" "$ERR"
lodgectl port rm "$m" 18090-18091:90-91/udp
lacks 'withdrawn' 18090 "$(lodgectl port ls)"
expect 3 lodgectl port rm "$m" 18090-18091:90-91/udp
matches 'the hint' "hint: lodgectl port ls $m" "$ERR"

# networks, while it runs
lodgectl network attach default "$m"
matches 'the second' 'host1' "$(get "$m" Addresses)"
equal 'inside' 'host1' "$(inside "$m" ls /sys/class/net | grep host1)"
matches 'stats' "^$m +host0 .*${NL}$m +host1 " "$(lodgectl stats --by=interface --no-legend "$m")"
matches 'stats on the bus' 'NetworkReceivedBytes' "$(call GetStatsMachine 'sa{sv}' "$m" 0)"
expect 4 lodgectl network attach default "$m"
lodgectl network detach default "$m"
equal 'gone inside' '' "$(inside "$m" ls /sys/class/net | grep host1 || true)"
lodgectl bandwidth "$m" in=10M,out=5M
equal 'the limits' in=10M,out=5M "$(get "$m" Bandwidth)"
matches 'limits in status' "Bandwidth: in=10M,out=5M" "$(lodgectl status "$m")"

# without --persist it ends with the run, with it it is the definition's
lodgectl port add "$m" 18081:81
lodgectl network attach --persist default "$m"
lodgectl stop "$m"
expect 4 lodgectl port add "$m" 18082:82
matches 'a hint' "hint: lodgectl port add $m 18082:82 --persist" "$ERR"
lodgectl port add --persist "$m" 18082:82
expect 4 lodgectl stats "$m"
start "$m"
equal 'what was persistent' '127.0.0.1:18080 127.0.0.1:18082' "$(lodgectl port ls --no-legend "$m" | grep -o '127[^ ]*' | xargs)"
equal 'limits of the last run' '' "$(get "$m" Bandwidth)"
matches 'the second network' 'host1' "$(get "$m" Addresses)"
stop "$m"

# names of the world are asked where there is a way to it, in whatever order the networks are
lodgectl network create --internal "$TEST-in" >/dev/null
gateway=$(lodgectl network inspect default -p Gateways --value | grep -o '[0-9.]*' | head -n 1)
equal 'the name server' "nameserver $gateway" "$(lodgectl run --network="$TEST-in" --network=private busybox head -n 1 /etc/resolv.conf)"
gateway=$(lodgectl network inspect "$TEST-in" -p Gateways --value | grep -o '[0-9.]*' | head -n 1)
equal 'the name server of an internal network' "nameserver $gateway" "$(lodgectl run --network="$TEST-in" busybox head -n 1 /etc/resolv.conf)"
lodgectl network rm "$TEST-in"

# signals: who listens is told of a new network, of who is in it, and of the machine's addresses
python3 - "$m" "$TEST-new" <<'LISTEN' || fail 'not all that changed was told'
import subprocess
import sys

import gi
gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib

machine, network = sys.argv[1:]
bus, loop, seen = Gio.bus_get_sync(Gio.BusType.SYSTEM), GLib.MainLoop(), set()


def on_signal(_bus, _sender, path, _interface, signal, parameters):
    what, changed = parameters.unpack()[:2]
    if signal in ('InterfacesAdded', 'InterfacesRemoved') and '/network/' in what:
        seen.add(signal)
    elif signal == 'PropertiesChanged' and '/machine/' in path and changed.get('Addresses') and changed.get('Ports'):
        seen.add('Addresses')
    elif signal == 'PropertiesChanged' and '/network/' in path and machine in changed.get('Machines', []) and changed['State'] == 'up':
        seen.add('Machines')
    if len(seen) == 4:
        loop.quit()


bus.signal_subscribe('org.lodge1', None, None, None, None, 0, on_signal)
done = subprocess.Popen(['sh', '-ec', f'lodgectl network create {network}; lodgectl network rm {network}; lodgectl start {machine}'])
GLib.timeout_add_seconds(10, loop.quit)
loop.run()
print(seen)
sys.exit(done.wait() or len(seen) != 4)
LISTEN

# after a restart of lodged all is as it was
before="$(lodgectl port ls -j) $(get "$m" Addresses) $(lodgectl network ls)"
systemctl restart lodged.service
equal 'after a restart of lodged' "$before" "$(lodgectl port ls -j) $(get "$m" Addresses) $(lodgectl network ls)"

# an ordinary user sees, and changes nothing
tester() { runuser -u tester -- "$@"; }
matches 'list as tester' 10.77.0.9 "$(tester lodgectl list)"
matches 'ports as tester' 18080 "$(tester lodgectl port ls)"
matches 'stats as tester' host0 "$(tester lodgectl stats --by=interface)"
for words in "network create $TEST-x" "network rm $net" "port add $m 18083:83" "bandwidth $m none"; do
    # shellcheck disable=SC2086
    expect 5 tester lodgectl --no-ask-password $words
done

stop "$m"
remove "$m"
lodgectl network rm "$net"
equal 'in the end' '' "$(lodgectl network ls -q | grep "^$TEST-" || true)"
absent "/etc/lodge/networks/$net.network" "/var/lib/lodge/networks/$net"
