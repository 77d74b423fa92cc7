#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 200
# hosts: bookworm
# Several clients that pull, import, run, remove and prune images that share layers, all at once: what fails says why, no image is
# broken, and in the end the store is as before.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/image.bash"

if [[ -n ${LODGE_TEST_FULL:-} ]]; then ROUNDS=400; else ROUNDS=40; fi

start_registry
for n in 1 2 3; do
    mkdir -p "$BIG/app$n/opt"
    head -c 2000000 /dev/urandom >"$BIG/app$n/opt/app"
done
tar -C "$IMAGES/busybox" --numeric-owner -cf "$BIG/busybox.tar" .
for n in 1 2 3; do
    "$OCI" image --ref latest "$BIG/image$n" "$BIG/busybox.tar,gzip" "$BIG/app$n,gzip" "$BIG/app$((n % 3 + 1)),zstd"
    to_registry "$BIG/image$n" "lab/race$n:1"
done
before=$(store_list)

# try WHAT COMMAND...: may fail, but not without a sentence nor by a signal
try() {
    local what=$1 status=0 out=$WORK/$BASHPID.out
    shift
    timeout 60 "$@" >"$out" 2>&1 </dev/null || status=$?
    if [[ $status -eq 124 || $status -ge 128 || ($status -ne 0 && ! -s $out) ]]; then # 125: of run itself
        echo "$what: exit status $status: $(<"$out")" >>"$WORK/bad"
    elif [[ $status -ne 0 ]]; then
        echo "$what: $(head -n 1 "$out")" >>"$WORK/failed"
    fi
}

client() { # client N: what one does
    local i n
    for ((i = 0; i < ROUNDS; i++)); do
        n=$((RANDOM % 3 + 1))
        case $(((i + $1) % 5)) in
            0) try pull lodgectl pull --progress=none "$REGISTRY/lab/race$n:1" ;;
            1) try run lodgectl run "$REGISTRY/lab/race$n:1" /bin/sh -c 'test -s /opt/app' ;;
            2) try import lodgectl import --progress=none --force "$BIG/image$n" "$TEST-$n" ;;
            3) try remove lodgectl image rm --force "$REGISTRY/lab/race$n:1" ;;
            4) try prune lodgectl prune --force ;;
        esac
    done
}

pid=$(daemon_pid)
: >"$WORK/bad"
: >"$WORK/failed"
clients=()
for n in 1 2 3 4 5; do
    client "$n" &
    clients+=($!)
done
wait "${clients[@]}"
sed -E 's/Job [0-9a-f]+/Job ID/; s/-[0-9a-f]{6}/-ID/g; s/; there is.*//; s/race[123]/race/g; s/image-?s?-?r?a?c?e?s?-?[123]/image/g' "$WORK/failed" | sort | uniq -c | sort -rn | head -n 30
equal 'what failed without a reason' '' "$(<"$WORK/bad")"
equal 'the daemon is the same' "$pid" "$(daemon_pid)"
wait_for 10 'no worker is left' no_workers
store_is_clean 'after all clients'
# each image that is there works, and each that is not can be had
for n in 1 2 3; do
    expect 0 lodgectl run "$REGISTRY/lab/race$n:1" /bin/sh -c 'wc -c </opt/app' </dev/null
    equal "image $n" 2000000 "$OUT"
done
remove_images
equal 'the store' "$before" "$(store_list)"
