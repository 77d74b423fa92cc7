# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests of the network share; to be sourced after lib.bash. A PLACE is "host", "outside" (a host beyond the test
# host's uplink, after make_outside) or a machine's name: its network, with the host's programs.
# shellcheck shell=bash
# The variables are for the tests that source this file.
# shellcheck disable=SC2034

CLIENTS=$TESTS/clients
OUTSIDE4=192.0.2.2 OUTSIDE6=2001:db8:77::2 # the outside host
UPLINK4=192.0.2.1 UPLINK6=2001:db8:77::1   # the test host, as seen from there
BEYOND4=198.51.100.7                       # another address of the outside host, on no link of the test host's
SERVERS=()

# A web server in busybox: the page /name is the name of the machine
WEB=(/bin/sh -c 'mkdir -p /srv; hostname >/srv/name; trap "exit 0" TERM INT; httpd -f -p 80 -h /srv & wait')

in_place() { # in_place PLACE COMMAND...
    local prefix=()
    place "$1"
    "${prefix[@]}" "${@:2}"
}

# in_background PLACE LOG COMMAND...: until end_servers
in_background() {
    (
        prefix=()
        place "$1"
        exec "${prefix[@]}" "${@:3}" >"$2" 2>&1 </dev/null
    ) &
    SERVERS+=($!)
}

place() { # place PLACE: sets prefix
    case $1 in
        host) prefix=() ;;
        outside) prefix=(nsenter --net=/run/netns/outside) ;;
        *) prefix=(nsenter --net="/proc/$(get "$1" Leader)/ns/net") ;;
    esac
}

# An uplink with a host at its other end, which knows no way to the networks of the test host. IPv6 is forwarded, as it is
# where an administrator wants machines to have it.
make_outside() {
    at_exit 'ip link del uplink 2>/dev/null; ip netns del outside; sysctl -q -w net.ipv6.conf.all.forwarding=0'
    sysctl -q -w net.ipv6.conf.all.forwarding=1
    ip netns add outside
    ip link add name uplink type veth peer name eth0 netns outside
    ip addr add "$UPLINK4/24" dev uplink
    ip addr add "$UPLINK6/64" dev uplink nodad
    ip link set dev uplink up
    ip -n outside link set dev lo up
    ip -n outside addr add "$OUTSIDE4/24" dev eth0
    ip -n outside addr add "$OUTSIDE6/64" dev eth0 nodad
    ip -n outside addr add "$BEYOND4/32" dev lo
    ip -n outside link set dev eth0 up
    ip route add default via "$OUTSIDE4"
    ip -6 route add default via "$OUTSIDE6"
}

# watch PLACE INTERFACE FILE: what arrives there is written down
watch() {
    in_background "$1" "$3" "$CLIENTS/frames" watch "$2"
    wait_for 30 "somebody watches $2 in $1" grep -q ready "$3"
}

# --- connections -------------------------------------------------------------------------------------------------

# serve PLACE tcp|udp ADDRESS PORT[-LAST] [NAME]: answers until end_servers; a machine with a server in its network must not
# be stopped before that, since the network lives as long
serve() {
    local log
    log=$(mktemp "$WORK/server.XXXXXX")
    in_background "$1" "$log" "$CLIENTS/traffic" serve "${@:2:3}" "${5:-$1}"
    wait_for 30 "a server in $1: $(<"$log")" grep -q ready "$log"
}

end_servers() {
    local pid
    for pid in "${SERVERS[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    SERVERS=()
}
at_exit end_servers

ask() { in_place "$1" "$CLIENTS/traffic" ask "${@:2}"; } # ask PLACE tcp|udp ADDRESS PORT [SECONDS]

# reaches PLACE tcp|udp ADDRESS PORT REGEX: somebody answers so; a datagram that got lost is sent again
reaches() {
    local text
    text=$(ask "${@:1:4}" 2>&1) || text=$(ask "${@:1:4}" 2>&1) || fail "from $1 to $3 port $4/$2: $text"
    matches "the answer to $1 from $3 port $4/$2" "$5" "$text"
}

# denied PLACE tcp|udp ADDRESS PORT: nobody answers
denied() {
    local text
    if text=$(ask "${@:1:4}" 0.7 2>/dev/null); then fail "from $1 to $3 port $4/$2: $text"; fi
}

# fetch NAME HOST/PATH: by busybox in the machine, whose own timeout (-T) makes it crash
fetch() { inside "$1" timeout 5 wget -q -O - "http://$2"; }

# serve_iperf PLACE PORT: for one run; a server that has just ended one may refuse or reset the next
serve_iperf() {
    in_background "$1" /dev/null timeout 30 iperf3 -s -1 -p "$2"
    wait_for 30 "iperf3 in $1" in_place "$1" sh -c "ss -Hltn sport = :$2 | grep -q $2"
}

# rate PLACE ADDRESS [IPERF_OPTION...]: Mbit/s that arrived; the other end is in $IPERF
rate() {
    local port=$((20000 + BASHPID % 10000))
    serve_iperf "$IPERF" "$port"
    in_place "$1" iperf3 -J -p "$port" -c "${@:2}" | python3 -c 'import json, sys
result = json.load(sys.stdin)
if "error" in result: sys.exit(result["error"])
print(round((result["end"].get("sum_received") or result["end"]["sum"])["bits_per_second"] / 1e6, 1))'
}

at_least() { # at_least WHAT LEAST FOUND
    awk -v least="$2" -v found="$3" 'BEGIN { exit !(found >= least) }' || fail "$1: $3 Mbit/s, at least $2 were expected"
}

service_pid() { systemctl show --property MainPID --value "$1.service"; } # service_pid lodge-net|lodge-relay

# --- what machines have ------------------------------------------------------------------------------------------

# addresses NAME: a line for each: NETWORK INTERFACE ADDRESS/BITS
addresses() {
    busctl --json=short get-property org.lodge1 "$(object "$1")" org.lodge1.Machine Addresses |
        python3 -c 'import json, sys
for entry in json.load(sys.stdin)["data"]: print(*entry)'
}

# address NAME 4|6 [NETWORK]: the first one of that family, without bits
address() {
    local network interface text
    while read -r network interface text; do
        [[ -z ${3:-} || $network == "$3" ]] || continue
        case $2$text in
            6*:*) ;;
            4*:*) continue ;;
            4*) ;;
            *) continue ;;
        esac
        echo "${text%/*}"
        return
    done < <(addresses "$1")
    fail "$1 has no address of IPv$2 ${3:+in $3}: $(addresses "$1")"
}

# gateway NAME 4|6 [INTERFACE]: of its default route
gateway() {
    in_place "$1" ip "-$2" route show default ${3:+dev "$3"} | sed -n 's/.* via \([^ ]*\).*/\1/p;q'
}

# link_of NAME [N]: the host's end of its interface N (0), by the peer's index
link_of() {
    local index
    index=$(in_place "$1" ip -o link show dev "host${2:-0}" | sed -n 's/^[0-9]*: [^@]*@if\([0-9]*\):.*/\1/p')
    ip -o link | sed -n "s/^$index: \([^@:]*\)[@:].*/\1/p"
}

mac_of() { in_place "$1" ip -o link show dev "${2:-host0}" | sed -n 's|.*link/ether \([0-9a-f:]*\).*|\1|p'; }

# bridge_of NETWORK: its name on the host
bridge_of() { busctl get-property org.lodge1 "/org/lodge1/network/$(basename "$(object "$1")")" org.lodge1.Network Bridge | sed 's/^s "\(.*\)"$/\1/'; }

# new_network NAME [OPTION...]: by lodgectl; removed when the test ends, after the machines
new_network() {
    NETWORKS+=("$1")
    lodgectl network create "$@" >/dev/null
}
NETWORKS=()

# machines first: a network that is wanted is not removed
remove_networks() {
    local network
    end_servers
    remove_machines
    for network in "${NETWORKS[@]}"; do
        ! busctl get-property org.lodge1 "/org/lodge1/network/$(basename "$(object "$network")")" org.lodge1.Network Name >/dev/null 2>&1 ||
            lodgectl network rm "$network" >/dev/null
    done
}
at_exit remove_networks

# --- what must not stay ------------------------------------------------------------------------------------------

# what lodge has put into the host's network: links, rules, names, sockets; nothing when no machine is in a network
network_traces() {
    ip -o link | sed -n 's/^[0-9]*: \(\(ve-\|lb-\|lodge\|mv-\)[^@:]*\).*/link \1/p'
    nft list tables 2>/dev/null | grep -w lodge || true
    ip -o addr | awk '$2 ~ /^(ve-|lb-|lodge)/ { print "address", $2, $4 }'
    ss -Hltunp | grep lodge- | sed 's/^/socket /' || true
    sed 's/^/name /' /run/lodge/hosts 2>/dev/null || true
}

no_traces() { [[ -z $(network_traces) ]]; }

# after the last machine of all networks has stopped
nothing_left() {
    local tries
    for ((tries = 0; tries < 150; tries++)); do
        ! no_traces || return 0
        sleep 0.02
    done
    fail "left of the network 3 s after the last machine: $(network_traces)"
}
