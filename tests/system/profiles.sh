#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The profiles that come with lodge: what they set, and that a definition has the last word; a sandbox shows its command the
# caller's directory and nothing else of the host, keeps nothing but that, and lets out what it is told to.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

for p in app nested sandbox system; do
    expect 0 lodgectl verify "/usr/lib/lodge/profiles/$p.profile"
    equal "what is said of $p" '' "$OUT$ERR"
done

# --- app and system ------------------------------------------------------------------------------------------------

a=$TEST-app s=$TEST-system
lodgectl create --profile=app --stop-timeout-sec=3s "$a" busybox "${IDLE[@]}"
lodgectl start "$a"
matches 'an address' '^10\.' "$(address "$a" 4)"
effective=$(lodgectl show --effective "$a")
matches 'where Restart= is from' 'Restart=on-failure +# profile app: /usr/lib/lodge/profiles/app.profile' "$effective"
matches 'what the definition says' "StopTimeoutSec=3s +# [^ ]*/$a.machine" "$effective"
equal 'Restart of the unit' on-failure "$(systemctl show -P Restart "lodge@$a")"
equal 'TasksMax of the unit' 4096 "$(systemctl show -P TasksMax "lodge@$a")"
expect 0 lodgectl run --profile=app busybox echo once # not again and again
equal 'its output' once "$OUT"
expect 0 lodgectl run --profile=system --boot=no --network= busybox ip -o link show up
lacks 'interfaces without a network' host0 "$OUT"
lodgectl create --profile=system "$s" debian13
effective=$(lodgectl show --effective "$s")
matches 'a system' 'Boot=yes +# profile system' "$effective"
matches 'a system' 'WritableLayer=keep +# profile system' "$effective"
expect 2 lodgectl create --profile=sandbx "$TEST-typo" busybox true
matches 'a profile that does not exist' "no profile 'sandbx'.*app, nested, sandbox, system" "$ERR"

# --- a sandbox of somebody -----------------------------------------------------------------------------------------

rule=/etc/polkit-1/rules.d/10-$TEST.rules
home=$(getent passwd tester | cut -d: -f6)
project=$TREES/$TEST-project
at_exit "rm -f $rule"
cat >"$rule" <<'RULE'
polkit.addRule(function(action, subject) {
    if (subject.user == "tester" && ["org.lodge1.manage-own", "org.lodge1.bind"].indexOf(action.id) >= 0)
        return polkit.Result.YES;
});
RULE
chmod 644 "$rule"
mkdir -p "$project"
echo before >"$project/file"
chown -R tester: "$project"
chmod 700 "$project"
# sandbox [OPTION...] IMAGE COMMAND...: in tester's project, with what a session has
sandbox() {
    (cd "$project" && runuser -u tester -- env HOME="$home" SSH_AUTH_SOCK=/run/agent DBUS_SESSION_BUS_ADDRESS=unix:path=/run/bus \
        XDG_RUNTIME_DIR=/run/user/1000 SECRET=x lodgectl --no-ask-password run --profile=sandbox "$@")
}
works() { sandbox busybox true; }
wait_for 10 'the rule' works

expect 0 sandbox busybox sh -c 'pwd; cat file; echo inside >made; mkdir made.d; echo x >/etc/made; id -u'
equal 'output' "/work${NL}before${NL}0" "$OUT"
equal 'who has what was made inside' "tester tester" "$(stat -c %U "$project/made") $(stat -c %U "$project/made.d")"
equal 'what was made inside' inside "$(<"$project/made")"
expect 1 sandbox busybox cat /etc/made
expect 0 sandbox busybox env
lacks 'the environment' 'SSH_AUTH|DBUS_SESSION|XDG_RUNTIME|SECRET|/home/tester' "$OUT"
expect 0 sandbox busybox cat /proc/self/mountinfo
equal 'what of the host is mounted' "/work" "$(awk '$5 == "/work" || $5 ~ "^/home|^/run/user|^/tmp" { print $5 }' <<<"$OUT")"
refuses_outside() { ! sandbox busybox "$@" >"$WORK/out" 2>&1 || fail "'$*' works in a sandbox: $(<"$WORK/out")"; }
refuses_outside ls "$home"
refuses_outside ls /run/dbus
refuses_outside ls /run/lodge

# limits, as systemd has them
n=$TEST-n
expect 0 sandbox --detach --name="$n" busybox "${IDLE[@]}"
for p in MemoryMax TasksMax CPUQuotaPerSecUSec; do
    lacks "$p" '^(infinity|)$' "$(systemctl show -P "$p" "lodge@$n")"
done
equal 'MemorySwapMax' 0 "$(systemctl show -P MemorySwapMax "lodge@$n")"
equal 'TasksMax' 2048 "$(systemctl show -P TasksMax "lodge@$n")"
lodgectl stop "$n"

# what it is to be looked at before it is kept
expect 0 sandbox --name="$n" --auto-remove=no --writable-layer=keep busybox sh -c 'echo kept >/srv.txt'
expect 0 lodgectl diff "$n"
equal 'the difference' "A /srv.txt${NL}A /work" "$OUT"
lodgectl commit -q "$n" "localhost/$TEST:1" >/dev/null
at_exit "lodgectl image rm -q localhost/$TEST:1"
equal 'what was kept' kept "$(lodgectl run "localhost/$TEST:1" cat /srv.txt)"
lodgectl rm "$n"

# another place inside, or none
expect 0 sandbox --workspace=/src busybox cat /src/file
equal 'in another place' before "$OUT"
expect 0 lodgectl run --profile=sandbox --workspace= busybox pwd
equal 'without a workspace' / "$OUT"
mkdir "$project/with:colon"
in_colon() (cd "$project/with:colon" && lodgectl run --profile=sandbox busybox true)
expect 125 in_colon
matches 'a directory that cannot be bound' "with:colon' has a ':' in its name" "$ERR"

# --- the way out ---------------------------------------------------------------------------------------------------

make_outside
serve outside tcp "$OUTSIDE4" 7001-7002
get_from() { # get_from PORT [OPTION...]
    lodgectl run --profile=sandbox --workspace= "${@:2}" busybox sh -c "nc -w 3 $OUTSIDE4 $1 </dev/null"
}
expect 1 get_from 7001
expect 0 get_from 7001 "--egress=$OUTSIDE4:7001/tcp"
matches 'what is let through' '^outside ' "$OUT"
expect 1 get_from 7002 "--egress=$OUTSIDE4:7001/tcp"
expect 0 get_from 7002 --egress=
matches 'without a list' '^outside ' "$OUT"
expect 125 lodgectl run --profile=sandbox --workspace= --egress=none --egress="$OUTSIDE4" busybox true
matches 'none beside others' "Egress='none' .*cannot stand beside others" "$ERR"
