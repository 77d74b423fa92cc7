#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Without lodged: lodgectl starts it by its name on the bus, and says so where that is not possible.
. "$(dirname "$0")/lib.bash"

systemctl stop lodged.service
expect 0 lodgectl list
equal 'lodged, asked for' active "$(systemctl is-active lodged.service)"

at_exit 'systemctl unmask --runtime lodged.service 2>/dev/null; systemctl daemon-reload; systemctl start lodged.service'
systemctl mask --runtime --now lodged.service 2>/dev/null
expect 7 within 5 lodgectl list
matches 'what it says' 'lodged' "$ERR"
expect 125 lodgectl run busybox true </dev/null
matches 'what run says' 'lodged' "$ERR"
expect 0 lodgectl help
expect 0 lodgectl --version
