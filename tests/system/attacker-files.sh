#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Files that tools like to read, in the image or made by the running guest: as FIFO, of 4 GiB, with escape sequences, as links,
# directories, devices. Nobody waits for them, follows them or shows what is in them.
# timeout: 600
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/attacker.bash"

# those that no start depends on, and those without which there is none
files=(etc/os-release usr/lib/os-release etc/shadow etc/machine-info etc/localtime etc/timezone etc/resolv.conf
    etc/locale.conf etc/nsswitch.conf etc/ld.so.preload etc/ld.so.cache etc/securetty etc/profile etc/login.defs etc/shells root/.profile)
vital=(etc/passwd etc/group etc/machine-id etc/hostname etc/hosts)
kinds=(fifo huge escapes outside loop away directory device socket)
canary=$WORK/canary
echo untouched >"$canary"

# The same program text makes them in an image, as root of the host, and inside, as root of a guest.
cat >"$WORK/make" <<'SCRIPT'
#!/bin/sh
# make KIND CANARY FILE...: relative to the current directory
kind=$1 canary=$2
shift 2
for file; do
    mkdir -p "${file%/*}"
    rm -rf "$file"
    case $kind in
        fifo) mkfifo "$file" ;;
        huge) truncate -s 4G "$file" ;;
        escapes) printf '\033]0;owned\007\033[2J\302\2331m\342\200\256:\357\277\276\364\217\277\277:0:0:\377\r\b\nroot:x:0:0:\033[31mroot:/\033[31m:/bin/sh\nNAME="\033[31m"\n' >"$file" ;;
        outside) ln -s "../../../../../../../..$canary" "$file" ;;
        loop) ln -s "${file##*/}" "$file" ;;
        away) ln -s /proc/1/root/etc/passwd "$file" ;;
        directory) mkdir "$file" ;;
        device) mknod "$file" c 1 8 2>/dev/null || ln -s /dev/zero "$file" ;;
        socket) ln -s /run/host/notify "$file" ;;
    esac
done
SCRIPT
chmod 755 "$WORK/make"

# answers COMMAND...: within five seconds, with success or with a sentence
answers() {
    local begin=${EPOCHREALTIME/./} took
    timeout 20 "$@" >"$WORK/out" 2>&1 </dev/null || true
    took=$(((${EPOCHREALTIME/./} - begin) / 1000))
    [[ $took -le 5000 ]] || fail "'$*' took $took ms: $(<"$WORK/out")"
    # what a program printed is its own matter; what lodgectl says in its place is not
    ! grep '^lodgectl' "$WORK/out" | grep -qP '[\x00-\x08\x0b-\x1f\x7f]' || fail "'$*' says: $(cat -v "$WORK/out")"
}

try_programs() { # try_programs NAME
    answers lodgectl exec "$1" true
    answers lodgectl exec -u user "$1" true
    answers lodgectl exec -t "$1" echo hello
    answers lodgectl shell "$1" /bin/true
    answers lodgectl shell "user@$1" /bin/true
    answers busctl --timeout=10 call org.lodge1 "$(object "$1")" org.lodge1.Machine Login 'a{sv}' 0
}

hostile_tree
run_idle "$TEST-other" # somebody who has done nothing
for kind in "${kinds[@]}"; do
    m=$TEST-$kind
    tree=$(new_tree "$kind")
    (cd "$tree" && "$WORK/make" "$kind" "$canary" "${files[@]}")
    create "$m" "$TEST-$kind" WritableLayer=keep -- "${IDLE[@]}"
    within 5 start "$m"
    prints_clean "$m"
    try_programs "$m"
    # now by the guest itself, as it runs
    inside "$m" sh -c "$(<"$WORK/make")" make "$kind" "$canary" "${vital[@]}"
    try_programs "$m"
    prints_clean "$m"
    equal 'another machine' 'fine' "$(inside "$TEST-other" echo fine)"
    within 5 stop "$m"
    # its layer stays: what it has made is there at the next start, and in the image of another machine
    answers lodgectl start "$m"
    echo "vital files as $kind: the machine is $(get "$m" State) $(reason "$m" message)"
    prints_clean "$m"
    [[ $(get "$m" State) != failed ]] || matches "the reason, files as $kind" '/etc/' "$(reason "$m" message)"
    (cd "$tree" && "$WORK/make" "$kind" "$canary" "${vital[@]}")
    answers lodgectl run -u user "$TEST-$kind" true
    answers lodgectl images
    within 5 stop "$m"
    remove "$m"
    rm -rf --one-file-system "$tree"
done
equal 'the canary' 'untouched' "$(<"$canary")"

# a name that is no better, in what is said about its failure
m=$TEST-names
create "$m" "$TEST-hostile" Description=plain -- $'/bin/\e[31mno\u202e such' $'\a'
answers lodgectl start "$m"
equal 'the state' failed "$(get "$m" State)"
busctl --json=short get-property org.lodge1 "$(object "$m")" org.lodge1.Machine StateReason >"$WORK/reason"
lacks 'the reason' '\\u00[01]|\\u202e|'$'\e' "$(<"$WORK/reason")"
