#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 400
# A registry on loopback: pull, run, commit, push, pull into an empty store, run; with busybox and a Debian system. A second
# image that shares layers takes from the registry and stores only what is new.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/image.bash"

case $LODGE_TEST_HOST in
    bookworm) system=debian12 ;;
    *) system=debian13 ;;
esac

start_registry
layout_of "$BIG/busybox" --config '{"Cmd":["/bin/sh","-c","echo from the image"],"Env":["PATH=/bin","COLOUR=blue"]}' "$IMAGES/busybox,gzip"
layout_of "$BIG/system" --config '{"Cmd":["/bin/bash","-c","cat /etc/debian_version"]}' "$IMAGES/$system,zstd"
to_registry "$BIG/busybox" lab/busybox:1
to_registry "$BIG/system" lab/system:1
before=$(store_list)

store_is_as_before() { [[ $(store_list) == "$before" ]]; }

empty_store() {
    remove_images
    wait_for 10 'the store is as before' store_is_as_before
}

# --- pull, run, commit, push, pull, run ---------------------------------------------------------------------------

round() { # round NAME SHELL: the image lab/NAME:1
    local image=$REGISTRY/lab/$1 shell=$2 machine=$TEST-$1
    pulling "$image:1"
    equal "$1: its type" oci "$(property "$image:1" Type)"
    equal "$1: its source" "$image:1" "$(property "$image:1" Source)"
    matches "$1: its digest" '^sha256:[0-9a-f]{64}$' "$(property "$image:1" Digest)"
    equal "$1: the digest that the registry tells" "$(curl -fsI -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
        "http://$REGISTRY/v2/lab/$1/manifests/1" | tr -d '\r' | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p')" \
        "$(property "$image:1" Digest)"
    expect 0 lodgectl run "$image:1" </dev/null
    echo "$OUT"

    # what a machine wrote becomes an image
    lodgectl create "$machine" "$image:1" --writable-layer=keep -- "$shell" -c 'trap "exit 0" TERM INT; sleep 100000 & wait'
    lodgectl start "$machine"
    inside "$machine" "$shell" -c 'mkdir /data && echo written >/data/file && rm -r /etc/passwd && chmod 0700 /data'
    lodgectl stop "$machine"
    lodgectl commit --progress=none --message='by the test' --change=Command="$shell -c \"cat /data/file\"" \
        --change=Environment=COLOUR=red "$machine" "$image:2"
    lodgectl rm --force "$machine"
    equal "$1: layers" 2 "$(property "$image:2" Layers | wc -l)"
    lodgectl push --progress=none "$image:2"
    # the manifest is another, as it names compressed layers; what they and the configuration are stays
    local config layers
    config=$(property "$image:2" ConfigDigest) layers=$(property "$image:2" Layers)

    empty_store
    pulling "$image:2"
    equal "$1: the configuration came back" "$config" "$(property "$image:2" ConfigDigest)"
    equal "$1: the layers came back" "$layers" "$(property "$image:2" Layers)"
    expect 0 lodgectl run "$image:2" </dev/null
    equal "$1: what the new image prints" written "$OUT"
    expect 1 lodgectl run "$image:2" "$shell" -c 'test -e /etc/passwd' </dev/null
    expect 0 lodgectl run "$image:2" "$shell" -c 'echo "$COLOUR"' </dev/null
    equal "$1: its environment" red "$OUT"

    # others read what we pushed
    skopeo inspect --tls-verify=false "docker://$image:2" >"$WORK/skopeo.json"
    rm -rf "$BIG/back" "$BIG/bundle"
    skopeo copy -q --src-tls-verify=false "docker://$image:2" "oci:$BIG/back:latest"
    umoci unpack --image "$BIG/back:latest" "$BIG/bundle" 2>/dev/null || [[ $1 == system ]] || fail 'umoci reads what we pushed'
    if [[ -d $BIG/bundle/rootfs/bin ]]; then
        mount_image "$image:2" "$WORK/tree"
        equal_trees "$1: umoci" "$BIG/bundle/rootfs" "$WORK/tree" --no-holes
        umount "$WORK/tree"
    fi
    empty_store
}

round busybox /bin/sh
round system /bin/bash

# --- shared layers ------------------------------------------------------------------------------------------------

# one archive for both: the tar of bookworm puts its PID into it
tar -C "$IMAGES/$system" --numeric-owner -cf "$BIG/system.tar" .
for n in 1 2; do
    mkdir -p "$BIG/app$n/opt"
    head -c 300000 /dev/urandom >"$BIG/app$n/opt/$n"
    "$OCI" image --ref latest "$BIG/shared$n" "$BIG/system.tar,gzip" "$BIG/app$n,gzip"
    to_registry "$BIG/shared$n" "lab/shared$n:1"
done
pulling "$REGISTRY/lab/shared1:1"
first=$(bytes_given blobs)
stored=$(du -sx --block-size=1 "$STORE/layers" | cut -f1)
pulling "$REGISTRY/lab/shared2:1"
second=$(($(bytes_given blobs) - first))
grown=$(($(du -sx --block-size=1 "$STORE/layers" | cut -f1) - stored))
[[ $second -gt 300000 && $second -lt 320000 ]] || fail "the second image took $second bytes from the registry"
[[ $grown -lt 500000 ]] || fail "the store grew by $grown bytes"
# a third time, nothing but its configuration
pulling "$REGISTRY/lab/shared2:1"
[[ $(bytes_given blobs) -lt $((first + second + 2000)) ]] || fail "an image that is there took $(($(bytes_given blobs) - first - second)) bytes"
# by its digest, too
digest=$(property "$REGISTRY/lab/shared2:1" Digest)
pulling "$REGISTRY/lab/shared2@$digest"
[[ $(bytes_given blobs) -lt $((first + second + 4000)) ]] || fail 'the same image by its digest was downloaded'

# the first goes, the layers that the second needs stay
lodgectl image rm "$REGISTRY/lab/shared1:1"
lodgectl prune --force >/dev/null
expect 0 lodgectl run "$REGISTRY/lab/shared2:1" /bin/bash -c 'test -s /opt/2 -a ! -e /opt/1 && cat /etc/debian_version' </dev/null
matches 'the Debian below' '.' "$OUT"
expect 1 lodgectl run "$REGISTRY/lab/shared2:1" /bin/false </dev/null
expect 1 pulling "$REGISTRY/lab/nowhere:1"
matches 'an image that is not there' 'lab/nowhere' "$ERR"

# an opaque root hides all that is below
mkdir -p "$BIG/low/hidden" "$BIG/high"
cp -a "$IMAGES/busybox/." "$BIG/high"
: >"$BIG/high/.wh..wh..opq"
"$OCI" image "$BIG/opaque" "$BIG/low" "$BIG/high"
importing "$BIG/opaque" "$TEST-opaque"
expect 0 lodgectl run "$TEST-opaque" /bin/sh -c 'ls -d /hidden /.wh* 2>/dev/null; test -x /bin/sh' </dev/null
equal 'what an opaque root lets through' '' "$OUT"

store_is_clean 'with images'
empty_store
store_is_clean 'when all is gone'
