#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An unmodified Debian 13 with systemd boots to "running", with no failed unit.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/guest.bash"

unmodified_guest debian13
