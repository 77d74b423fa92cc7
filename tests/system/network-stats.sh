#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# GetStats and `lodgectl stats` count what a machine has sent and received, as it sees it itself.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

count() { # count NAME KEY
    busctl --json=short call org.lodge1 "$(object "$1")" org.lodge1.Machine GetStats 'a{sv}' 0 |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["data"][0][sys.argv[1]]["data"])' "$2"
}
inner() { in_place "$1" ip -s -j link show dev "$2" | python3 -c 'import json, sys
s = json.load(sys.stdin)[0]["stats64"]
print(s["rx"]["bytes"], s["rx"]["packets"], s["rx"]["dropped"], s["tx"]["bytes"], s["tx"]["packets"], s["tx"]["dropped"])'; }

new_network "$TEST-two"
m=$TEST-a
create "$m" busybox "Network=default $TEST-two" -- "${WEB[@]}"
start "$m"
inside "$m" dd if=/dev/zero of=/srv/big bs=1M count=5 2>/dev/null
received=$(count "$m" NetworkReceivedBytes) sent=$(count "$m" NetworkSentBytes)
wait_for 5 'the page' curl -sf -o "$WORK/big" "http://$(address "$m" 4)/big"
equal 'its size' 5242880 "$(stat -c %s "$WORK/big")"
more=$(($(count "$m" NetworkSentBytes) - sent))
[[ $more -gt 5242880 && $more -lt 6500000 ]] || fail "5 MiB were sent, $more bytes more are counted"
more=$(($(count "$m" NetworkReceivedBytes) - received))
[[ $more -gt 200 && $more -lt 1000000 ]] || fail "acknowledgements were received, $more bytes more are counted"

# for each interface; a neighbour may send something between the two looks
interfaces() {
    busctl --json=short call org.lodge1 "$(object "$m")" org.lodge1.Machine GetStats 'a{sv}' 0 | python3 -c 'import json, sys
for entry in sorted(json.load(sys.stdin)["data"][0]["NetworkInterfaces"]["data"]): print(*entry)'
}
same() { [[ $(interfaces) == "host0 $(inner "$m" host0)${NL}host1 $(inner "$m" host1)" ]]; }
wait_for 5 "counters: $(interfaces) instead of $(inner "$m" host0), $(inner "$m" host1)" same
lodgectl stats --by=interface --json=short "$m" | python3 -c 'import json, sys
rows = json.load(sys.stdin)
assert [(row["Machine"], row["Interface"]) for row in rows] == [(sys.argv[1], "host0"), (sys.argv[1], "host1")], rows
assert rows[0]["SentBytes"] > 5242880, rows' "$m"
matches 'stats' "$m" "$(lodgectl stats)"
expect 3 lodgectl stats "$TEST-nobody"
stop "$m"
refused NotRunning "$m" GetStatsMachine "'$m'" '{}'
