#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Many machines in one network: the last ones start as fast as the first, each is reached and has a name, and one transaction
# takes each out again. 30 machines; LODGE_TEST_FULL=1: 200.
# timeout: 600
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

count=30
[[ -z ${LODGE_TEST_FULL:-} ]] || count=200

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
rules() { nft list ruleset | grep -cE '^[[:space:]]+(meta|ip|ip6|iifname|oifname|ct|ether|arp|icmp|icmpv6|tcp|udp|th|fib|jump|limit)\b' || true; }

at_exit "for n in \$(seq 0 $((count - 1))); do call RemoveMachine 'sa{sv}' $TEST-\$n 1 Force b true; done >/dev/null 2>&1"
for ((i = 0; i < count; i++)); do create "$TEST-$i" busybox Network=default -- "${IDLE[@]}"; done
for ((i = 0; i < count; i++)); do
    begin=${EPOCHREALTIME/./}
    start "$TEST-$i"
    echo $(((${EPOCHREALTIME/./} - begin) / 1000))
    [[ $i -ne 0 ]] || rules >"$WORK/rules"
done >"$WORK/times"
first=$(head -n $((count / 4)) "$WORK/times" | median) last=$(tail -n $((count / 4)) "$WORK/times" | median)
echo "$count machines: a start took $first ms at first, $last ms at last"
[[ $last -le $((first * 3 / 2 + 20)) ]] || fail "a start takes $first ms in an empty network, $last ms with $count machines"
equal 'rules with one machine, and with all' "$(<"$WORK/rules")" "$(rules)"
for ((i = 0; i < count; i++)); do address "$TEST-$i" 4; done >"$WORK/addresses"
equal 'different addresses' "$count" "$(sort -u "$WORK/addresses" | wc -l)"
for a in $(shuf -n 10 "$WORK/addresses"); do ping -q -c 1 -W 2 "$a" >/dev/null || fail "$a does not answer"; done
matches 'the name of the last' "Address[^$NL]*: $(tail -n 1 "$WORK/addresses")" "$(inside "$TEST-0" nslookup "$TEST-$((count - 1))" 2>&1 || true)"
# shellcheck disable=SC2046
lodgectl stop $(seq -f "$TEST-%g" 0 $((count - 1)))
nothing_left
