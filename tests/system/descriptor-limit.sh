#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lodged with 64 file descriptors: what does not fit fails with its reason and at once, what runs is not touched, and
# lodged does not spin.
. "$(dirname "$0")/lib.bash"

for ((i = 0; i < 64; i++)); do create "$TEST-$i" busybox -- "${IDLE[@]}"; done
dropin=/run/systemd/system/lodged.service.d
at_exit "rm -rf $dropin; systemctl daemon-reload; systemctl restart lodged.service"
mkdir -p "$dropin"
printf '[Service]\nLimitNOFILE=64\n' >"$dropin/limit.conf"
systemctl daemon-reload
systemctl restart lodged.service

started=()
refusals=0
for ((i = 0; i < 64 && refusals < 3; i++)); do
    if start "$TEST-$i" 2>"$WORK/err"; then
        equal 'started after a refusal' 0 "$refusals"
        started+=("$TEST-$i")
    else
        refusals=$((refusals + 1))
        matches "refusal $refusals" 'descriptor|Too many open files' "$(<"$WORK/err")"
        # stopped: refused before its unit was started
        matches 'State of a machine that did not fit' '^(failed|stopped)$' "$(get "$TEST-$i" State)"
    fi
done
equal 'starts that were refused' 3 "$refusals"
[[ ${#started[@]} -ge 20 ]] || fail "only ${#started[@]} machines fit into 64 descriptors"
echo "${#started[@]} machines fit; then: $(<"$WORK/err")"

for name in "${started[@]}"; do equal "State of $name" ready "$(get "$name" State)"; done
pid=$(daemon_pid)
ticks() { awk "{print \$14 + \$15}" "/proc/$pid/stat"; }
before=$(ticks)
sleep 2
[[ $(($(ticks) - before)) -le 20 ]] || fail "lodged needs $(($(ticks) - before)) ticks in two seconds while nothing happens"

# stop and remove work, and make room
stop "${started[0]}"
remove "${started[0]}"
call RemoveMachine 'sa{sv}' "${started[1]}" 1 Force b true
start "$TEST-$((i - 1))"
equal 'State of one that fits now' ready "$(get "$TEST-$((i - 1))" State)"
equal 'lodged all the time' "$pid" "$(daemon_pid)"
