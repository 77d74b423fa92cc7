#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# [Unit] and [Install] of a definition are the unit's, without a word to systemd: before a start that needs them, and soon
# after any other change. What is removed leaves nothing behind.
. "$(dirname "$0")/lib.bash"

directory=/etc/lodge/machines
m=$TEST-a db=$TEST-b
unit=lodge@$m.service
drop_in=/run/systemd/generator/$unit.d/50-lodge.conf
shown() { systemctl show --property "$1" --value "$unit"; }

# a file by hand: systemd knows of it without being told
create "$db" busybox -- "${IDLE[@]}"
cat >"$directory/$m.machine" <<FILE
[Machine]
Image=busybox

[Exec]
Command=${IDLE[0]} ${IDLE[1]} '${IDLE[2]}'

[Unit]
After=lodge@$db.service
Requires=lodge@$db.service
Documentation=https://example.org/$m

[Install]
WantedBy=$TEST.target
FILE
wait_for 10 'the drop-in of a new file' eval "systemctl show -P Requires $unit | grep -F lodge@$db.service"
matches 'Documentation' "https://example.org/$m" "$(shown Documentation)"
matches 'After' "lodge@$db.service" "$(shown After)"

# which holds: the other one is started first, and its stop is this one's
expect 0 systemctl start "$unit"
equal 'what it requires' ready "$(get "$db" State)"
expect 0 systemctl stop "lodge@$db.service"
wait_for 10 'the stop of what it requires' has "$m" State stopped

# enabling goes by [Install]
expect 0 lodgectl enable "$m"
[[ -L /etc/systemd/system/$TEST.target.wants/$unit ]] || fail 'no link in the target of [Install]'
absent "/etc/systemd/system/multi-user.target.wants/$unit" "/etc/systemd/system/machines.target.wants/$unit"
expect 0 lodgectl disable "$m"
absent "/etc/systemd/system/$TEST.target.wants/$unit"

# a start over D-Bus waits for what has just been changed
sed -i "s/^Requires=.*/ConditionPathExists=!\/etc/; s/^After=.*//" "$directory/$m.machine"
expect 1 lodgectl start "$m"
matches 'a start whose condition is new' 'condition' "$ERR"
sed -i 's/^Condition.*/Wants=lodge@'"$db"'.service/' "$directory/$m.machine"
expect 0 lodgectl start "$m"
wait_for 10 'what it wants now' has "$db" State ready
# and a machine that runs is followed, too
sed -i 's/^Wants=.*/PartOf=lodge@'"$db"'.service/' "$directory/$m.machine"
wait_for 10 'the change while it runs' eval "systemctl show -P PartOf $unit | grep -F lodge@$db.service"
stop "$db"
wait_for 10 'its own stop with that' has "$m" State stopped

# CreateMachine with such settings, started and enabled at once
expect 0 lodgectl create --after="lodge@$db.service" --wanted-by="$TEST.target" "$TEST-c" busybox "${IDLE[@]}"
expect 0 lodgectl enable --now "$TEST-c"
[[ -L /etc/systemd/system/$TEST.target.wants/lodge@$TEST-c.service ]] || fail 'not enabled as the new machine has it'
matches 'After of the new machine' "lodge@$db.service" "$(systemctl show -P After "lodge@$TEST-c.service")"
expect 0 lodgectl rm --force "$TEST-c"
wait_for 10 'the drop-in of what is removed' eval "! [[ -e /run/systemd/generator/lodge@$TEST-c.service.d ]]"
equal 'its links' '' "$(find /etc/systemd/system -name "lodge@$TEST-c*")"

# many changes are read together, machines without any cost nothing
before=$(reloads)
for n in 1 2 3 4 5 6 7 8; do create "$TEST-n$n" busybox -- "${IDLE[@]}"; done
for n in 1 2 3 4 5 6 7 8; do start "$TEST-n$n"; done
equal 'reloads for machines without unit settings' "$before" "$(reloads)"
for n in {1..30}; do create "$TEST-m$n" busybox After=a.service -- true; done
wait_for 20 'the drop-in of the last' test -e "/run/systemd/generator/lodge@$TEST-m30.service.d/50-lodge.conf"
after=$(reloads)
[[ $after -lt $((before + 20)) ]] || fail "30 machines took $((after - before)) reloads"

# a definition that is broken takes its drop-in with it, and the unit is there and says why it fails
wait_for 10 'the drop-in before' test -e "$drop_in"
sed -i 's/^PartOf=.*/PartOf=db/' "$directory/$m.machine"
wait_for 10 'no drop-in of a broken definition' eval "! [[ -e $drop_in ]]"
expect 1 systemctl start "$unit"
equal 'the unit' failed "$(systemctl is-failed "$unit")"
matches 'the reason in systemctl status' "PartOf='db' is not valid" "$(systemctl status "$unit" || true)"

# settings that systemd would not understand are refused where they are given
refused InvalidOption "lodge@NAME.service" CreateMachine "'$TEST-x'" "'busybox'" "{'After': <['db']>}"
refused InvalidOption 'did you mean' CreateMachine "'$TEST-x'" "'busybox'" "{'Wanted': <['a.target']>}"
rm "$directory/$m.machine"
