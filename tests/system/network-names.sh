#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Machines know each other by name, in their own networks only, and what the host's resolvers know.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

lookup() { inside "$1" nslookup "${@:2}" 2>&1; } # lookup NAME [-type=TYPE] WHAT
knows() { matches "$1 looks up $2" "Address[^$NL]*: $3" "$(lookup "$1" "$2" || true)"; }
unknown_to() { lacks "$1 looks up $2" "Name:[[:space:]]*$2" "$(lookup "$1" "$2" || true)"; }

new_network "$TEST-other"
a=$TEST-a b=$TEST-b c=$TEST-c
create "$b" busybox Network=default -- "${WEB[@]}"
start "$b"
run_idle "$a" Network=default
run_idle "$c" "Network=$TEST-other"

knows "$a" "$b" "$(address "$b" 4)"
knows "$a" "$b" "$(address "$b" 6)"
knows "$b" "$a" "$(address "$a" 4)"
knows "$a" "$a" "$(address "$a" 4)"
equal 'all that is said of b' "$(printf '%s\n' "$(address "$b" 4)" "$(address "$b" 6)" | sort)" \
    "$(lookup "$a" "$b" | sed -n '/^Name:/,$ s/^Address[^:]*: *//p' | sort -u)"
wait_for 5 'the page' fetch "$a" "$b/name"
equal 'the page of b' "$b" "$(fetch "$a" "$b/name")"
matches 'the name of an address' "name = $b" "$(lookup "$a" "$(address "$b" 4)")"
matches 'the name of an IPv6 address' "name = $b" "$(lookup "$a" "$(address "$b" 6)")"

# not those of another network
unknown_to "$a" "$c"
unknown_to "$c" "$b"
lacks 'the name of an address of another network' "name = $b" "$(lookup "$c" "$(address "$b" 4)" || true)"

# a machine in both networks is known in both, by the addresses that each can reach
d=$TEST-d
run_idle "$d" "Network=default $TEST-other"
knows "$a" "$d" "$(address "$d" 4 default)"
lacks 'addresses of another network' "$(address "$d" 4 "$TEST-other")" "$(lookup "$a" "$d")"
knows "$c" "$d" "$(address "$d" 4 "$TEST-other")"
knows "$d" "$b" "$(address "$b" 4)"
knows "$d" "$c" "$(address "$c" 4)"
stop "$d"

# what the host's resolver knows, also what is too long for a datagram; another resolver is taken up at once
make_outside
at_exit 'rm -f /etc/resolv.conf; [[ ! -e $WORK/resolv.conf ]] || cp -a "$WORK/resolv.conf" /etc/'
[[ ! -e /etc/resolv.conf ]] || cp -a /etc/resolv.conf "$WORK/"
names() { # names ADDRESS ANSWER
    in_background outside "$WORK/names.$1" "$CLIENTS/names" serve "$1" 53 "$2"
    wait_for 5 'a DNS server' grep -q ready "$WORK/names.$1"
}
names "$OUTSIDE4" 203.0.113.1
names "$BEYOND4" 203.0.113.2
echo "nameserver $OUTSIDE4" >/etc/resolv.conf
wait_for 5 'a name of the world' eval 'knows "$a" www.example.test 203.0.113.1'
gate=$(gateway "$a" 4)
matches 'a long answer by UDP' '^0 truncated' "$(in_place "$a" "$CLIENTS/names" ask udp "$gate" long.example.test)"
equal 'a long answer by TCP' 100 "$(in_place "$a" "$CLIENTS/names" ask tcp "$gate" long.example.test | grep -o cb0071 | wc -l)"
matches 'a name of a machine by TCP and IPv6' '^0 .*0a' "$(in_place "$a" "$CLIENTS/names" ask tcp "$(gateway "$a" 6)" "$b")"
unknown_to "$a" none.example.test
unknown_to "$a" "$c"
lacks 'what is asked outside' "$b" "$(cat "$WORK/names.$OUTSIDE4")"
echo "nameserver $BEYOND4" >"$WORK/new"
cp "$WORK/new" /etc/resolv.conf.new && mv /etc/resolv.conf.new /etc/resolv.conf
wait_for 5 'the other resolver' eval '[[ $(lookup "$a" other.example.test) =~ 203\.0\.113\.2 ]]'

# a network without a way out has names, but no way out by them
new_network "$TEST-in" --internal
e=$TEST-e f=$TEST-f
run_idle "$e" "Network=$TEST-in"
run_idle "$f" "Network=$TEST-in"
knows "$e" "$f" "$(address "$f" 4)"
before=$(cat "$WORK/names.$BEYOND4")
unknown_to "$e" secret.example.test
equal 'what was asked outside' "$before" "$(cat "$WORK/names.$BEYOND4")"

# a machine that has stopped has no name
stop "$b"
unknown_to "$a" "$b"
