#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 200
# A pull that did not end well was not for nothing: what was complete by then is not fetched a second time, is what `df` shows as
# to be had back, and goes by prune, with the next start of lodged, or at once where the disk is full.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/../lib/registry.bash"
at_exit "lodgectl prune --force >/dev/null"

STORE=/var/lib/lodge
begin_pull() { # begin_pull FAULT: in the background, until all layers but the large one are there; sets $pid
    flaky_reset
    lodgectl pull --progress=plain "$FLAKY/$1/app:1" >"$WORK/first.out" 2>"$WORK/first.err" </dev/null &
    pid=$!
    wait_for 20 'the small layers are there' small_layers_are_there
}
small_layers_are_there() { [[ $(layers | wc -l) -eq $((n_before + 2)) ]]; }
layers() { find "$STORE/layers" -mindepth 1 -maxdepth 1; }
asked() { flaky_log | grep -c '"method": "GET".*/blobs/' || true; } # how many blobs were sent, or begun to be sent
ended() { # ended WITH [STATUS]
    local status=0
    wait "$pid" || status=$?
    equal "the exit status, $1" "${2:-1}" "$status"
    wait_for 10 'nothing of it is in incoming' eval "[[ -z \$(ls -A $STORE/incoming) ]]"
}
goes_on() { # goes_on WHEN: the configuration and the large layer are all that comes
    small_layers_are_there || fail "$1: the layers that were complete are gone"
    flaky_reset
    expect 0 lodgectl pull --progress=none "$FLAKY/ok/app:1"
    equal "blobs that were fetched, $1" 2 "$(asked)"
    expect 0 lodgectl run "$FLAKY/ok/app:1" /bin/cat /small </dev/null
    equal "a file, $1" small "$OUT"
    forget_images "$FLAKY/ok/app:1"
    equal 'layers in the end' "$n_before" "$(layers | wc -l)"
}
reclaimable() { lodgectl df --json | python3 -c '
import json, sys
print(sum(row["Reclaimable"] for row in json.load(sys.stdin) if row["Kind"] == "layer"))'; }

mkdir "$WORK/large" "$WORK/small" "$WORK/busybox"
head -c 3000000 /dev/urandom >"$WORK/large/large"
echo small >"$WORK/small/small"
head -c 50000 /dev/urandom >"$WORK/small/noise" # and below what the registry holds back
"$TESTS/lib/oci.py" image --ref 1 "$WORK/image" "$IMAGES/busybox,gzip" "$WORK/large,gzip" "$WORK/small,zstd"
start_flaky "$WORK/image"
lodgectl prune --force >/dev/null
n_before=$(layers | wc -l)
n_reclaimable=$(reclaimable)

# C-c
begin_pull hold
kill -INT "$pid"
ended 'by C-c' 130
[[ $(reclaimable) -gt $n_reclaimable ]] || fail "df does not show what is left of a cancelled pull"
goes_on 'after C-c'

# the network goes away, for longer than is waited for
begin_pull hold
systemctl stop test-flaky-registry
ended 'without a network'
matches 'why' "the registry $FLAKY cannot be reached any more, for layer sha256:.*try again, which goes on with what is missing" "$(cat "$WORK/first.err")"
start_flaky "$WORK/image"
goes_on 'without a network'

# the worker is killed
begin_pull hold
systemctl kill --signal=KILL 'lodge-import@*.service'
ended 'with its worker killed'
goes_on 'after its worker was killed'

# prune, and the next start of lodged, let nothing stay
for how in 'lodgectl prune --force' 'systemctl restart lodged'; do
    begin_pull hold
    kill -INT "$pid"
    ended 'by C-c' 130
    small_layers_are_there || fail 'what was complete is gone'
    $how >/dev/null
    lodgectl list >/dev/null
    wait_for 10 "$how: nothing is left" eval "[[ \$(layers | wc -l) -eq $n_before ]]"
done

# --- two at once --------------------------------------------------------------------------------------------------

# who wants the same gets it from the job that is on its way, however the two log in
flaky_reset
write_auth "$WORK/auth.json" "$FLAKY" # used by nobody, as nobody asks for it
lodgectl pull --authfile="$WORK/auth.json" --progress=none "$FLAKY/slow/app:1" >"$WORK/first.out" </dev/null &
pid=$!
wait_for 20 'a layer begins to come' eval '[[ $(asked) -ge 2 ]]'
expect 0 lodgectl pull --progress=none "$FLAKY/slow/app:1"
ended 'of the first' 0
equal 'blobs that were fetched for both' 4 "$(asked)"
forget_images "$FLAKY/slow/app:1"

# it is no longer wanted by the first: the other goes on with what is there
begin_pull hold
lodgectl pull --progress=plain "$FLAKY/hold/app:1" >"$WORK/second.out" 2>"$WORK/second.err" </dev/null &
second=$!
wait_for 20 'the second has joined' grep -q downloading "$WORK/second.err"
flaky_reset
kill -INT "$pid"
wait_for 20 'the second begins to fetch' eval '[[ $(asked) -eq 2 ]]'
small_layers_are_there || fail 'what was complete is gone'
kill -INT "$second"
pid=$second
ended 'of the second' 130
lodgectl prune --force >/dev/null

# another image of that name is made already
begin_pull hold
expect 4 lodgectl pull --progress=none "$FLAKY/ok/app:1" "$FLAKY/hold/app:1"
matches 'why' "is about to make image '$FLAKY/hold/app:1'" "$ERR"
matches 'a hint' 'hint: lodgectl job ls' "$ERR"
kill -INT "$pid"
ended 'in the end' 130
