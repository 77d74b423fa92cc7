#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 600
# hosts: trixie
# Hostile images: tests/lib/ocihostile.py has each case and the outcome it must have. Nothing outside the new layer changes, each
# takes bounded time and memory, what was refused leaves nothing behind, and the daemon never notices.
# LODGE_TEST_FULL=1 also imports each bad layer as the archive of a root.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/image.bash"

SECONDS_EACH=30
CANARY=/srv/lodge-canary
mkdir "$CANARY"
at_exit 'rm -rf "$CANARY"'
echo keep >"$CANARY/keep"
FAILED=()
declare -A REASONS
while IFS=$'\t' read -r name reason; do REASONS[$name]=$reason; done < <("$OCI" reasons)

# What hostile images could change: the canary, and anything with their mark outside of layers.
outside() {
    "$TREE" "$CANARY"
    find / -xdev \( -path /proc -o -path /sys -o -path "$STORE/layers" -o -path "$STORE/trash" -o -path "$BIG" \) -prune -o -name '*pwned*' -print
    find "$STORE" -xdev \( -path "$STORE/layers/*/tree" -o -path "$STORE/trash" \) -prune -o -name '*pwned*' -print
}

wrong() { # wrong NAME TEXT: noted, so that one run shows all
    FAILED+=("$1")
    echo "$1: $2" | tr -d '\033' | head -c 1000
    echo
}

# lodged's largest memory so far, in kB
peak_memory() { sed -n 's/^VmHWM:\s*\([0-9]*\) kB/\1/p' "/proc/$(daemon_pid)/status"; }

check_refusal() { # check_refusal NAME
    local reason=${REASONS[$1]}
    [[ -n $ERR ]] || wrong "$1" 'refused without a word'
    [[ $reason == . ]] || grep -qiE "$reason" <<<"$ERR" || wrong "$1" "refused with another reason than '$reason': $ERR"
    if grep -q "[[:cntrl:]]" < <(tr -d '\n' <<<"$ERR"); then wrong "$1" 'control characters in the message'; fi
    [[ $(wc -l <<<"$ERR") -le 3 && ${#ERR} -le 2000 ]] || wrong "$1" "a message of ${#ERR} bytes: $ERR"
}

check_tree() { # check_tree NAME
    local found
    mount_image "$TEST-it" "$WORK/tree"
    found=$("$OCI" check "$1" "$WORK/tree") || wrong "$1" "accepted, but: $found"
    umount "$WORK/tree"
}

one() { # one NAME OUTCOME FILE
    local name=$1 outcome=$2 status=0 begin=${EPOCHREALTIME/./} took
    timeout --kill-after=5 "$SECONDS_EACH" lodgectl import --progress=none "$3" "$TEST-it" >"$WORK/out" 2>"$WORK/err" </dev/null || status=$?
    took=$(((${EPOCHREALTIME/./} - begin) / 1000))
    ERR=$(tr -d '\0' <"$WORK/err")
    printf '%-28s %-7s status %d %5d ms  %s\n' "$name" "$outcome" "$status" "$took" "$(tr -d '\033' <<<"${ERR:0:160}")"
    case $status,$outcome in
        0,refuse) wrong "$name" 'accepted' ;;
        0,*) check_tree "$name" ;;
        1,accept) wrong "$name" "refused: $ERR" ;;
        1,* | 3,*) check_refusal "$name" ;;
        124,* | 137,*) wrong "$name" "takes more than $SECONDS_EACH s" ;;
        *) wrong "$name" "exit status $status: $ERR" ;;
    esac
    if [[ $status -eq 0 ]]; then lodgectl image rm --force "$TEST-it" || wrong "$name" 'cannot be removed'; fi
}

"$OCI" make-all hostile "$BIG/hostile"
lodgectl list >/dev/null
pid=$(daemon_pid)
before=$(store_list) around=$(outside) canary=$(stat -c '%n %f %u:%g %s %z' "$CANARY" "$CANARY"/*) n=0

nothing_outside() { # nothing_outside WHO
    local found
    found=$(outside)
    [[ $around == "$found" ]] || fail "$1 changed something outside: $(diff <(echo "$around") <(echo "$found"))"
}

while read -r name outcome _; do
    one "$name" "$outcome" "$BIG/hostile/$name"
    equal "the canary after $name" "$canary" "$(stat -c '%n %f %u:%g %s %z' "$CANARY" "$CANARY"/*)"
    if [[ $((++n % 40)) -eq 0 ]]; then nothing_outside "$name or one before it"; fi
    if [[ -n ${LODGE_TEST_FULL:-} ]] && "$OCI" tar "$name" "$BIG/layer.tar" 2>/dev/null && [[ -s $BIG/layer.tar ]]; then
        timeout --kill-after=5 "$SECONDS_EACH" lodgectl import --progress=none "$BIG/layer.tar" "$TEST-root" >/dev/null 2>&1 || [[ $? -eq 1 ]] ||
            wrong "$name" 'as the archive of a root'
        lodgectl image rm --force "$TEST-root" 2>/dev/null || true
        nothing_outside "$name as the archive of a root"
    fi
done < <("$OCI" list hostile)

nothing_outside 'one of the last'
wait_for 10 'no worker is left' no_workers
lodgectl prune --force >/dev/null
equal 'the store' "$before" "$(store_list)"
store_is_clean 'after all'
equal 'the daemon is the same' "$pid" "$(daemon_pid)"
# a sanitizer keeps what was freed
[[ $(peak_memory) -lt 65536 || $(ldd /usr/lib/lodge/lodged) == *libasan* ]] || fail "lodged needed $(peak_memory) kB"
[[ ${#FAILED[@]} -eq 0 ]] || fail "${#FAILED[@]} cases: ${FAILED[*]}"
