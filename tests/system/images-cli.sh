#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lodgectl and images on a real lodged: import, lists, names, clone, export, commit, history, df, prune, volumes.
. "$(dirname "$0")/lib.bash"

OCI=$TESTS/lib/oci.py
p=$TEST- # images and volumes of this test
at_exit 'remove_all'
remove_all() {
    remove_machines
    lodgectl -q images "$p*" 2>/dev/null | while read -r name; do
        lodgectl image read-only "$name" no
        lodgectl image rm --force "$name"
    done
    lodgectl -q volume ls "$p*" 2>/dev/null | while read -r name; do lodgectl volume rm --force "$name"; done
    lodgectl prune --force >/dev/null 2>&1
}
json() { # json EXPRESSION: of what comes in, called d
    python3 -c 'import json, sys
d = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$1"
}
imported() { lodgectl import --progress=none "$@" </dev/null; }

# --- import: an archive by name, through a pipe, a tree -----------------------------------------------------------
config='{"Cmd":["/bin/sh","-c","echo hello from $COLOUR"],"Env":["PATH=/bin","COLOUR=blue"],"Labels":{"vendor":"we\u001b[2J"}}'
"$OCI" image --format oci-tar --ref latest --config "$config" "$WORK/image.tar" "$IMAGES/busybox,gzip"
equal 'the name is printed' "${p}a" "$(imported "$WORK/image.tar" "${p}a")"
expect 4 imported "$WORK/image.tar" "${p}a"
matches 'the hint' "hint: lodgectl import --progress=none .* ${p}a --force$" "$ERR"
expect 0 imported --force "$WORK/image.tar" "${p}a"
expect 0 lodgectl import --progress=plain - "${p}pipe" <"$WORK/image.tar"
matches 'a line a phase' "^import '${p}pipe': [a-z]+" "$ERR"
tar -C "$IMAGES/busybox" -cf - . | expect 0 lodgectl import-tar --quiet - "${p}tar"
expect 0 imported "$IMAGES/busybox" "${p}tree"
expect 3 imported /no/where "${p}x"
equal 'stderr' "lodgectl: cannot import '/no/where': No such file or directory" "$ERR"
expect 1 imported /etc/passwd "${p}x"
matches 'what is no image' "cannot import '/etc/passwd': " "$ERR"

# a machine from it, by the image's own command, and by another
expect 0 lodgectl run "${p}a" </dev/null
equal 'what it prints' 'hello from blue' "$OUT"
expect 7 lodgectl run "${p}a" /bin/sh -c 'exit 7' </dev/null

# --- lists, in every form -----------------------------------------------------------------------------------------
expect 0 lodgectl images "$p*" busybox
matches 'headings' '^NAME +TYPE +SIZE +CREATED +USED BY' "$OUT"
matches 'a row' "${p}a +oci +[0-9.]+M +" "$OUT"
matches 'a tree' "busybox +directory " "$OUT"
equal 'names' "${p}a ${p}pipe ${p}tar ${p}tree" "$(lodgectl image -q ls "$p*" | paste -sd' ')"
equal 'types' "oci directory" "$(lodgectl images -j "${p}a" busybox | json '" ".join(sorted(i["Type"] for i in d)[::-1])')"
equal 'csv' "Name,Type${NL}${p}a,oci" "$(lodgectl list-images -o csv -c name,type "${p}a")"
expect 0 lodgectl image status "${p}a"
for field in 'Type: oci' 'Command: /bin/sh -c "echo hello from \$COLOUR"' 'COLOUR=blue' 'Layers: 1, lowest first' 'vendor=we\?\[2J'; do
    matches 'the status' "$field" "$OUT"
done
lacks 'control characters' $'\033' "$OUT"
equal 'a property' oci "$(lodgectl image inspect "${p}a" -p Type --value)"
equal 'the manifest' 2 "$(lodgectl image inspect --raw "${p}a" | json 'd["schemaVersion"]')"
equal 'its digest' "$(lodgectl image inspect "${p}a" -p Digest --value)" \
    "sha256:$(lodgectl image inspect --raw "${p}a" | sha256sum | cut -d' ' -f1)"
equal 'the configuration' blue "$(lodgectl image inspect --raw=config "${p}a" | json 'd["config"]["Env"][1].split("=")[1]')"
expect 0 lodgectl history -j "${p}a"
expect 3 lodgectl image status "${p}aa"
matches 'a mistyped name' "hint: lodgectl image status ${p}a$" "$ERR"

# --- names --------------------------------------------------------------------------------------------------------
lodgectl tag "${p}a" "${p}b" "localhost/$TEST/c:1"
at_exit "lodgectl image rm --force 'localhost/$TEST/c:1' 2>/dev/null"
equal 'the same layers' "$(lodgectl image inspect "${p}a" -p Layers --value)" "$(lodgectl image inspect "localhost/$TEST/c:1" -p Layers --value)"
lodgectl rename "${p}b" "${p}d"
expect 3 lodgectl image status "${p}b"
expect 4 lodgectl tag "${p}a" "${p}d"
lodgectl read-only "${p}d"
expect 1 lodgectl image rm "${p}d"
lodgectl read-only "${p}d" no
lodgectl image rm "${p}d" "localhost/$TEST/c:1"
expect 3 lodgectl rmi "${p}d"
lodgectl create "$TEST-user" "${p}a" -- "${IDLE[@]}"
expect 4 lodgectl image rm "${p}a"
matches 'the hint' "hint: lodgectl image status ${p}a" "$ERR"
matches 'who uses it' "Used by: $TEST-user" "$(lodgectl image status "${p}a")"
lodgectl rm "$TEST-user"
lodgectl image clone --progress=none "${p}tree" "${p}copy" >/dev/null
expect 0 lodgectl run "${p}copy" /bin/sh -c 'echo copied' </dev/null
equal 'the copy' copied "$OUT"

# --- out and in again ---------------------------------------------------------------------------------------------
lodgectl export --progress=none "${p}a" "$WORK/out.tar"
expect 0 imported "$WORK/out.tar" "${p}again"
equal 'the same layers' "$(lodgectl image inspect "${p}a" -p Layers --value)" "$(lodgectl image inspect "${p}again" -p Layers --value)"
lodgectl export --progress=none --format=tar "${p}a" - | tar -tf - >"$WORK/names"
matches 'the tree' "(^|$NL|/)bin/busybox" "$(cat "$WORK/names")"
lodgectl export --progress=none --format=tar "${p}a" "$WORK/out.tar.gz"
gzip -t "$WORK/out.tar.gz"
expect 0 lodgectl image verify --progress=none "${p}a"

# --- what a machine wrote -----------------------------------------------------------------------------------------
lodgectl create "$TEST-m" "${p}a" --writable-layer=keep -- "${IDLE[@]}"
lodgectl start "$TEST-m"
inside "$TEST-m" /bin/sh -c 'echo new >/new; rm /etc/passwd'
lodgectl stop "$TEST-m"
matches 'diff' "A /new" "$(lodgectl diff "$TEST-m")"
matches 'diff' "D /etc/passwd" "$(lodgectl diff "$TEST-m")"
lacks 'diff' '/etc/(hostname|hosts|machine-id|resolv.conf)' "$(lodgectl diff "$TEST-m")"
equal 'diff as JSON' A "$(lodgectl diff -j "$TEST-m" | json '[c["Kind"] for c in d if c["Path"] == "/new"][0]')"
lodgectl commit --progress=none -q -m 'by the test' -c 'CMD ["/bin/cat", "/new"]' -c 'ENTRYPOINT ["/bin/env"]' -c 'ENV A=1' \
    -c 'LABEL of=us' -c 'VOLUME /data' -c 'EXPOSE 80/tcp' -c 'WORKDIR /bin' -c 'USER root' -c 'STOPSIGNAL SIGUSR2' "$TEST-m" "${p}new" >/dev/null
equal 'what was changed' '/bin/env /data 80/tcp /bin root SIGUSR2' "$(lodgectl image inspect -j "${p}new" |
    json '" ".join([*d["Entrypoint"], *d["Volumes"], *d["ExposedPorts"], d["WorkingDirectory"], d["User"], d["StopSignal"]])')"
equal 'what was added' 'PATH=/bin COLOUR=blue A=1 of=us' "$(lodgectl image inspect -j "${p}new" |
    json '" ".join([*d["Environment"], "of=" + d["Labels"]["of"]])')"
expect 0 lodgectl run "${p}new" </dev/null
equal 'the committed layer' new "$OUT"
matches 'its history' 'by the test' "$(lodgectl history "${p}new")"
lodgectl clone --progress=none "$TEST-m" "$TEST-n" >/dev/null
matches 'the clone has what was written' "A /new" "$(lodgectl diff "$TEST-n")"
[[ $(get "$TEST-m" MachineID) != "$(get "$TEST-n" MachineID)" ]] || fail 'the clone has the same machine ID'
lodgectl reset "$TEST-m"
equal 'diff after the reset' '' "$(lodgectl diff "$TEST-m")"
lodgectl rm "$TEST-m" "$TEST-n"

# --- volumes ------------------------------------------------------------------------------------------------------
lodgectl volume create "${p}v" >/dev/null
lodgectl run -v "${p}v:/data" "${p}a" /bin/sh -c 'echo kept >/data/file' </dev/null
expect 0 lodgectl run -v "${p}v:/data" "${p}a" /bin/sh -c 'cat /data/file' </dev/null
equal 'what another machine finds in it' kept "$OUT"
equal 'its name' "${p}v" "$(lodgectl volume inspect "${p}v" -p Name --value)"
lodgectl volume rm "${p}v"
expect 3 lodgectl volume inspect "${p}v"

# --- space --------------------------------------------------------------------------------------------------------
expect 0 lodgectl df
matches 'df' "^KIND +COUNT +SIZE +RECLAIMABLE.*layer " "$OUT"
layer=$(lodgectl image inspect -j "${p}new" | json 'd["Layers"][-1]')
matches 'df by name' "layer +$layer" "$(lodgectl df -v)"
lodgectl image rm "${p}new"
lodgectl prune >/dev/null
absent "/var/lib/lodge/layers/${layer/:/-}"
expect 0 lodgectl doctor
matches 'the store is well' 'ok +store ' "$OUT"
