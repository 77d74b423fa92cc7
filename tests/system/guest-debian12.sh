#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An unmodified Debian 12 with systemd boots to "running", with no failed unit.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/guest.bash"

m=$TEST-a
boot "$m" debian12
no_failed_units "$m"
guest_contract "$m"
network_is_own "$m"
for unit in systemd-journald systemd-logind dbus; do
    equal "$unit" active "$(inside "$m" systemctl is-active "$unit")"
done
# by the guest's own means, once they are enabled
inside "$m" systemctl start systemd-networkd systemd-resolved
no_failed_units "$m"
matches 'a unit with a sandbox and a user of its own' '^[0-9]+$' \
    "$(inside "$m" systemd-run --quiet --wait --pipe -p DynamicUser=yes -p PrivateTmp=yes -p PrivateDevices=yes id -u)"
matches StatusText '.' "$(get "$m" StatusText)"
within 30 stop "$m"
equal 'reason' 'stopped 0' "$(reason "$m") $(reason "$m" ExitStatus)"
nothing_runs "$m"
