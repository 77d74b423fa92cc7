#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# With "lodge" in the line hosts: of nsswitch.conf every program of the host finds machines by name and by address, while they run.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

cp -a /etc/nsswitch.conf "$WORK/nsswitch.conf"
at_exit 'cp -a "$WORK/nsswitch.conf" /etc/nsswitch.conf'
sed -i 's/^hosts:.*/hosts: files lodge dns/' /etc/nsswitch.conf
m=$TEST-a
new_network "$TEST-two"
create "$m" busybox "Network=default $TEST-two" -- "${WEB[@]}"
expect 2 getent hosts "$m"
start "$m"
equal 'the mode of the file' 644 "$(stat -c %a /run/lodge/hosts)"
equal 'IPv4' "$(address "$m" 4)" "$(getent ahostsv4 "$m" | awk 'NR == 1 { print $1 }')"
for a in $(address "$m" 4) $(address "$m" 6) $(address "$m" 4 "$TEST-two"); do
    matches 'all addresses' "(^|$NL)$a " "$(getent ahosts "$m")"
    matches "who has $a" "$m\$" "$(getent hosts "$a")"
done
equal 'a page by name' "$m" "$(curl -s -m 3 "http://$m/name")"
equal 'a page by name, as a user' "$m" "$(runuser -u tester -- curl -s -m 3 "http://$m/name")"
expect 2 getent hosts "$TEST-b"
expect 2 getent hosts 10.214.255.254
four=$(address "$m" 4)
kill -KILL "$(daemon_pid)"
equal 'while nobody asks lodged' "$four" "$(getent ahostsv4 "$m" | awk 'NR == 1 { print $1 }')"
wait_for 10 'lodged is back' get "$m" State
stop "$m"
wait_for 2 'the name of a stopped machine' eval '! getent hosts "$m"'
equal 'the file' '' "$(cat /run/lodge/hosts 2>/dev/null || true)"

# one that has stopped while there was no lodged
start "$m"
at_exit 'systemctl start lodged.socket'
systemctl stop lodged.socket lodged.service
systemctl stop "lodge@$m.service"
systemctl start lodged.socket lodged.service
wait_for 5 'its name' eval '! getent hosts "$m"'
