#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Ports of a running machine come and go; one that is taken is refused with the name of who has it, and changes nothing.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

page() { curl -s -m 2 "http://$1/name"; }
taken() { ! python3 -c 'import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((sys.argv[1], int(sys.argv[2])))' "$1" "$2" 2>/dev/null; }

m=$TEST-a
create "$m" busybox Network=default -- "${WEB[@]}"
start "$m"
wait_for 5 'the web server' page "$(address "$m" 4)"
equal 'ports' '' "$(lodgectl port ls "$m" --no-legend 2>/dev/null || true)"

# live
lodgectl port add "$m" 8080:80
equal 'a port that was added' "$m" "$(page 127.0.0.1:8080)"
equal 'the same by IPv6' "$m" "$(page '[::1]:8080')"
taken 127.0.0.1 8080 || fail 'nobody has the published port'
taken ::1 8080 2>/dev/null || true
on "$m" AddPort 'sa{sv}' 127.0.0.1:8090:80 0 >/dev/null
equal 'a port added over D-Bus' "$m" "$(page 127.0.0.1:8090)"
on "$m" RemovePort 'sa{sv}' 127.0.0.1:8090:80 0 >/dev/null
denied host tcp 127.0.0.1 8090
lodgectl port rm "$m" 8080:80
denied host tcp 127.0.0.1 8080
denied host tcp ::1 8080
taken 127.0.0.1 8080 && fail 'the port is still taken after its removal'

# kept for the next start only when that is asked for
lodgectl port add "$m" 8081:80
lodgectl port add --persist "$m" 8082:80
stop "$m"
start "$m"
wait_for 5 'the port that was kept' page 127.0.0.1:8082
denied host tcp 127.0.0.1 8081
lodgectl port rm --persist "$m" 8082:80

# taken by a program of the host
serve host tcp 127.0.0.1 8085
serve host udp 0.0.0.0 8086
refused Busy '127\.0\.0\.1.*8085.*(python3|traffic|\.service)' AddPortMachine "'$m'" "'8085:80'" '{}'
refused Busy '8086.*(python3|traffic|\.service)' AddPortMachine "'$m'" "'8086:80/udp'" '{}'
reaches host tcp 127.0.0.1 8085 '^host '
b=$TEST-b
create "$b" busybox Network=default 'Publish=8084:80 8085:80' -- "${WEB[@]}"
refused Busy "8085.*(python3|traffic|\.service)" StartMachine "'$b'" '{}'
matches 'State' 'stopped|failed' "$(get "$b" State)"
denied host tcp 127.0.0.1 8084
reaches host tcp 127.0.0.1 8085 '^host '
end_servers
start "$b"
wait_for 5 'once the port is free' page 127.0.0.1:8085
equal 'its page' "$b" "$(page 127.0.0.1:8085)"

# taken by another machine: its name, whether the address is the same or a wider one
refused Busy "8085.*$b" AddPortMachine "'$m'" "'8085:80'" '{}'
refused Busy "8085.*$b" AddPortMachine "'$m'" "'0.0.0.0:8085:80'" '{}'
refused Busy "808[45].*$b" AddPortMachine "'$m'" "'8080-8090:80-90'" '{}'
refused Exists "$b.* publishes 8085:80" AddPortMachine "'$b'" "'8085:81'" '{}'
denied host tcp 127.0.0.1 8081
equal 'its page' "$b" "$(page 127.0.0.1:8085)"
on "$m" AddPort 'sa{sv}' 8085:53/udp 0 >/dev/null # another protocol is another port

# once a machine is gone, however, its ports are free
kill -KILL "$(get "$b" Supervisor)"
wait_for 5 'it is gone' has "$b" State stopped
wait_for 2 'its port is free' eval '! taken 127.0.0.1 8085'
on "$m" AddPort 'sa{sv}' 8085:80 0 >/dev/null
equal 'the page of the other' "$m" "$(page 127.0.0.1:8085)"
