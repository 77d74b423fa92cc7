#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the live objects say of themselves is what dbus/*.xml says.
. "$(dirname "$0")/lib.bash"

# members FILE INTERFACE: one sorted line for each method, signal and property
members() {
    python3 - "$1" "$2" <<'PYTHON'
import sys
import xml.etree.ElementTree as ET

EMITS = 'org.freedesktop.DBus.Property.EmitsChangedSignal'
for interface in ET.parse(sys.argv[1]).getroot().findall('interface'):
    if interface.get('name') != sys.argv[2]:
        continue
    lines = []
    for member in interface:
        if member.tag in ('method', 'signal'):
            args = ' '.join(f'{a.get("direction", "out")} {a.get("type")} {a.get("name")}' for a in member.findall('arg'))
            lines.append(f'{member.tag} {member.get("name")}: {args}')
        elif member.tag == 'property':
            notes = {n.get('name'): n.get('value') for n in member.findall('annotation')}
            lines.append(f'property {member.get("name")}: {member.get("type")} {member.get("access")} {notes.get(EMITS, "true")}')
    print('\n'.join(sorted(lines)))
PYTHON
}

same() { # same PATH INTERFACE
    busctl introspect --xml-interface org.lodge1 "$1" >"$WORK/live.xml"
    members "$TESTS/../dbus/$2.xml" "$2" >"$WORK/documented"
    members "$WORK/live.xml" "$2" >"$WORK/live"
    [[ -s $WORK/documented ]] || fail "no members of $2 in dbus/$2.xml"
    diff -u "$WORK/documented" "$WORK/live" || fail "$1: $2 is not what dbus/$2.xml says"
}

m=$TEST-a
run_idle "$m"
same /org/lodge1 org.lodge1.Manager
same "$(object "$m")" org.lodge1.Machine
"$PROGRAMS/client-libdbus" exec "$m" /bin/sleep 100 2>"$WORK/process" &
at_exit "kill $! 2>/dev/null"
wait_for 5 'a process object' test -s "$WORK/process"
same "$(head -n 1 "$WORK/process")" org.lodge1.Process

same "$(busctl call org.lodge1 /org/lodge1 org.lodge1.Manager GetImage s busybox | cut -d'"' -f2)" org.lodge1.Image
same /org/lodge1/network/default org.lodge1.Network

# the objects below are found from above
matches 'tree' "$(object "$m")" "$(busctl --list tree org.lodge1)"
matches 'interfaces of the root' 'org.freedesktop.DBus.ObjectManager' "$(busctl introspect org.lodge1 /org/lodge1)"
