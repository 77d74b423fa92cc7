#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
# hosts: bookworm
# Every form in which an image comes in and goes out: OCI layout and archive, docker save, a root's archive in each
# compression, a directory, a pipe. What goes out is read by skopeo, umoci and tar, and its layers are the same, bit for bit.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/image.bash"

before=$(store_list)
mkdir -p "$BIG/app/opt"
head -c 100000 /dev/urandom >"$BIG/app/opt/app"
ln "$BIG/app/opt/app" "$BIG/app/opt/same"
setfattr -n user.x -v y "$BIG/app/opt/app"
: >"$BIG/app/.wh.tmp"
CONFIG='{"Cmd":["/bin/sh","-c","echo it runs"],"Env":["PATH=/bin","A=b c"],"Labels":{"line":"one\ntwo"},"WorkingDir":"/opt"}'
make() { "$OCI" image --ref "localhost/$TEST:1" --config "$CONFIG" "$@" "$IMAGES/busybox,gzip" "$BIG/app,zstd"; }
make "$BIG/layout"
make --format oci-tar "$BIG/oci.tar"
make --format docker-save "$BIG/docker.tar"
make --docker "$BIG/docker-types"
tar -C "$IMAGES/busybox" --numeric-owner --sort=name --xattrs --format=posix --pax-option=delete=atime,delete=ctime -cf "$BIG/root.tar" .
for program in gzip xz zstd bzip2; do "$program" -q -k "$BIG/root.tar"; done
gzip -k "$BIG/oci.tar" "$BIG/docker.tar"

# --- in -----------------------------------------------------------------------------------------------------------

runs() { # runs NAME
    expect 0 lodgectl run "$1" /bin/sh -c 'echo it runs' </dev/null
    equal "what $1 prints" 'it runs' "$OUT"
}

# An image of two layers; its layers are the same in whatever form it came.
layers_of() { property "$1" Layers; }

is_app() { # is_app NAME
    local name=$1
    equal "$name: its type" oci "$(property "$name" Type)"
    wanted=${wanted:-$(layers_of "$name")}
    equal "$name: its layers" "$wanted" "$(layers_of "$name")"
    expect 0 lodgectl run "$name" </dev/null
    equal "$name: its command" 'it runs' "$OUT"
    expect 0 lodgectl run "$name" /bin/sh -c 'pwd; echo "$A"; test -e /tmp || echo no tmp; stat -c %h app' </dev/null
    matches "$name: its configuration and layers" "^/opt${NL}b c${NL}.*2\$" "$OUT"
}

wanted=''
for form in layout oci.tar oci.tar.gz docker.tar docker.tar.gz docker-types; do
    importing "$BIG/$form" "$TEST-$form"
    is_app "$TEST-$form"
done
for form in oci.tar docker.tar oci.tar.gz; do
    # a pipe cannot be read twice
    lodgectl import --progress=none - "$TEST-piped-$form" < <(cat "$BIG/$form")
    is_app "$TEST-piped-$form"
done
# the name that the archive has
importing "$BIG/oci.tar"
is_app "localhost/$TEST:1"
importing --force "$BIG/docker.tar"
is_app "localhost/$TEST:1"
expect 4 importing "$BIG/docker.tar"
matches 'a name that is taken' "localhost/$TEST:1" "$ERR"

for form in root.tar root.tar.gz root.tar.xz root.tar.zst root.tar.bz2; do
    importing "$BIG/$form" "$TEST-$form"
    mount_image "$TEST-$form" "$WORK/tree"
    equal_trees "$form" "$IMAGES/busybox" "$WORK/tree"
    umount "$WORK/tree"
    runs "$TEST-$form"
    lodgectl import --progress=none - "$TEST-piped-$form" < <(cat "$BIG/$form")
    equal "$form through a pipe" "$(layers_of "$TEST-$form")" "$(layers_of "$TEST-piped-$form")"
done
equal 'the layer of a root is its archive' "sha256:$(sha256sum <"$BIG/root.tar" | cut -d' ' -f1)" "$(layers_of "$TEST-root.tar.xz")"

importing "$IMAGES/busybox" "$TEST-directory"
runs "$TEST-directory"
path=$(property "$TEST-directory" Path)
if [[ $(property "$TEST-directory" Type) == directory ]]; then
    equal_trees 'a directory' "$IMAGES/busybox" "$path"
else
    mount_image "$TEST-directory" "$WORK/tree"
    equal_trees 'a directory' "$IMAGES/busybox" "$WORK/tree"
    umount "$WORK/tree"
fi

# --- out ----------------------------------------------------------------------------------------------------------

digests_of() { # digests_of FILE...: of what is in them uncompressed
    local file
    for file; do
        case $(head -c 4 "$file" | od -An -tx1) in
            ' 1f 8b'*) gzip -dc "$file" ;;
            ' 28 b5 2f fd') zstd -dcq "$file" ;;
            *) cat "$file" ;;
        esac | sha256sum | sed 's/ .*//; s/^/sha256:/'
    done
}

# skopeo DIR gets the files of an image in order; the manifest names them
layers_in() { # layers_in DIR: paths, lowest first
    python3 -c '
import json, sys
for layer in json.load(open(sys.argv[1] + "/manifest.json"))["layers"]:
    print(sys.argv[1] + "/" + layer["digest"].split(":")[1])' "$1"
}

name=$TEST-layout
mount_image "$name" "$WORK/tree"
for compression in none gzip zstd; do
    lodgectl export --progress=none --format=oci --compression="$compression" "$name" "$BIG/out.tar"
    rm -rf "$BIG/dir"
    skopeo copy -q "oci-archive:$BIG/out.tar" "dir:$BIG/dir"
    mapfile -t files < <(layers_in "$BIG/dir")
    equal "layers of an export with $compression" "$wanted" "$(digests_of "${files[@]}")"
    if [[ $compression == gzip ]]; then
        skopeo copy -q "oci-archive:$BIG/out.tar" "oci:$BIG/umoci:latest"
        umoci unpack --image "$BIG/umoci:latest" "$BIG/bundle"
        equal_trees 'umoci of an export' "$WORK/tree" "$BIG/bundle/rootfs" --no-holes
        python3 - "$BIG/bundle/config.json" <<'PYTHON'
import json, sys
process = json.load(open(sys.argv[1]))["process"]
assert process["args"] == ["/bin/sh", "-c", "echo it runs"] and process["cwd"] == "/opt" and "A=b c" in process["env"], process
PYTHON
    fi
    importing "$BIG/out.tar" "$TEST-again-$compression"
    is_app "$TEST-again-$compression"
    equal 'its configuration' "$(property "$name" ConfigDigest)" "$(property "$TEST-again-$compression" ConfigDigest)"
done
lodgectl export --progress=none --format=docker "$name" "$BIG/out.tar"
rm -rf "$BIG/dir"
skopeo copy -q "docker-archive:$BIG/out.tar" "dir:$BIG/dir"
mapfile -t files < <(layers_in "$BIG/dir")
equal 'layers of an export for docker' "$wanted" "$(digests_of "${files[@]}")"
importing "$BIG/out.tar" "$TEST-again-docker"
is_app "$TEST-again-docker"

for image in "$name" "$TEST-directory"; do
    rm -rf "$BIG/tree"
    mkdir "$BIG/tree"
    lodgectl export --progress=none --format=tar "$image" - | tar -C "$BIG/tree" --numeric-owner --xattrs --xattrs-include='*' -xp
    if [[ $image == "$name" ]]; then
        equal_trees 'an export as the archive of a root' "$WORK/tree" "$BIG/tree" --no-holes
    else
        equal_trees 'an export of a directory' "$IMAGES/busybox" "$BIG/tree" --no-holes
    fi
done
lodgectl export --progress=none --format=tar "$name" "$BIG/out.tar.gz"
gzip -t "$BIG/out.tar.gz"
expect 3 lodgectl export --progress=none "$TEST-nowhere" "$BIG/out2.tar"
absent "$BIG/out2.tar"
umount "$WORK/tree"

store_is_clean 'with images'
remove_images
equal 'the store when all is gone' "$before" "$(store_list)"
