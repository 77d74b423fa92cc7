#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What exec starts has nothing of ours or the host's in its hands, and gives the guest no way to it while it starts.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
tree=$(new_tree tools)
cp "$PROGRAMS/probe" "$tree/bin/"
create "$m" "$TEST-tools" -- "${IDLE[@]}"
start "$m"

# descriptors: three, and the one that ls opens
equal 'descriptors' '0 1 2 3' "$(inside "$m" sh -c 'exec ls /proc/self/fd' | xargs)"
equal 'descriptors of PID 1' '0 1 2' "$(inside "$m" ls /proc/1/fd | xargs | sed 's/ 10$//')"

# CVE-2024-21626: a working directory through a descriptor of ours
for n in $(seq 0 63); do
    for path in "/proc/self/fd/$n" "/proc/1/fd/$n" "/proc/self/fd/$n/.."; do
        status=0
        inside --working-directory="$path" "$m" ls -d ../../../../../../usr/share/lodge-tests >"$WORK/out" 2>&1 || status=$?
        [[ $status -ne 0 ]] || fail "with the working directory $path the host's files are seen: $(<"$WORK/out")"
    done
done

# What the guest sees of the processes that come in from outside, during many of them
inside "$m" probe watch 4 >"$WORK/seen" &
watcher=$!
for i in $(seq 40); do inside "$m" true; done
wait "$watcher"
lacks 'a program of ours that the guest can write to' 'WRITABLE' "$(grep -v '^exe /bin/busybox\|^exe /bin/probe' "$WORK/seen")"
equal 'directories of others' '' "$(grep '^fd .*directory' "$WORK/seen" || true)"
equal 'roots and directories that are not the guest' '' "$(grep -E '^(cwd|root) ' "$WORK/seen" | grep -vE '^(cwd|root) /( directory)?$' || true)"
equal 'programs that are not of the guest' '' "$(grep '^exe ' "$WORK/seen" | grep -vE '^exe /bin/(busybox|probe)' || true)"

# a descriptor of the caller that is a directory is a way out, one that is a terminal a way to type into it
expect 125 "$PROGRAMS/client-libdbus" exec "$m" true </usr
matches 'a directory as stdin' 'director' "$ERR"
expect 125 script -qec "$PROGRAMS/client-libdbus exec $m true" /dev/null </dev/null
matches 'a terminal as stdin' 'terminal' "$OUT"
