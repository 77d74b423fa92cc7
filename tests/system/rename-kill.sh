#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lodged is killed at random points of a rename: afterwards one name has everything, and the other one nothing.
# Every point between two changes on disk is in tests/unit/core/test-rename.c. LODGE_TEST_FULL=1: 100 kills instead of 15;
# LODGE_TEST_SEED=N: the same points again.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

SEED=${LODGE_TEST_SEED:-$(date +%N | sed 's/^0*//')}
RANDOM=$SEED
echo "LODGE_TEST_SEED=$SEED"
KILLS=15
[[ -z ${LODGE_TEST_FULL:-} ]] || KILLS=100

old=$TEST-a new=$TEST-b
call CreateMachine 'ssa{sv}' "$old" busybox 4 Volume as 1 /opt WritableLayer s keep Network s default Command as ${#IDLE[@]} "${IDLE[@]}" >/dev/null
lodgectl set "$old" Description='its own'
lodgectl set --runtime "$old" Environment=A=1
lodgectl enable "$old"
start "$old"
inside "$old" /bin/sh -c 'mkdir -p /srv; echo written >/srv/file; echo kept >/opt/file'
was=$(address "$old" 4)
volume=$(lodgectl volume ls -q | grep ^anonymous-)
stop "$old"

files_of() { # but for the trash
    find /etc/lodge /run/lodge /var/lib/lodge /etc/systemd/system /run/systemd/system -path /var/lib/lodge/trash -prune -o -name "*$1*" -print |
        sed "s/$1/NAME/" | sort
}

all=$(files_of "$old")
begin=${EPOCHREALTIME/./}
lodgectl rename "$old" "$new"
DURATION=$((${EPOCHREALTIME/./} - begin)) # µs
equal 'what has the new name' "$all" "$(files_of "$new")"
lodgectl rename "$new" "$old"

# lodgectl finds out what came of it, and asks again where nothing did
for ((i = 0; i < KILLS; i++)); do
    point=$((RANDOM * 32768 + RANDOM))
    point=$((point % (DURATION * 3 / 2))) status=0
    what="seed $SEED, kill $i at $point µs"
    lodgectl rename "$old" "$new" >"$WORK/rename" 2>&1 &
    client=$!
    sleep "$(printf '%d.%06d' $((point / 1000000)) $((point % 1000000)))"
    systemctl kill --signal=KILL lodged.service
    wait "$client" || status=$?
    equal "$what: status of lodgectl, which says $(<"$WORK/rename")" 0 "$status"
    wait_for 20 "$what: it is carried out" eval '[[ -z $(ls -A /var/lib/lodge/renames) ]]'
    equal "$what: what $new has" "$all" "$(files_of "$new")"
    equal "$what: what $old has" '' "$(files_of "$old")"
    unknown "$old" || fail "$what: there are both machines"
    matches 'its description and environment' "Description=its own.*Environment=A=1" "$(lodgectl cat "$new")"
    equal 'whose the volume is' "\"$new\"" \
        "$(busctl get-property org.lodge1 "$(call GetVolume s "$volume" | cut -d'"' -f2)" org.lodge1.Volume Machine | cut -d' ' -f2-)"
    lodgectl rename "$new" "$old"
done

start "$old"
equal 'what it has written' 'written kept' "$(inside "$old" cat /srv/file /opt/file | xargs)"
equal 'its address' "$was" "$(address "$old" 4)"
stop "$old"
lodgectl rm "$old"
