#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A store on a file system without one free byte, or without one free inode: whatever gives space back works, and so do the lists
# that say what to give back; what cannot be done says so. Each of these alone, as it is all that somebody may think of.
# timeout: 600
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/image.bash"

for i in 1 2 3; do
    mkdir -p "$BIG/layer$i/opt"
    head -c 3000000 /dev/urandom >"$BIG/layer$i/opt/noise"
    "$OCI" image --ref latest "$BIG/image$i" "$IMAGES/busybox,gzip" "$BIG/layer$i,gzip"
done
m=$TEST-m s=$TEST-s

free() { df --output="$1" --block-size=1 "$STORE" | tail -n 1 | tr -d ' '; } # free avail|iavail
fill() { # fill bytes|inodes: until nothing is left; some blocks come free as others are written
    local i
    wait_for 60 'the trash is empty' trash_is_empty
    if [[ $1 == bytes ]]; then
        i=$(free avail)
        [[ $i -lt 200000 ]] || fallocate -l $((i - 100000)) "$STORE/filler.most"
        for ((i = 0; $(free avail) > 0 && i < 200; i++)); do
            head -c 1M /dev/zero >>"$STORE/filler.more" || true
            sync -f "$STORE"
            mktemp -d "$STORE/filler.XXXXXX" || true # takes a block that is too little for a file
            fallocate -l 1 "$STORE/filler.last.$EPOCHREALTIME" || true # likewise, at once
        done >/dev/null 2>&1
        [[ $i -lt 200 ]] || fail "$(free avail) bytes are still free" # else none was, when it was looked last
    else
        mkdir -p "$STORE/filler.inodes" 2>/dev/null || true # one that was there before, or none is left
        for ((i = 0; $(free iavail) > 0 && i < 200; i++)); do # what has just run may give some back
            seq -f "$STORE/filler.inodes/$EPOCHREALTIME.%.0f" "$(free iavail)" | xargs touch 2>/dev/null || true
        done
        [[ $i -lt 200 ]] || fail "$(free iavail) inodes are still free"
    fi
}
empty() { rm -rf "$STORE"/filler.*; }
gives_back() { # gives_back bytes|inodes COMMAND...: it works, and the file system has more free after it
    local what=avail before
    [[ $1 == bytes ]] || what=iavail
    empty
    fill "$1"
    before=$(free $what)
    expect 0 "${@:2}"
    wait_for 60 'the trash is empty' trash_is_empty
    wait_for 10 "'${*:2}' gives back $1" eval "sync -f $STORE; [[ \$(free $what) -gt $before ]]"
}
made() { # all that is to go, and a machine that runs
    for i in 1 2; do importing "$BIG/image$i" "$TEST-$i" >/dev/null; done
    importing --type=directory "$BIG/layer1" "$TEST-directory" >/dev/null
    lodgectl volume create "$TEST-v" >/dev/null
    head -c 300000 /dev/urandom >"$STORE/volumes/$TEST-v/data/file"
    lodgectl volume create "$TEST-w" >/dev/null
    head -c 300000 /dev/urandom >"$STORE/volumes/$TEST-w/data/file"
    for i in "$m" "$s"; do
        create "$i" "$TEST-1" WritableLayer=keep Volume=/srv -- "${IDLE[@]}"
        start "$i"
        inside "$i" /bin/sh -c 'head -c 400000 /dev/urandom >/noise; cp /noise /srv'
    done
    stop "$s"
}

for what in bytes inodes; do
    small_store 64M -i 24576 # bytes for each inode
    made
    fill $what
    daemon=$(daemon_pid)
    # what can be seen and what cannot be done
    expect 0 lodgectl images
    expect 0 lodgectl list
    expect 0 lodgectl volume ls
    expect 0 lodgectl df
    matches 'what df says' "volume +4 " "$OUT"
    expect 1 lodgectl doctor
    matches 'what doctor says' 'problem +space' "$OUT"
    lacks 'what doctor says' 'problem +store' "$OUT"
    fill $what # nobody is to have given anything back meanwhile
    expect 1 importing "$BIG/image3" "$TEST-new"
    matches 'an import' '[Ss]pace' "$ERR"
    fill $what
    expect 1 lodgectl volume create "$TEST-new"
    matches 'a new volume' "$STORE/volumes: No space left on device" "$ERR"
    matches 'what helps' 'hint: lodgectl prune' "$ERR"
    equal 'a program in the machine' hello "$(inside "$m" echo hello)"
    within 5 stop "$m"

    empty
    importing "$BIG/image3" "$TEST-3" >/dev/null
    rm "$STORE/images/$TEST-3.oci" # as after a pull that came to nothing
    gives_back $what lodgectl prune --force
    start "$m"
    gives_back $what lodgectl volume rm "$TEST-w"
    gives_back $what lodgectl image rm "$TEST-directory"
    gives_back $what lodgectl image rm "$TEST-2"
    gives_back $what lodgectl reset "$s"
    gives_back $what lodgectl rm "$s"
    gives_back $what lodgectl rm --force "$m"
    gives_back $what lodgectl volume prune --force
    gives_back $what lodgectl prune --all --volumes --force
    equal 'lodged' "$daemon" "$(daemon_pid)"
    empty
    equal 'images' '' "$(lodgectl images -q | grep "^$TEST" || true)"
    equal 'volumes' '' "$(lodgectl volume ls -q)"
    importing "$BIG/image3" "$TEST-3" >/dev/null
    lodgectl image rm "$TEST-3"
    store_is_clean "after it was without $what"
    normal_store
    AT_EXIT=("${AT_EXIT[@]/normal_store/}")
done
