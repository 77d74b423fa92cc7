#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 600
# What an image is unpacked to, to the last bit: modes, owners, times to the nanosecond, xattrs, ACLs, capabilities, hardlinks,
# devices, holes. Images with every feature of tar and OCI beside the tree that they describe; real Debian and busybox
# images beside the tree they came from, and beside `umoci unpack`.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/image.bash"

before=$(store_list)

# imported NAME SOURCE: imports it and mounts it as $BIG/ours
imported() {
    importing "$2" "$TEST-$1" >/dev/null
    mount_image "$TEST-$1" "$BIG/ours"
}

gone() {
    umount "$BIG/ours"
    lodgectl image rm "$TEST-$1"
}

umoci_tree() { # umoci_tree LAYOUT DIR: what umoci makes of it
    umoci raw unpack --image "$1:latest" "$2"
}

# --- every feature -----------------------------------------------------------------------------------------------

"$OCI" make-all good "$BIG/good"
while read -r name _; do
    "$OCI" expect "$name" "$BIG/wanted"
    imported "$name" "$BIG/good/$name"
    # a layer that has no entry for the root takes it over from below only if it does so with other directories
    if [[ $("$OCI" implicit "$name") == / ]]; then root=--no-root; else root=; fi
    equal_trees "$name" "$BIG/wanted" "$BIG/ours" $root
    gone "$name"
    rm -rf "$BIG/wanted"
done < <("$OCI" list good)
lodgectl prune --force >/dev/null
equal 'the store after all images are gone' "$before" "$(store_list)"

# --- real systems ------------------------------------------------------------------------------------------------

# each host the Debian of its own release: both are covered, in half the time
case $LODGE_TEST_HOST in
    bookworm) system=debian12 ;;
    *) system=debian13 ;;
esac
for image in busybox "$system"; do
    layout_of "$BIG/$image" "$IMAGES/$image,gzip"
    imported "$image" "$BIG/$image"
    equal_trees "$image and its tree" "$IMAGES/$image" "$BIG/ours"
    umoci_tree "$BIG/$image" "$BIG/theirs"
    equal_trees "$image and umoci" "$BIG/theirs" "$BIG/ours" --no-holes
    gone "$image"

    # a second layer as somebody would make it, by umoci: changes, removals, replacements
    rm -rf "$BIG/theirs"
    umoci unpack --image "$BIG/$image:latest" "$BIG/bundle"
    root=$BIG/bundle/rootfs
    rm -r "$root/etc/passwd" "${root:?}/var"
    mkdir -p "$root/var/new" "$root/etc/passwd/now-a-directory"
    chmod 0700 "$root/root"
    chown 33:33 "$root/tmp"
    touch -d '2001-02-03 04:05:06.789' "$root/etc"
    mv "$root/bin" "$root/moved"
    ln -s moved "$root/bin"
    echo changed >>"$root/etc/group"
    setfattr -n user.note -v here "$root/etc/group"
    umoci repack --refresh-bundle --image "$BIG/$image:latest" "$BIG/bundle"
    umoci_tree "$BIG/$image" "$BIG/theirs"
    imported "$image" "$BIG/$image"
    equal 'the layers' 2 "$(property "$TEST-$image" Layers | wc -l)"
    equal_trees "$image with a second layer and umoci" "$BIG/theirs" "$BIG/ours" --no-holes
    gone "$image"
    rm -rf "$BIG/theirs" "$BIG/bundle" "${BIG:?}/$image"
done
store_is_clean 'after all'
lodgectl prune --force >/dev/null
equal 'the store after all images are gone' "$before" "$(store_list)"
