# SPDX-License-Identifier: LGPL-2.1-or-later
# Images of layers, put into the store by hand: for tests of what becomes of them, not of how they get there. To be
# sourced after lib.bash. All of a test's are taken out again when it ends.
# shellcheck shell=bash

STORE=/var/lib/lodge
LAYERS=() # that were made

# lodged throws away what no image refers to when it starts: let it be done with that
unknown "$TEST-none"

# make_layer DIR: a layer of a copy of DIR; sets $LAYER to its digest
make_layer() {
    LAYER=sha256:$(printf '%s %s %s' "$TEST" "$1" "${#LAYERS[@]}$RANDOM" | sha256sum | cut -d' ' -f1)
    mkdir -p "$STORE/layers/${LAYER/:/-}"
    cp -a "$1" "$STORE/layers/${LAYER/:/-}/tree"
    LAYERS+=("$LAYER")
}

# make_image NAME CONFIG LAYER...: an image of these layers, lowest first, with these lines of [Config]
make_image() {
    local name=$1 config=$2 file layer
    shift 2
    file=${name//'/'/%2F}
    file=${file//:/%3A}
    {
        printf '[Image]\nName=%s\n' "$name"
        for layer; do echo "Layer=$layer"; done
        printf 'OS=linux\n[Config]\n%s\n' "$config"
    } >"$STORE/images/.#$TEST"
    mv "$STORE/images/.#$TEST" "$STORE/images/$file.oci"
    at_exit "rm -f $STORE/images/$file.oci"
}

drop_layers() {
    local layer
    remove_machines
    for layer in "${LAYERS[@]}"; do rm -rf --one-file-system "$STORE/layers/${layer/:/-}"; done
    rmdir --ignore-fail-on-non-empty "$STORE/layers" 2>/dev/null || true
}
at_exit drop_layers
