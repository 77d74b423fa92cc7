#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A copy of a machine: what it has of its own, what it has of the other, and when there is none. Reset beside it.
. "$(dirname "$0")/lib.bash"
at_exit "remove_machines; lodgectl volume rm --force $TEST-v 2>/dev/null"

a=$TEST-a b=$TEST-b c=$TEST-c
copy() { lodgectl clone --progress=none -q "$@" >/dev/null; }
identity() { inside "$1" cat /etc/machine-id /etc/hostname /sys/class/net/host0/address; }
create "$a" busybox WritableLayer=keep Network=private "Volume=$TEST-v:/named /own" -- "${IDLE[@]}"
start "$a"
inside "$a" sh -c 'echo a >/mark; echo a >/named/mark; echo a >/own/mark; mkdir /etc/ssh; echo key >/etc/ssh/key; chmod 600 /etc/ssh/key'

# not while it writes
expect 4 lodgectl clone "$a" "$b"
matches 'of one that runs' 'can only be copied when it is stopped' "$ERR"
unknown "$b"
expect 4 lodgectl reset "$a"
matches 'a reset of one that runs' "stop it first${NL}hint: lodgectl stop $a" "$ERR"
inside "$a" test -e /mark
stop "$a"

copy "$a" "$b"
copy --keep-identity "$a" "$c"
expect 4 lodgectl clone "$a" "$b"
matches 'a name that is taken' 'is a machine .* already' "$ERR"
expect 2 lodgectl clone "$a" no/such/name
start "$a"
start "$b"
equal 'what was written' 'a key' "$(inside "$b" cat /mark /etc/ssh/key | xargs)"
equal 'the volume of both' a "$(inside "$b" cat /named/mark)"
refuses "$b" test -e /own/mark
inside "$b" sh -c 'echo b >/mark'
equal 'what the other has' a "$(inside "$a" cat /mark)"
mapfile -t of_a < <(identity "$a")
mapfile -t of_b < <(identity "$b")
equal 'host names' "$a $b" "${of_a[1]} ${of_b[1]}"
for i in 0 2; do [[ ${of_a[i]} != "${of_b[i]}" ]] || fail "both have ${of_a[i]}"; done
[[ $(inside "$a" ip -o -4 addr show host0) != "$(inside "$b" ip -o -4 addr show host0)" ]] || fail 'both have the same address'
stop "$b"

# an identity that is kept is for one at a time; the other is away here
stop "$a"
start "$c"
mapfile -t of_c < <(identity "$c")
equal 'an identity that was to be kept' "${of_a[0]}" "${of_c[0]}"
stop "$c"

# each is reset by itself
lodgectl reset "$b"
equal 'what is left of it' '' "$(lodgectl diff "$b")"
start "$b"
refuses "$b" test -e /mark
equal 'the volume stays' a "$(inside "$b" cat /named/mark)"
start "$a"
inside "$a" test -e /mark

# one that keeps nothing has nothing to be copied, so it may run
run_idle "$TEST-d"
inside "$TEST-d" touch /mark
copy "$TEST-d" "$TEST-e"
start "$TEST-e"
refuses "$TEST-e" test -e /mark
