#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine is a file: one that is written by hand is a machine at once, one that is broken harms nobody.
. "$(dirname "$0")/lib.bash"

directory=/etc/lodge/machines
mkdir -p "$directory"
m=$TEST-hand
pid=$(daemon_pid)

cat >"$directory/$m.machine" <<'FILE'
# by hand
[Machine]
Image=busybox
Description=written by hand

[Exec]
Command=/bin/sh -c 'trap "exit 0" TERM; echo "$GREETING"; sleep 100000 & wait'
Environment="GREETING=hello there"
StopTimeoutSec=5s
FILE
wait_for 5 'the machine of a new file' known "$m"
start "$m"
wait_for 5 'its output' eval "lodgectl logs $m | grep -x 'hello there'"
matches 'Settings' 'written by hand' "$(get "$m" Settings)"
lacks 'the environment, which may hold secrets,' 'hello there' "$(get "$m" Settings)"
stop "$m"

# a start by systemd alone, with a definition that lodged has just been given
sed -i 's/hello there/good bye/' "$directory/$m.machine"
wait_for 5 'the change' eval "lodgectl plan $m | grep 'good bye'"
systemctl start "lodge@$m.service"
wait_for 5 'its output' eval "lodgectl logs $m | grep -x 'good bye'"
systemctl stop "lodge@$m.service"
rm "$directory/$m.machine"
wait_for 5 'no machine without a file' unknown "$m"

# broken ones, beside one that is not
at_exit "rm -rf $directory/$TEST-broken* $directory/-wrong-.machine"
printf '[Exec]\nBoot = perhaps\n' >"$directory/$TEST-broken1.machine"
head -c 100000 /dev/urandom >"$directory/$TEST-broken2.machine"
mkfifo "$directory/$TEST-broken3.machine"
mkdir "$directory/$TEST-broken4.machine"
ln -s /dev/zero "$directory/$TEST-broken5.machine"
ln -s nowhere "$directory/$TEST-broken6.machine"
printf '[Machine]\nImage=busybox\n' >"$directory/-wrong-.machine"
truncate -s 64M "$directory/$TEST-broken7.machine"
create "$TEST-fine" busybox -- "${IDLE[@]}"
start "$TEST-fine"
equal 'lodged' "$pid" "$(daemon_pid)"
systemctl restart lodged.service
equal 'State after a restart' ready "$(get "$TEST-fine" State)"
for n in 1 2 3 4 5 6 7; do
    wait_for 5 "the machine of broken file $n" has "$TEST-broken$n" State failed
    matches "the reason of broken file $n" "$TEST-broken$n.machine" "$(reason "$TEST-broken$n" message)"
    expect 1 start "$TEST-broken$n"
    matches "the start of broken file $n" "$TEST-broken$n.machine" "$ERR"
done
matches 'a value that is not valid' "machine:2:8: Boot='perhaps'.*yes or no" "$(reason "$TEST-broken1" message)"
rm -rf "$directory/$TEST"-broken*
for n in 1 2 3 4 5 6 7; do wait_for 5 "no machine without broken file $n" unknown "$TEST-broken$n"; done

# what is removed when it stops is defined in /run
create "$TEST-once" busybox AutoRemove=yes -- "${IDLE[@]}"
[[ -e /run/lodge/machines/$TEST-once.machine ]] || fail 'AutoRemove= machine is not in /run'
start "$TEST-once"
stop "$TEST-once"
wait_for 5 'gone after its run' unknown "$TEST-once"
absent "/run/lodge/machines/$TEST-once.machine"
