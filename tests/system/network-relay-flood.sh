#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine that holds as many connections to the resolver as it can, and sends it nonsense without end, takes neither names nor
# ports from the others, and lodge-relay stays what it was.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

a=$TEST-a b=$TEST-b c=$TEST-c
run_idle "$a" Network=default
create "$b" busybox Network=default Publish=8080:80 -- "${WEB[@]}"
start "$b"
run_idle "$c" Network=default
relay=$(service_pid lodge-relay)
wait_for 5 'the page' fetch "$c" "$b/name"
open_of() { find "/proc/$relay/fd" -mindepth 1 | wc -l; }
resident() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$relay/status"; }
before=$(open_of) memory=$(resident)

cat >"$WORK/flood" <<'PYTHON'
import os, resource, socket, sys, time
gate4, gate6 = sys.argv[1:]
limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, 8192), limit))
held = []
for i in range(2500):  # half a question each, and then nothing
    s = socket.socket(socket.AF_INET6 if i % 2 else socket.AF_INET)
    s.settimeout(0.2)
    try:
        s.connect((gate6 if i % 2 else gate4, 53))
        s.send(b'\x00\x40half')
        held.append(s)
    except OSError:
        s.close()
        if i > 100 and not held:
            break
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.connect((gate4, 53))
print('ready', len(held), flush=True)
end = time.monotonic() + 4
while time.monotonic() < end:
    for _ in range(200):
        try:
            udp.send(os.urandom(40))
        except OSError:
            pass
PYTHON
in_background "$a" "$WORK/log" python3 "$WORK/flood" "$(gateway "$a" 4)" "$(gateway "$a" 6)"
wait_for 30 'the flood' grep -q ready "$WORK/log"
for ((i = 0; i < 8; i++)); do
    within 3 fetch "$c" "$b/name" >/dev/null || fail 'no page by name during the flood'
    within 2 curl -sf -o /dev/null http://127.0.0.1:8080/name || fail 'no page by IPv4 during the flood'
    within 2 curl -sf -o /dev/null 'http://[::1]:8080/name' || fail 'no page by IPv6 during the flood'
    during=$(open_of)
done
[[ $(resident) -le $((memory + 16384)) ]] || fail "lodge-relay has grown from $memory to $(resident) KiB"
echo "$(<"$WORK/log") connections were taken; lodge-relay had $before descriptors before, $during during, $memory and $(resident) KiB"
end_servers
equal 'lodge-relay' "$relay" "$(service_pid lodge-relay)"
wait_for 15 "its descriptors: $(open_of) instead of $before" eval '[[ $(open_of) -le $((before + 2)) ]]'
