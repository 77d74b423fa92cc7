#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `lodgectl cp` into a machine that does not run, and out of it: what it has kept on top of its image, never with a machine
# that starts meanwhile, and nothing of the host for whoever copies.
. "$(dirname "$0")/lib.bash"

M=$TEST-m
STORE=/var/lib/lodge
UPPER=$STORE/machines/$M/upper
O=$WORK/outside
mkdir "$O"
echo SECRET >"$O/f"
tree=$(new_tree image)
mkdir -p "$tree/srv" "$tree/data"
ln -s /run "$tree/way"
ln -s "$O" "$tree/srv/out"
echo base >"$tree/srv/base"
chown 1000:1001 "$tree/srv/base"
cd "$WORK"
echo one >file
workers() { systemctl list-units --plain --no-legend 'lodge-files@*'; }
nothing_left() {
    wait_for 20 'no worker is left' eval '[[ -z $(workers) ]]'
    wait_for 20 'what jobs have left is gone' eval '[[ -z $(ls "$STORE/incoming") ]]'
    wait_for 20 'no process of theirs is left' eval '! pgrep lodge-import'
}
job_of() { basename "$(find "$STORE/incoming" -mindepth 1 -maxdepth 1 | head -n 1)"; }

# before the first start: it has its image, and what is copied is there when it starts
create "$M" "$TEST-image" WritableLayer=keep Volume=/data -- "${IDLE[@]}"
lodgectl cp file "$M:/srv"
equal 'its state' stopped "$(get "$M" State)"
equal 'the file, in the layer' "one 0:0" "$(<"$UPPER/srv/file") $(stat -c %u:%g "$UPPER/srv/file")"
lodgectl cp "$M:/srv/file" "$M:/srv/base" .
equal 'it comes back' 'one base' "$(<file) $(<base)"
lodgectl cp "$M:/srv/file" again
start "$M"
equal 'inside' 'one 0 0' "$(inside "$M" sh -c 'echo $(cat /srv/file; stat -c "%u %g" /srv/file)')"
equal 'of the image' '1000 1001' "$(inside "$M" stat -c '%u %g' /srv/base)"

# what the machine has done counts: files that it has removed, changed, made
inside "$M" sh -c 'rm /srv/base; echo two >/srv/file; mkdir /srv/new; echo new >/srv/new/f; chown 5:6 /srv/new/f; mv /srv/new /srv/moved'
stop "$M"
expect 1 lodgectl cp "$M:/srv/base" x
matches 'why' "'/srv/base' cannot be read: No such file" "$ERR"
lodgectl cp -a "$M:/srv/moved" moved
equal 'with its owner' 'new 5 6' "$(<moved/f) $(stat -c '%u %g' moved/f)"
lodgectl cp "$M:/srv/file" file2
equal 'the changed file' two "$(<file2)"
chown 1000:1001 file
lodgectl cp -a file "$M:/srv/moved/owned"
lodgectl cp moved/. "$M:/srv/merged"
tar -c moved | lodgectl cp - "$M:/srv/moved"
start "$M"
equal 'what was copied' '1000:1001 0:0 0:0' "$(inside "$M" sh -c 'echo $(stat -c %u:%g /srv/moved/owned /srv/merged/f /srv/moved/moved/f)')"
stop "$M"

# "cp" that has ended has left nothing in the way of a start
for i in 1 2 3 4 5; do
    echo "$i" >n
    lodgectl cp n "$M:/srv/n"
    lodgectl start "$M"
    equal 'the file' "$i" "$(inside "$M" cat /srv/n)"
    lodgectl stop "$M"
done

# neither "/.." nor links lead out of it; what will be mounted is no place for files
for path in /srv/out/f /../../../../../..$O/f; do
    expect 1 lodgectl cp "$M:$path" x
    matches 'why' "cannot be (reached|read)" "$ERR"
done
for path in /run/x /run /way/x /proc/version /sys/kernel /dev/null /data/f /data; do
    expect 1 lodgectl cp "$M:$path" x
    matches "of $path" "is not among the files of machine '$M' while it does not run" "$ERR"
    expect 1 lodgectl cp file "$M:$path"
    matches "to $path" "is not among the files of machine '$M' while it does not run|cannot be" "$ERR"
done
absent x "$UPPER/run/x" "$UPPER/data"
lodgectl cp "$M:/" whole
equal 'what it has of the kernel' '' "$(find whole/proc whole/sys -mindepth 1)"
[[ -e whole/srv/moved/owned ]] || fail 'it is not whole'

# without a layer that is kept there is nothing to copy to
create "$TEST-no" busybox -- "${IDLE[@]}"
expect 4 lodgectl cp file "$TEST-no:/srv"
matches 'why' 'without WritableLayer=keep' "$ERR"
matches 'the hint' "lodgectl start $TEST-no" "$ERR"
create "$TEST-memory" busybox WritableLayer=stop WritableLayerMedium=memory -- "${IDLE[@]}"
expect 4 lodgectl cp file "$TEST-memory:/srv"

# a directory as the root, one image in layers and disks are like any other
create "$TEST-dir" '' RootDirectory="$tree" WritableLayer=keep -- "${IDLE[@]}"
lodgectl cp file "$TEST-dir:/srv"
lodgectl cp "$TEST-dir:/srv/base" "$TEST-dir:/srv/file" .
absent "$tree/srv/file"

# --- one that takes long ------------------------------------------------------------------------------------------
mkfifo slow
exec 9<>slow
head -c 100000 /dev/zero >data
tar -cf data.tar data
begin() { # begin: sets $copy, $unit, $pid
    rm -f "$UPPER/srv/.#lodge-cp"* # of one that was killed: the next copy that ends would
    head -c 50000 data.tar >slow
    lodgectl cp - "$M:/srv" <slow >cp.out 2>&1 &
    copy=$!
    wait_for 20 'it begins to write' eval 'ls -a "$UPPER/srv" | grep -q lodge-cp'
    unit=lodge-files@$(job_of).service
    pid=$(systemctl show --property MainPID --value "$unit")
}
begin

# whoever copies is nobody, and sees nothing but the machine's files
[[ $(awk '/^Uid:/ { print $2 }' "/proc/$pid/status") -ge 65536 ]] || fail 'it is somebody'
equal 'its filter' 2 "$(awk '/^Seccomp:/ { print $2 }' "/proc/$pid/status")"
equal 'its root' "$(md5sum <"$tree/etc/os-release")" "$(md5sum <"/proc/$pid/root/etc/os-release")"
equal 'its mounts' '/ /' "$(awk '{ print $5 }' "/proc/$pid/mountinfo" | sed 's|^/.*|/|' | paste -sd' ')$([[ $(wc -l <"/proc/$pid/mountinfo") -eq 1 ]] && echo ' /')"
for fd in "/proc/$pid/fd"/*; do
    where=$(readlink "$fd")
    lacks 'a descriptor of the host' "^(/var|/run|/etc|$TREES|/tmp)" "${where/#$WORK\/slow/pipe}"
done
equal 'its mount is not for others to see' '' "$(grep -F overlay /proc/1/mountinfo | grep -F "$M" || true)"

# nothing else gets at these files
busy="Job $(job_of) copies files of machine '$M'"
expect 4 lodgectl start "$M"
matches 'a start' "$busy" "$ERR"
expect 1 systemctl start "lodge@$M"
matches 'of the unit' "$busy" "$(reason "$M" message)"
expect 4 lodgectl cp file "$M:/srv"
matches 'a second copy' "$busy" "$ERR"
expect 4 lodgectl reset "$M"
matches 'a reset' "$busy" "$ERR"
expect 4 lodgectl rm "$M"
matches 'a removal' "$busy" "$ERR"
expect 4 lodgectl rename "$M" "$M-other"
matches 'another name' "in use by job $(job_of) " "$ERR"

# cancelled: what is not whole goes, and it can start
call CancelJob 'sa{sv}' "$(job_of)" 0
if wait "$copy"; then fail 'a cancelled copy succeeds'; fi
matches 'why' 'was cancelled' "$(<cp.out)"
equal 'what is not whole' '' "$(find "$UPPER/srv" -name '.#lodge-cp*')"
start "$M"
stop "$M"
nothing_left

# the one who copies, or lodged, is killed: the same
for whom in worker lodged both; do
    begin
    if [[ $whom != lodged ]]; then kill -KILL "$pid"; fi
    if [[ $whom != worker ]]; then kill -KILL "$(daemon_pid)"; fi
    if wait "$copy"; then fail 'it succeeds'; fi
    wait_for 20 "it starts after the end of $whom" lodgectl start "$M"
    stop "$M"
    nothing_left
done
for i in {1..8}; do
    head -c $((i * 300000)) /dev/urandom >"random$((i % 3))"
    lodgectl cp -q "random$((i % 3))" "$M:/srv/r" >cp.out 2>&1 &
    copy=$!
    sleep "0.$((RANDOM % 20 + 10))"
    if ((i % 2)); then systemctl kill --signal=KILL 'lodge-files@*' 2>/dev/null || true; else kill -KILL "$(daemon_pid)"; fi
    wait "$copy" || true
    wait_for 20 'it starts' lodgectl start "$M"
    inside "$M" sh -c 'test ! -e /srv/r || test $(($(wc -c </srv/r) % 300000)) = 0'
    stop "$M"
done
nothing_left

# a removal that is forced ends it
begin
lodgectl rm --force "$M"
if wait "$copy"; then fail 'it succeeds'; fi
absent "$STORE/machines/$M"
nothing_left
