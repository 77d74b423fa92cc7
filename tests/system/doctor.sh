#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `lodgectl doctor`: finds what is wrong, as root and as user, with lodged and without, and its hints help as they are.
. "$(dirname "$0")/lib.bash"

result() { # result CHECK [WORD]: what doctor finds, of the messages that have WORD
    { lodgectl doctor --json=short || true; } | python3 -c 'import json, sys
print(" ".join(d["Result"] for d in json.load(sys.stdin) if d["Check"] == sys.argv[1] and sys.argv[2] in d["Message"]))' "$1" "${2-}"
}
hint() { { lodgectl doctor || true; } | grep -A1 "$1" | sed -n 's/^ *hint: //p' | head -n 1; }

# a host that is well; controllers depend on the kernel outside
lodgectl list >/dev/null
expect 0 lodgectl doctor
for check in kernel clone3 namespaces overlayfs seccomp 'idmap idmap' systemd bus lodged polkit machined lodge-shim workers directories 'file system' store \
    'space space' 'user ids'; do
    set -- "$check"
    if [[ $check == 'idmap idmap' || $check == 'space space' ]]; then set -- "${check% *}"; fi
    matches "$1" '^(ok|warning)( ok)?$' "$(result "$1")"
done
matches 'lodged' 'runs, version' "$OUT"
lacks 'only what is not ok' "(^|$NL)ok " "$(lodgectl doctor -q)"
equal 'csv' 'Result,Check,Message,Hint' "$(lodgectl doctor -o csv | head -n 1)"

# as a user: what cannot be tried is said to be skipped
expect 0 runuser -u tester -- lodgectl doctor
matches 'idmap as user' 'skipped +idmap' "$OUT"

# each fault is found, and what the hint says mends it
chmod 0777 /run/lodge/unit
expect 1 lodgectl doctor
matches 'a directory of anybody' 'problem +directories +/run/lodge/unit' "$OUT"
eval "$(hint 'problem  directories')"
rmdir /var/lib/lodge/trash
matches 'a missing directory' '1 of 14 are missing, the first is /var/lib/lodge/trash' "$(lodgectl doctor || true)"
eval "$(hint 'problem  directories')"
equal 'directories' ok "$(result directories)"

mount -t ramfs none /var/lib/machines
at_exit 'findmnt --types ramfs /var/lib/machines && umount /var/lib/machines' # not the host's own
equal 'no idmapped mounts' warning "$(result idmap /var/lib/machines)"
umount /var/lib/machines
equal 'idmapped mounts' ok "$(result idmap /var/lib/machines)"

mount -t tmpfs -o size=4m none /var/lib/lodge
at_exit 'findmnt --types tmpfs /var/lib/lodge && umount /var/lib/lodge'
equal 'no space' problem "$(result space /var/lib/lodge)"
umount /var/lib/lodge/

# without lodged
systemctl stop lodged.service
equal 'lodged that is not needed now' 'ok' "$(result lodged 'starts when it is asked')"
at_exit 'systemctl unmask --runtime lodged.service 2>/dev/null; systemctl daemon-reload; systemctl start lodged.service'
systemctl mask --runtime --now lodged.service 2>/dev/null
expect 1 within 5 lodgectl doctor
matches 'lodged that is masked' 'problem +lodged .*masked' "$OUT"
expect 1 runuser -u tester -- lodgectl doctor
expect 1 env DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere lodgectl doctor
matches 'no bus' 'problem +bus .*cannot be reached' "$OUT"
