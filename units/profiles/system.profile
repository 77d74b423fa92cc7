# SPDX-License-Identifier: LGPL-2.1-or-later
# A whole system with an init of its own, which is looked after like a host: lodge.machine(5), PROFILES.

[Exec]
Boot=yes
Restart=on-failure
RestartSec=5s

[Files]
WritableLayer=keep

[Network]
Network=private
