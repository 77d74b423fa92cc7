#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A layer whose machine is gone is deleted after a while: the host crashed under a machine that removes itself, or a
# definition was deleted by hand. One that may still have a definition stays, and a new machine does not get an old one's.
# The while is two minutes, so only LODGE_TEST_FULL=1 waits for it; tests/unit/core/test-orphan.c has each case.
. "$(dirname "$0")/lib.bash"

STORE=/var/lib/lodge/machines

keeps() { # keeps NAME: a stopped machine that has written something
    run_idle "$1" WritableLayer=keep
    inside "$1" sh -c 'echo kept >/mark'
    stop "$1"
    [[ -s $STORE/$1/upper/mark ]] || fail "$1 has no layer"
}

# as after a crash: /run has lost the definition, nothing runs, the layer is there
lost=$TEST-lost
systemctl stop lodged.service lodged.socket
mkdir -p "$STORE/$lost/upper"
deleted=$TEST-deleted returned=$TEST-returned broken=$TEST-broken
keeps "$deleted"
keeps "$returned"
keeps "$broken"
rm "/etc/lodge/machines/$deleted.machine"
mv "/etc/lodge/machines/$returned.machine" "$WORK/"
wait_for 5 'lodged has noticed' unknown "$returned"
mv "$WORK/$returned.machine" /etc/lodge/machines/
echo nonsense >"/etc/lodge/machines/$broken.machine"
wait_for 5 'lodged has noticed' has "$broken" State failed
[[ -d $STORE/$lost && -d $STORE/$deleted ]] || fail 'a layer was deleted at once'

# a new machine of a name begins without the layer, also right after its definition was deleted
again=$TEST-again
keeps "$again"
rm "/etc/lodge/machines/$again.machine"
wait_for 5 'lodged has noticed' unknown "$again"
run_idle "$again" WritableLayer=keep
refuses "$again" cat /mark

if [[ -z ${LODGE_TEST_FULL:-} ]]; then
    rm -r "${STORE:?}/$lost" "${STORE:?}/$deleted"
    exit 0
fi
wait_for 150 'the layer of a crashed machine is deleted' eval "[[ ! -e $STORE/$lost ]]"
wait_for 150 'the layer without a definition is deleted' eval "[[ ! -e $STORE/$deleted ]]"
[[ -s $STORE/$returned/upper/mark && -s $STORE/$broken/upper/mark ]] || fail 'the layer of a machine was deleted'
start "$returned"
equal 'what it wrote before' kept "$(inside "$returned" cat /mark)"
wait_for 5 'the trash is empty' eval '[[ -z $(ls /var/lib/lodge/trash) ]]'
