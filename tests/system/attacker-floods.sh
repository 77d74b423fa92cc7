#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest that talks, prints, breeds and hides without end: others are answered, lodged does not grow, and it can be stopped.
# With LODGE_TEST_FULL=1 in the sizes of a determined one: ten minutes.
# timeout: 1200
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/attacker.bash"

cgroups=2000 processes=1000
[[ ! ${LODGE_TEST_FULL:-} ]] || cgroups=20000 processes=10000
hostile_tree
lodgectl list >/dev/null # it has read what there is

# attack NAME WHAT [KEY=VALUE...] [-- WORD...]: a machine whose PID 1 does it
attack() {
    local m=$TEST-$1 what=$2
    create "$m" "$TEST-hostile" "${@:3}"
    within 5 start "$m"
    under_attack "$m" "$what"
    stops_in_time "$m"
}

attack talk 'notify flood' -- hostile talk
matches 'the last end' '^stopped$' "$(reason "$TEST-talk")"
attack talk-child 'notify flood of another process' -- hostile talk-child
attack print 'output without end' -- hostile print
attack print-terminal 'output without end on a terminal' Terminal=yes -- hostile print
attack yes 'short lines without end' -- /bin/sh -c 'trap "exit 0" TERM; yes & wait'

# no emergency of a guest's is one of the host's, which journald would write to all terminals
equal 'emergencies' '' "$(journalctl --no-pager --output=cat --priority=err "_SYSTEMD_UNIT=lodge@$TEST-print.service")"

begin=${EPOCHREALTIME/./}
m=$TEST-cgroups
create "$m" "$TEST-hostile" -- hostile cgroups "$cgroups"
start "$m"
under_attack "$m" "$cgroups cgroups being made"
wait_for 120 'all cgroups are made' eval "lodgectl logs $m | grep -qx made"
matches 'the depth of cgroups' "(^|$NL)depth ([1-9]|[1-5][0-9])$NL" "$(lodgectl logs "$m")"
echo "made $cgroups cgroups in $(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
under_attack "$m" "$cgroups cgroups"
equal 'a program beside them' 'hello' "$(inside "$m" echo hello)"
begin=${EPOCHREALTIME/./}
stops_in_time "$m" "$((5 + cgroups / 500))"
echo "stopped with $cgroups cgroups in $(((${EPOCHREALTIME/./} - begin) / 1000)) ms"

m=$TEST-fork
create "$m" "$TEST-hostile" -- hostile fork "$processes"
start "$m"
wait_for 60 'all processes are there' eval "lodgectl logs $m | grep -qx made"
under_attack "$m" "$processes processes"
begin=${EPOCHREALTIME/./}
stops_in_time "$m" 10
echo "stopped with $processes processes in $(((${EPOCHREALTIME/./} - begin) / 1000)) ms"

# frozen by itself: deaf to the signal, but not to the end of its time
m=$TEST-freeze
create "$m" "$TEST-hostile" StopTimeoutSec=1s -- hostile freeze
start "$m"
under_attack "$m" 'frozen'
refused TimedOut "$m" RunMachine "'$m'" "['true']" "{'TimeoutSec': <'1s'>}"
stops_in_time "$m" 3
matches 'how it ended' 'timeout' "$(reason "$m")"
