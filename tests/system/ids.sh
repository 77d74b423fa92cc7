#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Root inside is nobody outside, and what it writes belongs to root on the disk: ids from both sides.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
run_idle "$m" WritableLayer=keep
shift=$(get "$m" UIDShift)
[[ $shift -ge $((0x80000)) && $shift -le $((0x6FFF0000)) && $((shift % 65536)) -eq 0 ]] || fail "UIDShift is $shift"
equal 'PID 1 on the host' "$shift" "$(ps -o uid= -p "$(get "$m" Leader)" | xargs)"
equal 'PID 1 inside' 0 "$(inside "$m" stat -c %u /proc/1)"
equal 'map' "0 $shift 65536" "$(inside "$m" cat /proc/self/uid_map | xargs)"
equal 'map of groups' "0 $shift 65536" "$(inside "$m" cat /proc/self/gid_map | xargs)"

# from the image, and made inside
equal 'a file of the image' '0 0' "$(inside "$m" stat -c '%u %g' /etc/passwd)"
inside "$m" sh -c 'touch /mine && mkdir /theirs && chown 1000:5 /theirs && touch /theirs/last && chown 65534:65534 /theirs/last'
upper=/var/lib/lodge/machines/$m/upper
equal 'on disk, of root' '0 0' "$(stat -c '%u %g' "$upper/mine")"
equal 'on disk, of a user' '1000 5' "$(stat -c '%u %g' "$upper/theirs")"
equal 'on disk, of the last' '65534 65534' "$(stat -c '%u %g' "$upper/theirs/last")"
stop "$m"
start "$m"
equal 'seen from another run' '1000 5' "$(inside "$m" stat -c '%u %g' /theirs)"
# a second run gets the same range when it is free: it is picked from the name
equal 'the range of the second run' "$shift" "$(get "$m" UIDShift)"

# nobody but root gets at the layers: a setuid file of a guest is no way up on the host
inside "$m" sh -c 'cp /bin/busybox /setuid && chmod 4755 /setuid'
expect 2 runuser -u tester -- ls "$upper"

# systemd-nspawn and lodge keep out of each other's way: both lock the range's file as fcntl(2) locks an open file
lock() { # lock FILE [COMMAND...]: run it while the file is locked; fails if it is locked already
    python3 - "$@" <<'PYTHON'
import fcntl, os, struct, subprocess, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
try:
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack('hhqqi4x', fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
except OSError:
    sys.exit(1)
sys.exit(subprocess.run(sys.argv[2:] or ['true'], check=False).returncode)
PYTHON
}
file=/run/systemd/nspawn-uid/$shift
expect 1 lock "$file"
stop "$m"
expect 0 lock "$file" busctl call org.lodge1 /org/lodge1 org.lodge1.Manager StartMachine 'sa{sv}' "$m" 0
[[ $(get "$m" UIDShift) != "$shift" ]] || fail "took the range $shift, which another holds"
equal 'a kept layer in another range' '1000 5' "$(inside "$m" stat -c '%u %g' /theirs)"
