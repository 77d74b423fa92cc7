#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Volumes in machines: made at the first start, whose files they hold, shared, read-only, and what outlives what.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/store.bash"

VOLUMES=/var/lib/lodge/volumes
drop_volumes() {
    local path
    remove_machines
    for path in "$VOLUMES/$TEST"-*; do
        [[ ! -e $path ]] || call RemoveVolume 'sa{sv}' "${path##*/}" 1 Force b true
    done
}
at_exit drop_volumes

anonymous() { grep -ls "^Machine=$1\$" "$VOLUMES"/*/volume || true; }
all_anonymous() { find "$VOLUMES" -maxdepth 1 -name 'anonymous-*' | sort; } # other tests may have some, too

# --- named -------------------------------------------------------------------------------------------------------

tree=$(new_tree tree)
mkdir -p "$tree/srv/data"
chown 1000:5 "$tree/srv/data"
chmod 02750 "$tree/srv/data"
# an empty volume begins as a copy of what it covers, but not as one of a directory that is made for it
mkdir -p "$tree/opt/full/sub"
echo content >"$tree/opt/full/sub/file"
chown 1000:5 "$tree/opt/full/sub/file"
ln -s /etc/shadow "$tree/opt/full/link"
ln -s "$WORK/canary" "$tree/opt/full/away"
mkfifo "$tree/opt/full/fifo"
truncate -s 4G "$tree/opt/full/sparse"
m=$TEST-fill
create "$m" "$TEST-tree" "Volume=$TEST-full:/opt/full $TEST-part:/opt/part /new" -- "${IDLE[@]}"
mkdir -p "$tree/opt/part"
within 10 start "$m"
equal 'a file that was there' 'content' "$(inside "$m" cat /opt/full/sub/file)"
equal 'its owner in the store' '1000 5' "$(stat -c '%u %g' "$VOLUMES/$TEST-full/data/sub/file")"
equal 'links are links' "/etc/shadow $WORK/canary" "$(readlink "$VOLUMES/$TEST-full/data/link" "$VOLUMES/$TEST-full/data/away" | xargs)"
[[ $(du -k "$VOLUMES/$TEST-full/data/sparse" | cut -f1) -lt 1000 ]] || fail 'a sparse file is not sparse any more'
absent "$WORK/canary"
inside "$m" sh -c 'rm /opt/full/link /opt/full/away; echo mine >/opt/full/sub/file; chown 77 /new'
stop "$m"
start "$m"
equal 'it is not filled again' mine "$(inside "$m" cat /opt/full/sub/file)"
refuses "$m" test -e /opt/full/link
equal 'nor is an empty one that covers nothing' 77 "$(inside "$m" stat -c %u /new)"
stop "$m"
# interrupted: filled again at the next start
setfattr -n user.lodge.filling -v 1 "$VOLUMES/$TEST-full/data"
start "$m"
equal 'it is filled again' content "$(inside "$m" cat /opt/full/sub/file)"
stop "$m"
remove "$m"

m=$TEST-one
create "$m" "$TEST-tree" "Volume=$TEST-v:/srv/data" -- "${IDLE[@]}"
absent "$VOLUMES/$TEST-v"
start "$m"
equal 'an empty volume looks like what it covers' '1000 5 2750' "$(inside "$m" stat -c '%u %g %a' /srv/data)"
equal 'in the store, too' '1000 5 2750' "$(stat -c '%u %g %a' "$VOLUMES/$TEST-v/data")"
lodgectl exec --user user "$m" sh -c 'umask 022; echo x >/srv/data/x' </dev/null
inside "$m" sh -c 'echo y >/srv/data/y; chown 77:78 /srv/data/y'
equal 'owners in the store' '1000 77' "$(stat -c %u "$VOLUMES/$TEST-v/data/x" "$VOLUMES/$TEST-v/data/y" | xargs)"
refuses "$m" umount /srv/data
inside "$m" chmod 0755 /srv/data

# at the same time in another machine, which has ids of its own
other=$TEST-two
create "$other" busybox "Volume=$TEST-v:/mnt/v:ro" -- "${IDLE[@]}"
start "$other"
equal 'seen by another' '1000 77' "$(inside "$other" stat -c %u /mnt/v/x /mnt/v/y | xargs)"
refuses "$other" touch /mnt/v/z
inside "$m" touch /srv/data/z
inside "$other" test -e /mnt/v/z
stop "$other"

# it outlives stop and removal, and keeps what it is
stop "$m"
start "$m"
equal 'a volume with files keeps its mode' 755 "$(inside "$m" stat -c %a /srv/data)"
inside "$m" test -e /srv/data/z
stop "$m"
remove "$m"
[[ -e $VOLUMES/$TEST-v/data/z ]] || fail 'the volume went with the machine'

# taken away by hand: the disk is what counts
rm -r "${VOLUMES:?}/$TEST-v"
start "$other"
equal 'it is made anew' '' "$(inside "$other" ls /mnt/v)"
stop "$other"

# --- the machine's own -------------------------------------------------------------------------------------------

m=$TEST-own
create "$m" busybox 'Volume=/srv/a /srv/b:ro,noexec' -- "${IDLE[@]}"
start "$m"
inside "$m" sh -c 'echo kept >/srv/a/file'
refuses "$m" touch /srv/b/file
mapfile -t found < <(anonymous "$m")
equal 'volumes of its own' 2 "${#found[@]}"
stop "$m"
start "$m"
equal 'what it wrote before it stopped' kept "$(inside "$m" cat /srv/a/file)"
equal 'still two' 2 "$(anonymous "$m" | wc -l)"
stop "$m"
remove "$m"
equal 'they go with the machine' '' "$(anonymous "$m")"

# --- the image's -------------------------------------------------------------------------------------------------

mkdir -p "$WORK/tree/var/data" "$WORK/tree/log"
chown 1000:1000 "$WORK/tree/var/data"
make_layer "$IMAGES/busybox"
busybox=$LAYER
make_layer "$WORK/tree"
make_image "$TEST-image" $'Volume=/var/data\nVolume=log/\nVolume=/run\nVolume=/proc/x' "$busybox" "$LAYER"
m=$TEST-image
create "$m" "$TEST-image" "Volume=$TEST-log:/log" -- "${IDLE[@]}"
start "$m"
equal "the image's volume" 1000 "$(inside "$m" stat -c %u /var/data)"
inside "$m" grep -q ' /var/data ' /proc/self/mountinfo
equal 'one of its own, one named, none where lodge mounts' 1 "$(anonymous "$m" | wc -l)"
inside "$m" touch /log/x
[[ -e $VOLUMES/$TEST-log/data/x ]] || fail 'the named volume is not at /log'
stop "$m"
before=$(all_anonymous)
lodgectl run "$TEST-image" touch /var/data/x
equal 'nothing is left of a machine that is removed at its end' "$before" "$(all_anonymous)"
mapfile -t many < <(printf -- '--volume=/v%d\n' {1..300})
lodgectl run "${many[@]}" "$TEST-image" true
equal 'nor if there is much' "$before" "$(all_anonymous)"
remove "$m"

# --- refused -----------------------------------------------------------------------------------------------------

for volume in ../x:/y a/b:/c :/c /a:/b a:/proc a:b a:/b:norecursive a:/b:z; do
    refused InvalidOption 'Volume=' CreateMachine "'$TEST-x'" "'busybox'" "{'Volume': <['$volume']>}"
done
