#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A working directory that the image says and does not have: it is made, wherever in the machine it lies, and nowhere else.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/store.bash"

canary=$WORK/canary
mkdir "$canary"
mkdir -p "$WORK/tree/srv" "$WORK/tree/real"
ln -s /real "$WORK/tree/link"
ln -s ../../../../../../real "$WORK/tree/up"
ln -s "$canary" "$WORK/tree/out"
echo >"$WORK/tree/file"
make_layer "$IMAGES/busybox"
busybox=$LAYER
make_layer "$WORK/tree"
top=$LAYER
say='/bin/sh -c "pwd -P; stat -c %u:%g:%a . ..; touch x && echo wrote"'

# begins WHAT WORKING_DIRECTORY WANTED [RUN_OPTION...]
begins() {
    make_image "$TEST-it" "Command=$say${NL}WorkingDirectory=$2" "$busybox" "$top"
    equal "$1" "$3" "$(lodgectl run "${@:4}" "$TEST-it" </dev/null | paste -sd' ')"
}

begins 'there already' /srv '/srv 0:0:755 0:0:755 wrote'
begins 'missing' /srv/a/b '/srv/a/b 0:0:755 0:0:755 wrote'
begins 'missing, odd' '"//new/./x y/"' '/new/x y 0:0:755 0:0:755 wrote'
begins 'behind a link' /link/below '/real/below 0:0:755 0:0:755 wrote'
begins 'behind a link that leads up' /up/below '/real/below 0:0:755 0:0:755 wrote'
begins 'on a tmpfs of lodge' /run/app '/run/app 0:0:755 0:0:755 wrote'
begins 'on another tmpfs' /scratch/app '/scratch/app 0:0:755 0:0:755 wrote' --tmpfs /scratch:mode=0755
begins 'the option' /srv '/of/the/user 0:0:755 0:0:755 wrote' --working-directory=/of/the/user
begins 'of another user, who may not write there' /new '/new 0:0:755 0:0:755' --user 1000

# in a volume it stays, and is the volume's root's; the image's tree is not touched
lodgectl run --volume "$TEST-v:/data" -w /data/in busybox touch file
[[ -e /var/lib/lodge/volumes/$TEST-v/data/in/file ]] || fail 'nothing in the volume'
at_exit "lodgectl volume rm $TEST-v"
begins 'in a volume, again' /data/in '/data/in 0:0:755 0:0:755 wrote' --volume "$TEST-v:/data"
mkdir "$WORK/bind"
begins 'in a bind' /data/in '/data/in 0:0:755 0:0:755 wrote' --bind "$WORK/bind:/data"
equal 'in the bound directory' "$(stat -c '%u 755' "$WORK/bind")" "$(stat -c '%u %a' "$WORK/bind/in")"
equal 'of the layers' 'file link out real srv up' "$(find "$STORE/layers/${top/:/-}/tree" -mindepth 1 -printf '%P\n' | sort | paste -sd' ')"

# fails WHAT WORKING_DIRECTORY MESSAGE [RUN_OPTION...]
fails() {
    make_image "$TEST-it" "Command=$say${NL}WorkingDirectory=$2" "$busybox" "$top"
    expect 126 lodgectl run "${@:4}" "$TEST-it"
    matches "$1" "$3" "$ERR"
}
fails 'a file' /file "change to working directory '/file'.*Not a directory"
fails 'below a file' /file/x "change to working directory '/file/x'.*Not a directory"
fails 'a link to nothing' /out "create directory '/out'"
fails 'behind a link to nothing' /out/x "create directory '/out/x'"
fails 'in /proc' /proc/x "create directory '/proc/x'"
fails 'in /sys' /sys/x "create directory '/sys/x'"
fails 'read-only' /data/new "create directory '/data/new'.*Read-only" --bind "$WORK/bind:/data:ro"
equal 'outside' '' "$(ls "$canary")"

# what is run in a machine later does not make any
m=$TEST-m
create "$m" busybox 'WorkingDirectory=/made/at/start' -- "${IDLE[@]}"
start "$m"
inside "$m" test -d /made/at/start
expect 126 lodgectl exec -w /made/later "$m" true
refuses "$m" test -e /made/later

stop "$m"
