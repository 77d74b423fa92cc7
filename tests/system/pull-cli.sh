#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lodgectl pull and push against registries on loopback: names, passwords as podman keeps them, what goes wrong and the
# hints, run that pulls, --detach, C-c, a lodged that is restarted meanwhile.
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/lib/registry.bash
. "$TESTS/lib/registry.bash"

OCI=$TESTS/lib/oci.py
plain=$REGISTRY_PLAIN/$TEST tls=$REGISTRY_TLS/$TEST slow=$FLAKY/slow/$TEST
at_exit 'remove_all'
remove_all() {
    local host
    for host in "$REGISTRY_PLAIN" "$REGISTRY_TLS" "$FLAKY"; do
        lodgectl -q images "$host/*" 2>/dev/null | while read -r name; do lodgectl image rm --force "$name"; done
    done
    lodgectl prune --force >/dev/null 2>&1
}
export HOME=$WORK/home XDG_RUNTIME_DIR=$WORK/run
unset REGISTRY_AUTH_FILE DOCKER_CONFIG XDG_CONFIG_HOME
mkdir -p "$HOME/.docker" "$XDG_RUNTIME_DIR/containers"

head -c 3000000 /dev/urandom >"$WORK/noise"
mkdir "$WORK/top" && cp "$WORK/noise" "$WORK/top"
"$OCI" image --ref latest --config '{"Cmd":["/bin/echo","hello"]}' "$WORK/layout" "$IMAGES/busybox,gzip" "$WORK/top,none"
start_registry plain tls
seed_registry plain "oci:$WORK/layout:latest" "$TEST/app:1" "$TEST/app:2" "$TEST/app:latest"
seed_registry tls "oci:$WORK/layout:latest" "$TEST/app:1"
mkdir "$WORK/other" && head -c 3000000 /dev/urandom >"$WORK/other/noise"
"$OCI" image --ref latest "$WORK/slow" "$WORK/other,none"
start_flaky "$WORK/slow"
pull() { lodgectl pull --progress=none "$@" </dev/null; }

# --- names --------------------------------------------------------------------------------------------------------
equal 'the name is printed' "$plain/app:latest" "$(pull "$plain/app")"
equal 'another name' "mine-$TEST" "$(pull "docker://$plain/app:1" "mine-$TEST")"
at_exit "lodgectl image rm --force 'mine-$TEST' 2>/dev/null"
equal 'where it came from' "$plain/app:1" "$(lodgectl image inspect "mine-$TEST" -p Source --value)"
expect 2 pull busybox
matches 'no registry' "names no registry" "$ERR"
matches 'a hint' "hint: lodgectl pull --progress=none docker.io/library/busybox$" "$ERR"

# --- what goes wrong is told apart --------------------------------------------------------------------------------
for words in "$plain/none:1" "$plain/app:none"; do
    expect 1 pull "$words"
    matches 'no such image there' "cannot pull '$words': " "$ERR"
    lacks 'an errno alone' 'Input/output error' "$ERR"
done
expect 1 pull "127.0.0.1:1/x:1"
matches 'nobody there' '127.0.0.1:1' "$ERR"
expect 1 pull "$tls/app:1"
matches 'a certificate that nobody vouches for' '[Cc]ertificate' "$ERR"
trust_registry
expect 5 pull "$tls/app:1"
matches 'a password is wanted' "cannot pull '$tls/app:1': .* login" "$ERR"
matches 'a hint' "(podman|skopeo|buildah|docker) login $REGISTRY_TLS" "$ERR"

# --- passwords: on the command line, and where others keep them ----------------------------------------------------
expect 5 pull --creds="$REGISTRY_USER:wrong" "$tls/app:1"
expect 0 pull --creds="$REGISTRY_USER:$REGISTRY_PASSWORD" "$tls/app:1"
lodgectl image rm "$tls/app:1"
for file in "$HOME/.docker/config.json" "$XDG_RUNTIME_DIR/containers/auth.json" "$WORK/auth.json"; do
    write_auth "$file" "$REGISTRY_TLS"
    option=()
    [[ $file != "$WORK/auth.json" ]] || option=(--authfile="$file")
    expect 0 pull "${option[@]}" "$tls/app:1"
    lodgectl image rm "$tls/app:1"
    rm "$file"
done
# the entry for the part of the registry where the image is; a file with others for it is none with a login
entry() { printf '"%s": {"auth": "%s"}' "$1" "$(printf %s "$2" | base64 -w0)"; } # entry KEY USER:PASSWORD
good=$REGISTRY_USER:$REGISTRY_PASSWORD
echo "{\"auths\": {$(entry "$REGISTRY_TLS" x:y), $(entry "$REGISTRY_TLS/$TEST" "$good"), $(entry "$REGISTRY_TLS/$TEST/ap" x:y)}}" >"$WORK/auth.json"
expect 0 env REGISTRY_AUTH_FILE="$WORK/auth.json" lodgectl pull --progress=none "$tls/app:1"
lodgectl image rm "$tls/app:1"
echo "{\"auths\": {$(entry "$REGISTRY_TLS/elsewhere" x:y)}}" >"$XDG_RUNTIME_DIR/containers/auth.json"
mkdir "$WORK/docker"
write_auth "$WORK/docker/config.json" "$REGISTRY_TLS"
expect 0 env DOCKER_CONFIG="$WORK/docker" lodgectl pull --progress=none "$tls/app:1"
lodgectl image rm "$tls/app:1"
rm "$XDG_RUNTIME_DIR/containers/auth.json"

# logins that a credential helper keeps: of the registry, of all that are listed; one that has none, fails, is not there
mkdir "$WORK/bin"
cat >"$WORK/bin/docker-credential-lodge-test" <<'SH'
#!/bin/sh
read -r server
case $1-$server in
    get-localhost:5001) echo "{\"ServerURL\": \"$server\", \"Username\": \"user\", \"Secret\": \"secret\"}" ;;
    get-127.0.0.1:5010) echo '{"Username": "<token>", "Secret": "refresh"}' ;;
    get-127.0.0.1:5000) echo 'credentials not found in native keychain'; exit 1 ;;
    *) echo "the keychain of $server is locked"; exit 1 ;;
esac
SH
chmod +x "$WORK/bin/docker-credential-lodge-test"
helped() { expect "$1" env PATH="$WORK/bin:$PATH" lodgectl pull --progress=none "$2"; } # helped STATUS REFERENCE
echo "{\"credHelpers\": {\"$REGISTRY_TLS\": \"lodge-test\"}}" >"$HOME/.docker/config.json"
helped 0 "$tls/app:1"
lodgectl image rm "$tls/app:1"
echo "{\"auths\": {\"$REGISTRY_TLS\": {}, \"$REGISTRY_PLAIN\": {}, \"127.0.0.1:1\": {}}, \"credsStore\": \"lodge-test\"}" >"$HOME/.docker/config.json"
helped 0 "$tls/app:1"
helped 0 "$plain/app:1"
echo "{\"credHelpers\": {\"$FLAKY\": \"lodge-test\"}}" >"$WORK/docker/config.json"
DOCKER_CONFIG=$WORK/docker helped 0 "$FLAKY/bearer/$TEST:latest"
matches 'an identity token' '"method": "POST", "path": "/token/bearer"' "$(flaky_log)"
helped 1 127.0.0.1:1/x:1
matches 'what a helper says' "docker-credential-lodge-test gives no login for 127.0.0.1:1: the keychain of 127.0.0.1:1 is locked" "$ERR"
expect 1 pull "$tls/app:1"
matches 'a helper that is not there' "the login for $REGISTRY_TLS is kept by the credential helper docker-credential-lodge-test, which is not installed" "$ERR"
lodgectl image rm "$tls/app:1" "$plain/app:1" "$FLAKY/bearer/$TEST:latest"
rm "$HOME/.docker/config.json"
write_auth "$WORK/auth.json" other.test
expect 5 env REGISTRY_AUTH_FILE="$WORK/auth.json" lodgectl pull --progress=none "$tls/app:1"
expect 2 pull --authfile=/no/file "$tls/app:1"

# --- push, and back -----------------------------------------------------------------------------------------------
write_auth "$HOME/.docker/config.json" "$REGISTRY_TLS"
expect 0 lodgectl push --progress=none "$plain/app:latest" "$tls/pushed:1"
digest=$(lodgectl image inspect "$plain/app:latest" -p Layers --value)
pull "$tls/pushed:1" >/dev/null
equal 'the layers that came back' "$digest" "$(lodgectl image inspect "$tls/pushed:1" -p Layers --value)"

# --- run and create pull what is missing ---------------------------------------------------------------------------
expect 0 lodgectl run "$plain/app:2" </dev/null
equal 'its output is its own' hello "$OUT"
matches 'progress is on standard error' "run '$plain/app:2': " "$ERR"
expect 0 lodgectl run "$plain/app:2" </dev/null
equal 'nothing is pulled again' '' "$ERR"
expect 125 lodgectl run --pull=never "$plain/app:3" </dev/null

# a tag that has moved is seen by who asks; where nobody can be asked, what is here will do for --pull=newer
"$OCI" image --ref latest --config '{"Cmd":["/bin/echo","moved"]}' "$WORK/moved" "$IMAGES/busybox,gzip"
seed_registry plain "oci:$WORK/moved:latest" "$TEST/app:2"
expect 0 lodgectl run "$plain/app:2" </dev/null
equal 'what is here' hello "$OUT"
expect 0 lodgectl run --pull=newer --progress=none "$plain/app:2" </dev/null
equal 'what is there now' moved "$OUT"
stop_registry plain
expect 125 lodgectl run --pull=always --progress=none "$plain/app:2" </dev/null
matches 'nobody there' "nothing answers at the registry $REGISTRY_PLAIN" "$ERR"
expect 0 lodgectl run --pull=newer --progress=none "$plain/app:2" </dev/null
equal 'what is here' moved "$OUT"
matches 'that is told' "nothing answers at the registry $REGISTRY_PLAIN.*Image '$plain/app:2' is taken as it is here" "$ERR"
expect 125 lodgectl run --pull=newer --progress=none "$plain/app:3" </dev/null
lacks 'one that is nowhere' 'is taken' "$ERR"
start_registry plain
expect 125 lodgectl run --progress=none "$plain/app:3" </dev/null
expect 0 lodgectl create --progress=none --pull=always "$TEST-m" "$plain/app:1"

# --- jobs ---------------------------------------------------------------------------------------------------------
job=$(lodgectl pull --detach "$slow:latest")
matches 'an ID' '^[0-9a-f]{16}$' "$job"
matches 'the list' "$job +pull +$slow:latest +running +(-|[0-9]+%) +[a-z]+ " "$(lodgectl job ls)"
expect 0 lodgectl job wait --progress=none "$job"
equal 'the result' "$slow:latest" "$OUT"
lodgectl image rm "$slow:latest" && lodgectl prune --force >/dev/null
job=$(lodgectl pull --detach "$slow:latest")
lodgectl job cancel "$job"
expect 1 lodgectl job wait --progress=none "$job"
matches 'it says so' 'was cancelled' "$ERR"

# interrupted: both as root, who asks, and as a user of the bus, who is told
interrupt() { # interrupt PREFIX...
    local status=0
    "$@" lodgectl pull --progress=plain "$slow:latest" 2>"$WORK/err" </dev/null &
    local pid=$!
    wait_for 10 'the pull goes on' grep -q downloading "$WORK/err"
    kill -INT "$pid"
    wait "$pid" || status=$?
    equal "the exit status of $*" 130 "$status"
    matches 'it says so' "the job to pull '$slow:latest' was cancelled" "$(cat "$WORK/err")"
    expect 3 lodgectl image status "$slow:latest"
    lodgectl prune --force >/dev/null
}
interrupt env
interrupt env DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket

# lodged is restarted: the pull is asked for again, by itself
lodgectl pull --progress=plain "$slow:latest" >"$WORK/out" 2>"$WORK/err" </dev/null &
pid=$!
wait_for 10 'the pull goes on' grep -q downloading "$WORK/err"
systemctl kill --signal=KILL lodged.service
wait "$pid" || fail "the pull failed: $(cat "$WORK/err")"
equal 'the result' "$slow:latest" "$(cat "$WORK/out")"
matches 'it says so' 'lodged was stopped meanwhile; it is asked again' "$(cat "$WORK/err")"
expect 0 lodgectl doctor
matches 'the store is well' 'ok +store ' "$OUT"
