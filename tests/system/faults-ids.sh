#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# No range of user ids is free, since all are given away in /etc/subuid or locked: a start is refused and says so, within
# a time in which others do not wait for lodged, and works again when one is free.
# timeout: 300
. "$(dirname "$0")/lib.bash"

m=$TEST-a running=$TEST-running
create "$m" busybox -- "${IDLE[@]}"
run_idle "$running"
cp /etc/subuid "$WORK/subuid"
at_exit "cp $WORK/subuid /etc/subuid"

echo "$TEST:1:4294967294" >>/etc/subuid
refused NoSpace "user ids.*'$m'|'$m'.*user ids" StartMachine "'$m'" '{}'
matches 'what to do' '/etc/subuid' "$(reason "$m" message)"
nothing_runs "$m"
equal 'a program in another' hello "$(inside "$running" echo hello)"
cp "$WORK/subuid" /etc/subuid
start "$m"
stop "$m"

# every lock is held, as by that many machines of systemd-nspawn
python3 - "$WORK/locked" <<'PYTHON' &
import fcntl, os, resource, signal, struct, sys
limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
bases = list(range(0x80000, 0x6FFF0000 + 1, 0x10000))
children = []
def hold(mine):
    held = []
    for base in mine:
        path = f'/run/systemd/nspawn-uid/{base}'
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.fcntl(fd, 37, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0))  # F_OFD_SETLK
            held.append((path, fd))
        except OSError:
            os.close(fd)  # the machine that runs has it
    return held
def end(*_):
    for path, _ in held:
        os.unlink(path)
    for pid in children:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
    os._exit(0)
held = []
signal.signal(signal.SIGTERM, end)
while bases:
    mine, bases = bases[:limit - 32], bases[limit - 32:]
    ready, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        children.clear()
        held = hold(mine)
        os.close(told)
        while True:
            signal.pause()
    children.append(pid)
    os.close(told)
    os.read(ready, 1)
    os.close(ready)
open(sys.argv[1], 'w').close()
while True:
    signal.pause()
PYTHON
holder=$!
at_exit "kill $holder 2>/dev/null; wait $holder 2>/dev/null"
wait_for 60 'all ranges are locked' test -e "$WORK/locked"
begin=${EPOCHREALTIME/./}
refused NoSpace "user ids.*'$m'|'$m'.*user ids" StartMachine "'$m'" '{}'
echo "refused after $(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
nothing_runs "$m"
equal 'a program in another' hello "$(inside "$running" echo hello)"
within 5 stop "$running"
start "$m" # with the one that has become free
stop "$m"
kill "$holder"
wait "$holder" || true
start "$m"
stop "$m"
