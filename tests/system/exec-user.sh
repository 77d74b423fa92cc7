#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whatever is given as the user: exactly that one, or an error; never root by mistake (CVE-2026-30892, CVE-2024-40635).
. "$(dirname "$0")/lib.bash"

m=$TEST-a
run_idle "$m"

as() { # as USER WANTED: "UID GID GROUPS"
    expect 0 inside --user="$1" "$m" sh -c 'echo $(id -u) $(id -g) $(id -G)'
    equal "user '$1'" "$2" "$OUT"
}
as root '0 0 0'
as 0 '0 0 0'
as user '1000 1000 1000'
as 1000 '1000 1000 1000'
as 65534 '65534 65534 65534'
as user:tty '1000 5 5'
as 1000:5 '1000 5 5'
as 4321:4322 '4321 4322 4322'

for user in -1 65536 4294967295 4294967296 18446744073709551616 nosuchuser ' 1' '1 ' 1x 0x1 1:1x 1: :1 root:nosuch user:65536 \
    '../etc/passwd' $'root\nx' 1:1:1 +1 01x; do
    status=0
    inside --user="$user" "$m" id -u >"$WORK/out" 2>&1 || status=$?
    [[ $status -eq 125 || $status -eq 126 ]] || fail "exec as '$user' exited with $status: $(<"$WORK/out")"
    OUT=$(grep -E '^[0-9]+$' "$WORK/out" || true)
    lacks "output as user '$user'" '.' "$OUT"
done

# PID 1 by the same rules
for user in 1000 user:tty 4321:4322; do
    expect 0 lodgectl run --user="$user" busybox sh -c 'echo $(id -u)' </dev/null
    lacks "PID 1 as '$user'" '^0$' "$OUT"
done
for user in 65536 nosuchuser 4294967296 1x; do
    status=0
    lodgectl run --user="$user" busybox id -u </dev/null >"$WORK/out" 2>&1 || status=$?
    [[ $status -eq 125 || $status -eq 126 ]] || fail "run as '$user' exited with $status: $(<"$WORK/out")"
    lacks "PID 1 as '$user'" "(^|$NL)[0-9]+($NL|$)" "$(<"$WORK/out")"
done

# no library of the guest is asked, and no file outside it
tree=$(new_tree users)
rm "$tree/etc/passwd"
ln -s "$WORK/passwd" "$tree/etc/passwd"
echo 'trick:x:77:77::/:/bin/sh' >"$WORK/passwd"
create "$TEST-b" "$TEST-users" -- "${IDLE[@]}"
refused ExecFailed '/etc/passwd' StartMachine "'$TEST-b'" '{}'
rm "$tree/etc/passwd"
start "$TEST-b"
ln -s "$WORK/passwd" "$tree/etc/passwd"
expect 126 inside --user=trick "$TEST-b" id -u
