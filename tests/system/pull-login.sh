#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 240
# Registries that want to know who asks: TLS with a certificate of their own, logins by Basic and by tokens; what is said when
# one of these is wrong; no password ends up where others see it.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/../lib/registry.bash"

pull() { lodgectl pull --progress=none "$@" </dev/null; }
push() { lodgectl push --progress=none "$@" </dev/null; }
config_of() { image_property "$1" ConfigDigest; } # the identity

"$TESTS/lib/oci.py" image --ref 1 --config '{"Cmd":["/bin/echo","hello"]}' "$WORK/image" "$IMAGES/busybox,gzip"
start_registry tls token
for kind in tls token; do seed_registry "$kind" "oci:$WORK/image:1" lab/busybox:1; done
tls=$REGISTRY_TLS/lab/busybox:1 token=$REGISTRY_TOKEN/lab/busybox:1
write_auth "$WORK/tls.json" "$REGISTRY_TLS"
write_auth "$WORK/token.json" "$REGISTRY_TOKEN"
write_auth "$WORK/wrong-tls.json" "$REGISTRY_TLS" "$REGISTRY_USER" mistyped
write_auth "$WORK/wrong-token.json" "$REGISTRY_TOKEN" "$REGISTRY_USER" mistyped
write_auth "$WORK/other.json" registry.example
begin=$(date '+%F %T')

# --- certificates ------------------------------------------------------------------------------------------------

expect 1 pull --authfile="$WORK/tls.json" "$tls"
matches 'a certificate that nobody knows' \
    "$tls.: the certificate of the registry $REGISTRY_TLS is not trusted .*/etc/containers/certs\.d/$REGISTRY_TLS/ca\.crt" "$ERR"
expect 0 pull --authfile="$WORK/tls.json" --insecure "$tls"
id=$(config_of "$tls")
forget_images "$tls"
trust_registry

# --- Basic -------------------------------------------------------------------------------------------------------

expect 5 pull --authfile="$WORK/other.json" "$tls"
matches 'no login' "$tls.: the registry $REGISTRY_TLS lets nobody read 'lab/busybox' without a login.*skopeo login $REGISTRY_TLS" "$ERR"
expect 5 pull --authfile="$WORK/wrong-tls.json" "$tls"
matches 'a wrong login' "$tls.: the registry $REGISTRY_TLS does not let user '$REGISTRY_USER' read" "$ERR"
lacks 'a wrong login' mistyped "$ERR"
expect 0 pull --authfile="$WORK/tls.json" "$tls"
equal 'the image' "$id" "$(config_of "$tls")"
expect 0 lodgectl run "$tls" </dev/null
equal 'what it says' hello "$OUT"
forget_images "$tls"
expect 0 pull --creds="$REGISTRY_USER:$REGISTRY_PASSWORD" "$tls"
forget_images "$tls"

# where podman and skopeo leave it
mkdir -p "$WORK/home/.config/containers"
cp "$WORK/tls.json" "$WORK/home/.config/containers/auth.json"
expect 0 env HOME="$WORK/home" XDG_RUNTIME_DIR= lodgectl pull --progress=none "$tls"
expect 1 pull --authfile="$WORK/tls.json" "$REGISTRY_TLS/lab/busybox:2"
matches 'no such tag' "has no tag '2' in 'lab/busybox'" "$ERR"
echo '{' >"$WORK/broken.json"
expect 2 pull --authfile="$WORK/broken.json" "$tls"
matches 'a broken file' 'auth\.json:2: ' "$ERR"

# --- tokens ------------------------------------------------------------------------------------------------------

expect 0 pull "$token"
equal 'the image' "$id" "$(config_of "$token")"
forget_images "$token"
expect 0 pull --authfile="$WORK/token.json" "$token"
expect 5 pull --authfile="$WORK/wrong-token.json" "$token"
matches 'a wrong login' "$token.: the registry 127\.0\.0\.1:$REGISTRY_TOKEN_SERVER does not let user '$REGISTRY_USER'.*incorrect username or password" "$ERR"

# --- pushing -----------------------------------------------------------------------------------------------------

expect 5 push --authfile="$WORK/other.json" "$token" "$REGISTRY_TOKEN/lab/mine:1"
matches 'no login' "lets nobody write to 'lab/mine' without a login" "$ERR"
expect 0 push --authfile="$WORK/token.json" "$token" "$REGISTRY_TOKEN/lab/mine:1"
expect 0 push --authfile="$WORK/tls.json" "$token" "$REGISTRY_TLS/lab/mine:1"
for kind in token tls; do
    mine=$(registry_of "$kind")/lab/mine:1
    expect 0 pull --authfile="$WORK/$kind.json" "$mine"
    equal "$mine" "$id" "$(config_of "$mine")"
    forget_images "$mine"
done
forget_images "$token" "$tls"

# --- nobody else sees the password -------------------------------------------------------------------------------

journalctl -q --since "$begin" -o json >"$WORK/journal"
if grep -qF mistyped "$WORK/journal"; then fail 'a password is in the journal'; fi
