#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Calls that meet each other: starts, stops, restarts, removals and kills of one machine at once, from the bus, lodgectl and
# systemctl, its definition changed meanwhile, a new machine of its name, many machines at once. Each has a defined
# answer, every state settles, and nothing is left. With LODGE_TEST_FULL=1 five times as often.
# timeout: 900
. "$(dirname "$0")/lib.bash"

rounds=12 many=50
[[ -z ${LODGE_TEST_FULL:-} ]] || rounds=60 many=100
"$TESTS/clients/races" "$TEST" "$rounds" "$many"
equal 'machines that are left' '' "$(lodgectl list --no-legend 2>/dev/null | grep "^$TEST-" || true)"
equal 'layers that are left' '' "$(find /var/lib/lodge/machines -mindepth 1 -name "$TEST-*")"
equal 'records that are left' '' "$(find /run/lodge/exit /run/lodge/unit -mindepth 1 -name "$TEST-*")"
