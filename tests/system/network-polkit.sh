#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Who may manage a machine may put it into networks of lodge's and publish ports on loopback; what is open to others, and what is
# the host's own network, are questions of their own, with details that a rule can go by.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
tester() { runuser -u tester -- "$@"; }
manager=(busctl --timeout=30 --allow-interactive-authorization=no -- call org.lodge1 /org/lodge1 org.lodge1.Manager)
denied() { # denied METHOD [SIGNATURE ARG...]
    expect 1 tester "${manager[@]}" "$@"
    matches "$* as tester" 'not authorized|not allowed|[Aa]ccess denied|[Pp]ermission denied' "$ERR"
}
allowed() { tester "${manager[@]}" "$@" >/dev/null 2>&1; }
command=(Command as 2 sleep 1000)

rule=/etc/polkit-1/rules.d/10-$TEST.rules
at_exit "rm -f $rule"
cat >"$rule" <<RULE
polkit.addRule(function(action, subject) {
    if (subject.user != "tester")
        return polkit.Result.NOT_HANDLED;
    if (action.id == "org.lodge1.manage" || action.id == "org.lodge1.manage-own")
        return polkit.Result.YES;
    if (action.id == "org.lodge1.publish" && action.lookup("port") == "0.0.0.0:18088:80" && action.lookup("machine") == "$m")
        return polkit.Result.YES;
    if (action.id == "org.lodge1.configure" && action.lookup("network") == "bridge=br-lnp")
        return polkit.Result.YES;
    if (action.id == "org.lodge1.configure" && action.lookup("object") == "network '$TEST-n'")
        return polkit.Result.YES;
});
RULE
chmod 644 "$rule"
wait_for 10 'the rule counts' allowed CreateMachine 'ssa{sv}' "$m" busybox 3 "${command[@]}" Network as 1 default Publish as 1 18087:80
allowed StartMachine 'sa{sv}' "$m" 0 || fail 'it cannot be started'

# what others can reach
denied AddPortMachine 'ssa{sv}' "$m" 18.0.0.1:18088:80 0
denied AddPortMachine 'ssa{sv}' "$m" 88:80 0
denied AddPortMachine 'ssa{sv}' "$m" '[::]:18088:80' 0
allowed AddPortMachine 'ssa{sv}' "$m" 18089:80 0 || fail 'a port on loopback'
allowed AddPortMachine 'ssa{sv}' "$m" 0.0.0.0:18088:80 0 || fail 'the port that the rule names'
allowed RemovePortMachine 'ssa{sv}' "$m" 0.0.0.0:18088:80 0 || fail 'to withdraw it'
denied CreateMachine 'ssa{sv}' "$TEST-b" busybox 2 Network as 1 default Publish as 2 18090:80 0.0.0.0:18088:80
denied CreateMachine 'ssa{sv}' "$TEST-b" busybox 2 Network as 1 default PublishExposed b true
equal 'ports' '127.0.0.1:18087 127.0.0.1:18089' "$(lodgectl port ls --no-legend "$m" | grep -o '127[^ ]*' | xargs)"

# what is the host's
for network in host macvlan=eth0 interface=eth0 netns=/run/netns/x bridge=br0; do
    denied CreateMachine 'ssa{sv}' "$TEST-b" busybox 1 Network as 1 "$network"
done
denied CreateMachine 'ssa{sv}' "$TEST-b" busybox 1 PrivateNetwork b false
denied CreateMachine 'ssa{sv}' "$TEST-b" busybox 1 Network as 2 default "bridge=br0"
denied AttachNetworkMachine 'ssa{sv}' "$m" bridge=br0 0
expect 1 tester "${manager[@]}" AttachNetworkMachine 'ssa{sv}' "$m" "bridge=br-lnp" 0
lacks 'the bridge that the rule names' 'not authorized' "$ERR"
expect 1 call GetMachine s "$TEST-b"

# networks
denied CreateNetwork 'sa{sv}' "$TEST-x" 0
denied RemoveNetwork 'sa{sv}' default 0
denied CheckNetwork 'a{sv}' 0
allowed CreateNetwork 'sa{sv}' "$TEST-n" 0 || fail 'the network that the rule names'
at_exit "lodgectl network rm $TEST-n 2>/dev/null"
equal 'whose it is' "u $(id -u tester)" "$(busctl get-property org.lodge1 "$(call GetNetwork s "$TEST-n" | cut -d'"' -f2)" org.lodge1.Network Owner)"
allowed AttachNetworkMachine 'ssa{sv}' "$m" "$TEST-n" 0 || fail 'to attach it'
allowed GetStatsMachine 'sa{sv}' "$m" 0 || fail 'counters'
allowed RemoveMachine 'sa{sv}' "$m" 1 Force b true || fail 'it cannot be removed'
allowed RemoveNetwork 'sa{sv}' "$TEST-n" 0 || fail 'it cannot be removed'
