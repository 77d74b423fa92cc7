#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# On a host whose IPv6 is turned off, a machine has its network all the same: a port without an address is one of 127.0.0.1 then.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

# ipv6_off 0|1: of new interfaces, too; of the one that is there
ipv6_off() {
    local name
    for name in all default; do echo "$1" >"/proc/sys/net/ipv6/conf/$name/disable_ipv6"; done
}

at_exit 'ipv6_off 0'
ipv6_off 1
m=$TEST-a
create "$m" busybox Network=default Publish=8081:80 -- "${WEB[@]}"
start "$m"
has_page() { [[ $(curl -sS -m 5 "http://$1/name") == "$m" ]]; }
wait_for 5 'its web server' has_page "$(address "$m" 4)"
has_page 127.0.0.1:8081 || fail 'nothing at the published port'
inside "$m" nslookup "$m" "$(gateway "$m" 4)" >/dev/null
stop "$m"

# but not one that is wanted there
m=$TEST-b
create "$m" busybox Network=default 'Publish=[::1]:8082:80' -- "${IDLE[@]}"
expect 1 call StartMachine 'sa{sv}' "$m" 0
matches 'the sentence' '8082/tcp cannot be published at ::1: this host does not have that address' "$ERR"
nothing_left
