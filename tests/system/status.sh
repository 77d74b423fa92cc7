#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lodgectl status: what a machine is, how it is, what it has, what runs in it, what it said last.
. "$(dirname "$0")/lib.bash"

m=$TEST-$$ # the journal remembers earlier runs
screen() { lodgectl status "$@"; }
row() { sed -nE "s/^ *$1: (.*)$/\\1/p"; } # row LABEL: of a screen on standard input

lodgectl create "$m" busybox --description 'A test' --network=private -p 18080:80 --tmpfs /scratch:size=1M -- \
    /bin/sh -c 'echo first; echo second; exec sleep 100000'
start "$m"
wait_for 10 'its last line' eval "lodgectl logs $m | grep -qx second"
screen "$m" >"$WORK/runs"
equal 'first line' "● $m - A test" "$(head -n 1 "$WORK/runs")"
equal Loaded "/etc/lodge/machines/$m.machine; disabled" "$(row Loaded <"$WORK/runs")"
matches State '^ready since .*; ' "$(row State <"$WORK/runs")"
equal Unit "lodge@$m.service" "$(row Unit <"$WORK/runs")"
equal Image 'busybox (directory)' "$(row Image <"$WORK/runs")"
equal Leader "$(get "$m" Leader) (supervisor $(get "$m" Supervisor))" "$(row Leader <"$WORK/runs")"
matches Address ' on [a-z0-9]+, network default' "$(row Address <"$WORK/runs")"
matches Ports '127.0.0.1:18080 -> 80/tcp' "$(row Ports <"$WORK/runs")"
matches Mounts '^tmpfs.* on /scratch \(.*size=1048576' "$(row Mounts <"$WORK/runs")"
matches 'its processes' 'sleep 100000' "$(<"$WORK/runs")"
matches 'its last lines' "$m: first$NL.*$m: second\$" "$(<"$WORK/runs")"
equal 'one line' "$m: second" "$(screen -n 1 "$m" | tail -n 1 | cut -d ' ' -f 4-)"
equal 'no line' '' "$(screen -n 0 "$m" | grep second || true)"
at_exit "systemctl --quiet disable lodge@$m"
lodgectl enable "$m"
matches 'Loaded once it is enabled' '; enabled' "$(screen "$m" | row Loaded)"
lodgectl disable "$m"
stop "$m"
matches 'State of a stopped one' '^stopped since' "$(screen "$m" | row State)"
equal 'Mounts of a stopped one' 'Tmpfs /scratch:size=1M' "$(screen "$m" | row Mounts)"
equal Reason 'Stopped on request' "$(screen "$m" | row Reason)"
equal 'lines of a stopped one' "$m: second" "$(screen "$m" | tail -n 1 | cut -d ' ' -f 4-)"

# a failure says which step, on what, and what the kernel said
create "$m-bad" busybox -- /no/such/program
expect 1 lodgectl start "$m-bad"
screen "$m-bad" >"$WORK/failed"
matches 'State of a failed one' '^failed since' "$(row State <"$WORK/failed")"
matches 'its reason' '/no/such/program.*: No such file or directory' "$(row Reason <"$WORK/failed")"
equal 'its record' "execute '/no/such/program', ENOENT, exit status 127" "$(row Failure <"$WORK/failed")"
systemctl reset-failed "lodge@$m-bad.service" 2>/dev/null || true

# somebody who may not read the journal gets the lines that lodged keeps, if polkit lets him
matches 'the screen of an ordinary user' "^● $m-bad" "$(setpriv --reuid=65534 --regid=65534 --clear-groups lodgectl status "$m-bad")"
expect 3 lodgectl status "$m-none"
