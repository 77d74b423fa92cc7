#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
# Every kind of image with every verb: what makes sense for it works, and what does not says so and what to do instead.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/image.bash"
. "$(dirname "$0")/raw-image.bash"

# the kinds: how each is made, as image "$TEST-KIND", and its type
KINDS=(oci tree foreign-tree ext4 foreign-squashfs btrfs xfs foreign-gpt)
type_of() { case $1 in oci) echo oci ;; *tree) echo directory ;; *) echo raw ;; esac; }
make_kind() {
    local i=$TEST-$1
    case $1 in
        oci) tar -C "$WORK/tree" -cf "$WORK/tar" . && importing "$WORK/tar" "$i" >/dev/null ;;
        tree) cp -a "$WORK/tree" "$IMAGES/$i" ;;
        foreign-tree) cp -a "$WORK/tree" "$TREES/$i" ;;
        foreign-squashfs) file_system squashfs "$TREES/$i.raw" "$WORK/tree" ;;
        foreign-gpt)
            file_system erofs "$WORK/root" "$WORK/tree"
            disk "$TREES/$i.raw" 32 "start=4MiB, size=16MiB, type=$ROOT_TYPE"
            put "$TREES/$i.raw" "$WORK/root" 4
            ;;
        *) file_system "$1" "$IMAGES/$i.raw" "$WORK/tree" ;;
    esac
}
at_exit "remove_machines; for name in \$(lodgectl images -q | grep ^$TEST-); do lodgectl image read-only \$name no; lodgectl image rm --force \$name; done"

cp -a "$IMAGES/busybox" "$WORK/tree"
chown 1000:65533 "$WORK/tree/etc/os-release"
in_image() { lodgectl run "$@" </dev/null; }
quietly() { "$@" --progress=none >/dev/null </dev/null; }
is_there() { lodgectl image inspect "$1" -p Name --value >/dev/null 2>&1; }
# says REGEX COMMAND...: it fails, with such words
says() {
    local status=0
    "${@:2}" >"$WORK/out" 2>"$WORK/err" </dev/null || status=$?
    [[ $status -ne 0 ]] || fail "'${*:2}' works"
    matches "'${*:2}'" "$1" "$(<"$WORK/err")"
}

refused_write() { if printf x 2>/dev/null >>"$1"; then fail "$1 can be written to"; fi; }

for kind in "${KINDS[@]}"; do
    i=$TEST-$kind type=$(type_of "$kind") m=$TEST-m
    make_kind "$kind"

    # ls, status, inspect, df
    matches "$kind: ls" "$i +$type " "$(lodgectl images "$i")"
    matches "$kind: status" "Type: $type.*Path: /var/lib/(lodge/images|machines)/$i" "$(lodgectl image status "$i")"
    [[ $type != raw ]] || matches "$kind: what is in it" "Contents: .*${kind#foreign-}" "$(lodgectl image status "$i")"
    equal "$kind: inspect" "$type" "$(lodgectl image inspect "$i" -p Type --value)"
    if [[ $(lodgectl image inspect "$i" -p Path --value) == "$IMAGES"/* ]]; then
        matches "$kind: df" "image +$i +[0-9.]+[KM]" "$(lodgectl df -v)"
    fi
    if [[ $type == oci ]]; then
        lodgectl image inspect --raw "$i" | python3 -c 'import json, sys; json.load(sys.stdin)'
        lodgectl image history "$i" >/dev/null
        quietly lodgectl image verify "$i"
    else
        says "is of type $type and has no manifest" lodgectl image inspect --raw "$i"
        says "is of type $type and has no manifest" lodgectl image history "$i"
        says "is of type $type: only one of layers has digests" lodgectl image verify "$i"
        says "is of type $type: only one of layers can be pushed; export it as oci and import that" lodgectl push "$i" "$REGISTRY/x:1"
    fi

    # run, create
    equal "$kind: run" "1000:65533${NL}new" "$(in_image "$i" sh -c 'stat -c %u:%g /etc/os-release; echo new >/etc/new; cat /etc/new')"
    create "$m" "$i" WritableLayer=keep -- "${IDLE[@]}"
    start "$m"
    inside "$m" sh -c 'echo changed >>/etc/passwd; echo new >/new; chown 1000:1000 /new; rm /etc/group; mkdir /dir'

    # what is used stays
    equal "$kind: who uses it" "$m" "$(property "$i" UsedBy)"
    says "used by machine '$m': remove that first" lodgectl image rm "$i"
    says "used by machine '$m', which runs: stop that first" lodgectl image rm --force "$i"
    says "used by machine '$m': (clone|give) the image" lodgectl image rename "$i" "$i-2"

    # diff, commit and clone of the machine, running and stopped
    for state in runs stopped; do
        equal "$kind: diff of one that $state" "A /dir A /new C /etc/passwd D /etc/group" \
            "$(lodgectl diff "$m" | grep -E '/(dir|new|etc/passwd|etc/group)$' | sort | paste -sd' ')"
        quietly lodgectl commit "$m" "$i-commit"
        equal "$kind: commit of one that $state" "1000:1000${NL}1000:65533${NL}oci" \
            "$(in_image "$i-commit" sh -c 'stat -c %u:%g /new /etc/os-release; grep -q changed /etc/passwd && test ! -e /etc/group -a -d /dir && cat /bin/busybox | cmp - /bin/sh')$NL$(property "$i-commit" Type)"
        lodgectl image rm "$i-commit"
        [[ $state == stopped ]] || stop "$m"
    done
    quietly lodgectl clone "$m" "$m-2"
    start "$m-2"
    inside "$m-2" test -e /new -a ! -e /etc/group
    lodgectl reset "$m"
    equal "$kind: diff after reset" '' "$(lodgectl diff "$m")"
    lodgectl rm --force "$m" "$m-2"

    # rename, by both verbs; names that are taken or cannot be
    lodgectl image rename "$i" "$i-2"
    lodgectl rename "$i-2" "$i"
    says "image 'busybox' already" lodgectl image rename "$i" busybox
    says "is no|cannot be" lodgectl image rename "$i" ../x
    if [[ $type == oci ]]; then
        lodgectl image rename "$i" "$REGISTRY/kinds:1"
        lodgectl tag "$REGISTRY/kinds:1" "$i"
        lodgectl image rm "$REGISTRY/kinds:1"
    else
        says 'only one of layers has references' lodgectl image rename "$i" "$REGISTRY/kinds:1"
        says 'has one name only; clone it' lodgectl tag "$i" "$i-2"
    fi
    equal "$kind: after all that" new "$(in_image "$i" echo new)"

    # read-only: protected, but used and cloned, and the clone is not
    lodgectl image read-only "$i"
    matches "$kind: status" 'protected' "$(lodgectl image status "$i")"
    says "read-only and cannot be removed; 'lodgectl image read-only $i no'" lodgectl image rm --force "$i"
    says "read-only and cannot be renamed" lodgectl image rename "$i" "$i-2"
    [[ $type != raw ]] || refused_write "$(lodgectl image inspect "$i" -p Path --value)"
    [[ $type != oci ]] || says 'cannot be replaced' lodgectl import --force "$WORK/tar" "$i"
    equal "$kind: run of a protected one" run "$(in_image "$i" echo run)"
    quietly lodgectl image clone "$i" "$i-clone"
    lodgectl image read-only "$i" no
    equal "$kind: the clone" "no $type clone" "$(lodgectl image inspect "$i-clone" -p ReadOnly --value) $(property "$i-clone" Type) $(in_image "$i-clone" echo clone)"
    says "image '$i-clone' already" lodgectl image clone "$i" "$i-clone"
    lodgectl image rm "$i-clone"

    # export in each form, and in again
    for format in oci docker tar raw; do
        if [[ $format == raw && $type != raw ]]; then
            says "is of type $type, of which no disk image can be made" lodgectl export --format=raw "$i" "$BIG/none"
            absent "$BIG/none"
            continue
        fi
        quietly lodgectl export --format=$format "$i" "$BIG/out"
        quietly lodgectl import "$BIG/out" "$i-again"
        equal "$kind: as $format and back" "1000:65533 $(md5sum <"$WORK/tree/bin/busybox")" "$(in_image "$i-again" sh -c 'echo $(stat -c %u:%g /etc/os-release) $(md5sum </bin/busybox)' | sed 's/ -$/  -/')"
        lodgectl image rm "$i-again"
        rm "$BIG/out"
    done

    # prune leaves it alone but with --all
    lodgectl prune --force >/dev/null
    is_there "$i" || fail "$kind: it was pruned"
    lodgectl prune --all --force >/dev/null
    if [[ $type == oci ]]; then
        if is_there "$i"; then fail "$kind: it was not pruned"; fi
    else
        lodgectl image rm "$i"
    fi
    says "No image '$i'" lodgectl image status "$i"
    absent "$IMAGES/$i" "$TREES/$i" "$IMAGES/$i.raw" "$TREES/$i.raw" "$IMAGES/$i.oci"
    wait_for 10 "$kind: it leaves no loop device" eval "! losetup --list --noheadings --output BACK-FILE | grep -q '/$i'"
done
