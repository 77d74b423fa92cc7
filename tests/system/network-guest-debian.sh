#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A Debian system with networkd and resolved of its own, enabled or not, has the network that lodge gives it, and ends up well.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/guest.bash"
. "$(dirname "$0")/network.bash"

make_outside
b=$TEST-b
create "$b" busybox Network=default -- "${WEB[@]}"
start "$b"
for image in debian12 debian13; do
    m=$TEST-$image
    create "$m" "$image" Network=default Publish=8022:22 WritableLayer=reboot
    start "$m"
    within 60 on "$m" Wait 'sa{sv}' ready 0 >/dev/null
    no_failed_units "$m"
    four=$(address "$m" 4) six=$(address "$m" 6)
    inside "$m" ping -q -c 1 -W 2 "$b" >/dev/null
    inside "$m" ping -q -c 1 -W 2 "$OUTSIDE4" >/dev/null
    equal 'its own name' "$m" "$(inside "$m" getent hosts "$four" | awk '{ print $2 }')"
    matches 'a name' "$(address "$b" 4)|$(address "$b" 6)" "$(inside "$m" getent ahosts "$b" | awk '{ print $1 }' | sort -u)"

    # networkd keeps what it finds
    inside "$m" systemctl start systemd-networkd
    no_failed_units "$m"
    configured() { [[ $(inside "$m" networkctl list --no-legend --no-pager | xargs) =~ host0\ ether\ routable\ configured ]]; }
    wait_for 10 "networkd: $(inside "$m" networkctl list --no-legend --no-pager)" configured
    matches 'the address' "inet $four/23 .*" "$(inside "$m" ip -o -4 addr show dev host0)"
    matches 'the IPv6 address' "inet6 $six/64" "$(inside "$m" ip -o -6 addr show dev host0)"
    equal 'addresses' 3 "$(inside "$m" ip -o addr show dev host0 | wc -l)" # the third is link-local
    inside "$m" ping -q -c 1 -W 2 "$OUTSIDE4" >/dev/null

    # iperf3, in it, against the host
    serve_iperf host 5201
    inside "$m" iperf3 -J -t 1 -c "$(gateway "$m" 4)" | python3 -c 'import json, sys
assert json.load(sys.stdin)["end"]["sum_received"]["bits_per_second"] > 2e8'
    end_servers

    # a reboot from inside
    inside "$m" systemctl reboot || true
    wait_for 60 'the second boot' has "$m" BootCount 2
    within 60 on "$m" Wait 'sa{sv}' ready 0 >/dev/null
    equal 'its addresses after a reboot' "$four $six" "$(address "$m" 4) $(address "$m" 6)"
    wait_for 10 'the network after a reboot' inside "$m" ping -q -c 1 -W 2 "$OUTSIDE4"
    stop "$m"
done
end_servers
stop "$b"
nothing_left
