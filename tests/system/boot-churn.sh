#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Debian is booted until it is ready and shut down again over and over, 8 at a time: none fails, and nothing is left of any
# of them. With LODGE_TEST_FULL=1 100 times.
# timeout: 900
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/churn.bash"

count=6
[[ -z ${LODGE_TEST_FULL:-} ]] || count=100
without_traces 8 "$count" boot
