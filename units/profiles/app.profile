# SPDX-License-Identifier: LGPL-2.1-or-later
# One program, as images of applications have it: lodge.machine(5), PROFILES. What it is to keep belongs in volumes.

[Exec]
Boot=no
StopTimeoutSec=10s
Restart=on-failure
RestartSec=2s

[Files]
WritableLayer=stop

[Network]
Network=private

[Resources]
TasksMax=4096
