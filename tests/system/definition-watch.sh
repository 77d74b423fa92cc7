#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Drop-ins and profiles that are changed by hand count without a word to lodged: for a machine that is stopped all that
# they say, for one that runs what it can take over. Their directories come and go.
. "$(dirname "$0")/lib.bash"

etc=/etc/lodge/machines run=/run/lodge/machines usr=/usr/lib/lodge
m=$TEST-web
pid=$(daemon_pid)
at_exit "rmdir --ignore-fail-on-non-empty $usr/profiles"
at_exit "rm -rf $etc/$m.machine.d $run/$m.machine.d /etc/lodge/profiles/$TEST.profile $usr/profiles/$TEST.profile"
says() { [[ $(busctl --json=short get-property org.lodge1 "$(object "$m")" org.lodge1.Machine Settings) == *$1* ]]; } # says TEXT

# drop-ins, in directories that are new
create "$m" busybox Profile="$TEST" -- "${IDLE[@]}" 2>/dev/null && fail 'a profile that does not exist is taken'
mkdir -p /etc/lodge/profiles
printf '[Machine]\nDescription=of the profile\n[Exec]\nEnvironment=FROM=profile\n' >"/etc/lodge/profiles/$TEST.profile"
create "$m" busybox Profile="$TEST" -- "${IDLE[@]}"
says 'of the profile' || fail 'the profile does not count'
mkdir "$run/$m.machine.d"
printf '[Machine]\nDescription=of the drop-in\n' >"$run/$m.machine.d/50-a.conf"
wait_for 10 'a drop-in in /run' says 'of the drop-in'
mkdir "$etc/$m.machine.d"
ln -s /dev/null "$etc/$m.machine.d/50-a.conf"
wait_for 10 'a drop-in that is hidden' says 'of the profile'
rm -r "$etc/$m.machine.d"
wait_for 10 'a drop-in that is hidden no more' says 'of the drop-in'
rm -r "$run/$m.machine.d"
wait_for 10 'a drop-in that is gone' says 'of the profile'

# what is wrong makes the machine fail at once, and is put right as fast
mkdir "$etc/$m.machine.d"
printf '[Exec]\nBoot=perhaps\n' >"$etc/$m.machine.d/50-a.conf"
wait_for 10 'a broken drop-in' has "$m" State failed
matches 'the reason' "50-a.conf:2:6: Boot='perhaps'" "$(reason "$m" message)"
rm -r "$etc/$m.machine.d"
wait_for 10 'no broken drop-in' has "$m" State stopped

# the profile itself, also of a machine that runs; a package's takes the place of one that is gone
start "$m"
sed -i 's/of the profile/later/; s/FROM=profile/FROM=changed/' "/etc/lodge/profiles/$TEST.profile"
wait_for 10 'what runs follows its profile' says later
equal 'what waits for the next start' profile "$(inside "$m" sh -c 'echo "$FROM"')"
mkdir "$etc/$m.machine.d"
printf '[Resources]\nTasksMax=123\n' >"$etc/$m.machine.d/50-a.conf"
wait_for 10 'what runs follows a drop-in' eval "[[ \$(systemctl show -P TasksMax lodge@$m.service) == 123 ]]"
mkdir -p "$usr/profiles"
printf '[Machine]\nDescription=of a package\n' >"$usr/profiles/$TEST.profile"
rm "/etc/lodge/profiles/$TEST.profile"
wait_for 10 "a package's profile" says 'of a package'
stop "$m"
wait_for 10 'after its end' says 'of a package'
start "$m"
equal 'what the next start finds' '' "$(inside "$m" sh -c 'echo "$FROM"')"
stop "$m"
remove "$m"
absent "$etc/$m.machine.d"
equal 'lodged is the same' "$pid" "$(daemon_pid)"
