#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Another name for a machine: all that is its has it, what is not lodge's to change is told, and nothing is left of the old one.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

a=$TEST-a-$$ b=$TEST-b-$$ # the journal remembers earlier runs
other=$TEST-other
enabled() { systemctl is-enabled "lodge@$1.service" 2>/dev/null || true; }
links_of() { find /etc/systemd/system /run/systemd/system -name "lodge@$1.service" -type l | sort; }
at_exit "find /etc/systemd/system /run/systemd/system -name 'lodge@$TEST-*' -type l -delete"
event_detail() { lodgectl events -n 1 -o jsonl "$1" | python3 -c "import json, sys; print(json.load(sys.stdin)['Details'].get('$2'))"; }

# a machine that has everything
call CreateMachine 'ssa{sv}' "$a" busybox 4 Volume as 1 /opt WritableLayer s keep Network s default Command as ${#IDLE[@]} "${IDLE[@]}" >/dev/null
lodgectl set "$a" Description='its own'
lodgectl set --runtime "$a" Environment=A=1
create "$other" busybox "Requires=lodge@$a.service" "After=lodge@$a.service" -- "${IDLE[@]}"
lodgectl enable "$a"
systemctl -q add-requires --runtime printer.target "lodge@$a.service"
start "$a"
inside "$a" /bin/sh -c 'mkdir -p /srv; echo written >/srv/file; echo kept >/opt/file'
was=$(address "$a" 4)
id=$(inside "$a" cat /etc/machine-id)
volume=$(lodgectl volume ls -q | grep ^anonymous-)

# not as long as anything of it is going on
expect 4 lodgectl rename "$a" "$b"
matches 'one that runs' "cannot rename '$a': .* is ready: stop it first" "$ERR"
lodgectl pause "$a"
expect 4 lodgectl rename "$a" "$b"
matches 'one that is paused' 'is paused: stop it first' "$ERR"
lodgectl resume "$a"
stop "$a"

# not to any name, by anybody
expect 4 lodgectl rename "$a" "$other"
matches 'one that there is' "There is a machine '$other' already" "$ERR"
expect 4 lodgectl rename "$a" "$a"
expect 2 lodgectl rename "$a" 'no/name'
expect 3 lodgectl rename "$TEST-none" "$b"
expect 5 runuser -u tester -- lodgectl --no-ask-password rename "$a" "$b"
mkdir -p "/run/lodge/machines/$b.machine.d"
echo '[Machine]' >"/run/lodge/machines/$b.machine.d/10-a.conf"
expect 4 lodgectl rename "$a" "$b"
matches 'drop-ins of the new name' "/run/lodge/machines/$b.machine.d" "$ERR"
rm -r "/run/lodge/machines/$b.machine.d"
equal 'it is what it was' 'stopped enabled' "$(get "$a" State) $(enabled "$a")"

# the new name
mkdir -p "/etc/systemd/system/lodge@$a.service.d"
at_exit "rm -rf '/etc/systemd/system/lodge@$a.service.d'"
expect 0 lodgectl rename "$a" "$b"
matches 'who depends on it' "Machine '$other' has lodge@$a.service in After= and Requires=: it is lodge@$b.service now" "$ERR"
matches 'what was said of its unit' "/etc/systemd/system/lodge@$a.service.d does not count for lodge@$b.service" "$ERR"
expect 3 lodgectl status "$a"
equal 'description' 'its own' "$(lodgectl cat "$b" | sed -n 's/^Description=//p')"
matches 'its drop-in' 'Environment=A=1' "$(lodgectl cat "$b")"
equal 'files of the old name' '' "$(find /etc/lodge /run/lodge /var/lib/lodge/machines /var/lib/lodge/renames -name "*$a*")"
equal 'what enables it' "/etc/systemd/system/machines.target.wants/lodge@$b.service
/etc/systemd/system/multi-user.target.wants/lodge@$b.service
/run/systemd/system/printer.target.requires/lodge@$b.service" "$(links_of "$b")"
equal 'what enabled the old one' '' "$(links_of "$a")"
wait_for 10 'systemd knows' eval "systemctl list-dependencies --plain multi-user.target | grep -q 'lodge@$b.service'"
equal 'the event' "renamed $a" "$(lodgectl events -n 1 -o jsonl "$b" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Event"])') $(event_detail "$b" OldName)"
journalctl --update-catalog # as a package does
matches 'the catalog' "Machine $a is called $b now" "$(journalctl -q -x -n 1 "LODGE_MACHINE=$b" LODGE_EVENT=renamed)"

# it is the same machine
start "$b"
equal 'what it has written' written "$(inside "$b" cat /srv/file)"
equal 'its volume' kept "$(inside "$b" cat /opt/file)"
equal 'the volume is' "$volume" "$(lodgectl volume ls -q | grep ^anonymous-)"
equal 'its address' "$was" "$(address "$b" 4)"
equal 'its id' "$id" "$(inside "$b" cat /etc/machine-id)"
equal 'its host name' "$b" "$(inside "$b" hostname)"
equal 'its environment' A=1 "$(inside "$b" /bin/sh -c 'tr "\0" "\n" </proc/1/environ | grep ^A=')"
expect 1 systemctl start "lodge@$a.service"
systemctl reset-failed "lodge@$a.service"
stop "$b"
systemctl restart lodged
equal 'after a restart of lodged' 'its own' "$(lodgectl cat "$b" | sed -n 's/^Description=//p')"

# the old name is free, for one that has nothing of this one; a machine that does not keep its layer is renamed, too
create "$a" busybox Volume=/opt -- "${IDLE[@]}"
start "$a"
refuses "$a" test -e /opt/file
stop "$a"
expect 0 lodgectl rename --quiet "$a" "$a-2"
equal 'nothing is told' '' "$ERR"
remove "$a-2"
expect 0 lodgectl rm "$b"
equal 'links of one that is gone' "/run/systemd/system/printer.target.requires/lodge@$b.service" "$(links_of "$b")" # not lodgectl's
equal 'its volume is gone with it' '' "$(lodgectl volume ls -q | grep ^anonymous- || true)"

# a package's
mkdir -p /usr/lib/lodge/machines
at_exit "rm -f /usr/lib/lodge/machines/$TEST-p.machine"
printf '[Machine]\nImage=busybox\n' >"/usr/lib/lodge/machines/$TEST-p.machine"
systemctl restart lodged # which looks at that directory only if it was there
expect 1 lodgectl rename "$TEST-p" "$b"
matches 'one of a package' "/usr/lib/lodge/machines/$TEST-p.machine belongs to a package" "$ERR"
rm "/usr/lib/lodge/machines/$TEST-p.machine"
