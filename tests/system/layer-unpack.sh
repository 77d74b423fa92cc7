#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 400
# hosts: trixie
# The library that unpacks layers, without the importer's sandbox around it: the layers of every image of tests/lib/oci.py, the good
# and the hostile ones. What was accepted must give the same archive again.
. "$(dirname "$0")/lib.bash"

CANARY=/srv/lodge-canary
[[ ! -e $CANARY ]] || fail "$CANARY is there"
mkdir -p "$CANARY" "$TREES/$TEST-work"
at_exit 'rm -rf /srv/lodge-canary'
echo keep >"$CANARY/keep"
# its mounts are its own: systemd need not hear of hundreds
unshare -m "$TESTS/lib/unpack-cases" "$PROGRAMS/layer-tool" "$TREES/$TEST-work"
