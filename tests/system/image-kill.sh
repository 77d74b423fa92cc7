#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 1800
# hosts: trixie
# The importer and lodged killed at 30 random points of a pull each, and a store that gets full at 10 in the middle of one: what
# is left is a store without a fault, and the next pull succeeds. Every fifth time everything is read again, and the image run.
# LODGE_TEST_FULL=1: 200 points each and 50 sizes, and all of that each time. LODGE_TEST_SEED=N: the same points again.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/image.bash"

SEED=${LODGE_TEST_SEED:-$(date +%N | sed 's/^0*//')}
RANDOM=$SEED
echo "LODGE_TEST_SEED=$SEED"
KILLS=30 SIZES=10 EACH=5
[[ -z ${LODGE_TEST_FULL:-} ]] || KILLS=200 SIZES=50 EACH=1
REFERENCE=$REGISTRY/lab/kill:1

start_registry
mkdir -p "$BIG"/layer{1,2}/opt
head -c 8000000 /dev/urandom >"$BIG/layer1/opt/noise"
head -c 20000000 /dev/zero >"$BIG/layer2/opt/zeros"
"$OCI" image --ref latest "$BIG/image" "$IMAGES/debian13,gzip" "$BIG/layer1,gzip" "$BIG/layer2,zstd" "$IMAGES/busybox,gzip"
to_registry "$BIG/image" lab/kill:1
before=$(store_list)

settle() { # settle WHEN [deep]: no worker is left, and nothing that does not fit
    wait_for 10 'no worker is left' no_workers
    LODGE_TEST_DEEP=$([[ ${2:-} == deep ]] && echo true || echo false) store_is_clean "$1"
}

works() { # works [deep]: the image can be pulled, used and removed
    expect 0 pulling "$REFERENCE"
    if [[ ${1:-} == deep ]]; then
        expect 0 lodgectl image verify --progress=none "$REFERENCE"
        expect 0 lodgectl run "$REFERENCE" /bin/sh -c 'test $(wc -c </opt/noise) -eq 8000000 && test -s /bin/busybox' </dev/null
    fi
    lodgectl image rm "$REFERENCE"
    lodgectl prune --quiet --force >/dev/null
    equal 'the store' "$before" "$(store_list)"
}

depth_of() { if (($1 % EACH == 0)); then echo deep; fi; } # depth_of NUMBER

works deep
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

killed() { # killed importer|daemon [deep]: at a random point of a pull
    local point=$(((RANDOM * 32768 + RANDOM) % (DURATION * 9 / 10))) status=0 pull
    pulling "$REFERENCE" >"$WORK/pull" 2>&1 &
    pull=$!
    sleep "$(printf '%d.%06d' $((point / 1000000)) $((point % 1000000)))"
    "kill_$1"
    wait "$pull" || status=$?
    echo "$1 killed after $((point / 1000)) ms: exit status $status $(grep -v ^FAIL "$WORK/pull" | head -c 200)"
    lodgectl list >/dev/null
    settle "after the $1 was killed after $((point / 1000)) ms" "${2:-}"
    lodgectl image rm "$REFERENCE" 2>/dev/null || true
    works "${2:-}"
}

for ((i = 0; i < KILLS; i++)); do
    killed importer "$(depth_of $i)"
    killed daemon "$(depth_of $i)"
done

# --- a full disk --------------------------------------------------------------------------------------------------

wait_for 600 'the trash is empty' trash_is_empty # which takes its time, and that of what follows
small_store 400M
before=$(store_list)
works deep
wait_for 120 'the trash is empty' trash_is_empty
total=$(df --output=avail --block-size=1K "$STORE" | tail -n 1)
for ((i = 0; i < SIZES; i++)); do
    left=$((1000 + (RANDOM * 32768 + RANDOM) % 85000)) # KiB; the image takes some 120 MB
    fallocate -l $((total - left))K "$STORE/filler"
    expect 1 pulling "$REFERENCE"
    matches "a pull with $left KiB left" 'the file system of /var/lib/lodge is full: of [0-9.]+[KM] that were free, .* need more .*No space' "$ERR"
    echo "$left KiB left: ${ERR%%"$NL"*}"
    settle "after a pull with $left KiB left" "$(depth_of $i)"
    equal "what is left of a pull with $left KiB left" "$before" "$(store_list)"
    rm "$STORE/filler"
    works "$(depth_of $i)"
    wait_for 120 'the trash is empty' trash_is_empty
done
