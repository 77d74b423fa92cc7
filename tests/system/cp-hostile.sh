#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copies against a guest that wants them to go wrong: nothing outside of it is read or written, nothing of it is run or
# loaded, and each job ends with a sentence.
. "$(dirname "$0")/lib.bash"

M=$TEST-m
O=$WORK/outside
mkdir "$O"
echo SECRET >"$O/f"
echo mine >"$WORK/mine"
tree=$(new_tree image)
mkdir -p "$tree/srv" "$tree/etc" "$tree/usr/bin"
cp "$PROGRAMS/probe" "$tree/bin/probe"
# what a library could open, or a program run, by itself
for file in etc/nsswitch.conf etc/localtime etc/gai.conf etc/ld.so.preload etc/ld.so.cache; do
    rm -f "$tree/$file"
    mkfifo "$tree/$file"
done
for program in xz gzip zstd tar bzip2; do
    rm -f "$tree/usr/bin/$program" "$tree/bin/$program"
    printf '#!/bin/sh\n/bin/busybox touch /ran\n' >"$tree/usr/bin/$program"
    chmod +x "$tree/usr/bin/$program"
done
create "$M" "$TEST-image" -- "${IDLE[@]}"
start "$M"
guest() { inside "$M" sh -c "$1"; }
job_of() { basename "$(find /var/lib/lodge/incoming -mindepth 1 -maxdepth 1 | head -n 1)"; }
nothing_left() {
    wait_for 20 'no worker is left' eval '[[ -z $(systemctl list-units --plain --no-legend "lodge-copy@*") ]]'
    equal 'what jobs have left' '' "$(ls /var/lib/lodge/incoming)"
}

# what the worker is: root of the machine, among its files, and none of its processes
mkfifo "$WORK/slow"
exec 9<>"$WORK/slow"
head -c 100000 /dev/zero >"$WORK/data"
tar -C "$WORK" -cf "$WORK/data.tar" data
head -c 50000 "$WORK/data.tar" >"$WORK/slow"
lodgectl cp - "$M:/srv" <"$WORK/slow" >"$WORK/cp.out" 2>&1 &
copy=$!
wait_for 10 'it begins to write' guest 'ls -a /srv | grep -q lodge-cp'
unit=lodge-copy@$(job_of).service
pid=$(systemctl show --property MainPID --value "$unit")
leader=$(get "$M" Leader)
for ns in user mnt; do
    equal "its namespace $ns" "$(readlink "/proc/$leader/ns/$ns")" "$(readlink "/proc/$pid/ns/$ns")"
done
[[ $(readlink "/proc/$pid/ns/pid") != "$(readlink "/proc/$leader/ns/pid")" ]] || fail 'the guest sees it'
lacks 'what the guest sees' import "$(guest 'cat /proc/*/comm')"
equal 'its uid' "$(awk '/^Uid:/ { print $2 }' "/proc/$leader/status")" "$(awk '/^Uid:/ { print $2 }' "/proc/$pid/status")"
equal 'its filter' 2 "$(awk '/^Seccomp:/ { print $2 }' "/proc/$pid/status")"
equal 'it gets no new privileges' 1 "$(awk '/^NoNewPrivs:/ { print $2 }' "/proc/$pid/status")"
lacks 'its cgroup' "lodge@" "$(<"/proc/$pid/cgroup")"

# the guest is killed meanwhile: the job ends, with a sentence, and is not in the way of the next start
call TerminateMachine 'sa{sv}' "$M" 0
if wait "$copy"; then fail 'the copy succeeds'; fi
matches 'why' "machine '$M' has stopped before everything was copied" "$(<"$WORK/cp.out")"
start "$M"
nothing_left

# it ends by itself
head -c 50000 "$WORK/data.tar" >"$WORK/slow"
lodgectl cp - "$M:/srv" <"$WORK/slow" >"$WORK/cp.out" 2>&1 &
copy=$!
wait_for 10 'it begins to write' guest 'ls -a /srv | grep -q lodge-cp'
stop "$M"
if wait "$copy"; then fail 'the copy succeeds'; fi
matches 'why' 'has stopped before everything was copied' "$(<"$WORK/cp.out")"
start "$M"

# it is frozen: that is no matter
echo 1 >"$(cgroup_of "$M")/payload/cgroup.freeze"
lodgectl cp "$WORK/mine" "$M:/srv/frozen"
lodgectl cp "$M:/srv/frozen" "$WORK/thawed"
echo 0 >"$(cgroup_of "$M")/payload/cgroup.freeze"
cmp "$WORK/mine" "$WORK/thawed"

# cancelled: what is not whole goes
head -c 50000 "$WORK/data.tar" >"$WORK/slow"
lodgectl cp - "$M:/srv" <"$WORK/slow" >"$WORK/cp.out" 2>&1 &
copy=$!
wait_for 10 'it begins to write' guest 'ls -a /srv | grep -q lodge-cp'
call CancelJob 'sa{sv}' "$(job_of)" 0
if wait "$copy"; then fail 'a cancelled copy succeeds'; fi
matches 'why' 'was cancelled' "$(<"$WORK/cp.out")"
nothing_unfinished() { [[ -z $(guest 'ls -a /srv | grep lodge-cp') ]]; }
wait_for 5 'what was not whole is gone' nothing_unfinished
nothing_left

# the worker is killed, anywhere: the next one puts it right
mkdir "$WORK/many"
for i in {1..200}; do head -c $((i * 500)) /dev/urandom >"$WORK/many/$i"; done
for i in {1..12}; do
    lodgectl cp "$WORK/many" "$M:/srv/many$((i % 2))" >"$WORK/cp.out" 2>&1 &
    copy=$!
    sleep "0.0$((RANDOM % 90 + 10))"
    systemctl kill --signal=KILL 'lodge-copy@*' 2>/dev/null || true
    if ! wait "$copy"; then
        matches 'why' "without a result|cannot start lodge-copy@" "$(<"$WORK/cp.out")"
    fi
done
nothing_left
guest 'rm -rf /srv/many*'
mkdir "$WORK/old"
touch -d '2020-01-01' "$WORK/old/.#lodge-cp-0"
lodgectl cp "$WORK/old" "$M:/srv/many"
guest 'test -e "/srv/many/.#lodge-cp-0"'
lodgectl cp "$WORK/many/." "$M:/srv/many"
equal 'what killed copies have left' '' "$(guest 'ls -a /srv/many | grep lodge-cp')"
lodgectl cp "$M:/srv/many" "$WORK/many2"
diff -r "$WORK/many" "$WORK/many2"

# its disk is full
create "$TEST-small" busybox "Tmpfs=/small:size=1M" -- "${IDLE[@]}"
start "$TEST-small"
head -c 3000000 /dev/urandom >"$WORK/large"
expect 1 lodgectl cp "$WORK/large" "$TEST-small:/small"
matches 'why' 'No space left on device' "$ERR"
equal 'what is left there' '' "$(inside "$TEST-small" ls -A /small)"

# it exchanges directories and links while files go in and out
guest 'mkdir -p /d/in; echo G >/d/in/f'
guest "ln -s '$O' /d/l; ln -s / /d/root; mkdir -p /d/deep/in; echo G >/d/deep/in/f"
lodgectl exec "$M" probe swap /d/in /d/l </dev/null >/dev/null 2>&1 &
lodgectl exec "$M" probe swap /d/deep /d/root </dev/null >/dev/null 2>&1 &
rounds=${LODGE_TEST_FULL:+500}
for ((i = 0; i < ${rounds:-40}; i++)); do
    lodgectl cp -q "$M:/d/in/f" "$WORK/o$i" 2>"$WORK/err" || matches 'why' "'/d/in/f' cannot be" "$(<"$WORK/err")"
    lodgectl cp -q "$WORK/mine" "$M:/d/in/g" 2>"$WORK/err" || matches 'why' "cannot be" "$(<"$WORK/err")"
    lodgectl cp -q "$WORK/many/1" "$M:/d/deep/in/g" 2>"$WORK/err" || matches 'why' "cannot be" "$(<"$WORK/err")"
done
lodgectl cp -q "$M:/d" "$WORK/whole" || true
if grep -rls SECRET "$WORK"/o[0-9]* "$WORK/whole"; then fail 'a file of the host was read'; fi
equal 'what is outside' 'f' "$(ls "$O")"
equal 'and in it' SECRET "$(<"$O/f")"
absent /g "$O/g" /in

# files become FIFOs, vanish, shrink
guest 'mkdir /r; mkfifo /r/p; echo x >/r/f'
lodgectl exec "$M" probe swap /r/p /r/f </dev/null >/dev/null 2>&1 &
lodgectl exec "$M" sh -c 'while :; do head -c 300000 /dev/zero >/r/s; : >/r/s; done' </dev/null >/dev/null 2>&1 &
lodgectl exec "$M" sh -c 'while :; do mkdir -p /r/a/b; echo >/r/a/b/c; rm -rf /r/a; done' </dev/null >/dev/null 2>&1 &
for i in {1..30}; do
    rm -rf "$WORK/r"
    timeout 30 lodgectl cp -q "$M:/r" "$WORK/r"
    timeout 30 lodgectl cp -q "$M:/r/f" "$WORK/r/got" 2>"$WORK/err" || matches 'why' "'/r/f' cannot be read" "$(<"$WORK/err")"
done

# nothing of its own was run or read
absent "$tree/ran"
guest 'test ! -e /ran'
tar -C "$WORK" -czf "$WORK/a.tgz" many
lodgectl cp - "$M:/srv" <"$WORK/a.tgz"
guest 'test ! -e /ran'
guest 'test -e /srv/many/200'
call TerminateMachine 'sa{sv}' "$M" 0
nothing_left
