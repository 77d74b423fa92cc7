#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The whole life of a machine, with descriptors passed, from a GDBus and from a libdbus-1 client.
. "$(dirname "$0")/lib.bash"

script='read line; echo "out $line"; echo "err" >&2; exit 9'
for client in "$TESTS/clients/client-gdbus $TEST-gdbus" "$PROGRAMS/client-libdbus cycle $TEST-libdbus"; do
    # the machine must stay: the tree has no init, so the command comes from the definition
    tree=$(new_tree "${client##*-}")
    printf '#!/bin/sh\ntrap "exit 0" TERM\nsleep 100000 & wait\n' >"$tree/bin/init"
    chmod 755 "$tree/bin/init"
    echo words >"$WORK/in"
    # shellcheck disable=SC2086
    expect 9 $client "$TEST-${client##*-}" /bin/sh -c "$script" <"$WORK/in"
    equal "stdout through $client" 'out words' "$OUT"
    matches "stderr through $client" "(^|$NL)err($NL|$)" "$ERR"
    expect 1 call GetMachine s "$TEST-${client##*-}"
done

# many calls with descriptors leave none in lodged
run_idle "$TEST-fds"
open_files() { find "/proc/$(daemon_pid)/fd" -mindepth 1 | wc -l; }
"$PROGRAMS/client-libdbus" exec "$TEST-fds" true </dev/null 2>/dev/null
before=$(open_files)
for i in $(seq 50); do "$PROGRAMS/client-libdbus" exec "$TEST-fds" true </dev/null 2>/dev/null; done
wait_for 5 'no more descriptors in lodged than before' eval "[[ \$(open_files) -le $((before + 1)) ]]"
