#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whatever a guest prints, the journal gets lines of text that are its own, and no terminal obeys them.
. "$(dirname "$0")/lib.bash"

m=$TEST-$$ # the journal remembers earlier runs
# shellcheck disable=SC2016 # for the guest's shell
create "$m" busybox -- /bin/sh -c '
    printf "\\033]0;title\\007\\033[2Jcleared\\n"
    printf "<0>emergency\\n"
    printf "MESSAGE=x\\nLODGE_MACHINE=other\\nPRIORITY=0\\n"
    printf "bad \\377\\376 bytes \\000 and a nul\\n"
    printf "right \\342\\200\\256 left\\n"
    head -c 300000 /dev/zero | tr "\\0" a
    printf "\\nlast\\n"
    exec sleep 100000'
start "$m"
wait_for 20 'the last line' eval "lodgectl logs $m | grep -qx last"
lodgectl logs "$m" >"$WORK/lines"
grep -qx cleared "$WORK/lines" || fail 'the text between control sequences'
grep -qx '<0>emergency' "$WORK/lines" || fail 'a priority of the guest is no longer text'
grep -qx 'LODGE_MACHINE=other' "$WORK/lines" || fail 'a field of the guest is no longer text'
if LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]' "$WORK/lines"; then fail 'control characters'; fi
iconv -f UTF-8 -t UTF-8 "$WORK/lines" >"$WORK/again" || fail 'lodgectl logs prints what is no UTF-8'
lacks 'an override of direction' $'\u202e' "$(<"$WORK/lines")"
equal 'bytes of the long line' 300000 "$(tr -cd a <<<"$(grep -E '^a+$' "$WORK/lines")" | wc -c)"
equal 'the long line is one again' 1 "$(grep -cE '^a+$' "$WORK/lines")"
equal 'emergencies' '' "$(journalctl -q -p err -o cat "LODGE_MACHINE=$m" LODGE_STREAM=stdout)"
equal 'another machine' '' "$(journalctl -q -o cat LODGE_MACHINE=other)"
journalctl -q -o json "LODGE_MACHINE=$m" LODGE_STREAM=stdout |
    python3 -c 'import json, sys; assert all(isinstance(json.loads(line)["MESSAGE"], str) for line in sys.stdin)' || fail 'bytes in the journal'
