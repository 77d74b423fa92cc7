# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine that runs containers of its own, with podman: lodge.machine(5), PROFILES.

[Files]
# containers are made of overlays, which cannot have what they write in the overlay that the machine itself is
Volume=/var/lib/containers

[Network]
Network=private

[Security]
Nesting=yes
