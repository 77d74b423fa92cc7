#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A start that fails says in one sentence which step failed on what, leaves nothing behind, and can be tried again.
. "$(dirname "$0")/lib.bash"

locks() { "$TESTS/lib/leaks" | grep 'uid range lock' || true; }
locks_before=$(locks)

# fails NAME ERROR REGEX: its start fails with such a sentence, over D-Bus and by systemctl, and nothing is left
fails() {
    refused "$2" "$3" StartMachine "'$1'" '{}'
    equal "State of $1" failed "$(get "$1" State)"
    equal "reason of $1" failed "$(reason "$1")"
    matches "the sentence of $1" "$3" "$(reason "$1" message)"
    [[ -n $(reason "$1" Phase) && -n $(reason "$1" Object) ]] || fail "no phase or object in the reason of $1"
    nothing_runs "$1"
    equal 'locks on ranges' "$locks_before" "$(locks)"
    expect 1 systemctl start "lodge@$1.service"
    nothing_runs "$1"
}

mended() { # mended NAME: its next start works
    start "$1"
    equal "State of $1" ready "$(get "$1" State)"
    equal "reason of $1" '' "$(reason "$1")"
    stop "$1"
}

# a condition in a drop-in of its unit: systemd starts nothing, and calls that done
m=$TEST-condition
mkdir -p "/run/systemd/system/lodge@$m.service.d"
at_exit "rm -rf '/run/systemd/system/lodge@$m.service.d'; systemctl daemon-reload"
printf '[Unit]\nConditionPathExists=%s\n' "$WORK/condition" >"/run/systemd/system/lodge@$m.service.d/condition.conf"
systemctl daemon-reload
create "$m" busybox -- "${IDLE[@]}"
refused StartFailed 'condition' StartMachine "'$m'" '{}'
equal "State of $m" failed "$(get "$m" State)"
: >"$WORK/condition"
mended "$m"

# a tree without /bin/sh
m=$TEST-no-shell
tree=$(new_tree no-shell)
mv "$tree/bin/sh" "$tree/bin/not-sh"
create "$m" "$TEST-no-shell" -- "${IDLE[@]}"
fails "$m" CommandNotFound '/bin/sh'
equal 'phase and object' 'execute /bin/sh 2' "$(reason "$m" Phase) $(reason "$m" Object) $(reason "$m" Errno)"
mv "$tree/bin/not-sh" "$tree/bin/sh"
mended "$m"

# a command that is no program, and one whose interpreter is missing
create "$TEST-not-found" "$TEST-no-shell" -- no-such-command
fails "$TEST-not-found" CommandNotFound 'no-such-command'
create "$TEST-no-program" "$TEST-no-shell" -- /etc/passwd
fails "$TEST-no-program" ExecFailed '/etc/passwd'
printf '#!/no/such/interpreter\n' >"$tree/bin/script"
chmod 755 "$tree/bin/script"
create "$TEST-no-interpreter" "$TEST-no-shell" -- /bin/script
fails "$TEST-no-interpreter" ExecFailed '/bin/script'

# a user that is not there, a directory that is none (one that is missing is made: working-directory)
create "$TEST-no-user" "$TEST-no-shell" User=nosuchuser -- "${IDLE[@]}"
fails "$TEST-no-user" ExecFailed 'nosuchuser'
create "$TEST-no-directory" "$TEST-no-shell" WorkingDirectory=/bin/sh -- "${IDLE[@]}"
fails "$TEST-no-directory" ExecFailed "working directory.*/bin/sh"

# the image goes away, or becomes a file
m=$TEST-image
tree=$(new_tree image)
create "$m" "$TEST-image" -- "${IDLE[@]}"
mv "$tree" "$tree.away"
expect 1 start "$m"
matches 'an image that is gone' "$TEST-image" "$ERR"
nothing_runs "$m"
: >"$tree"
expect 1 start "$m"
matches 'an image that is a file' "$TEST-image" "$ERR"
nothing_runs "$m"
rm "$tree"
mv "$tree.away" "$tree"
mended "$m"

# a directory without import that is a file
m=$TEST-root
mkdir "$WORK/not-yet"
create "$m" '' "RootDirectory=$TREES/$TEST-root" -- "${IDLE[@]}" 2>/dev/null || {
    tree=$(new_tree root)
    create "$m" '' "RootDirectory=$tree" -- "${IDLE[@]}"
    mv "$tree" "$tree.away"
}
: >"$TREES/$TEST-root"
expect 1 start "$m"
matches 'a file as root' "$TEST-root.*not a directory" "$(tr '[:upper:]' '[:lower:]' <<<"$ERR")"
nothing_runs "$m"
rm "$TREES/$TEST-root"
new_tree root >/dev/null
mended "$m"

# a file system that takes no idmapped mounts
m=$TEST-ramfs
tree=$TREES/$TEST-ramfs
mkdir "$tree"
mount -t ramfs none "$tree"
at_exit "umount '$tree'"
cp -a "$IMAGES/busybox/." "$tree"
create "$m" '' "RootDirectory=$tree" -- "${IDLE[@]}"
expect 1 start "$m"
matches 'no idmapped mounts' "take idmapped mounts\\?\\) of '$tree': Invalid argument" "$ERR"
nothing_runs "$m"

# nothing to run
mkdir -p "$TREES/$TEST-empty"
create "$TEST-empty" "$TEST-empty"
expect 1 start "$TEST-empty"
matches 'an empty tree' 'init' "$ERR"
nothing_runs "$TEST-empty"
