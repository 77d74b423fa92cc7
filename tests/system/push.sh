#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
# push: to Debian's registry, gzip and zstd; what is there is not sent again, nor what the registry can take over from the
# repository that it came from; the image stays the same one; others read it; a registry that breaks off.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/../lib/registry.bash"

pull() { lodgectl pull --progress=none "$@" </dev/null; }
push() { lodgectl push --progress=none "$@" </dev/null; }
begin=$(date '+%F %T.%6N')
sent() { # how many blobs the registry has taken so far
    journalctl -q -o cat --since "$begin" -u test-registry-plain |
        grep -c '"http.request.method":"PUT".*/blobs/uploads/.*"http.response.status":201' || true
}
media_types() { # media_types NAME:TAG: of its layers
    skopeo inspect --raw --tls-verify=false "docker://$REGISTRY_PLAIN/$1" |
        python3 -c 'import json, sys; print(*sorted({layer["mediaType"].rpartition(".")[2] for layer in json.load(sys.stdin)["layers"]}))'
}

start_registry plain
mkdir "$WORK/more"
head -c 300000 /dev/urandom >"$WORK/more/noise"
"$TESTS/lib/oci.py" image --ref 1 --config '{"Cmd":["/bin/echo","hello"]}' "$WORK/image" "$IMAGES/busybox,none" "$WORK/more,none"
expect 0 lodgectl import --progress=none "$WORK/image" "$TEST-image" </dev/null
id=$(image_property "$TEST-image" ConfigDigest)

# --- there and back ----------------------------------------------------------------------------------------------

expect 0 push "$TEST-image" "$REGISTRY_PLAIN/lab/one:1"
equal 'blobs sent' 3 "$(sent)"
matches 'their types' '^v1\.tar\+gzip|tar\+gzip$' "$(media_types lab/one:1)"
expect 0 push "$TEST-image" "$REGISTRY_PLAIN/lab/one:2"
equal 'blobs sent for another tag' 3 "$(sent)"
expect 0 pull "$REGISTRY_PLAIN/lab/one:2"
equal 'the image' "$id" "$(image_property "$REGISTRY_PLAIN/lab/one:2" ConfigDigest)"

# under another name of the same registry: nothing is sent, and it is the same manifest
expect 0 push "$REGISTRY_PLAIN/lab/one:2" "$REGISTRY_PLAIN/lab/two:1"
equal 'blobs sent to a second repository' 3 "$(sent)"
expect 0 pull "$REGISTRY_PLAIN/lab/two:1"
equal 'the manifest' "$(image_property "$REGISTRY_PLAIN/lab/one:2" Digest)" "$(image_property "$REGISTRY_PLAIN/lab/two:1" Digest)"

# --- zstd --------------------------------------------------------------------------------------------------------

expect 0 push --compression=zstd "$TEST-image" "$REGISTRY_PLAIN/lab/zstd:1"
equal 'blobs sent' 6 "$(sent)"
matches 'their types' 'tar\+zstd$' "$(media_types lab/zstd:1)"
forget_images "$TEST-image" "$REGISTRY_PLAIN/lab/one:2" "$REGISTRY_PLAIN/lab/two:1"
expect 0 pull "$REGISTRY_PLAIN/lab/zstd:1"
equal 'the image' "$id" "$(image_property "$REGISTRY_PLAIN/lab/zstd:1" ConfigDigest)"
expect 0 lodgectl run "$REGISTRY_PLAIN/lab/zstd:1" </dev/null
equal 'what it says' hello "$OUT"

# --- others read it ----------------------------------------------------------------------------------------------

skopeo copy -q --src-tls-verify=false "docker://$REGISTRY_PLAIN/lab/one:1" "oci:$WORK/back:1"
umoci unpack --image "$WORK/back:1" "$WORK/bundle" 2>/dev/null
cmp "$WORK/more/noise" "$WORK/bundle/rootfs/noise" || fail 'umoci reads another file than was pushed'

# --- registries with faults --------------------------------------------------------------------------------------

start_flaky "$WORK/image"
expect 0 push "$REGISTRY_PLAIN/lab/zstd:1" "$FLAKY/put-drop/x:2"
expect 5 push "$REGISTRY_PLAIN/lab/zstd:1" "$FLAKY/basic/x:2"
matches 'no login' "$FLAKY/basic/x:2.: .*lets nobody write to 'basic/x' without a login" "$ERR"
expect 1 push "$REGISTRY_PLAIN/lab/zstd:1" "$FLAKY/put-wrong/x:2"
matches 'a wrong digest' 'took the manifest for sha256:ffff' "$ERR"
expect 1 push "$REGISTRY_PLAIN/lab/zstd:1" 127.0.0.1:9/x:1
matches 'nobody there' '127\.0\.0\.1:9/x:1.?: .*nothing answers at the registry' "$ERR"
forget_images "$REGISTRY_PLAIN/lab/zstd:1"
