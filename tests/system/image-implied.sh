#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A layer with files in a directory that its archive has no entry for: the machine sees the directory as the layers below
# describe it, also where another job brought those. What the worker may do there is in worker-view and unit/import/sandbox.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/image.bash"

base=$BIG/base
cp -a "$IMAGES/busybox" "$base"
install -d -m 0700 -o 1000 -g 1000 "$base/secret"
setfattr -n user.mark -v here "$base/secret"
install -d -m 1777 "$base/shared"
chmod 0711 "$base/root"
echo old >"$base/secret/old"

# tar_of DIR FILE...: an archive of these files alone, without the directories that they are in
tar_of() { tar -C "$1" --no-recursion -cf "$BIG/upper.tar" "${@:2}"; }
mkdir -p "$BIG/upper/secret" "$BIG/upper/shared/deep" "$BIG/upper/own"
for file in secret/new shared/deep/new own/new; do echo new >"$BIG/upper/$file"; done
tar_of "$BIG/upper" secret/new shared/deep/new own/new
"$OCI" image --ref latest "$BIG/a" "$base"
"$OCI" image --ref latest "$BIG/b" "$base" "$BIG/upper.tar"

like_base() { # like_base IMAGE: what a machine of it sees
    equal "the directories in $1" \
        "1000:1000 700 /secret${NL}0:0 1777 /shared${NL}0:0 755 /shared/deep${NL}0:0 755 /own${NL}old${NL}new" \
        "$(lodgectl run "$1" /bin/sh -c 'stat -c "%u:%g %a %n" /secret /shared /shared/deep /own && cat /secret/*' </dev/null | sort_files)"
    mount_image "$1" "$BIG/merged"
    equal "an attribute in $1" here "$(getfattr --only-values --absolute-names -n user.mark "$BIG/merged/secret")"
    umount "$BIG/merged"
}
# /secret/* is in the order of names: new, old
sort_files() { sed -e '/^new$/{h;d}' -e '/^old$/{G}'; }

# in one job
importing "$BIG/b" "$TEST-both" >/dev/null
like_base "$TEST-both"
lodgectl image rm "$TEST-both"
lodgectl prune --force >/dev/null

# in two: the base lies in the store, and is run from there
importing "$BIG/a" "$TEST-a" >/dev/null
lodgectl create "$TEST-a" "$TEST-a" "${IDLE[@]}"
start "$TEST-a"
importing "$BIG/b" "$TEST-b" >/dev/null
equal 'layers that they share' "$(property "$TEST-a" Layers)" "$(property "$TEST-b" Layers | head -n 1)"
like_base "$TEST-b"
lodgectl image rm "$TEST-b"
lodgectl prune --force >/dev/null

# by a pull, which has the network, too
start_registry
for image in a b; do to_registry "$BIG/$image" "$image:1"; done
pulling --insecure "$REGISTRY/a:1" >/dev/null
pulling --insecure "$REGISTRY/b:1" >/dev/null
like_base "$REGISTRY/b:1"
lodgectl image rm "$REGISTRY/b:1"
lodgectl prune --force >/dev/null

# a store that cannot be read where it must be: no image, no half layer, and everything is well afterwards
layer=$STORE/layers/$(property "$TEST-a" Layers | tr : -)
before=$(ls "$STORE/layers")
mv "$layer/tree" "$layer/moved"
expect 1 lodgectl import --progress=none "$BIG/b" "$TEST-b"
mv "$layer/moved" "$layer/tree"
matches 'why' 'cannot look into layer sha256:.* of the store' "$ERR"
equal 'the layers after a failure' "$before" "$(ls "$STORE/layers")"
wait_for 10 'its directory is gone' eval "[[ -z \$(ls $STORE/incoming) ]]"
importing "$BIG/b" "$TEST-b" >/dev/null
like_base "$TEST-b"
store_is_clean 'after all'

stop "$TEST-a"
