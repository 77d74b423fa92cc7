#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Who listens hears of every machine that comes and goes and of every change of its state, and is not flooded.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
gdbus monitor --system --dest org.lodge1 >"$WORK/signals" &
at_exit "kill $!"
heard() { grep -qE "$1" "$WORK/signals"; }
wait_for 5 'the monitor runs' heard 'is owned by|does not have an owner'

run_idle "$m"
stop "$m"
remove "$m"
path=$(object "$m")
wait_for 5 'InterfacesAdded' heard "ObjectManager.InterfacesAdded \(objectpath '$path'"
for state in starting ready stopping stopped; do
    wait_for 5 "the change to $state" heard "^$path: .*PropertiesChanged.*'State': <'$state'>"
done
wait_for 5 'InterfacesRemoved' heard "ObjectManager.InterfacesRemoved \(objectpath '$path', .*'org.lodge1.Machine'"
lacks 'a constant property changed' "$path.*PropertiesChanged.*'Name'" "$(<"$WORK/signals")"

# what the guest says of itself: READY=1 is awaited where it was asked for; STATUS= is cleaned, and not passed on each time
m=$TEST-b
tree=$(new_tree talker)
cp "$PROGRAMS/probe" "$tree/bin/"
create "$m" "$TEST-talker" ReadyWhen=notify -- probe talk 1000
systemctl start --no-block "lodge@$m"
expect 0 lodgectl wait --for=running "$m"
equal 'waits for READY=1' running "$(get "$m" State)"
equal 'Wait for ready' 'si "ready" -1' "$(on "$m" Wait 'sa{sv}' ready 0)"
wait_for 10 'the last STATUS=' eval "[[ \$(get $m StatusText) == *'last words' ]]"
lacks 'a status with control characters' '[[:cntrl:]]' "$(get "$m" StatusText)"
inside "$m" probe notify 'STATUS=not of PID 1'
begin=$(get "$m" StartedTimestamp)
seconds=$((${EPOCHREALTIME/./} / 1000000 - begin / 1000000 + 1))
changes=$(grep -c "^$(object "$m"): .*PropertiesChanged.*StatusText" "$WORK/signals")
[[ $changes -le $((seconds * 4 + 4)) ]] || fail "$changes changes of StatusText in $seconds s"
lacks 'a status of another process' 'not of PID 1' "$(get "$m" StatusText)"
