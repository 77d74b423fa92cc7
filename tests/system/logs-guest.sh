#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lodgectl logs --guest: the journal of the guest's own systemd beside what it printed, and lies in it are but lines.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/guest.bash"

m=$TEST-$$ # the journal remembers earlier runs
boot "$m" debian12
inside "$m" logger -t greeter 'hello from inside'
inside "$m" journalctl --sync
wait_for 10 'a line of its journal' eval "lodgectl logs --guest $m | grep -qx 'greeter: hello from inside'"
wait_for 10 'what it printed' eval "lodgectl logs --guest -n 2000 -o jsonl $m | grep -q '\"Stream\":\"terminal\"'"
lodgectl logs --guest -o jsonl "$m" >"$WORK/all"
python3 - "$WORK/all" <<'EOF' || fail 'the order of time'
import json, sys
times = [json.loads(line)['Time'] for line in open(sys.argv[1], encoding='utf-8')]
assert times == sorted(times) and len(times) > 10, times
EOF
equal 'the last two lines' 2 "$(lodgectl logs --guest -n 2 "$m" | wc -l)"
equal 'before it was made' '' "$(lodgectl logs --guest --until=yesterday "$m")"

# both go on, until somebody inside or outside ends it
lodgectl logs --guest -f -n 5 "$m" >"$WORK/followed" 2>"$WORK/why" &
follower=$!
at_exit "kill $follower 2>/dev/null"
wait_for 20 'what there was' eval '[[ $(wc -l <"$WORK/followed") -ge 5 ]]'
inside "$m" logger -t greeter 'while it is followed'
wait_for 20 'what came' grep -qx 'greeter: while it is followed' "$WORK/followed"
inside "$m" sh -c 'echo to the console >/dev/console'
wait_for 20 'what was printed' grep -q 'to the console' "$WORK/followed"
equal 'lines that come twice' 1 "$(grep -cx 'greeter: while it is followed' "$WORK/followed")"
kill "$follower"
wait "$follower" || true
nobody_follows() { ! inside "$m" sh -c 'cat /proc/[0-9]*/cmdline 2>/dev/null' | tr '\0' ' ' | grep -q -- --follow; }
wait_for 10 'the journalctl inside has ended, too' nobody_follows

# a journalctl that lies: lines that are none are passed over, and what is in the others is text
cat >"$WORK/liar" <<'EOF'
#!/bin/sh
printf '{"__REALTIME_TIMESTAMP":"1","MESSAGE":"old \\u001b[2J","SYSLOG_IDENTIFIER":"liar\\n"}\n'
printf '{"__REALTIME_TIMESTAMP":"-1","MESSAGE":"before time"}\n[[[[{"a":\n\0\377\n{"__REALTIME_TIMESTAMP":{},"MESSAGE":[1]}\n'
head -c 100000 /dev/zero | tr '\0' '['
EOF
# shellcheck disable=SC2016 # for the guest's shell
inside "$m" sh -c 'mv /usr/bin/journalctl /usr/bin/journalctl.true; printf "%s\n" "$1" >/usr/bin/journalctl; chmod 755 /usr/bin/journalctl' sh "$(<"$WORK/liar")"
lodgectl logs --guest "$m" >"$WORK/lies"
equal 'the first line' 'liar?: old ?[2J' "$(head -n 1 "$WORK/lies")"
lacks 'what is none' 'before time' "$(<"$WORK/lies")"
# one that follows with what is no line, without end
inside "$m" sh -c 'printf "#!/bin/sh\\ncase \"\$*\" in *follow*) head -c 300000 /dev/zero;; esac\\n" >/usr/bin/journalctl'
expect 1 lodgectl logs --guest -f "$m"
matches 'its end' 'journalctl in .* has ended' "$ERR"
inside "$m" sh -c 'printf "#!/bin/sh\\necho no >&2; exit 3\\n" >/usr/bin/journalctl'
expect 1 lodgectl logs --guest "$m"
matches 'its own words' 'status 3: no' "$ERR"
stop "$m"
expect 4 lodgectl logs --guest "$m"
