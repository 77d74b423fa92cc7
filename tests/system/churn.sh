#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Machines are started and stopped over and over, 8 at a time: none fails, and nothing is left of any of them. With
# LODGE_TEST_FULL=1 2,000 times.
# timeout: 900
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/churn.bash"

count=120
[[ -z ${LODGE_TEST_FULL:-} ]] || count=2000
without_traces 80 "$count" cycle
