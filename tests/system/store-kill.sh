#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 900
# hosts: trixie
# lodged and its workers killed at random points of what changes or reads the store, but for pulls, which are in image-kill: the store is
# without a fault, what was asked for is there whole or not at all, and it can be asked for again.
# LODGE_TEST_FULL=1: 30 kills of each instead of 2; LODGE_TEST_SEED=N: the same points again.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/image.bash"

SEED=${LODGE_TEST_SEED:-$(date +%N | sed 's/^0*//')}
RANDOM=$SEED
echo "LODGE_TEST_SEED=$SEED"
KILLS=2
[[ -z ${LODGE_TEST_FULL:-} ]] || KILLS=30

start_registry
m=$TEST-m new=$TEST-new tree=$TEST-tree small=$TEST-small
mkdir -p "$BIG"/{small,only}/opt
head -c 3000000 /dev/urandom >"$BIG/small/opt/noise"
head -c 2000000 /dev/urandom >"$BIG/only/opt/noise"
"$OCI" image "$BIG/image" "$IMAGES/debian13,gzip" "$BIG/small,zstd"
"$OCI" image "$BIG/one" "$BIG/only,gzip"
before=$(store_list)
importing "$BIG/image" "$TEST-image"
lodgectl image clone --progress=none busybox "$tree" >/dev/null
lodgectl create "$m" "$TEST-image" --writable-layer=keep -- /bin/sleep infinity
write() {
    lodgectl start "$m"
    inside "$m" /bin/sh -c 'mkdir -p /data && cp -r /usr/bin /data/ && rm -r /usr/share/doc'
    lodgectl stop "$m"
}

has_image() { lodgectl image status "$1" >/dev/null 2>&1; }
has_volume() { lodgectl volume inspect "$1" >/dev/null 2>&1; }
remove_new() { lodgectl image rm --force "$new"; }

# do_X: what is interrupted; is_X: it is done, and whole; undo_X: so that it can be done again
do_import() { importing "$BIG/image" "$new"; }
is_import() { has_image "$new" && lodgectl run "$new" /bin/sh -c 'test $(wc -c </opt/noise) -eq 3000000' </dev/null; }
undo_import() { remove_new; }
do_clone() { lodgectl image clone --progress=none "$tree" "$new"; }
is_clone() { has_image "$new" && "$TREE" "$IMAGES/$tree" >"$WORK/wanted.tree" && "$TREE" "$IMAGES/$new" | cmp -s "$WORK/wanted.tree"; }
undo_clone() { remove_new; }
do_commit() { lodgectl commit --progress=none "$m" "$new"; }
is_commit() { has_image "$new" && lodgectl run "$new" /bin/sh -c 'test -x /data/bin/bash && test ! -e /usr/share/doc' </dev/null; }
undo_commit() { remove_new; }
do_export() { lodgectl export --progress=none "$TEST-image" "$BIG/out.tar"; }
is_export() { [[ -e $BIG/out.tar ]] && skopeo copy -q "oci-archive:$BIG/out.tar" "dir:$BIG/out"; }
undo_export() { rm -r "$BIG/out.tar" "$BIG/out"; }
do_push() { lodgectl push --progress=none "$TEST-image" "$REGISTRY/lab/pushed$NUMBER:1"; }
is_push() { skopeo copy -q --src-tls-verify=false "docker://$REGISTRY/lab/pushed$NUMBER:1" "dir:$BIG/out"; }
undo_push() { rm -r "$BIG/out"; }
do_remove() { lodgectl image rm "$small"; }
is_remove() { ! has_image "$small"; }
undo_remove() { importing "$BIG/one" "$small"; }
do_prune() { lodgectl prune --force; } # nothing refers to the image's layers: the record was taken away
is_prune() { [[ -z $(store_layers_of_small) ]]; }
undo_prune() { importing --force "$BIG/one" "$small" && rm "$STORE/images/$small.oci"; }
do_rename() { lodgectl image rename "$tree" "$new"; }
is_rename() { has_image "$new" && ! has_image "$tree"; }
undo_rename() { lodgectl image rename "$new" "$tree"; }
do_volume() { lodgectl volume create "$TEST-v"; }
is_volume() { has_volume "$TEST-v" && [[ -d $STORE/volumes/$TEST-v/data && -s $STORE/volumes/$TEST-v/volume ]]; }
undo_volume() { lodgectl volume rm "$TEST-v"; }
do_unvolume() { lodgectl volume rm "$TEST-v"; }
is_unvolume() { ! has_volume "$TEST-v" && absent "$STORE/volumes/$TEST-v"; }
undo_unvolume() { lodgectl volume create "$TEST-v" && cp -r "$IMAGES/busybox/bin" "$STORE/volumes/$TEST-v/data/"; }
do_reset() { lodgectl reset "$m"; }
is_reset() { [[ -z $(lodgectl diff "$m") ]]; }
undo_reset() { write; }

layer=$(python3 - "$BIG/one" <<'PY'
import json, sys
def blob(digest): return json.load(open(sys.argv[1] + '/blobs/' + digest.replace(':', '/')))
manifest = blob(json.load(open(sys.argv[1] + '/index.json'))['manifests'][0]['digest'])
print(blob(manifest['config']['digest'])['rootfs']['diff_ids'][0].replace(':', '-'))
PY
)
store_layers_of_small() { ls -d "$STORE/layers/$layer" 2>/dev/null || true; }

kill_lodged() { systemctl kill --signal=KILL lodged.service; }
kill_worker() { systemctl kill --signal=KILL 'lodge-import@*' 'lodge-export@*' 'lodge-work@*' 2>/dev/null || true; } # it may end just now

once() { # once lodged|worker OPERATION MICROSECONDS
    local point=$(((RANDOM * 32768 + RANDOM) % $3)) status=0 client what
    what="$2, $1 killed after $((point / 1000)) of $(($3 / 1000)) ms"
    "do_$2" >"$WORK/client" 2>&1 &
    client=$!
    sleep "$(printf '%d.%06d' $((point / 1000000)) $((point % 1000000)))"
    "kill_$1"
    wait "$client" || status=$?
    echo "$what: exit status $status $(sed '/^FAIL/d' "$WORK/client" | cut -c1-200)"
    wait_for 10 'lodged is back' lodgectl list # the one that is being killed may get the call
    wait_for 10 "$what: no worker is left" no_workers
    store_is_clean "$what"
    if [[ $status -eq 0 ]]; then
        "is_$2" || fail "$what: lodgectl says that it is done, and it is not"
    elif ! "is_$2"; then
        expect 0 "do_$2"
        "is_$2" || fail "$what: it is not done when it is asked for again"
    fi
    "undo_$2" >/dev/null
}

write
importing "$BIG/one" "$small"
NUMBER=0
for operation in import clone commit export push remove rename volume unvolume reset prune; do
    case $operation in unvolume | prune) "undo_$operation" >/dev/null ;; esac
    begin=${EPOCHREALTIME/./}
    expect 0 "do_$operation"
    took=$((${EPOCHREALTIME/./} - begin))
    "is_$operation" || fail "$operation is not done"
    "undo_$operation" >/dev/null
    for ((i = 0; i < KILLS; i++)); do
        for whom in lodged worker; do
            NUMBER=$((NUMBER + 1))
            once "$whom" "$operation" "$took"
        done
    done
done
lodgectl volume rm --force "$TEST-v" 2>/dev/null || true
remove_images
store_is_clean 'in the end'
equal 'the store' "$before" "$(store_list)"
