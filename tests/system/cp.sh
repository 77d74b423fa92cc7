#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `lodgectl cp` into a machine and out of it: where things go is as cp and podman have it, and what they are like stays.
. "$(dirname "$0")/lib.bash"

M=$TEST-m
run_idle "$M"
inside "$M" mkdir -p /srv
cd "$WORK"
copy() { lodgectl cp "$@"; }
guest() { inside "$M" sh -c "$1"; }


# a file: under its name, under another one, in a directory, in place of another file
echo one >file
chmod 0640 file
touch -d '2001-02-03 04:05:06.789' file
copy file "$M:/srv"
equal 'the file' one "$(guest 'cat /srv/file')"
equal 'its mode, owner and time' '640 0 0 981173106' "$(guest 'stat -c "%a %u %g %Y" /srv/file')"
copy file "$M:/srv/other"
copy file "$M:srv/third"
equal 'the names' 'file other third' "$(guest 'cd /srv; echo *')"
echo two >two
copy two "$M:/srv/other"
equal 'what is there now' two "$(guest 'cat /srv/other')"
copy "$M:/srv/other" got
equal 'it comes back' two "$(<got)"
mkdir own
copy "$M:/srv/other" own
copy "$M:/srv/third" own/
equal 'in a directory' 'other third' "$(cd own; echo *)"
equal 'the time' 981173106 "$(stat -c %Y own/third)"
equal 'the nanoseconds' 789000000 "$(date -r own/third +%N)"

# what has no place gets a sentence and changes nothing
expect 3 lodgectl cp nothing "$M:/srv"
matches 'why' "cannot copy 'nothing': No such file" "$ERR"
expect 1 lodgectl cp "$M:/srv/nothing" .
matches 'why' "cannot copy files to or from '$M': '/srv/nothing' cannot be read: No such file" "$ERR"
expect 1 lodgectl cp file "$M:/nowhere/file"
matches 'why' "'/nowhere/file' cannot be reached in machine '$M': No such file" "$ERR"
expect 1 lodgectl cp file "$M:/srv/other/"
matches 'why' "'/srv/other/' is no directory" "$ERR"
expect 1 lodgectl cp file "$M:/srv/new/"
matches 'why' "'/srv/new/' is no directory" "$ERR"
expect 3 lodgectl cp "$M:/srv/other" new/x
expect 1 lodgectl cp "$M:/srv/other" file/
expect 2 lodgectl cp file two
matches 'why' 'NAME:PATH' "$ERR"
expect 2 lodgectl cp file 'no such name:/x'
matches 'why' "is no name of a machine" "$ERR"
expect 3 lodgectl cp file "$M"x:/srv
matches 'the hint' "hint: lodgectl cp file $M:/srv" "$ERR"
[[ ! -e new ]] || fail 'a directory was made'
guest 'test ! -e /srv/new'

# directories: made, merged, their contents alone
mkdir -p tree/sub/empty
echo a >tree/a
echo b >tree/sub/b
ln -s a tree/link
ln -s /etc/passwd tree/absolute
ln tree/a tree/sub/hard
mkfifo tree/fifo
chmod 0555 tree/sub
copy tree "$M:/srv/made"
equal 'what is in it' 'a absolute fifo link sub' "$(guest 'cd /srv/made; echo *')"
equal 'the links' 'a /etc/passwd' "$(guest 'cd /srv/made; echo $(readlink link) $(readlink absolute)')"
equal 'hard links' "$(guest 'stat -c %i /srv/made/a')" "$(guest 'stat -c %i /srv/made/sub/hard')"
equal 'the mode of a directory' 555 "$(guest 'stat -c %a /srv/made/sub')"
guest 'test -p /srv/made/fifo'
copy tree "$M:/srv/made"
guest 'test -d /srv/made/tree/sub/empty'
copy tree/. "$M:/srv/made"
guest 'test ! -e /srv/made/made'
guest 'mkdir /srv/keep; echo kept >/srv/keep/mine; chmod 700 /srv/keep'
copy tree/. "$M:/srv/keep"
equal 'merged' 'kept a' "$(guest 'cd /srv/keep; echo $(cat mine a)')"
equal 'the mode of a directory that was there' 700 "$(guest 'stat -c %a /srv/keep')"
expect 1 lodgectl cp tree "$M:/srv/other"
matches 'why' 'is there already, and is no directory' "$ERR"
guest 'mkdir -p /srv/keep/a2'
copy "$M:/srv/made" back
diff -r --no-dereference tree <(:) >/dev/null 2>&1 || true
rm tree/fifo back/fifo
rm -r back/tree
diff -r --no-dereference tree back
equal 'hard links, here' "$(stat -c %i back/a)" "$(stat -c %i back/sub/hard)"
copy "$M:/srv/keep/." contents
equal 'contents' kept "$(<contents/mine)"

# several at once
copy file two "$M:/srv/keep"
guest 'test -e /srv/keep/file && test -e /srv/keep/two'
expect 1 lodgectl cp file two "$M:/srv/other"
mkdir both
copy "$M:/srv/other" "$M:/srv/file" both
equal 'both' 'file other' "$(cd both; echo *)"

# links: not followed unless asked, but on the way to the target they are
guest 'ln -s /srv/keep /srv/way; ln -s other /srv/l'
copy "$M:/srv/l" l1
equal 'a link' other "$(readlink l1)"
copy -L "$M:/srv/l" l2
[[ -f l2 && ! -L l2 ]] || fail 'it is still a link'
copy file "$M:/srv/way"
guest 'test -L /srv/way && test -e /srv/keep/file'
copy file "$M:/srv/l"
equal 'through a link to a file' 'one link' "$(guest 'echo $(cat /srv/other) $(test -L /srv/l && echo link)')"
guest 'rm -r /srv/keep/sub; ln -s /srv/made /srv/keep/sub'
expect 1 lodgectl cp tree/. "$M:/srv/keep"
matches 'why' "is there already, and is no directory" "$ERR"

# owners, set-id bits, attributes
setfattr -n user.note -v hello two
chown 1000:1001 two
chmod 4755 two
setcap cap_net_raw+ep file
copy two "$M:/srv/plain"
equal 'without --archive' '755 0 0' "$(guest 'stat -c "%a %u %g" /srv/plain')"
copy -a two file "$M:/srv"
equal 'with it' '4755 1000 1001' "$(guest 'stat -c "%a %u %g" /srv/two')"
rm -rf attributes
mkdir attributes
copy -a "$M:/srv/two" "$M:/srv/file" attributes
equal 'back' '4755 1000 1001' "$(stat -c '%a %u %g' attributes/two)"
equal 'the attribute' hello "$(getfattr --only-values -n user.note attributes/two)"
matches 'the capability' cap_net_raw "$(getcap attributes/file)"
copy "$M:/srv/two" plain
equal 'out, without --archive' '755 0 0' "$(stat -c '%a %u %g' plain)"
(umask 077 && copy "$M:/srv/plain" masked)
equal 'the umask counts' 700 "$(stat -c %a masked)"
chown 70000 two
expect 1 lodgectl cp -a two "$M:/srv"
matches 'why' "'two' belongs to 70000:1001, and there is no such id" "$ERR"

# holes
truncate -s 64M sparse
echo data | dd of=sparse bs=1 seek=33554432 conv=notrunc status=none
copy sparse "$M:/srv/sparse"
[[ $(guest 'stat -c %b /srv/sparse') -lt 1000 ]] || fail 'a hole was filled in'
copy "$M:/srv/sparse" sparse2
cmp sparse sparse2
[[ $(stat -c %b sparse2) -lt 1000 ]] || fail 'a hole was filled in here'

# archives
tar -c tree two | copy - "$M:/srv/keep"
guest 'test -e /srv/keep/tree/sub/b'
tar -cz tree | copy - "$M:/srv/keep"
equal 'an archive' './ mine' "$(copy "$M:/srv/keep/." - | tar -t | grep -xE '\./|mine' | sort | paste -sd' ')"
equal 'of a file' plain "$(copy "$M:/srv/plain" - | tar -t)"
expect 1 lodgectl cp - "$M:/srv/none" < <(tar -c two)
matches 'why' "'/srv/none' is not there" "$ERR"
expect 1 lodgectl cp - "$M:/srv" < <(true)
matches 'why' 'archive|empty|end' "$ERR"
expect 1 lodgectl cp - "$M:/srv" < <(head -c 100000 /dev/urandom)
expect 1 lodgectl cp - "$M:/srv" < <(tar -c tree | head -c 3000)

# from one machine to another
run_idle "$TEST-n"
inside "$TEST-n" mkdir -p /srv
copy "$M:/srv/made" "$TEST-n:/srv/copy"
inside "$TEST-n" test -e /srv/copy/sub/b
expect 1 lodgectl cp "$M:/nothing" "$TEST-n:/srv/copy"
matches 'why' "'/nothing' cannot be read" "$ERR"

# as machinectl has it
lodgectl copy-to "$M" "$WORK/file" /srv/as
lodgectl copy-from "$M" /srv/as as
cmp file as

# file systems of the kernel, devices, sockets
expect 1 lodgectl cp "$M:/proc/version" .
matches 'why' 'file system of the kernel' "$ERR"
expect 1 lodgectl cp "$M:/dev/null" null
matches 'why' 'is a device' "$ERR"
copy "$M:/" whole 2>"$WORK/notes"
matches 'what was left out' 'devices or sockets were left out' "$(<"$WORK/notes")"
equal 'what is in /proc' '' "$(ls whole/proc)"
[[ -e whole/bin/sh || -L whole/bin ]] || fail 'it is not whole'
copy /dev/null "$M:/srv/null" && fail 'a device was copied'

# mounts of the machine's
guest 'mkdir -p /srv/tmpfs; echo t >/run/t'
copy "$M:/run/t" t
equal 'from a tmpfs' t "$(<t)"

# a stopped machine that keeps nothing
stop "$M"
expect 4 lodgectl cp file "$M:/srv"
matches 'why' 'without WritableLayer=keep' "$ERR"
matches 'the hint' "lodgectl start $M" "$ERR"


equal 'what the jobs have left' '' "$(ls /var/lib/lodge/incoming)"
