#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Who only listens knows each image and each volume with all its properties: whatever changes them, a caller, a machine or
# somebody's hand on the disk, is told, and as the annotations of the interfaces say.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/image.bash"

VOLUMES=$STORE/volumes
FACES=(org.lodge1.Image org.lodge1.Volume)
XML=/usr/share/dbus-1/interfaces
at_exit "rm -rf $IMAGES/$TEST-* $VOLUMES/$TEST-* /etc/lodge/machines/$TEST-*.machine.d"
at_exit "remove_machines; lodgectl volume ls -q '$TEST-*' 2>/dev/null | xargs -r lodgectl volume rm --force"

managed() { busctl --json=short call org.lodge1 /org/lodge1 org.freedesktop.DBus.ObjectManager GetManagedObjects; }
agree() {
    managed >"$WORK/now"
    "$TESTS/lib/mirror" "$WORK/before" "$WORK/signals" "$WORK/now" "$XML" "${FACES[@]}" >"$WORK/mirror" 2>&1
}
# told WHAT [COMMAND...]: after that the listener agrees with lodged
told() {
    local end=$((${EPOCHREALTIME/./} + 10000000))
    "${@:2}"
    until agree; do
        [[ ${EPOCHREALTIME/./} -lt $end ]] || fail "$1: $(head -n 5 "$WORK/mirror")"
        sleep 0.05
    done
}
# noticed WHAT REGEX [COMMAND...]: likewise, and nobody has to ask for it: one signal more is like that
noticed() {
    local n
    n=$(wc -l <"$WORK/signals")
    "${@:3}"
    wait_for 10 "$1: no signal" eval "tail -n +$((n + 1)) '$WORK/signals' | grep -qE '$2'"
    told "$1"
}

lodgectl list >/dev/null
busctl monitor --json=short org.lodge1 >"$WORK/signals" 2>"$WORK/monitor.err" &
at_exit "kill $!"
lodgectl volume create "$TEST-first" >/dev/null
wait_for 10 'the monitor runs' eval "lodgectl volume rm $TEST-first; lodgectl volume create $TEST-first; grep -q _2dfirst $WORK/signals"
managed >"$WORK/before"
: >"$WORK/signals"

# --- images, by callers ------------------------------------------------------------------------------------------
layout_of "$WORK/one" --config '{"Cmd":["/bin/true"]}' "$IMAGES/busybox" >/dev/null
layout_of "$WORK/two" --config '{"Entrypoint":["/bin/echo"],"Cmd":["x"],"Env":["A=b"],"User":"1:1","WorkingDir":"/tmp","StopSignal":"SIGINT","Volumes":{"/v":{}},"ExposedPorts":{"80/tcp":{}},"Labels":{"l":"m"},"Healthcheck":{"Test":["CMD","true"]}}' "$IMAGES/busybox" >/dev/null
told 'an import' importing "$WORK/one" "$TEST-oci"
told 'another image of that name' importing --force "$WORK/two" "$TEST-oci"
equal 'its entrypoint' /bin/echo "$(property "$TEST-oci" Entrypoint)"
told 'a tag' lodgectl tag "$TEST-oci" "$TEST-tag"
importing "$WORK/one" "$TEST-one"
told 'a tag that is taken away' lodgectl tag --force "$TEST-one" "$TEST-tag"
told 'a rename' lodgectl image rename "$TEST-tag" "$TEST-tag2"
mkdir "$IMAGES/$TEST-dir"
cp -a "$IMAGES/busybox/." "$IMAGES/$TEST-dir/"
truncate -s 8M "$TREES/$TEST-raw.raw"
mkfs.ext4 -q "$TREES/$TEST-raw.raw"
for kind in oci dir raw; do
    told "$kind: a clone" lodgectl image clone --progress=none "$TEST-$kind" "$TEST-$kind-clone" >/dev/null
    noticed "$kind: read-only" '"ReadOnly":\{"type":"b","data":true' lodgectl image read-only "$TEST-$kind"
    noticed "$kind: no longer" '"ReadOnly":\{"type":"b","data":false' lodgectl image read-only "$TEST-$kind" no
    told "$kind: renamed" lodgectl image rename "$TEST-$kind-clone" "$TEST-$kind-other"
    told "$kind: removed" lodgectl image rm "$TEST-$kind-other"
done
told 'pruned' lodgectl prune --force >/dev/null

# --- images, by hand ---------------------------------------------------------------------------------------------
noticed 'a disk image grows' '"Size"' dd if=/dev/urandom of="$TREES/$TEST-raw.raw" bs=64K count=80 conv=notrunc status=none
noticed 'another disk image' PropertiesChanged eval "cp $TREES/$TEST-raw.raw $WORK/raw && cp $WORK/raw $BIG/raw && mv $BIG/raw $TREES/$TEST-raw.raw"
noticed 'a disk image has another name' InterfacesAdded mv "$TREES/$TEST-raw.raw" "$TREES/$TEST-disk.raw"
noticed 'a directory before it' '"Type":\{"type":"s","data":"directory"' mkdir "$IMAGES/$TEST-disk"
noticed 'and away again' '"Type":\{"type":"s","data":"raw"' rmdir "$IMAGES/$TEST-disk"
noticed 'a disk image goes' InterfacesRemoved rm "$TREES/$TEST-disk.raw"
noticed 'a record goes' InterfacesRemoved rm "$IMAGES/$TEST-one.oci"

# --- who uses them -----------------------------------------------------------------------------------------------
m=$TEST-m file=/etc/lodge/machines/$TEST-m.machine
volume_of() { busctl --json=short get-property org.lodge1 "$(call GetVolume s "$1" | cut -d'"' -f2)" org.lodge1.Volume "$2" | python3 -c 'import json, sys; d = json.load(sys.stdin)["data"]; print(d if isinstance(d, str) else " ".join(d))'; }
told 'a machine' lodgectl create "$m" "$TEST-dir" --writable-layer=keep -v "$TEST-data:/data" -- "${IDLE[@]}"
noticed 'its volume' 'UsedBy.*"'"$m" lodgectl volume create "$TEST-data" >/dev/null
noticed 'another image' UsedBy lodgectl set "$m" "Image=$TEST-oci"
noticed 'another image by hand' UsedBy sed -i "s/^Image=.*/Image=$TEST-dir/" "$file"
noticed 'no volume, by hand' '"UsedBy":\{"type":"as","data":\[\]' sed -i '/^Volume=/d' "$file"
equal 'who has the volume' '' "$(volume_of "$TEST-data" UsedBy)"
mkdir "$file.d"
noticed 'a volume, by a drop-in' '"UsedBy":\{"type":"as","data":\["'"$m" eval "printf '[Files]\nVolume=$TEST-data:/data /anonymous\n' >$WORK/drop-in; mv $WORK/drop-in $file.d/10.conf"
told 'a start' start "$m"
anonymous=$(lodgectl volume ls -q 'anonymous-*')
equal 'whose the anonymous one is' "$m" "$(volume_of "$anonymous" Machine)"
lodgectl volume create "$TEST-live" >/dev/null
noticed 'a mount' 'UsedBy.*"'"$m" lodgectl mount "$m" "$TEST-live:/live"
told 'and away again' lodgectl umount "$m" /live
equal 'who has that' '' "$(volume_of "$TEST-live" UsedBy)"
told 'a stop' stop "$m"
noticed 'another name' '"Machine":\{"type":"s","data":"'"$TEST-n" lodgectl rename "$m" "$TEST-n"
equal 'whose it is now' "$TEST-n $TEST-n" "$(volume_of "$anonymous" Machine) $(volume_of "$anonymous" UsedBy)"
told 'a commit' lodgectl commit --progress=none "$TEST-n" "$TEST-commit" >/dev/null
told 'the machine goes' lodgectl rm --force "$TEST-n"

# --- volumes, by hand --------------------------------------------------------------------------------------------
noticed 'a volume goes' InterfacesRemoved rm -r "$VOLUMES/$TEST-live"
expect 3 lodgectl volume inspect "$TEST-live"
noticed 'a volume gets another name' InterfacesAdded mv "$VOLUMES/$TEST-data" "$VOLUMES/$TEST-moved"
equal 'volumes' "$TEST-first$NL$TEST-moved" "$(lodgectl volume ls -q "$TEST-*")"
cp -a "$VOLUMES/$TEST-moved" "$VOLUMES/$TEST-copy"
equal 'a copy' "$TEST-copy" "$(lodgectl volume ls -q "$TEST-copy")"
told 'a copy'
rm -r "$VOLUMES/$TEST-copy"
equal 'volumes' "$TEST-first$NL$TEST-moved" "$(lodgectl volume ls -q "$TEST-*")"
told 'volumes that are removed' lodgectl volume rm "$TEST-first" "$TEST-moved"

# --- each property that may change has done so -------------------------------------------------------------------
agree || fail "$(<"$WORK/mirror")"
python3 - "$XML" "${FACES[@]}" <<'END' >"$WORK/promised"
import sys, xml.etree.ElementTree as tree
for face in sys.argv[2:]:
    for p in tree.parse(f'{sys.argv[1]}/{face}.xml').iter('property'):
        if p.find('annotation').get('value') == 'true':
            print(f'{face}.{p.get("name")}')
END
equal 'the properties of which a change was told' "$(sort "$WORK/promised")" "$(sort "$WORK/mirror")"
