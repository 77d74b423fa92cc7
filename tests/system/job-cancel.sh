#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A job ends with its worker, a worker with its connection: cancelled, killed, or left alone by lodged, nothing stays.
. "$(dirname "$0")/lib.bash"

STORE=/var/lib/lodge
job_get() { busctl get-property org.lodge1 "/org/lodge1/job/$1" org.lodge1.Job "$2" | cut -d' ' -f2- | tr -d '"'; }
job_has() { [[ $(job_get "$1" "$2") == "$3" ]]; }
workers() { systemctl --no-legend --plain list-units 'lodge-import@*' 'lodge-export@*' | grep -v not-found; }
nothing_left() {
    wait_for 10 'the worker is gone' eval '! workers'
    wait_for 10 'its directory is gone' eval "[[ -z \$(ls $STORE/incoming) ]]"
    wait_for 60 'it is deleted' eval "[[ -z \$(ls $STORE/trash) ]]"
    wait_for 10 'no user id is locked' user_ids_are_free
}
# a supervisor that was killed has left the name of its lock
user_ids() { find /run/systemd/nspawn-uid -mindepth 1 | sort; }
user_ids >"$WORK/user-ids"
user_ids_are_free() { [[ -z $(comm -13 "$WORK/user-ids" <(user_ids)) ]]; }

# An archive that never ends: half of it is there.
tar -C "$IMAGES/busybox" -cf "$WORK/a.tar" .
mkfifo "$WORK/fifo"
exec 9<>"$WORK/fifo" # keeps it open
endless() { # the job's ID
    head -c 300000 "$WORK/a.tar" >"$WORK/fifo" &
    lodgectl import --detach --progress=none "$WORK/fifo" "$TEST-$1" </dev/null
}

# cancelled
id=$(endless a)
wait_for 10 'it begins' eval '[[ -n $(workers) ]]'
matches 'its worker' "lodge-import@$id" "$(workers)"
[[ -d $STORE/incoming/$id ]] || fail 'it has no directory'
wait_for 10 'it tells of its parts' eval "[[ \$(job_get $id Items) != 0 ]]"
within 5 call CancelJob 'sa{sv}' "$id" 0
equal 'its directory, at once' '' "$(ls $STORE/incoming)"
equal 'its state' cancelled "$(job_get "$id" State)"
matches 'its error' 'org.lodge1.Error.Cancelled' "$(job_get "$id" Error)"
nothing_left

# by C-c
head -c 300000 "$WORK/a.tar" >"$WORK/fifo" &
lodgectl import --progress=none "$WORK/fifo" "$TEST-b" </dev/null >"$WORK/out" 2>&1 &
pid=$!
wait_for 10 'it begins' eval "[[ -n \$(ls $STORE/incoming) ]]"
kill -INT "$pid"
if wait "$pid"; then fail 'an interrupted import succeeds'; fi
nothing_left

# whose caller leaves goes on
head -c 300000 "$WORK/a.tar" >"$WORK/fifo" &
lodgectl import --progress=none "$WORK/fifo" "$TEST-c" </dev/null >/dev/null 2>&1 &
pid=$!
wait_for 10 'it begins' eval "[[ -n \$(ls $STORE/incoming) ]]"
kill -KILL "$pid"
sleep 0.3
id=$(ls $STORE/incoming)
equal 'its state' running "$(job_get "$id" State)"

# its worker is killed
systemctl kill -s KILL "lodge-import@$id"
wait_for 10 'it has failed' job_has "$id" State failed
matches 'why' "journalctl -u lodge-import@$id" "$(job_get "$id" ErrorMessage)"
nothing_left

job_is_unknown() { [[ $(busctl call org.lodge1 /org/lodge1 org.lodge1.Manager GetJob s "$1" 2>&1 || true) == *'no job'* ]]; }

# lodged is killed, is restarted: no worker is left, and nothing of it
for how in 'kill -s KILL lodged' 'restart lodged'; do
    id=$(endless d)
    wait_for 10 'it begins' eval '[[ -n $(workers) ]]'
    # shellcheck disable=SC2086
    systemctl $how
    wait_for 10 'the job is not known any more' job_is_unknown "$id" # the call may reach the lodged that is being killed
    nothing_left
done
lacks 'images' "$TEST-" "$(lodgectl images -q)"

# some run at once, the others wait; then there is room for them
ids=()
for i in 1 2 3 4 5; do ids+=("$(endless "$i")"); done
wait_for 10 'three run' eval "[[ \$(workers | wc -l) -eq 3 ]]"
equal 'one that waits' waiting "$(job_get "${ids[4]}" Phase)"
for id in "${ids[@]:0:3}"; do call CancelJob 'sa{sv}' "$id" 0; done
wait_for 10 'the others have begun' eval "[[ \$(workers | wc -l) -eq 2 ]]"
for id in "${ids[@]:3}"; do call CancelJob 'sa{sv}' "$id" 0; done
nothing_left
