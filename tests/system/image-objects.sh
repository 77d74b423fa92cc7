#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Images are objects: of three kinds, with properties, found and forgotten as they come and go on disk, however that happens.
. "$(dirname "$0")/lib.bash"

image_path() { call GetImage s "$1" | cut -d'"' -f2; }
image_get() { busctl --json=short get-property org.lodge1 "$(image_path "$1")" org.lodge1.Image "$2" | python3 -c 'import json, sys; print(json.load(sys.stdin)["data"])'; }
names() { lodgectl images -q; }

at_exit "rm -rf $IMAGES/$TEST-* $TREES/$TEST-*"
at_exit "remove_machines; for i in \$(lodgectl images -q | grep ^$TEST-); do lodgectl image rm --force \$i; done"

# by hand, in both places; the signal comes though nobody asks
gdbus monitor --system --dest org.lodge1 >"$WORK/signals" &
at_exit "kill $!"
sleep 0.3
mkdir "$IMAGES/$TEST-tree"
wait_for 5 'the signal of a new directory' grep -q "InterfacesAdded.*/org/lodge1/image/.*Type.*directory" "$WORK/signals"
equal 'its type' directory "$(image_get "$TEST-tree" Type)"
equal 'its path' "$IMAGES/$TEST-tree" "$(image_get "$TEST-tree" Path)"
truncate -s 1M "$TREES/$TEST-disk.raw"
equal 'a disk image' raw "$(image_get "$TEST-disk" Type)"
mv "$IMAGES/$TEST-tree" "$IMAGES/$TEST-moved"
matches 'renamed by hand' "$TEST-moved" "$(names)"
lacks 'renamed by hand' "$TEST-tree" "$(names)"
rmdir "$IMAGES/$TEST-moved"
wait_for 5 'the signal that it is gone' grep -q "InterfacesRemoved.*/org/lodge1/image/" "$WORK/signals"
lacks 'removed by hand' "$TEST-moved" "$(names)"

# of layers
tar -C "$IMAGES/busybox" -cf "$WORK/busybox.tar" .
lodgectl import --progress=none "$WORK/busybox.tar" "$TEST-layers" </dev/null
equal 'of layers' oci "$(image_get "$TEST-layers" Type)"
path=$(image_path "$TEST-layers")
[[ $(image_get "$TEST-layers" Size) -gt 100000 ]] || fail 'it has no size'
matches 'its digest' '^sha256:' "$(image_get "$TEST-layers" Digest)"
busctl call org.lodge1 "$path" org.lodge1.Image Tag 'sa{sv}' "registry.test/$TEST:1" 0
equal 'a reference that is not canonical' oci "$(image_get "registry.test/$TEST:1" Type)"
create "$TEST-m" "$TEST-layers" -- "${IDLE[@]}"
equal 'who uses it' "['$TEST-m']" "$(image_get "$TEST-layers" UsedBy)"

# the same after a restart, also by the objects' paths
before=$(busctl --list tree org.lodge1 | grep /image/)
systemctl restart lodged
equal 'the objects after a restart' "$before" "$(busctl --list tree org.lodge1 | grep /image/)"
remove "$TEST-m"

# many: listed without reading them again
for i in $(seq 200); do call TagImage 'ssa{sv}' "$TEST-layers" "registry.test/$TEST:n$i" 0 >/dev/null; done
equal 'how many' 201 "$(names | grep -c "^registry.test/$TEST:")"
best=1000000
for _ in 1 2 3 4 5 6 7 8 9; do
    begin=${EPOCHREALTIME/./}
    lodgectl images >/dev/null
    took=$((${EPOCHREALTIME/./} - begin))
    [[ $took -ge $best ]] || best=$took
done
echo "lodgectl images with 200 images: $best µs at best"
[[ $best -lt 200000 ]] || fail "listing 200 images takes $best µs" # what is wanted is in tests/bench; a test host may be busy
for i in $(names | grep "^registry.test/$TEST:"); do call RemoveImage 'sa{sv}' "$i" 0 >/dev/null; done
