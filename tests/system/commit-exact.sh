#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 200
# What a machine writes, by every kind of change that there is: diff names them all and no others, and an image of them is what
# the machine had, for machines of it, for commits of these, and for umoci. What is mounted in the machine is not in it.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/image.bash"
CHANGES=$TESTS/lib/changes
OF_A_START=() # what is not of the image
for path in proc sys dev run etc/hostname etc/hosts etc/machine-id etc/resolv.conf; do OF_A_START+=(--without "$path"); done

# as NAME PROGRAM ARG...: with the ids of a machine that runs
as() { nsenter --user --target "$(get "$1" Leader)" --setuid 0 --setgid 0 python3 - "${@:3}" <"$2"; }
root_of() { echo "/proc/$(get "$1" Leader)/root/"; }
view() { as "$1" "$TREE" "${OF_A_START[@]}" "${@:2}" "$(root_of "$1")"; } # view NAME [OPTION...]
change() { as "$1" "$CHANGES" "$2" "$(root_of "$1")"; }
tree_of() { # tree_of IMAGE [OPTION...]
    mount_image "$1" "$WORK/mounted"
    "$TREE" "${OF_A_START[@]}" "${@:2}" "$WORK/mounted"
    umount "$WORK/mounted"
}
same() { # same WHAT WANTED FOUND: files
    diff "$2" "$3" >"$WORK/difference" || fail "$1: $(head -n 12 "$WORK/difference" | cut -c1-300)"
}
# An overlay gives a file of a layer that has got a second name no common number with it.
without_links() { sed 's/ links=[0-9]* =.*//'; }
diff_is() { # diff_is NAME BEFORE AFTER
    "$CHANGES" expect "$2" "$3" | sort -k 2 >"$WORK/wanted"
    lodgectl diff "$1" | sort -k 2 >"$WORK/found"
    same "what diff says of $1" "$WORK/wanted" "$WORK/found"
}

cp -a "$IMAGES/busybox" "$BIG/tree"
"$CHANGES" below "$BIG/tree"
layout_of "$BIG/layout" "$BIG/tree,gzip"
importing "$BIG/layout" "$TEST-layers" >/dev/null
cp -a "$BIG/tree" "$IMAGES/$TEST-directory"

for kind in layers directory; do
    m=$TEST-$kind
    create "$m-1" "$m" WritableLayer=keep -- "${IDLE[@]}"
    start "$m-1"
    equal 'what a start changes' '' "$(lodgectl diff "$m-1")"
    view "$m-1" >"$WORK/0.tree"
    change "$m-1" first
    view "$m-1" >"$WORK/1.tree"
    diff_is "$m-1" "$WORK/0.tree" "$WORK/1.tree"
    lodgectl commit --progress=none -q "$m-1" "$TEST-$kind-1" >/dev/null
    tree_of "$TEST-$kind-1" >"$WORK/image.tree"
    same "$kind: an image of a machine that runs" "$WORK/1.tree" "$WORK/image.tree"
    stop "$m-1"
    lodgectl commit --progress=none -q --force "$m-1" "$TEST-$kind-1" >/dev/null
    tree_of "$TEST-$kind-1" >"$WORK/image.tree"
    same "$kind: an image of one that does not" "$WORK/1.tree" "$WORK/image.tree"

    # a machine of that one, and an image of its changes
    create "$m-2" "$TEST-$kind-1" WritableLayer=keep -- "${IDLE[@]}"
    start "$m-2"
    equal 'what a start changes' '' "$(lodgectl diff "$m-2")"
    view "$m-2" --no-times >"$WORK/found.tree"
    tree_of "$TEST-$kind-1" --no-times >"$WORK/image.tree"
    same "$kind: a machine of that image" "$WORK/image.tree" "$WORK/found.tree"
    view "$m-2" >"$WORK/1.tree"
    change "$m-2" second
    view "$m-2" >"$WORK/2.tree"
    diff_is "$m-2" "$WORK/1.tree" "$WORK/2.tree"
    lodgectl commit --progress=none -q "$m-2" "$TEST-$kind-2" >/dev/null
    tree_of "$TEST-$kind-2" >"$WORK/image.tree"
    same "$kind: an image of a machine of that image" "$WORK/2.tree" "$WORK/image.tree"
    remove_machines

    # others read it
    rm -rf "$BIG"/{oci,bundle}
    mkdir "$BIG/oci"
    lodgectl export --progress=none -q --format=oci "$TEST-$kind-2" "$BIG/oci.tar"
    tar -C "$BIG/oci" -xf "$BIG/oci.tar"
    skopeo inspect "oci:$BIG/oci" >/dev/null
    umoci unpack --image "$BIG/oci:$(umoci ls --layout "$BIG/oci")" "$BIG/bundle" 2>/dev/null
    "$TREE" --no-holes "${OF_A_START[@]}" "$BIG/bundle/rootfs" >"$WORK/umoci.tree"
    tree_of "$TEST-$kind-2" --no-holes >"$WORK/image.tree"
    same "$kind: what umoci unpacks" "$WORK/umoci.tree" "$WORK/image.tree"
done
store_is_clean 'with images'

# where there is nothing to be compared, or to be made a layer of
none() { # none NAME DIFF COMMIT: as these regular expressions say
    expect "$([[ -z $2 ]] && echo 0 || echo 1)" lodgectl diff "$1"
    matches "diff of $1" "$2" "$OUT$ERR"
    expect 1 lodgectl commit --progress=none "$1" "$TEST-none"
    matches "commit of $1" "$3" "$ERR"
}
create "$TEST-ended" busybox -- "${IDLE[@]}"
none "$TEST-ended" '' 'has no writable layer: it does not run, and WritableLayer=keep is not set'
if [[ $(printf '%s\n' 6.6 "$(uname -r)" | sort -V | head -n 1) == 6.6 ]]; then
    run_idle "$TEST-memory" WritableLayerMedium=memory
    none "$TEST-memory" 'is in memory,.* WritableLayerMedium=disk makes' 'is in memory,.* WritableLayerMedium=disk makes'
    stop "$TEST-memory"
fi

# what is mounted is not what the machine has written
m=$TEST-mounts
mkdir "$BIG/bind"
touch "$BIG/bind/of-the-host"
run_idle "$m" "Bind=$BIG/bind:/mnt/bind" 'Volume=/mnt/volume' 'Tmpfs=/mnt/tmpfs'
inside "$m" touch /mnt/{bind,volume,tmpfs}/made
inside "$m" touch /made
equal 'the places of mounts and a file' 'A /made A /mnt' "$(lodgectl diff "$m" | grep -v '^A /mnt/[a-z]*$' | paste -sd' ')"
lodgectl commit --progress=none -q "$m" "$TEST-mounts" >/dev/null
stop "$m"
expect 0 lodgectl run -q "$TEST-mounts" find /made /mnt '!' -type d </dev/null
equal 'files in the image' /made "$OUT"
