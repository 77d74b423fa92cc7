#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Machines in the default network are started, reached and stopped over and over, 8 at a time: none fails, and no link, rule,
# name, lease or memory is left of any of them. With LODGE_TEST_FULL=1 1,000 times.
# timeout: 900
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/churn.bash"
. "$(dirname "$0")/network.bash"

pss_of() { awk '$1 == "Pss:" { print $2 }' "/proc/$(service_pid "$1")/smaps_rollup"; }

count=56
[[ -z ${LODGE_TEST_FULL:-} ]] || count=1000
# one that stays: the network goes on, and so do its services
at_exit 'call RemoveMachine "sa{sv}" "$TEST-stays" 1 Force b true >/dev/null'
create "$TEST-stays" busybox Network=default -- "${IDLE[@]}"
start "$TEST-stays"
"$TESTS/clients/churn" network "$TEST" 24 8
before=$(for s in lodge-net lodge-relay; do count_open "$s" "$(service_pid "$s")"; done)
net=$(pss_of lodge-net) relay=$(pss_of lodge-relay) pids="$(service_pid lodge-net) $(service_pid lodge-relay)"
without_traces 24 "$count" network
equal 'the services' "$pids" "$(service_pid lodge-net) $(service_pid lodge-relay)"
equal 'their descriptors' "$before" "$(for s in lodge-net lodge-relay; do count_open "$s" "$(service_pid "$s")"; done)"
echo "lodge-net: PSS $net KiB before, $(pss_of lodge-net) after; lodge-relay: $relay, $(pss_of lodge-relay)"
[[ $(pss_of lodge-net) -le $((net + MEMORY_NOISE_KIB)) ]] || fail "lodge-net has grown from $net to $(pss_of lodge-net) KiB"
[[ $(pss_of lodge-relay) -le $((relay + MEMORY_NOISE_KIB)) ]] || fail "lodge-relay has grown from $relay to $(pss_of lodge-relay) KiB"
equal 'rules do not add up' '' "$(nft list ruleset | grep -E "ve-[^ ,\"]*" -o | grep -vxF "$(ip -o link | sed -n 's/^[0-9]*: \(ve-[^@:]*\).*/\1/p')" || true)"
