#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `lodgectl run`: a command in a machine of its own, with its streams and its exit status, and nothing left afterwards.
. "$(dirname "$0")/lib.bash"

machines() { lodgectl list --no-legend | awk '{ print $1 }' | sort; }
before=$(machines)

expect 0 lodgectl run busybox echo hello </dev/null
equal 'stdout' hello "$OUT"
equal 'stderr' '' "$ERR"
expect 42 lodgectl run busybox sh -c 'echo out; echo err >&2; exit 42' </dev/null
equal 'stdout and stderr apart' 'out|err' "$OUT|$ERR"

# stdin: piped, empty, closed early by the command
equal 'piped input' 3 "$(printf 'a\nb\nc\n' | lodgectl run busybox wc -l)"
equal 'empty input' 0 "$(lodgectl run busybox wc -c </dev/null)"
expect 0 eval '(yes 2>/dev/null || true) | lodgectl run busybox head -n 1'
equal 'head of endless input' y "$OUT"

# 128 + N for a signal of its own; what the command cannot be
expect 143 lodgectl run busybox sh -c 'sleep 100 & trap "kill -9 $!; trap - TERM; exit 143" TERM; kill -TERM $$; wait' </dev/null
expect 127 lodgectl run busybox no-such-command </dev/null
matches 'command not found' 'no-such-command' "$ERR"
expect 127 lodgectl run busybox /no/such/command </dev/null
expect 126 lodgectl run busybox /etc/passwd </dev/null
matches 'not executable' '/etc/passwd' "$ERR"
expect 125 lodgectl run no-such-image true </dev/null
matches 'no image' 'no-such-image' "$ERR"
expect 125 lodgectl run --no-such-option busybox true </dev/null
matches 'no such option' 'no-such-option' "$ERR"

# the words after the image are the command's, dashes and all
expect 0 lodgectl run busybox echo -n --help
equal 'options of the command' '--help' "$OUT"

# binary and big: ten megabytes both ways
head -c 10000000 /dev/urandom >"$WORK/big"
equal 'ten megabytes there and back' "$(md5sum <"$WORK/big")" "$(lodgectl run busybox cat <"$WORK/big" | md5sum)"

# settings of the vocabulary are options
expect 0 lodgectl run --environment=A=b --user=1000 --working-directory=/tmp --hostname=other busybox sh -c 'echo $A $(id -u) $(pwd) $(hostname)' </dev/null
equal 'settings as options' 'b 1000 /tmp other' "$OUT"

equal 'machines left over' "$before" "$(machines)"
