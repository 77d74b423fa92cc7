#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine of systemd-nspawn and one of lodge never have the same name, nor the same user ids, whoever comes first.
# hosts: bookworm trixie sid
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/machined.bash"

nspawn() { # nspawn NAME: started in the background as nspawn-NAME.service, its user ids picked from its name
    systemctl reset-failed "nspawn-$1.service" 2>/dev/null || true
    systemd-run --quiet --collect --unit="nspawn-$1" --property=KillMode=mixed --property=Delegate=yes --slice=machine.slice \
        systemd-nspawn --quiet --keep-unit --register=yes --directory="$tree" --machine="$1" --private-users=pick \
        --private-users-ownership=off --read-only --console=pipe /bin/sh -c 'trap "exit 0" TERM; sleep 1000 & wait'
    at_exit "systemctl stop nspawn-$1.service 2>/dev/null"
}

nspawn_runs() { [[ $(machined_get "$1" Service) == systemd-nspawn ]]; }
nspawn_gone() { [[ $(systemctl is-active "nspawn-$1.service") != *active || $(systemctl is-active "nspawn-$1.service") == inactive ]]; }
first_id() { awk '{ print $2 }' "/proc/$(machined_get "$1" Leader)/uid_map"; }

tree=$(new_tree tree)
x=$TEST-x
nspawn "$x"
wait_for 10 'nspawn runs' nspawn_runs "$x"
base=$(first_id "$x")
matches 'ids of nspawn' '^[1-9][0-9]+$' "$base"

# a machine that would get the same ids: its name hashes to them
m=$(python3 - "$TEST" "$base" <<'PYTHON'
import itertools, sys
FIRST, LAST, SIZE = 0x80000, 0x6FFF0000, 0x10000
def base(name):
    h = 2166136261
    for c in name.encode():
        h = (h ^ c) * 16777619 & 0xFFFFFFFF
    return FIRST + h % ((LAST - FIRST) // SIZE + 1) * SIZE
print(next(n for n in (f'{sys.argv[1]}-{i}' for i in itertools.count()) if base(n) == int(sys.argv[2])))
PYTHON
)
run_idle "$m"
[[ $(get "$m" UIDShift) != "$base" ]] || fail "both have the ids from $base"
stop "$m"
systemctl stop "nspawn-$x.service"
unlisted "$x"
# the other way
start "$m"
equal 'ids of a machine that comes first' "$base" "$(get "$m" UIDShift)"
nspawn "$x"
wait_for 10 'nspawn runs' nspawn_runs "$x"
[[ $(first_id "$x") != "$base" ]] || fail "nspawn has taken the ids from $base, too"

# the name of a machine of nspawn
create "$x" busybox -- "${IDLE[@]}"
refused Exists "systemd-machined knows another machine '$x' on this host, in nspawn-$x.service" StartMachine "'$x'" '{}'
equal State failed "$(get "$x" State)"
expect 1 systemctl start "lodge@$x.service"
nspawn_runs "$x" || fail 'the machine of nspawn has gone'
equal 'its unit' active "$(systemctl is-active "nspawn-$x.service")"
nothing_runs "$x"
systemctl stop "nspawn-$x.service"
unlisted "$x"
start "$x"
listed "$x"
# and of lodge
nspawn "$x"
wait_for 10 'nspawn is refused' nspawn_gone "$x"
listed "$x"
equal State ready "$(get "$x" State)"
# without machined to ask, the file alone decides nothing
stop "$x"
unlisted "$x"
