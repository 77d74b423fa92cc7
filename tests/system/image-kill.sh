#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 900
# hosts: trixie
# The importer or lodged killed at random points of a pull, and a store that gets full in the middle of one: what is left is a store
# without a fault, and the next pull succeeds. LODGE_TEST_FULL=1: at 30 points each, and 10 sizes. LODGE_TEST_SEED=N: the same
# points again.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/image.bash"

SEED=${LODGE_TEST_SEED:-$(date +%N | sed 's/^0*//')}
RANDOM=$SEED
echo "LODGE_TEST_SEED=$SEED"
if [[ -n ${LODGE_TEST_FULL:-} ]]; then KILLS=30 SIZES=10; else KILLS=5 SIZES=3; fi
REFERENCE=$REGISTRY/lab/kill:1

start_registry
mkdir -p "$BIG"/layer{1,2}/opt
head -c 8000000 /dev/urandom >"$BIG/layer1/opt/noise"
head -c 20000000 /dev/zero >"$BIG/layer2/opt/zeros"
"$OCI" image --ref latest "$BIG/image" "$IMAGES/debian13,gzip" "$BIG/layer1,gzip" "$BIG/layer2,zstd" "$IMAGES/busybox,gzip"
to_registry "$BIG/image" lab/kill:1
before=$(store_list)

works() { # the image can be pulled, used and removed
    expect 0 pulling "$REFERENCE"
    expect 0 lodgectl run "$REFERENCE" /bin/sh -c 'test $(wc -c </opt/noise) -eq 8000000 && test -s /bin/busybox' </dev/null
    lodgectl image rm "$REFERENCE"
    lodgectl prune --force >/dev/null
    equal 'the store' "$before" "$(store_list)"
}

works
begin=${EPOCHREALTIME/./}
expect 0 pulling "$REFERENCE"
DURATION=$((${EPOCHREALTIME/./} - begin)) # µs
lodgectl image rm "$REFERENCE"

kill_importer() {
    systemctl kill --signal=KILL 'lodge-import@*.service' || true # it may end just now
}

kill_daemon() {
    systemctl kill --signal=KILL lodged.service
}

killed() { # killed importer|daemon: at a random point of a pull
    local point=$(((RANDOM * 32768 + RANDOM) % (DURATION * 9 / 10))) status=0 pull
    pulling "$REFERENCE" >"$WORK/pull" 2>&1 &
    pull=$!
    sleep "$(printf '%d.%06d' $((point / 1000000)) $((point % 1000000)))"
    "kill_$1"
    wait "$pull" || status=$?
    echo "$1 killed after $((point / 1000)) ms: exit status $status $(head -c 200 "$WORK/pull")"
    lodgectl list >/dev/null
    wait_for 10 'no worker is left' no_workers
    store_is_clean "after the $1 was killed after $((point / 1000)) ms"
    lodgectl image rm "$REFERENCE" 2>/dev/null || true
    works
}

for ((i = 0; i < KILLS; i++)); do
    killed importer
    killed daemon
done

# --- a full disk --------------------------------------------------------------------------------------------------

wait_for 600 'the trash is empty' trash_is_empty # which takes its time, and that of what follows
small_store 400M
before=$(store_list)
works
wait_for 120 'the trash is empty' trash_is_empty
total=$(df --output=avail --block-size=1K "$STORE" | tail -n 1)
for ((i = 0; i < SIZES; i++)); do
    left=$((1000 + (RANDOM * 32768 + RANDOM) % 85000)) # KiB; the image takes some 120 MB
    echo "$left of $total KiB left"
    fallocate -l $((total - left))K "$STORE/filler"
    expect 1 pulling "$REFERENCE"
    matches "a pull with $left KiB left" 'the file system of /var/lib/lodge is full: of [0-9.]+[KM] that were free, .* need more .*No space' "$ERR"
    echo "$left KiB left: $ERR"
    wait_for 10 'no worker is left' no_workers
    store_is_clean "after a pull with $left KiB left"
    equal "what is left of a pull with $left KiB left" "$before" "$(store_list)"
    rm "$STORE/filler"
    works
    wait_for 120 'the trash is empty' trash_is_empty
done
