# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests of images share; to be sourced after lib.bash. Images that a test makes are called "$TEST-..." or lie in
# the registry on loopback: all of them are removed when it ends, and the store must then be what it was.
# shellcheck shell=bash
# shellcheck disable=SC2034

OCI=$TESTS/lib/oci.py
TREE=$TESTS/lib/tree
STORE=/var/lib/lodge
REGISTRY=127.0.0.1:5000
BIG=/var/lib/machines/.$TEST # for what /tmp, a tmpfs, is too small or too simple for; its name is no image's
mkdir -p "$BIG"
at_exit 'rm -rf --one-file-system "$BIG"'
at_exit 'remove_images'

# --- the store ---------------------------------------------------------------------------------------------------

image_names() {
    busctl --json=short call org.lodge1 /org/lodge1 org.lodge1.Manager ListImages as 0 |
        python3 -c 'import json, sys; print("\n".join(json.load(sys.stdin)["data"][0]))'
}

is_ours() { [[ $1 == "$TEST"* || $1 == "$REGISTRY"* || $1 == localhost* || $1 == 127.0.0.1* ]]; }

remove_images() {
    local name
    remove_machines
    while read -r name; do
        if is_ours "$name"; then lodgectl image rm --force "$name" >/dev/null; fi
    done < <(image_names)
    lodgectl prune --force >/dev/null
    wait_for 120 'the trash is empty' trash_is_empty
}

trash_is_empty() { [[ -z $(ls "$STORE/trash") ]]; }

# property NAME PROPERTY: of an image; lists have a line for each
property() {
    busctl --json=short call org.lodge1 /org/lodge1 org.lodge1.Manager ListImages as 1 "$2" | python3 -c '
import json, sys
images = json.load(sys.stdin)["data"][0]
if sys.argv[1] not in images:
    sys.exit(f"there is no image {sys.argv[1]}")
value = images[sys.argv[1]][sys.argv[2]]["data"]
print("\n".join(value) if isinstance(value, list) else value)' "$1" "$2"
}

# mount_image NAME DIR: its layers as a machine sees them, read-only
mount_image() {
    local digest layers=() lower i
    mapfile -t layers < <(property "$1" Layers)
    [[ -n ${layers[0]-} ]] || fail "$1 has no layers"
    mkdir -p "$2" "$WORK/empty"
    lower=
    for ((i = ${#layers[@]} - 1; i >= 0; i--)); do
        digest=$STORE/layers/${layers[i]/:/-}/tree
        lower+=$digest:
        # an overlay heeds no opaque root
        if getfattr -n user.overlay.opaque "$digest" >/dev/null 2>&1; then break; fi
    done
    LIBMOUNT_FORCE_MOUNT2=always mount -t overlay -o "ro,userxattr,lowerdir=$lower$WORK/empty" overlay "$2"
    at_exit "umount '$2' 2>/dev/null"
}

# A job is answered before its worker is gone, and its directory after that: also the job of CheckStore itself.
no_job_is_left() { [[ -z $(ls "$STORE/incoming" 2>/dev/null) ]]; }

# store_is_clean WHEN: what lodged finds when it reads everything; nothing of a job is left
store_is_clean() {
    local found
    found=$(busctl --timeout=300 --json=short call org.lodge1 /org/lodge1 org.lodge1.Manager CheckStore 'a{sv}' 1 Deep b "${LODGE_TEST_DEEP:-true}")
    equal "what is wrong in the store $1" '[[]]' "$(python3 -c 'import json, sys
print(json.dumps(json.load(sys.stdin)["data"]))' <<<"$found")"
    wait_for 10 "nothing is left in incoming $1" no_job_is_left
}

store_list() { # what the store holds once all jobs are over, but not of machines
    wait_for 10 'nothing is left in incoming' no_job_is_left
    { find "$STORE"/{layers,blobs,images,volumes,incoming} -mindepth 1 -maxdepth 1 -printf '%P\n' 2>/dev/null || true; } | sort
}

no_workers() {
    ! systemctl --no-legend --plain list-units 'lodge-import@*' 'lodge-export@*' 'lodge-work@*' | grep -qv not-found
}

importing() { lodgectl import --progress=none "$@" </dev/null; } # importing FILE NAME
pulling() { lodgectl pull --progress=none "$@" </dev/null; }

# small_store SIZE [OPTION...]: the store on an ext4 of its own, made with these options, until the test ends
small_store() {
    truncate -s "$1" "$BIG/disk"
    mkfs.ext4 -q -F -m 0 "${@:2}" "$BIG/disk"
    systemctl stop lodged.service lodged.socket
    mount -o loop "$BIG/disk" "$STORE"
    chmod 0700 "$STORE"
    at_exit 'normal_store'
    systemd-tmpfiles --create lodge.conf 2>/dev/null || true
    systemctl start lodged.socket
    lodgectl list >/dev/null
}

normal_store() {
    remove_images
    systemctl stop lodged.service lodged.socket
    umount "$STORE"
    systemctl start lodged.socket
}

# --- images ------------------------------------------------------------------------------------------------------

# layout_of OUT [OPTION...] LAYER...: an OCI layout that skopeo and umoci call OUT:latest
layout_of() { "$OCI" image --ref latest "${@:2:$#-2}" "$1" "${@: -1}"; }

to_registry() { # to_registry LAYOUT NAME:TAG
    skopeo copy -q --dest-tls-verify=false "oci:$1:latest" "docker://$REGISTRY/$2"
}

# equal_trees WHAT WANTED FOUND [OPTION...]
equal_trees() {
    "$TREE" "${@:4}" "$2" >"$WORK/wanted.tree"
    "$TREE" "${@:4}" "$3" >"$WORK/found.tree"
    diff "$WORK/wanted.tree" "$WORK/found.tree" >"$WORK/tree.diff" ||
        fail "$1: the trees differ in $(grep -c '^[<>]' "$WORK/tree.diff") lines: $(head -n 12 "$WORK/tree.diff" | cut -c1-300)"
}

# --- the registry ------------------------------------------------------------------------------------------------

# start_registry: docker-registry on loopback; its log is $WORK/registry.log
start_registry() {
    mkdir -p "$BIG/registry"
    {
        printf 'version: 0.1\nlog: {level: warn, accesslog: {disabled: false}}\n'
        printf 'storage: {filesystem: {rootdirectory: %s}, delete: {enabled: true}}\n' "$BIG/registry"
        printf 'http: {addr: "%s"}\n' "$REGISTRY"
    } >"$WORK/registry.yml"
    : >"$WORK/registry.log"
    systemd-run -q --collect --unit="$TEST-registry" -p "StandardOutput=append:$WORK/registry.log" \
        docker-registry serve "$WORK/registry.yml"
    at_exit "systemctl stop '$TEST-registry.service'"
    wait_for 10 'the registry answers' curl -fs "http://$REGISTRY/v2/"
}

# bytes_given [REGEX]: how many bytes of blobs (and manifests) the registry has sent so far
bytes_given() {
    sed -nE "s,.*\"GET /v2/[^ ]*(${1:-blobs|manifests})/[^ ]* HTTP/[^\"]*\" 20[06] ([0-9]+) .*,\2,p" "$WORK/registry.log" |
        awk '{ n += $1 } END { print n + 0 }'
}
