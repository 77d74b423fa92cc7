#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a crash leaves in the store is swept when lodged starts; what somebody may refer to stays, and what does not fit is named.
. "$(dirname "$0")/lib.bash"

STORE=/var/lib/lodge
none=$(printf '%064d' 0)
findings() { # "OBJECT: PROBLEM" a line
    call CheckStore 'a{sv}' 0 >/dev/null
    busctl --json=short call org.lodge1 /org/lodge1 org.lodge1.Manager CheckStore 'a{sv}' 0 |
        python3 -c 'import json, sys
for object, problem, remedy in json.load(sys.stdin)["data"][0]:
    assert remedy
    print(f"{object}: {problem}")'
}

tar -C "$IMAGES/busybox" -cf "$WORK/a.tar" .
lodgectl import --progress=none "$WORK/a.tar" "$TEST-a" </dev/null
at_exit "rm -f $STORE/images/$TEST-broken.oci; lodgectl image rm --force $TEST-a"
equal 'findings in a store that is in order' '' "$(findings)"
kept=$(find $STORE/layers $STORE/blobs -mindepth 1 -maxdepth 1 | sort)

systemctl stop lodged.service lodged.socket
mkdir -p "$STORE/incoming/0123456789abcdef/layers/sha256-$none/tree" "$STORE/incoming/odd" \
    "$STORE/layers/sha256-$none/tree" "$STORE/volumes/.#$TEST-half/data"
touch "$STORE/blobs/sha256-$none" "$STORE/incoming/.hidden" "$STORE/images/.#$TEST-x.oci.12"
systemctl start lodged.socket
lodgectl list >/dev/null
wait_for 10 'incoming is empty' eval "[[ -z \$(ls -A $STORE/incoming) ]]"
equal 'what is referred to, and nothing else' "$kept" "$(find $STORE/layers $STORE/blobs -mindepth 1 -maxdepth 1 | sort)"
absent "$STORE/volumes/.#$TEST-half" "$STORE/images/.#$TEST-x.oci.12"
wait_for 10 'the trash is empty' eval "[[ -z \$(ls -A $STORE/trash) ]]"
equal 'findings afterwards' '' "$(findings)"

# a record that cannot be read may refer to anything: nothing goes, and it is named
echo "[Image" >"$STORE/images/$TEST-broken.oci"
mkdir -p "$STORE/layers/sha256-$none/tree"
systemctl restart lodged
lodgectl prune --force >/dev/null
[[ -d $STORE/layers/sha256-$none ]] || fail 'a layer that may be referred to is gone'
matches 'what is found' "$TEST-broken.oci: The record cannot be used" "$(findings)"
matches 'what is found' "sha256-$none: The layer has no tar.map" "$(findings)"
refused Failed 'cannot be used' CreateMachine "'$TEST-m'" "'$TEST-broken'" '@a{sv} {}'
rm "$STORE/images/$TEST-broken.oci"
lodgectl prune --force >/dev/null
absent "$STORE/layers/sha256-$none"

# a layer that is missing
layer=$(find $STORE/layers -mindepth 1 -maxdepth 1)
mv "$layer" "$STORE/elsewhere"
matches 'what is found' "$TEST-a: Its layer sha256:.* is not there" "$(findings)"
mv "$STORE/elsewhere" "$layer"
equal 'findings in the end' '' "$(findings)"
