#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 200
# registries.conf: mirrors, other locations, plain HTTP; and that plain HTTP is spoken on loopback only unless it is allowed.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/../lib/registry.bash"

CONF=/etc/lodge/registries.conf
ADDRESS=10.99.0.1 # of this host, but not loopback's

pull() { lodgectl pull --progress=none "$@" </dev/null; }
conf() { printf '%s\n' "$@" >"$CONF"; }
asked() { flaky_log | grep -c "\"path\": \"/v2/$1/" || true; } # asked FAULT: how often

if [[ -e $CONF ]]; then
    mv "$CONF" "$WORK/conf"
    at_exit "mv '$WORK/conf' '$CONF'"
else
    at_exit "rm -f '$CONF'"
fi
mkdir -p /etc/lodge
"$TESTS/lib/oci.py" image --ref 1 "$WORK/image" "$IMAGES/busybox,gzip"
start_flaky "$WORK/image"
image=images.example/busybox:1

# --- mirrors -----------------------------------------------------------------------------------------------------

conf '[images.example]' "Mirror=http://$FLAKY/ok"
expect 0 pull "$image"
expect 0 lodgectl run "$image" /bin/echo hello </dev/null
equal 'an image of a mirror' hello "$OUT"
forget_images "$image"

# in order; the registry itself last, and only as far as is needed
flaky_reset
conf '[images.example]' "Mirror=http://$FLAKY/broken" "Mirror=http://$FLAKY/nothing" "Mirror=http://$FLAKY/drop-always" \
    "Location=$FLAKY/ok"
expect 0 pull "$image"
[[ $(asked broken) -ge 1 && $(asked nothing) -ge 1 && $(asked drop-always) -ge 2 && $(asked ok) -ge 1 ]] || fail "not all were asked: $(flaky_log | cut -c1-90)"
forget_images "$image"

# a mirror cannot give another image than the digest says
digest=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["manifests"][0]["digest"])' "$WORK/image/index.json")
conf '[images.example]' "Mirror=http://$FLAKY/wrong-manifest" "Location=$FLAKY/wrong-manifest"
expect 1 pull "images.example/busybox@$digest"
matches 'another manifest' "another manifest than the one asked for: sha256:[0-9a-f]* instead of $digest" "$ERR"
conf '[images.example]' "Mirror=http://$FLAKY/ok"
expect 0 pull "images.example/busybox@$digest"
forget_images "images.example/busybox@$digest"

# --- what is wrong in the file is told by line -------------------------------------------------------------------

conf '[images.example]' 'Mirror=ftp://mirror.example'
expect 2 pull "$image"
matches 'a wrong mirror' 'registries\.conf:2: Mirror= is https://HOST' "$ERR"
conf '[images.example]' "Mirror=http://mirror.example"
expect 2 pull "$image"
matches 'a mirror without TLS' 'the mirror http://mirror\.example is plain HTTP, which needs Insecure=yes' "$ERR"
rm "$CONF"

# --- plain HTTP --------------------------------------------------------------------------------------------------

systemctl stop test-flaky-registry
ip addr add "$ADDRESS/32" dev lo
at_exit "ip addr del '$ADDRESS/32' dev lo"
systemd-run -q --collect --unit test-flaky-registry "$TESTS/clients/flaky-registry" --address "$ADDRESS" --port 5010 "$WORK/image"
wait_for 10 'the registry answers' curl -sS -o /dev/null "http://$ADDRESS:5010/v2/"
far=$ADDRESS:5010/ok/busybox:1
expect 1 pull "$far"
matches 'plain HTTP elsewhere' "$far.: (no secure connection with the registry|the registry .* does not answer)" "$ERR"
expect 0 pull --insecure "$far"
forget_images "$far"
conf "[$ADDRESS:5010]" Insecure=yes
expect 0 pull "$far"
forget_images "$far"
