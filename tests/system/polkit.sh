#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A user without a rule may look and nothing else; a rule allows one verb on one machine, by the details that it is given.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
run_idle "$m"
run_idle "$TEST-b"
tester() { runuser -u tester -- "$@"; }
manager=(busctl --timeout=30 --allow-interactive-authorization=no -- call org.lodge1 /org/lodge1 org.lodge1.Manager)

denied() { # denied METHOD [SIGNATURE ARG...]
    expect 1 tester "${manager[@]}" "$@"
    matches "$1 as tester" 'not authorized|not allowed|[Aa]ccess denied|[Pp]ermission denied' "$ERR"
}

# look
matches 'list' "$m" "$(tester lodgectl list --no-legend)"
matches 'objects' "$m" "$(tester busctl call org.lodge1 /org/lodge1 org.freedesktop.DBus.ObjectManager GetManagedObjects)"
equal 'a property' 's "ready"' "$(tester busctl get-property org.lodge1 "$(object "$m")" org.lodge1.Machine State)"
matches 'images' busybox "$(tester busctl call org.lodge1 /org/lodge1 org.lodge1.Manager ListImages as 0)"

# nothing else, by the manager and by the object
pid=$(daemon_pid)
denied CreateMachine 'ssa{sv}' "$TEST-c" busybox 0
denied StartMachine 'sa{sv}' "$m" 0
denied StopMachine 'sa{sv}' "$m" 0
denied RestartMachine 'sa{sv}' "$m" 0
denied TerminateMachine 'sa{sv}' "$m" 0
denied KillMachine 'ssia{sv}' "$m" leader 9 0
denied RemoveMachine 'sa{sv}' "$m" 1 Force b true
denied RunMachine 'sasa{sv}' "$m" 1 id 0
denied RunMachine 'sasa{sv}' "$m" 1 id 1 User s 1000
denied ShellMachine 'ssa{sv}' "$m" '' 0
denied LoginMachine 'sa{sv}' "$m" 0
denied ResizeMachine 'sqqa{sv}' "$m" 24 80 0
expect 1 tester busctl --allow-interactive-authorization=no call org.lodge1 "$(object "$m")" org.lodge1.Machine Stop 'a{sv}' 0
expect 5 tester lodgectl --no-ask-password stop "$m"
equal 'the machine' ready "$(get "$m" State)"
expect 1 get "$TEST-c" State

# a caller that is gone before the answer is a caller that is refused (CVE-2021-3560)
for i in $(seq 30); do
    tester "${manager[@]}" TerminateMachine 'sa{sv}' "$m" 0 >/dev/null 2>&1 &
    client=$!
    sleep "0.0$((RANDOM % 30 + 10))"
    kill -KILL "$client" 2>/dev/null || true
    wait "$client" 2>/dev/null || true
done
equal 'the machine' ready "$(get "$m" State)"
equal 'lodged' "$pid" "$(daemon_pid)"

# one verb on one machine
rule=/etc/polkit-1/rules.d/10-$TEST.rules
at_exit "rm -f $rule"
cat >"$rule" <<RULE
polkit.addRule(function(action, subject) {
    if (subject.user == "tester" && action.id == "org.lodge1.manage" &&
        action.lookup("machine") == "$m" && action.lookup("verb") == "stop")
        return polkit.Result.YES;
    if (subject.user == "tester" && action.id == "org.lodge1.exec" &&
        action.lookup("machine") == "$TEST-b" && action.lookup("user") == "1000")
        return polkit.Result.YES;
});
RULE
chmod 644 "$rule"
allowed() { tester "${manager[@]}" "$@" >/dev/null 2>&1; }
wait_for 10 'stop is allowed' allowed StopMachine 'sa{sv}' "$m" 0
equal 'the machine' stopped "$(get "$m" State)"
denied StartMachine 'sa{sv}' "$m" 0
denied StopMachine 'sa{sv}' "$TEST-b" 0
expect 0 tester "${manager[@]}" RunMachine 'sasa{sv}' "$TEST-b" 2 id -u 1 User s 1000
denied RunMachine 'sasa{sv}' "$TEST-b" 2 id -u 1 User s 1001
denied RunMachine 'sasa{sv}' "$TEST-b" 2 id -u 0
denied RunMachine 'sasa{sv}' "$TEST-b" 2 id -u 1 User s 0

# who may manage his own machine does not get at volumes of others by it
c=$TEST-c
at_exit "remove_machines; for v in \$(lodgectl volume ls -q '$TEST-*'); do lodgectl volume rm --force \$v; done"
create "$c" busybox "Volume=$TEST-of-root:/was-there" -- "${IDLE[@]}"
sed -i '/^Owner=/d; s/^\[Machine\]/[Machine]\nOwner='"$(id -u tester)"'/' "/etc/lodge/machines/$c.machine"
lodgectl volume create "$TEST-of-root" >/dev/null
lodgectl volume create --owner="$(id -u tester)" "$TEST-own" >/dev/null
cat >"$rule" <<RULE
polkit.addRule(function(action, subject) {
    if (subject.user == "tester" && action.id == "org.lodge1.manage-own")
        return polkit.Result.YES;
});
RULE
wait_for 10 'the owner may stop it' allowed StopMachine 'sa{sv}' "$c" 0
for volume in "$TEST-own" "$TEST-new"; do
    expect 0 tester lodgectl mount --persist "$c" "$volume:/$volume"
    expect 0 tester lodgectl set "$c" "Volume=$volume:/$volume /anonymous"
done
expect 5 tester lodgectl --no-ask-password mount --persist "$c" "$TEST-of-root:/x"
expect 5 tester lodgectl --no-ask-password set "$c" "Volume=$TEST-own:/own $TEST-of-root:/x:ro"
lacks 'its volumes' of-root "$(get "$c" Settings)"
