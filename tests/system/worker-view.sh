#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# hosts: bookworm trixie sid
# What the units of the workers let them see and change, looked at from inside, without what the programs give up by
# themselves (Landlock, uid, system calls). systemd drops a setting that does not go with another one without a word, so
# the unit's file is no proof.
. "$(dirname "$0")/lib.bash"

STORE=/var/lib/lodge
ID=$(sha256sum <<<"$TEST" | cut -c1-16)
mkdir -p "$STORE/incoming/$ID" "$STORE/layers/$TEST" "/srv/$TEST"
echo secret | tee "$STORE/layers/$TEST/file" "/srv/$TEST/file" >"$STORE/images/.$TEST"
at_exit "rm -rf $STORE/incoming/$ID $STORE/layers/$TEST $STORE/images/.$TEST /srv/$TEST"
at_exit "rmdir --ignore-fail-on-non-empty $STORE/layers"

cat >"$WORK/look" <<'SCRIPT'
names() { (cd "$1" && find . -mindepth 1 -maxdepth 1 "${@:2}" -printf '%P\n' | sort | paste -sd' '); }
echo "root $(names /)"
echo "etc $(names /etc)"
echo "lodge $(names /run/lodge)"
echo "store $(names /var/lib/lodge 2>/dev/null)"
for path in / /usr /etc /var /var/lib /var/lib/lodge /var/lib/lodge/{images,incoming,layers,machines,volumes} /srv /root /var/lib/lodge/{incoming,layers}/*; do
    if touch "$path/probe" 2>/dev/null; then echo "writes $path"; rm "$path/probe"; fi
    if chmod --reference="$path" "$path" 2>/dev/null; then echo "changes $path"; fi
done
for path in /srv/*/file /etc/shadow /etc/machine-id /root/.profile /var/lib/lodge/images/.* /var/lib/lodge/layers/*/file; do
    if [[ -f $path ]]; then echo "sees $path"; fi
done
SCRIPT

# look UNIT: sets $OUT to what the above prints as its program
look() {
    local dir=/run/systemd/system/$1.d
    mkdir -p "$dir"
    at_exit "rm -rf '$dir'; systemctl daemon-reload"
    {
        printf '[Service]\nType=oneshot\nRuntimeMaxSec=infinity\nExecStart=\nExecStart=/bin/bash -s\n'
        printf 'StandardInput=file:%s\nStandardOutput=truncate:%s\n' "$WORK/look" "$WORK/seen"
    } >"$dir/look.conf"
    systemctl daemon-reload
    systemctl start "$1" || fail "$1: $(journalctl -n 5 -u "$1")"
    OUT=$(<"$WORK/seen")
}

all() { sed -n "s/^$1 //p" <<<"$OUT" | paste -sd' '; }

for worker in import export copy work; do
    look "lodge-$worker@$ID.service"
    equal "the root of lodge-$worker" 'bin dev etc lib lib64 proc run sys tmp usr var' "$(all root)"
    equal "sockets of lodge's for lodge-$worker" shim.sock "$(all lodge)"
    case $worker in
        import)
            own=$STORE/incoming/$ID
            equal "the store of lodge-$worker" 'incoming layers' "$(all store)"
            equal "what lodge-$worker sees" "$STORE/layers/$TEST/file" "$(all sees)" # reading it is refused by Landlock
            ;;
        export)
            matches "the store of lodge-$worker" 'images incoming layers' "$(all store)"
            equal "what lodge-$worker sees" "$STORE/images/.$TEST $STORE/layers/$TEST/file" "$(all sees)"
            ;;
        copy | work)
            own=
            equal "the store of lodge-$worker" '' "$(all store)"
            equal "what lodge-$worker sees" '' "$(all sees)"
            equal "what lodge-$worker has of /etc" ld.so.cache "$(all etc)"
            ;;
    esac
    equal "where lodge-$worker writes" "$own" "$(all writes)"
    equal "what lodge-$worker changes" "$own" "$(all changes)"
done

# the one that mounts what the administrator names sees the host, until it enters what it has mounted, and writes to layers
look "lodge-files@$ID.service"
equal 'where lodge-files writes' "$STORE/machines" "$(all writes)"
equal 'what lodge-files changes' "$STORE/machines" "$(all changes)"
