#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `lodgectl enable` and `disable`: what systemctl does with lodge@NAME; rm leaves no link behind.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
unit=lodge@$m.service
create "$m" busybox -- "${IDLE[@]}"
state() { systemctl is-enabled "$1" 2>/dev/null || true; }

equal 'before' disabled "$(state "$unit")"
expect 0 lodgectl enable "$m"
equal 'enabled' enabled "$(state "$unit")"
equal 'and not started' stopped "$(get "$m" State)"
matches 'systemd would start it' "$unit" "$(systemctl list-dependencies --plain multi-user.target)"
expect 0 lodgectl enable "$m"
expect 0 lodgectl disable "$m"
equal 'disabled' disabled "$(state "$unit")"
expect 0 lodgectl disable "$m"

expect 0 lodgectl enable --now "$TEST-*"
equal 'enabled and started' 'enabled ready' "$(state "$unit") $(get "$m" State)"
expect 0 lodgectl disable --now "$m"
equal 'disabled and stopped' 'disabled stopped' "$(state "$unit") $(get "$m" State)"

# names that mean nothing; each is tried
expect 3 lodgectl enable "$TEST-none" "$m"
matches 'the one that failed' "cannot enable '$TEST-none'" "$ERR"
equal 'the other' enabled "$(state "$unit")"
expect 2 lodgectl enable 'no/name'

# a user may not
expect 5 runuser -u tester -- lodgectl --no-ask-password disable "$m"
equal 'still' enabled "$(state "$unit")"

# rm removes the link, and one that is left of a machine that went otherwise can be removed
expect 0 lodgectl rm "$m"
equal 'link of what is removed' '' "$(find /etc/systemd/system -name "lodge@$TEST-*")"
create "$m" busybox -- "${IDLE[@]}"
expect 0 lodgectl enable "$m"
call RemoveMachine 'sa{sv}' "$m" 0 >/dev/null
expect 3 lodgectl enable "$m"
expect 0 lodgectl disable "$m"
equal 'link of what is gone' '' "$(find /etc/systemd/system -name "lodge@$TEST-*")"
