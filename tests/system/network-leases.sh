#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine keeps its address over stops, reboots, crashes and restarts of lodged, and gives it back when it is removed.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

leases() { lodgectl network inspect "$1" | { grep -oE "$TEST-[0-9]" || true; } | sort -u | xargs; }
both() { echo "$(address "$1" 4) $(address "$1" 6) $(mac_of "$1")"; }

# a net of six addresses, so that they collide; all of them different
new_network "$TEST-n" --subnet 10.78.0.0/29 --subnet fd78::/64
m=()
for i in 0 1 2 3 4; do
    run_idle "$TEST-$i" "Network=$TEST-n"
    m+=("$TEST-$i")
done
all=$(for x in "${m[@]}"; do address "$x" 4; done | sort)
equal 'addresses' '10.78.0.2 10.78.0.3 10.78.0.4 10.78.0.5 10.78.0.6' "$(xargs <<<"$all")"
for x in "${m[@]}"; do
    ping -q -c 1 -W 2 "$(address "$x" 4)" >/dev/null || fail "$x does not answer"
    ping -q -c 1 -W 2 "$(address "$x" 6)" >/dev/null || fail "$x does not answer by IPv6"
done
create "$TEST-5" busybox "Network=$TEST-n" -- "${IDLE[@]}"
expect 1 call StartMachine 'sa{sv}' "$TEST-5" 0
matches 'a network that is full' "'$TEST-n' is (full|left)" "$ERR"

# stops; another order; lodged that was killed, with machines running and without
declare -A was
for x in "${m[@]}"; do was[$x]=$(both "$x"); done
kill -KILL "$(daemon_pid)"
wait_for 10 'lodged is back' get "${m[0]}" State
for x in "${m[@]}"; do
    equal "addresses of $x after lodged was killed" "${was[$x]}" "$(both "$x")"
    ping -q -c 1 -W 2 "$(address "$x" 4)" >/dev/null
done
for x in "${m[@]}"; do stop "$x"; done
kill -KILL "$(daemon_pid)"
wait_for 10 'lodged is back' get "${m[0]}" State
for x in "${m[4]}" "${m[2]}" "${m[0]}" "${m[3]}" "${m[1]}"; do
    start "$x"
    equal "addresses of $x after another start" "${was[$x]}" "$(both "$x")"
done

# crashes: of the supervisor, of PID 1
kill -KILL "$(get "${m[0]}" Supervisor)"
kill -KILL "$(get "${m[1]}" Leader)"
for x in "${m[0]}" "${m[1]}"; do
    wait_for 5 "$x has ended" eval "[[ \$(get $x State) =~ ^(stopped|failed)$ ]]"
    systemctl reset-failed "lodge@$x.service" 2>/dev/null || true
    start "$x"
    equal "addresses of $x after a crash" "${was[$x]}" "$(both "$x")"
    ping -q -c 1 -W 2 "$(address "$x" 4)" >/dev/null
done

# a removed one gives its address back, and who comes gets it
gone=${was[${m[3]}]%% *}
stop "${m[3]}"
remove "${m[3]}"
start "$TEST-5"
equal 'the address that was free' "$gone" "$(address "$TEST-5" 4)"

# a reboot from inside
r=$TEST-reboot
create "$r" busybox Network=default Capability=CAP_SYS_BOOT 'Publish=8083:80' -- \
    /bin/sh -c 'mkdir -p /srv; hostname >/srv/name; httpd -p 80 -h /srv; trap "exit 0" TERM; trap "reboot -f" USR1; while :; do sleep 100000 & wait; done'
start "$r"
before=$(both "$r")
call KillMachine 'ssia{sv}' "$r" leader 10 0
wait_for 5 'the second boot' has "$r" BootCount 2
wait_for 5 'it is ready' has "$r" State ready
equal 'addresses after a reboot' "$before" "$(both "$r")"
wait_for 5 'its published port' curl -sf -m 1 http://127.0.0.1:8083/name
stop "$r"

# one that is removed when it stops
at_exit 'rm -f "$WORK/address"'
lodgectl run --network=default busybox ip -o -4 addr show dev host0 </dev/null >"$WORK/address"
matches 'the address of a run' 'inet 10\.21[45]\.' "$(<"$WORK/address")"
wait_for 3 'no lease of it is left' eval '[[ -z $(ls /run/lodge/leases 2>/dev/null | xargs -I{} cat /run/lodge/leases/{} | grep -v "^\[" ) ]]'
remove_machines
equal 'leases of a network without machines' '' "$(leases "$TEST-n")"
