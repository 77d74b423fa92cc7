#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Somebody's firewall comes and goes: lodge's rules are one table of each family of its own, are there again when all was
# flushed, and never touch what others have.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

others() { nft list ruleset | sed '/^table [a-z0-9]* lodge {/,/^}/d'; }
m=$TEST-a
make_outside
at_exit 'nft delete table inet lodge_test 2>/dev/null'
nft -f - <<'NFT'
table inet lodge_test {
    set own { type ipv4_addr; elements = { 203.0.113.1 } }
    chain forward { type filter hook forward priority 10; policy accept; ip saddr @own drop; }
}
NFT
before=$(others)
create "$m" busybox Network=default "Publish=8080:80 $UPLINK4:8081:80" -- "${WEB[@]}"
start "$m"
works() {
    [[ $(in_place outside curl -s -m 1 "http://$UPLINK4:8081/name") == "$m" && $(curl -s -m 1 http://127.0.0.1:8080/name) == "$m" ]] &&
        [[ $(in_place "$m" "$CLIENTS/traffic" ask tcp "$OUTSIDE4" 7001 1) == "outside $UPLINK4 "* ]]
}
serve outside tcp "$OUTSIDE4" 7001
wait_for 5 'it works' works
equal 'what others have' "$before" "$(others)"
equal 'our tables' 'table bridge lodge table inet lodge' "$(nft list tables | grep -w lodge | sort | xargs)"
# elements of a set are shown in any order
ours() { { nft list table inet lodge && nft list table bridge lodge; } | tr -s ',{} \t' '\n' | sort; }
rules=$(ours)
restored() { [[ $(ours 2>/dev/null) == "$rules" ]]; }

nft flush ruleset
wait_for 3 'the rules are back' restored
wait_for 3 'it works again' works
nft delete table bridge lodge
wait_for 3 'the rules of one table are back' restored
nft delete chain inet lodge forward 2>/dev/null || nft flush table inet lodge
wait_for 3 'rules that were flushed are back' restored
wait_for 3 'it works again' works

# many times at once: no endless race
for ((i = 0; i < 20; i++)); do nft flush ruleset; done
wait_for 5 'the rules are back' restored

# without our services the rules stay, and what was flushed meanwhile is mended by the next start
systemctl kill --signal=KILL lodge-net.service
nft flush ruleset
wait_for 5 'the rules are back after lodge-net was killed' restored
wait_for 3 'it works again' works
end_servers
stop "$m"
nothing_left
