# SPDX-License-Identifier: LGPL-2.1-or-later
# For programs that are not trusted with more than the directory they are to work on: lodge.machine(5), PROFILES.

[Exec]
Boot=no
StopTimeoutSec=10s

[Files]
WritableLayer=stop
Workspace=/work

[Network]
Network=private
Egress=none

[Resources]
MemoryMax=50%
MemorySwapMax=0
CPUQuota=200%
CPUWeight=50
TasksMax=2048
