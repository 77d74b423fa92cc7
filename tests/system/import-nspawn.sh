#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine of systemd-nspawn's becomes one of lodge's: with its file, without one, with one that is not to be trusted.
. "$(dirname "$0")/lib.bash"

m=$TEST-web
id=0123456789abcdef0123456789abcdef
at_exit "rm -rf /etc/systemd/nspawn/$TEST-* /run/systemd/nspawn/$TEST-* /etc/systemd/system/systemd-nspawn@$TEST-*"
mkdir -p /etc/systemd/nspawn /run/systemd/nspawn "$WORK/shared"
echo hello >"$WORK/shared/file"
cp -a "$IMAGES/busybox" "$TREES/$m"
mkdir -p "$TREES/$m/etc"
echo "$id" >"$TREES/$m/etc/machine-id"
cat >"/etc/systemd/nspawn/$m.nspawn" <<FILE
[Exec]
Boot=no
Parameters=/bin/sh -c 'trap "exit 0" TERM INT; echo "\$GREETING"; sleep 100000 & wait'
Environment="GREETING=hello there"
Hostname=front
KillSignal=SIGTERM
NoNewPrivileges=yes
Timezone=bind

[Files]
BindReadOnly=$WORK/shared:/shared:rootidmap
TemporaryFileSystem=/scratch:size=1M
Inaccessible=/etc/passwd

[Network]
Private=yes
FILE

# what it would be
expect 0 lodgectl import-nspawn --dry-run "$m"
matches 'the definition' "Image=$m.*MachineID=$id.*Hostname=front.*Bind=$WORK/shared:/shared:ro,map=root" "$OUT"
matches 'what has no counterpart' 'Inaccessible=/etc/passwd has no counterpart' "$ERR"
matches 'what else has none' 'Timezone=bind has no counterpart' "$ERR"
equal 'number of notes' 3 "$(wc -l <<<"$ERR")"
unknown "$m" || fail '--dry-run has made a machine'

# and is
mkdir -p "/etc/systemd/system/systemd-nspawn@$m.service.d"
expect 0 lodgectl import-nspawn "$m"
matches 'its drop-ins' "systemd-nspawn@$m.service.d is left out" "$ERR"
equal 'machine-id' "$id" "$(lodgectl show -p MachineID --value "$m")"
start "$m"
wait_for 5 'its output' eval "lodgectl logs $m | grep -x 'hello there'"
equal 'host name' front "$(lodgectl exec "$m" hostname)"
equal 'what is bound' hello "$(lodgectl exec "$m" cat /shared/file)"
refuses "$m" touch /shared/new
matches 'the tmpfs' ' /scratch tmpfs .*size=1024k' "$(lodgectl exec "$m" cat /proc/mounts)"
equal 'interfaces' lo "$(lodgectl exec "$m" ls /sys/class/net)"
# what it writes is kept, and not in the tree
lodgectl exec "$m" touch /written
stop "$m"
start "$m"
lodgectl exec "$m" test -e /written
stop "$m"
absent "$TREES/$m/written"
expect 4 lodgectl import-nspawn "$m"
matches 'a second time' "cannot take over .*$m" "$ERR"
expect 0 lodgectl import-nspawn "$m" "$TEST-other"
known "$TEST-other" || fail 'there is no machine of the other name'

# without a file: what systemd-nspawn@.service would do
cp -a "$IMAGES/busybox" "$TREES/$TEST-bare"
expect 0 lodgectl import-nspawn --dry-run "$TEST-bare"
matches 'a tree alone' 'Boot=yes.*WritableLayer=keep.*Network=default' "$OUT"
equal 'notes on a tree alone' '' "$ERR"

# a file beside the tree is its vendor's
printf '[Files]\nBind=/etc:/host\n[Exec]\nBoot=no\nParameters=/bin/true\n' >"$TREES/$TEST-bare.nspawn"
at_exit "rm -f $TREES/$TEST-bare.nspawn"
expect 0 lodgectl import-nspawn --dry-run "$TEST-bare"
matches 'what is not trusted' 'Bind=/etc:/host is left out: only files in /etc/systemd/nspawn' "$ERR"
lacks 'the definition' Bind "$OUT"
expect 0 lodgectl import-nspawn --dry-run "$TREES/$TEST-bare.nspawn"
matches 'a file that was named' 'Bind=/etc:/host:rw,map=none' "$OUT"

# a tree that nspawn has changed the owners of
mkdir -p "$TREES/$TEST-shifted/usr"
chown 1000000 "$TREES/$TEST-shifted"
expect 0 lodgectl import-nspawn --dry-run "$TEST-shifted"
matches 'whose the tree is' 'belongs to user 1000000.*--private-users-ownership=chown' "$ERR"

# files of strangers
expect 3 lodgectl import-nspawn "$TEST-missing"
matches 'what is not there' "there is neither a directory $TREES/$TEST-missing" "$ERR"
cp -a "$IMAGES/busybox" "$TREES/$TEST-odd"
ln -sf /etc/shadow "$TREES/$TEST-odd/etc/machine-id"
mkfifo "/run/systemd/nspawn/$TEST-odd.nspawn"
expect 1 lodgectl import-nspawn --dry-run "$TEST-odd"
matches 'a FIFO' "$TEST-odd.nspawn is not a file" "$ERR"
rm "/run/systemd/nspawn/$TEST-odd.nspawn"
ln -s /dev/zero "/run/systemd/nspawn/$TEST-odd.nspawn"
expect 1 lodgectl import-nspawn --dry-run "$TEST-odd"
rm "/run/systemd/nspawn/$TEST-odd.nspawn"
printf '[Exec]\nBoot=no\n\0' >"/run/systemd/nspawn/$TEST-odd.nspawn"
expect 2 lodgectl import-nspawn --dry-run "$TEST-odd"
matches 'a NUL byte' "$TEST-odd.nspawn:3: a NUL byte" "$ERR"
expect 1 lodgectl import-nspawn ../../etc
