#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 900
# Machines at boot of a whole host, with a kernel of its own: as in the namespaced one.
exec "$(dirname "$0")/../system/boot-units.sh"
