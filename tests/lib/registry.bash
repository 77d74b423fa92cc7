# SPDX-License-Identifier: LGPL-2.1-or-later
# Registries in the test host, on loopback: Debian's docker-registry in three ways, and one with faults. To be sourced after
# tests/system/lib.bash, whose WORK, TESTS, at_exit and wait_for it uses; all ends with the test.
# shellcheck shell=bash
# The variables are for the tests that source this file.
# shellcheck disable=SC2034

REGISTRY_USER=user REGISTRY_PASSWORD=secret
REGISTRY_PLAIN=127.0.0.1:5000 # plain HTTP, open to everybody
REGISTRY_TLS=localhost:5001   # a certificate of its own, and a login (Basic)
REGISTRY_TOKEN=127.0.0.1:5002 # plain HTTP, tokens (Bearer): everybody may pull, the user push
REGISTRY_TOKEN_SERVER=5003

# start_registry plain|tls|token...
start_registry() {
    local kind
    mkdir -p "$WORK/registry"
    for kind; do
        "prepare_registry_$kind" >"$WORK/registry/$kind.yml"
        systemd-run -q --collect --unit "test-registry-$kind" -p StandardOutput=journal \
            docker-registry serve "$WORK/registry/$kind.yml"
        at_exit "systemctl stop test-registry-$kind"
    done
    for kind; do
        wait_for 10 "the $kind registry answers" registry_answers "$kind"
    done
}

stop_registry() { # stop_registry KIND...: what is in it stays; start_registry goes on with it
    systemctl stop "${@/#/test-registry-}"
}

registry_of() { # registry_of KIND: HOST:PORT
    case $1 in
        plain) echo "$REGISTRY_PLAIN" ;;
        tls) echo "$REGISTRY_TLS" ;;
        token) echo "$REGISTRY_TOKEN" ;;
    esac
}

registry_answers() {
    local scheme=http
    [[ $1 != tls ]] || scheme=https
    [[ $(curl -ksS -o /dev/null -w '%{http_code}' "$scheme://$(registry_of "$1")/v2/") == @(200|401) ]]
}

registry_config() { # registry_config KIND [HTTP]
    cat <<YML
version: 0.1
log: {level: info, formatter: json, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $WORK/registry/$1}, delete: {enabled: true}}
http: {addr: "$(registry_of "$1")"${2:-}}
YML
}

prepare_registry_plain() { registry_config plain; }

prepare_registry_tls() {
    local files=$WORK/registry
    [[ -e $files/tls.key ]] || make_certificate tls
    # bcrypt
    perl -e 'print "$ARGV[0]:", crypt($ARGV[1], "\$2y\$05\$abcdefghijklmnopqrstuu"), "\n"' \
        "$REGISTRY_USER" "$REGISTRY_PASSWORD" >"$files/htpasswd"
    registry_config tls ", tls: {certificate: $files/tls.crt, key: $files/tls.key}"
    echo "auth: {htpasswd: {realm: lodge-test, path: $files/htpasswd}}"
}

prepare_registry_token() {
    local files=$WORK/registry
    [[ -e $files/token.key ]] || make_certificate token
    systemd-run -q --collect --unit test-token-server \
        "$TESTS/clients/token-server" "$REGISTRY_TOKEN_SERVER" "$files/token.crt" "$files/token.key" "$REGISTRY_USER:$REGISTRY_PASSWORD"
    at_exit 'systemctl stop test-token-server'
    registry_config token
    echo "auth: {token: {realm: 'http://127.0.0.1:$REGISTRY_TOKEN_SERVER/token', service: lodge-test, issuer: lodge-test, rootcertbundle: $files/token.crt}}"
}

make_certificate() { # make_certificate NAME: $WORK/registry/NAME.crt and .key
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=lodge-test-$1" \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
        -keyout "$WORK/registry/$1.key" -out "$WORK/registry/$1.crt" 2>/dev/null
}

# trust_registry: let the host trust the certificate of the TLS registry, until the test ends
trust_registry() {
    local folder=/etc/containers/certs.d/$REGISTRY_TLS
    mkdir -p "$folder"
    cp "$WORK/registry/tls.crt" "$folder/ca.crt"
    at_exit "rm -rf '$folder'"
}

# write_auth FILE HOST [USER [PASSWORD]]: an auth.json
write_auth() {
    printf '{"auths": {"%s": {"auth": "%s"}}}\n' "$2" \
        "$(printf '%s:%s' "${3-$REGISTRY_USER}" "${4-$REGISTRY_PASSWORD}" | base64 -w0)" >"$1"
}

# seed_registry KIND SOURCE NAME:TAG...: put an image there, whose SOURCE is as skopeo has it (oci:DIR:TAG)
seed_registry() {
    local kind=$1 source=$2 name
    shift 2
    for name; do
        skopeo --insecure-policy copy -q --dest-tls-verify=false --dest-creds "$REGISTRY_USER:$REGISTRY_PASSWORD" "${SKOPEO_OPTIONS[@]}" \
            "$source" "docker://$(registry_of "$kind")/$name"
    done
}
SKOPEO_OPTIONS=()

# registry_bytes KIND: how many bytes of blobs it has sent so far
registry_bytes() {
    journalctl -q -o cat -u "test-registry-$1" | python3 -c '
import json, sys
total = 0
for line in sys.stdin:
    if line.startswith("{"):
        entry = json.loads(line)
        if entry.get("msg") == "response completed" and "/blobs/sha256:" in entry.get("http.request.uri", "") and \
                entry.get("http.request.method") == "GET":
            total += int(entry.get("http.response.written", 0))
print(total)'
}

# start_flaky LAYOUT [OPTION...]: the registry with every fault (tests/clients/flaky-registry), at $FLAKY. A name that begins
# with a fault has it: $FLAKY/stall/busybox:1
FLAKY=127.0.0.1:5010
start_flaky() {
    local layout=$1
    shift
    systemd-run -q --collect --unit test-flaky-registry "$TESTS/clients/flaky-registry" --port "${FLAKY##*:}" "$@" "$layout"
    at_exit 'systemctl stop test-flaky-registry'
    wait_for 10 'the flaky registry answers' curl -sS -o /dev/null "http://$FLAKY/v2/"
}

flaky_log() { # what was asked of it: a JSON object a line
    curl -sS "http://$FLAKY/log" | python3 -c 'import json, sys
for entry in json.load(sys.stdin): print(json.dumps(entry))'
}

flaky_reset() { curl -sS "http://$FLAKY/reset"; }

# image_property NAME PROPERTY: of an image of lodge's; not of a list
image_property() {
    busctl --json=short call org.lodge1 /org/lodge1 org.lodge1.Manager ListImages as 1 "$2" | python3 -c '
import json, sys
print(json.load(sys.stdin)["data"][0][sys.argv[1]][sys.argv[2]]["data"])' "$1" "$2"
}

# forget_images [NAME...]: remove these images, or all that came from registries or have names of the test's
forget_images() {
    local name names
    if [[ $# -eq 0 ]]; then
        remove_machines
        mapfile -t names < <(busctl --json=short call org.lodge1 /org/lodge1 org.lodge1.Manager ListImages as 1 Type |
            python3 -c 'import json, sys; print(*json.load(sys.stdin)["data"][0], sep="\n")')
        for name in "${names[@]}"; do
            if [[ $name == */* || $name == "$TEST"* ]]; then set -- "$@" "$name"; fi
        done
    fi
    for name; do lodgectl image rm --force "$name" >/dev/null; done
    lodgectl prune --force >/dev/null 2>&1
}
at_exit forget_images
