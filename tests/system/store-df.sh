#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What `lodgectl df` adds up is what du counts, to the byte, of every kind; what it calls reclaimable is what prune with all its
# options gives back to the file system.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/image.bash"

sum() { # sum COLUMN [KIND...]: of what `lodgectl df -j` has printed into $WORK/df
    python3 -c 'import json, sys
print(sum(row[sys.argv[2]] for row in json.load(open(sys.argv[1])) if row["Kind"] in sys.argv[3:] or not sys.argv[3:]))' \
        "$WORK/df" "$@"
}
du_of() { du -s --block-size=1 "$@" | awk '{ n += $1 } END { print n + 0 }'; }
is_measured() { # is_measured WHEN
    local found option
    sync -f "$STORE" # what is not written yet has no blocks
    for option in '' -v; do
        found=$(du_of "$STORE")
        # shellcheck disable=SC2086
        lodgectl df $option -j >"$WORK/df"
        equal "the sum of df $option $1" "$found" "$(sum Size)"
    done
}
of_kind() { # of_kind KIND DIRECTORY: all that is in it
    equal "df of $1" "$(find "$STORE/$2" -mindepth 1 -maxdepth 1 -exec du -s --block-size=1 {} + | awk '{ n += $1 } END { print n + 0 }')" \
        "$(sum Size "$1")"
}
free_bytes() {
    sync -f "$STORE"
    df --output=avail --block-size=1 "$STORE" | tail -n 1
}

has_written() { [[ $(du_of "$STORE/incoming/$1") -gt $2 ]]; } # has_written JOB BYTES

rests() { # rests JOB: it writes no more
    local before
    before=$(du_of "$STORE/incoming/$1")
    sleep 1
    [[ $(du_of "$STORE/incoming/$1") -eq $before ]]
}

# layers with hard links and holes, which images share
layer() { # layer NUMBER
    local dir=$BIG/layer$1/opt
    mkdir -p "$dir"
    head -c "${1}500000" /dev/urandom >"$dir/noise$1"
    ln "$dir/noise$1" "$dir/again$1"
    truncate -s 20M "$dir/hole$1"
    echo end >>"$dir/hole$1"
    seq 200 | sed "s,^,$dir/small," | xargs touch
}
for i in 1 2 3 4 5; do layer $i; done
layout() { # layout NAME LAYER...
    local layers=() i
    for i in "${@:2}"; do layers+=("$BIG/layer$i,gzip"); done
    "$OCI" image --ref latest "$BIG/image-$1" "$IMAGES/busybox,gzip" "${layers[@]}"
}
layout used 1
layout loose 1 2
layout protected 3
layout kept 2 4
layout other 5
truncate -s 16M "$BIG/disk.raw"
mkfs.ext4 -q -d "$IMAGES/busybox" "$BIG/disk.raw"
tar -C "$BIG/layer5" -cf "$BIG/noise.tar" opt/noise5
new_tree foreign >/dev/null # an image, but none in the store

small_store 400M
is_measured 'of an empty store'
equal 'what an empty store gives back' 0 "$(sum Reclaimable)"

for name in used loose protected kept other; do importing "$BIG/image-$name" "$TEST-$name" >/dev/null; done
lodgectl tag "$TEST-loose" "$TEST-tag"
lodgectl image read-only "$TEST-protected"
at_exit "lodgectl image read-only $TEST-protected no 2>/dev/null"
importing "$BIG/disk.raw" "$TEST-disk" >/dev/null
importing --type=directory "$BIG/layer5" "$TEST-directory" >/dev/null
# layers that were made, but of which no image came
rm "$STORE/images/$TEST-kept.oci"

lodgectl volume create "$TEST-mine" >/dev/null
lodgectl volume create "$TEST-nobody" >/dev/null
at_exit "lodgectl volume rm --force $TEST-mine 2>/dev/null"
cp -a "$BIG/layer1/opt" "$BIG/layer2/opt" "$STORE/volumes/$TEST-nobody/data/"
m=$TEST-m
create "$m" "$TEST-used" WritableLayer=keep Volume="$TEST-mine:/srv" -- "${IDLE[@]}"
start "$m"
inside "$m" /bin/sh -c 'head -c 2000000 /dev/urandom >/noise; ln /noise /again; rm -r /etc; cp /noise /srv; rm /opt/noise1; truncate -s 9M /opt/hole1'
is_measured 'while a machine runs'
stop "$m"
is_measured 'of all kinds'
for kind in layer:layers blob:blobs image:images machine:machines volume:volumes; do of_kind "${kind%:*}" "${kind#*:}"; done
for kind in layer blob image machine volume; do
    [[ $(sum Size $kind) -gt 0 ]] || fail "nothing is $kind"
done
equal 'what goes of machines and of the rest' 0 "$(sum Reclaimable machine incoming store)"

# a job that goes on; nothing of it would be pruned
mkfifo "$WORK/fifo"
exec 9<>"$WORK/fifo"
head -c 4000000 "$BIG/noise.tar" >"$WORK/fifo" &
head=$!
job=$(lodgectl import --detach --progress=none "$WORK/fifo" "$TEST-half" </dev/null)
wait_for 20 'it has written something' has_written "$job" 300000
wait "$head"
wait_for 20 'it waits for more' rests "$job"
is_measured 'while a job runs'
[[ $(sum Size incoming) -gt 300000 ]] || fail 'the job has written nothing'
equal 'what goes of it' 0 "$(sum Reclaimable incoming)"
call CancelJob 'sa{sv}' "$job" 0
wait_for 20 'nothing is left of it' no_job_is_left
wait_for 60 'the trash is empty' trash_is_empty

# what prune gives back; du has rounded each file to blocks as the file system has
is_measured 'before prune'
promised=$(sum Reclaimable) of_layers=$(sum Reclaimable layer)
before=$(free_bytes)
expect 0 lodgectl prune --all --volumes --force
removed=$OUT
wait_for 60 'the trash is empty' trash_is_empty
gained=$(($(free_bytes) - before))
echo "promised $promised, of it layers $of_layers; gained $gained"
[[ $((promised - gained)) -lt 65536 && $((gained - promised)) -lt 65536 ]] || fail "prune was to give back $promised bytes, and did $gained"
for name in loose tag other nobody; do matches 'what was removed' "(^|$NL)$TEST-$name($NL|\$)" "$removed"; done
lacks 'what was removed' "$TEST-(used|protected|disk|directory|mine)" "$removed"
is_measured 'after prune'
equal 'what is left to give back' 0 "$(sum Reclaimable)"
start "$m"
equal 'what the machine has' 2000000 "$(inside "$m" /bin/sh -c 'wc -c </srv/noise')"
stop "$m"
store_is_clean 'after all'
remove "$m"
