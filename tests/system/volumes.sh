#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Volumes outlive machines and lodged; an anonymous one goes with its machine. What is mounted where is in volume-mounts.sh.
. "$(dirname "$0")/lib.bash"

STORE=/var/lib/lodge
volumes() { lodgectl volume ls -q | grep -e "^$TEST-" -e ^anonymous- || true; }
volume_get() { busctl get-property org.lodge1 "$(call GetVolume s "$1" | cut -d'"' -f2)" org.lodge1.Volume "$2" | cut -d' ' -f2-; }
at_exit "remove_machines; for v in \$(lodgectl volume ls -q | grep ^$TEST-); do lodgectl volume rm --force \$v; done"

equal 'volumes at first' '' "$(volumes)"
matches 'the object' "/org/lodge1/volume/" "$(call CreateVolume 'sa{sv}' "$TEST-data" 0)"
refused Exists "$TEST-data" CreateVolume "'$TEST-data'" '@a{sv} {}'
refused InvalidName 'cannot be a volume name' CreateVolume "'../x'" '@a{sv} {}'
equal 'its path' "\"$STORE/volumes/$TEST-data/data\"" "$(volume_get "$TEST-data" Path)"
path=$(call GetVolume s "$TEST-data")
systemctl restart lodged
equal 'the object after a restart' "$path" "$(call GetVolume s "$TEST-data")"

m=$TEST-m
# two lines of a list: one that is named, one that is not
call CreateMachine 'ssa{sv}' "$m" busybox 2 Volume as 2 "$TEST-data:/srv" /opt Command as ${#IDLE[@]} "${IDLE[@]}" >/dev/null
start "$m"
inside "$m" sh -c 'echo kept >/srv/file && echo gone >/opt/file'
equal 'who uses it' "1 \"$m\"" "$(volume_get "$TEST-data" UsedBy)"
anonymous=$(volumes | grep ^anonymous-)
equal 'whose the other is' "\"$m\"" "$(volume_get "$anonymous" Machine)"
refused Busy "$m" RemoveVolume "'$TEST-data'" '@a{sv} {}'
refused Busy "$m" RemoveVolume "'$TEST-data'" "{'Force': <true>}"
stop "$m"
equal 'what was written' kept "$(<"$STORE/volumes/$TEST-data/data/file")"
start "$m"
equal 'the next run finds both' "kept${NL}gone" "$(inside "$m" cat /srv/file /opt/file)"
stop "$m"
equal 'nothing to prune' 'as 0' "$(call PruneVolumes 'a{sv}' 0)"
remove "$m"
equal 'after the machine' "$TEST-data" "$(volumes)"
absent "$STORE/volumes/$anonymous"

# a new machine of that name begins with an empty one
call CreateMachine 'ssa{sv}' "$m" busybox 2 Volume as 1 /opt Command as ${#IDLE[@]} "${IDLE[@]}" >/dev/null
start "$m"
refuses "$m" cat /opt/file
call RemoveMachine 'sa{sv}' "$m" 1 Force b true
equal 'after the machine' "$TEST-data" "$(volumes)"

matches 'pruned' "\"$TEST-data\"" "$(call PruneVolumes 'a{sv}' 0)"
equal 'in the end' '' "$(volumes)"
wait_for 10 'they are deleted' eval "[[ -z \$(ls $STORE/trash) ]]"
