#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A stop at any moment of a start or after it ends in time, whoever asks for it and whatever the guest does: within 5 s for
# a healthy guest, a second after its deadline for one that ignores every signal. With LODGE_TEST_FULL=1 300 times.
# timeout: 900
. "$(dirname "$0")/lib.bash"

count=40
[[ -z ${LODGE_TEST_FULL:-} ]] || count=300
tree=$(new_tree tools)
cp "$PROGRAMS/probe" "$tree/bin/"
"$TESTS/clients/stop-anytime" "$TEST" "$TEST-tools" "$count"
for guest in busybox debian forks deaf; do
    unknown "$TEST-$guest" || fail "$TEST-$guest is still there"
    nothing_runs "$TEST-$guest"
done
