#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Bad input is refused with a sentence that names what is wrong with it, and leaves nothing.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

m=$TEST-a
long=$(printf 'n%.0s' {1..65})
INPUT='InvalidOption|InvalidName'

# bad KEY VALUE REGEX: a machine cannot be made with it, and the sentence names the value
bad() {
    refused "($INPUT|NotSupported)" "$3" CreateMachine "'$m'" "'busybox'" "{'Network': <'default'>, '$1': <'$2'>}"
    unknown "$m" || fail "$1=$2 was refused, but the machine is there"
}

for value in 8080 :80 80: 0:80 80:0 70000:80 80:70000 -1:80 80:80/sctp 80:80/ x:80 ::1:80:80 '[::1:80:80' 256.0.0.1:80:80 1.2.3:80:80 \
    8080-8070:80-90 8080-8090:80-85 65530-65540:80-90 8080:80,tcp 0x50:80 '127.0.0.1:80' '::'; do
    bad Publish "$value" 'Publish|port'
done
for value in '' in= in=0 in=-1 in=10X out=1.5.2M in=99999999999999999999 in=1 both=10M in=10M,in=20M 10M; do
    [[ -z $value ]] || bad Bandwidth "$value" 'Bandwidth|rate|limit'
done
for value in 10.0.0.0/33 300.1.1.1 '10.0.0.0/8:0' '10.0.0.0/8:70000' '10.0.0.0/8:90-80' fd00::/8:53 '[fd00::/129]:53' '10.0.0.0/8:53/icmp' all; do
    bad Egress "$value" 'Egress|address|port|protocol'
done
bad Egress 'none 10.0.0.0/8' 'none'
for value in 'bridge=' bridge=12345678901234567 'bridge=a/b' 'macvlan=' 'interface=' netns= netns=relative 'none default' 'host default' 'default default' \
    default:address=1.2.3 default:address=10.0.0.1/24 default:mac=02:00 default:mac=01:00:00:00:00:01 default:mtu=10 default:mtu=99999 \
    default:name=1234567890123456 default:name=lo default:nothing=1 default:gateway=10.0.0.1 default:dns=1.1.1.1 default: \
    bridge=br:address=10.0.0.2 interface=lo none:mtu=1500 'wrong=x' 'default:name=a bridge=br:name=a' ../x; do
    refused "($INPUT|NotSupported|NoSuchNetwork)" '.' CreateMachine "'$m'" "'busybox'" "{'Network': <'$value'>}"
    unknown "$m" || fail "Network=$value was refused, but the machine is there"
done
refused "$INPUT" 'Publish' CreateMachine "'$m'" "'busybox'" "{'Publish': <'8080:80'>}"
refused "$INPUT" 'Bandwidth' CreateMachine "'$m'" "'busybox'" "{'Bandwidth': <'in=10M'>}"
refused "$INPUT" 'Egress' CreateMachine "'$m'" "'busybox'" "{'Egress': <'none'>, 'Network': <'host'>}"
refused "$INPUT" 'around it' CreateMachine "'$m'" "'busybox'" "{'Egress': <'none'>, 'Network': <['default', 'bridge=br0']>}"
refused "$INPUT" 'PrivateNetwork' CreateMachine "'$m'" "'busybox'" "{'PrivateNetwork': <false>, 'Network': <'default'>}"

# what can be known at a start only; then the machine is not left half there
failing() { # failing NETWORK REGEX [KEY=VALUE...]
    create "$m" busybox "Network=$1" "${@:3}" -- "${IDLE[@]}"
    expect 1 call StartMachine 'sa{sv}' "$m" 0
    matches "the start with $1" "$2" "$ERR"
    remove "$m"
}
refused NoSuchNetwork "$TEST-none" CreateMachine "'$m'" "'busybox'" "{'Network': <'$TEST-none'>}"
failing bridge=lt-nothing 'lt-nothing'
failing macvlan=lt-nothing 'lt-nothing'
failing interface=lt-nothing 'lt-nothing'
failing netns=/run/netns/lt-nothing '/run/netns/lt-nothing'
failing netns=/etc/hostname '/etc/hostname'
failing default:address=192.0.2.9 '192\.0\.2\.9'
failing default '8080' Publish=203.0.113.5:8080:80

# networks
net() { refused "$1" "$2" CreateNetwork "'$3'" "$4"; }
net InvalidName 'nnnn' "$long" '{}'
net "$INPUT" '.' '' '{}'
net "$INPUT" 'a/b' 'a/b' '{}'
net "$INPUT" '.' '-a' '{}'
net Exists default default '{}'
for value in 10.0.0.1 10.0.0.0/33 10.0.0.0/30 10.0.0.0/7 fd00::/8 fd00::/120 10.0.0.0/24,10.0.0.0/25 300.0.0.0/24 :: 0.0.0.0/8 127.0.0.0/8 224.0.0.0/8 fe80::/64 ff00::/64 '::1/64'; do
    net "$INPUT|Busy|Exists" '.' "$TEST-x" "{'Subnet': <['$value']>}"
done
net "$INPUT" 'overlap|10.77' "$TEST-x" "{'Subnet': <['10.77.0.0/16', '10.77.1.0/24']>}"
net "$INPUT" 'MTU' "$TEST-x" "{'MTU': <uint32 10>}"
net "$INPUT" 'Bridge' "$TEST-x" "{'Bridge': <'12345678901234567'>}"
net "$INPUT" 'Nothing' "$TEST-x" "{'Nothing': <1>}"
make_outside
net "$INPUT|Busy|Exists" "192\.0\.2\.|uplink" "$TEST-x" "{'Subnet': <['192.0.2.0/24']>}"
net "$INPUT|Busy|Exists" "192\.0\.2\.|uplink" "$TEST-x" "{'Subnet': <['192.0.0.0/16']>}"
new_network "$TEST-y" --subnet 10.77.0.0/16
net "$INPUT|Busy|Exists" "$TEST-y" "$TEST-x" "{'Subnet': <['10.77.3.0/24']>}"
equal 'networks that were refused' '' "$(busctl call org.lodge1 /org/lodge1 org.lodge1.Manager GetNetwork s "$TEST-x" 2>/dev/null || true)"
refused NoSuchNetwork "$TEST-x" RemoveNetwork "'$TEST-x'" '{}'
refused Busy default RemoveNetwork "'default'" '{}'
create "$m" busybox "Network=$TEST-y" -- "${IDLE[@]}"
refused Busy "$m" RemoveNetwork "'$TEST-y'" '{}'

# the longest name that there is works in full
remove "$m"
name=$(printf 'm%.0s' {1..64})
at_exit "call RemoveMachine 'sa{sv}' $name 1 Force b true >/dev/null 2>&1"
run_idle "$name" "Network=$TEST-y"
ping -q -c 1 -W 2 "$(address "$name" 4)" >/dev/null
[[ $(link_of "$name") =~ ^ve-mmmmmmm-[0-9a-f]{4}$ ]] || fail "the interface of the longest name is $(link_of "$name")"
matches 'its name in full' "altname ve-$name" "$(ip link show dev "$(link_of "$name")")"
stop "$name"

# a static address that somebody has
run_idle "$m" "Network=$TEST-y:address=10.77.3.4"
equal 'the address' 10.77.3.4 "$(address "$m" 4)"
create "$TEST-b" busybox "Network=$TEST-y:address=10.77.3.4" -- "${IDLE[@]}"
expect 1 call StartMachine 'sa{sv}' "$TEST-b" 0
matches 'the sentence' "10\.77\.3\.4.*$m|$m.*10\.77\.3\.4" "$ERR"
stop "$m"
nothing_left
