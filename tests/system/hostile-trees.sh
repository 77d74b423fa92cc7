#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A tree made by a stranger: nothing outside it is made, changed or followed to (CVE-2026-41579, 2019-19921, 2025-24965).
. "$(dirname "$0")/lib.bash"

canary=$WORK/canary
mkdir "$canary"
for name in file machine-id hostname passwd group null console; do echo untouched >"$canary/$name"; done
digest() { (cd "$canary" && find . -printf '%p %y %m %U %l %T@\n' | sort && cat ./* 2>/dev/null) | md5sum; }
before=$(digest)
mounts=$(wc -l </proc/1/mountinfo)

untouched() { # untouched WHAT
    equal "the canary, $1" "$before" "$(digest)"
    equal "mounts of the host, $1" "$mounts" "$(wc -l </proc/1/mountinfo)"
}

m=$TEST-a
tree=$(new_tree tree)
create "$m" "$TEST-tree" -- "${IDLE[@]}"

# where we mount: never through a link
for directory in proc dev etc run sys tmp; do
    mv "$tree/$directory" "$tree/$directory.away"
    for target in "$canary" "../../../../..$canary" "$directory.away"; do
        ln -s "$target" "$tree/$directory"
        refused StartFailed "/$directory" StartMachine "'$m'" '{}'
        nothing_runs "$m"
        untouched "/$directory as a link to $target"
        rm "$tree/$directory"
    done
    # nor onto a file
    : >"$tree/$directory"
    refused StartFailed "/$directory" StartMachine "'$m'" '{}'
    nothing_runs "$m"
    rm "$tree/$directory"
    mv "$tree/$directory.away" "$tree/$directory"
done
start "$m"
stop "$m"

# files that we write or read: replaced or left alone, never followed, never waited for
create "$TEST-user" "$TEST-tree" User=user -- "${IDLE[@]}"
for file in machine-id hostname passwd group; do
    [[ $file != group ]] || m=$TEST-user
    for kind in "link to $canary/$file" "link to ../../../../..$canary/$file" 'link to nowhere' fifo; do
        rm -rf "$tree/etc/$file.away"
        [[ ! -e $tree/etc/$file ]] || mv "$tree/etc/$file" "$tree/etc/$file.away"
        case $kind in
            link*) ln -s "${kind#link to }" "$tree/etc/$file" ;;
            fifo) mkfifo "$tree/etc/$file" ;;
        esac
        case $file in
            machine-id | hostname)
                within 5 start "$m"
                matches "/etc/$file over a $kind" "^([0-9a-f]{32}|$m)$" "$(inside "$m" cat "/etc/$file")"
                stop "$m"
                ;;
            # a program's user is looked up in there
            *)
                within 5 refused ExecFailed "/etc/$file" StartMachine "'$m'" '{}'
                nothing_runs "$m"
                ;;
        esac
        untouched "/etc/$file as a $kind"
        rm -rf "${tree:?}/etc/$file"
        [[ ! -e $tree/etc/$file.away ]] || mv "$tree/etc/$file.away" "$tree/etc/$file"
    done
done
m=$TEST-a
rm -f "$tree/etc/machine-id"
mkdir "$tree/etc/machine-id"
refused StartFailed '/etc/machine-id' StartMachine "'$m'" '{}'
nothing_runs "$m"
rmdir "$tree/etc/machine-id"

# device nodes of the image are not what the guest gets
rm -rf "${tree:?}/dev"
mkdir "$tree/dev"
ln -s "$canary/null" "$tree/dev/null"
ln -s "$canary/console" "$tree/dev/console"
start "$m"
equal '/dev/null' '1:3' "$(inside "$m" stat -c '%t:%T' /dev/null)"
inside "$m" sh -c 'echo x >/dev/null'
stop "$m"
untouched 'its device nodes as links'

# names that are exchanged while a machine starts
cp "$PROGRAMS/probe" "$WORK/"
for directory in dev etc; do
    ln -s "$canary" "$tree/$directory.link"
    "$WORK/probe" swap "$tree/$directory" "$tree/$directory.link" &
    swapper=$!
    for i in $(seq 25); do
        start "$m" 2>/dev/null || true
        stop "$m"
    done
    kill "$swapper"
    wait "$swapper" 2>/dev/null || true
    [[ -L $tree/$directory.link ]] || mv -T --exchange "$tree/$directory" "$tree/$directory.link" 2>/dev/null ||
        { rm "$tree/$directory"; mv "$tree/$directory.link" "$tree/$directory"; }
    rm -rf "$tree/$directory.link"
    untouched "with /$directory exchanged all the time"
done

# what a sparse passwd file of gigabytes does to us
truncate -s 4G "$tree/etc/passwd"
within 5 refused ExecFailed '/etc/passwd.*large' StartMachine "'$m'" '{}'
