#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every kind of damage to the store: `lodgectl doctor` names what it is and what helps, and that helps as it is written.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/image.bash"

findings() { # findings [--deep]: "MESSAGE<tab>HINT" a line, of problems in the store or its directories
    { lodgectl doctor "$@" --json=short || true; } | python3 -c 'import json, sys
for d in json.load(sys.stdin):
    if d["Check"] in ("store", "directories") and d["Result"] != "ok":
        print(d["Message"], d["Hint"], sep="\t")'
}
# cured REGEX [--deep]: it is found, by a message like this one; what is said to help does
cured() {
    local found message hint
    found=$(findings "${@:2}")
    matches 'what is found' "$1" "$found"
    while IFS=$'\t' read -r message hint; do
        hint=${hint/FILE/$BIG/imported} # which only the reader can know
        hint=${hint%, with what*}
        eval "$hint" </dev/null >"$WORK/hint" 2>&1 || fail "'$hint' does not work for '$message': $(<"$WORK/hint")"
    done <<<"$found"
    lodgectl list >/dev/null
    wait_for 60 'the trash is empty' trash_is_empty
    equal "what is found after '$hint'" '' "$(findings --deep)"
    expect 0 lodgectl image verify --progress=none "$REFERENCE" "$TEST-imported"
}

REFERENCE=$REGISTRY/lab/damage:1
start_registry
mkdir -p "$BIG"/layer{1,2}/opt
for i in 1 2; do
    head -c 300000 /dev/urandom >"$BIG/layer$i/opt/noise"
    echo "as it was" >"$BIG/layer$i/opt/file"
done
layout_of "$BIG/image" "$BIG/layer1"
layout_of "$BIG/imported" "$BIG/layer2"
to_registry "$BIG/image" lab/damage:1
expect 0 pulling "$REFERENCE"
importing "$BIG/imported" "$TEST-imported" >/dev/null
lodgectl tag "$REFERENCE" "$TEST-tag"
equal 'a store that is in order' '' "$(findings --deep)"

layer_of() { echo "$STORE/layers/$(property "$1" Layers | tail -n 1 | tr : -)"; }
blob_of() { echo "$STORE/blobs/$(property "$1" "$2" | tr : -)"; }

for image in "$REFERENCE" "$TEST-imported"; do
    layer=$(layer_of "$image")
    digest=$(basename "$layer" | tr - :)
    rm -r "$layer"
    cured "$image: Its layer $digest is not there"
    rm -r "$layer/tree"
    cured "$layer: The layer has no files"
    rm "$layer/tar.map"
    cured "$layer: The layer has no tar.map"
    truncate -s 40 "$layer/tar.map"
    cured "$digest layer: .*truncated" --deep
    echo 'As it was' >"$layer/tree/opt/file"
    expect 1 lodgectl image verify --progress=none "$image"
    matches 'what verify says' "Image '$image' is damaged: $digest layer: the layer was changed" "$ERR"
    matches 'what helps' 'hint: lodgectl doctor --deep' "$ERR"
    cured "$digest layer: the layer was changed" --deep
    rm "$layer/tree/opt/file"
    cured "$digest layer: " --deep
    for what in Digest ConfigDigest; do
        blob=$(blob_of "$image" $what)
        digest=$(basename "$blob" | tr - :)
        rm "$blob"
        cured "$image: Its (manifest|configuration) $digest is not there"
        truncate -s 20 "$blob"
        cured "$digest blob: .*another digest" --deep
        sed -i 's/amd64\|sha256/xxxxx/' "$blob"
        cured "$digest blob: .*another digest" --deep
    done
done

# records, what is no name at all, and what nobody knows
echo '[Image' >"$STORE/images/$TEST-broken.oci"
cured "$TEST-broken.oci: The record cannot be used, and nothing is pruned while it is there"
for directory in layers blobs images volumes machines; do
    touch "$STORE/$directory/a stray 'file'"
    cured "$STORE/$directory/a stray 'file': This is no"
done
for directory in layers blobs volumes; do
    mkdir -p "$STORE/$directory/stray/directory"
    cured "$STORE/$directory/stray: This is no"
done
touch "$STORE/incoming/stray"
cured "$STORE/incoming/stray: There is no job"
mkdir -p "$STORE/incoming/0123456789abcdef/layers/.#1/tree"
cured "$STORE/incoming/0123456789abcdef: There is no job"
mkdir -p "$STORE/layers/sha256-$(printf '%064d' 0)/tree" # of no image
cured "$(printf '%064d' 0): The layer has no tar.map"

# volumes
at_exit "for v in \$(lodgectl volume ls -q '$TEST-*'); do lodgectl volume rm \$v; done"
lodgectl volume create "$TEST-v" >/dev/null
echo precious >"$STORE/volumes/$TEST-v/data/file"
rm "$STORE/volumes/$TEST-v/volume"
cured "$STORE/volumes/$TEST-v: The record of whose it is cannot be used"
echo nonsense >"$STORE/volumes/$TEST-v/volume"
cured "$STORE/volumes/$TEST-v: The record of whose it is cannot be used"
cp -a "$STORE/volumes/$TEST-v" "$STORE/volumes/$TEST-restored"
equal 'what is found of a volume that was put there' '' "$(findings)"
equal 'its name' "$TEST-restored" "$(lodgectl volume inspect "$TEST-restored" -p Name --value)"
equal 'what is in the volumes' 'precious precious' "$(cat "$STORE/volumes/$TEST"-{v,restored}/data/file | xargs)"
mkdir -p "$STORE/volumes/.#half/data"
cured "$STORE/volumes/.#half: A volume that was half made"

# a machine whose image is gone
create "$TEST-m" "$TEST-imported" -- "${IDLE[@]}"
lodgectl image rm --force "$TEST-imported"
cured "$TEST-m: The image of the machine cannot be used"
remove "$TEST-m"

# directories in the hands of others
for directory in layers blobs images volumes incoming machines trash; do
    chmod 0777 "$STORE/$directory"
    cured "$STORE/$directory belongs to user 0 and has mode 0777"
    chown 1000 "$STORE/$directory"
    cured "$STORE/$directory belongs to user 1000"
done
rm -r "$STORE/trash"
cured "1 of [0-9]+ are missing, the first is $STORE/trash"

# what cannot be deleted; that it is immutable is nothing, as a guest may have done it
mkdir -p "$STORE/incoming/$TEST-odd/deep"
touch "$STORE/incoming/$TEST-odd/deep/file"
chattr +i "$STORE/incoming/$TEST-odd/deep/file" "$STORE/incoming/$TEST-odd/deep"
lodgectl prune
wait_for 60 'the trash is empty' trash_is_empty
mkdir -p "$STORE/incoming/$TEST-odd/mount point"
mount -t tmpfs none "$STORE/incoming/$TEST-odd/mount point"
at_exit "umount '$STORE'/*/'$TEST-odd'*/* 2>/dev/null"
lodgectl prune
wait_for 10 'it is thrown away' eval "[[ ! -e $STORE/incoming/$TEST-odd ]]"
wait_for 10 'that was tried' eval '[[ -n $(findings) ]]'
cured "$STORE/trash/$TEST-odd[^ ]*: It cannot be deleted: something is mounted in it"
