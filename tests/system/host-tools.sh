#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What we install is what the tools of the host expect: units, manual pages, completions, bus and polkit policy.
. "$(dirname "$0")/lib.bash"

# systemd-machined has 6.2; 4.0 is what the project allows itself
expect 0 systemd-analyze security --no-pager --threshold=40 lodged.service
matches 'exposure of lodged' 'Overall exposure level for lodged.service: [0-3]\.[0-9]' "$OUT"

for unit in lodge-import lodge-export lodge-copy lodge-files lodge-work; do
    expect 0 systemd-analyze security --no-pager --threshold=40 "$unit@$TEST.service"
done

expect 0 systemd-analyze security --no-pager --threshold=30 lodge-relay.service

expect 0 systemd-analyze verify lodged.service lodge-relay.service lodged.socket "lodge@$TEST-x.service" "lodge-"{import,export,copy,files,work}"@$TEST.service"
lacks 'complaints about our units' 'lodge' "$OUT$ERR"

for page in lodgectl.1 lodged.8 lodge-shim.8 lodge-generator.8 lodge-import.8 lodge-net.8 lodge-relay.8 lodge-work.8 nss-lodge.8 lodge.machine.5 lodge.network.5 lodge-registries.conf.5 org.lodge1.5; do
    expect 0 man -w "${page##*.}" "${page%.*}"
    matches "the page $page" "/${page//./\\.}(\.gz)?\$" "$OUT"
    expect 0 man --warnings -l "$OUT"
    lacks "warnings about $page" . "$ERR"
done

expect 0 bash -n /usr/share/bash-completion/completions/lodgectl

# polkit knows each action, and everybody is asked for it or refused
for action in inspect manage-own manage copy exec exec-root; do
    expect 0 pkaction --verbose --action-id "org.lodge1.$action"
    matches "description of $action" 'description: +[A-Z]' "$OUT"
    if [[ $action == manage || $action == exec-root ]]; then
        matches "$action without a session" 'implicit any: +auth_admin' "$OUT"
    fi
done
found=$(pkaction | grep -c '^org\.lodge1\.')
wanted=$(grep -c '<action id=' /usr/share/polkit-1/actions/org.lodge1.policy)
equal 'number of actions' "$wanted" "$found"

# the bus reads our policy without a word, root may own the name, and nobody else
expect 0 busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus ReloadConfig
lacks 'complaints of the bus' 'lodge' "$(journalctl -b -u dbus.service -p warning -o cat)"
expect 1 runuser -u tester -- busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus RequestName su org.lodge1 0
matches 'the name for a user' 'Access denied' "$ERR"

run_idle "$TEST-a"
for object in '' "machine/$(basename "$(object "$TEST-a")")"; do
    expect 0 busctl introspect org.lodge1 "/org/lodge1${object:+/$object}"
    matches "introspection of ${object:-the manager}" 'org\.lodge1\.(Manager|Machine) +interface' "$OUT"
done
