# SPDX-License-Identifier: LGPL-2.1-or-later
# What the system tests share; to be sourced first. A test runs as root in a test host (see tests/run) and ends at its
# first failure. Every machine it makes and every tree has a name that begins with "$TEST-": all of them are removed
# when it ends, however it ends.
# shellcheck shell=bash
# The variables are for the tests that source this file.
# shellcheck disable=SC2034
set -eEuo pipefail

TEST=$(basename "$0" .sh)
TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PROGRAMS=${LODGE_TEST_PROGRAMS:-/usr/lib/lodge-tests} # what meson builds in tests/clients
TREES=/var/lib/machines                               # on a file system that takes idmapped mounts
IMAGES=/var/lib/lodge/images
WORK=$(mktemp -d "/tmp/$TEST.XXXXXX")
AT_EXIT=()
NL=$'\n' # for regular expressions
OUT='' ERR='' # of the last expect()

# The payload of most machines: ends at once when asked to. No signal is lost between trap and wait: wait of dash and of
# busybox looks for one that came before, with all of them blocked, and lets them in only while it sleeps (rt_sigsuspend).
# That is so for PID 1 alone: where the signal goes to sleep, too, as from a service manager, wait may end by that first.
IDLE=(/bin/sh -c 'trap "exit 0" TERM INT; sleep 100000 & wait')

# --- ending ------------------------------------------------------------------------------------------------------

at_exit() { AT_EXIT+=("$1"); } # a command to run when the test ends, the last one first

cleanup() {
    local status=$? i
    trap - ERR EXIT
    set +e
    for ((i = ${#AT_EXIT[@]} - 1; i >= 0; i--)); do eval "${AT_EXIT[i]}"; done
    remove_machines
    rm -rf --one-file-system "$WORK" "$TREES/$TEST"-*
    exit "$status"
}

remove_machines() {
    local file
    for file in /etc/lodge/machines/"$TEST"-*.machine /run/lodge/machines/"$TEST"-*.machine; do
        [[ ! -e $file ]] || call RemoveMachine 'sa{sv}' "$(basename "$file" .machine)" 1 Force b true >/dev/null
    done
}

fail() {
    local i
    printf 'FAIL: %s\n' "$*" >&2
    for ((i = 1; i < ${#FUNCNAME[@]}; i++)); do
        printf '  at %s:%s\n' "${BASH_SOURCE[i]##*/}" "${BASH_LINENO[i - 1]}" >&2
    done
    exit 1
}

# reboot_host: the test goes on from its beginning after a boot of the host; $LODGE_TEST_BOOTS says how many there were
reboot_host() {
    trap - EXIT ERR
    rm -rf --one-file-system "$WORK"
    exit 88
}

skip() {
    echo "$*"
    exit 77
}

# --- assertions --------------------------------------------------------------------------------------------------

equal() { # equal WHAT WANTED FOUND
    [[ $2 == "$3" ]] || fail "$1: wanted '$2', found '$3'"
}

matches() { # matches WHAT REGEX TEXT
    [[ $3 =~ $2 ]] || fail "$1: wanted something like '$2', found '$3'"
}

lacks() { # lacks WHAT REGEX TEXT
    [[ ! $3 =~ $2 ]] || fail "$1: wanted nothing like '$2', found '$3'"
}

refuses() { # refuses NAME COMMAND...: the command must fail inside
    if inside "$@" >"$WORK/out" 2>&1; then fail "'${*:2}' works inside $1: $(<"$WORK/out")"; fi
}

absent() { # absent PATH...
    local path
    for path; do
        [[ ! -e $path && ! -L $path ]] || fail "$path is still there: $(ls -lad "$path")"
    done
}

# expect STATUS COMMAND...: its exit status must be that; $OUT and $ERR are what it printed
expect() {
    local want=$1 status=0
    shift
    "$@" >"$WORK/out" 2>"$WORK/err" || status=$?
    OUT=$(tr -d '\0' <"$WORK/out") ERR=$(tr -d '\0' <"$WORK/err")
    [[ $status -eq $want ]] || fail "'$*' exited with $status instead of $want; stdout: '$OUT' stderr: '$ERR'"
}

wait_for() { # wait_for SECONDS WHAT COMMAND...: until the command succeeds
    local end=$((${EPOCHREALTIME/./} + $1 * 1000000)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [[ ${EPOCHREALTIME/./} -lt $end ]] || fail "$what: not so in time ('$*')"
        sleep 0.02
    done
}

# within SECONDS COMMAND...: it must succeed, and take no longer
within() {
    local begin=${EPOCHREALTIME/./} limit=$1 took
    shift
    "$@" || return
    took=$(((${EPOCHREALTIME/./} - begin) / 1000))
    [[ $took -le $((limit * 1000)) ]] || fail "'$*' took $took ms, at most $limit s were expected"
}

# --- the bus -----------------------------------------------------------------------------------------------------

call() { # call METHOD [SIGNATURE ARG...]: of the manager
    busctl --timeout=60 -- call org.lodge1 /org/lodge1 org.lodge1.Manager "$@"
}

object() { # object NAME: the path, escaped as sd_bus_path_encode(3) does
    local name=$1 i c path=/org/lodge1/machine/
    for ((i = 0; i < ${#name}; i++)); do
        c=${name:i:1}
        if [[ $c == [a-zA-Z] || ($c == [0-9] && $i -gt 0) ]]; then path+=$c; else path+=$(printf '_%02x' "'$c"); fi
    done
    echo "$path"
}

on() { # on NAME METHOD [SIGNATURE ARG...]: of the machine's object
    local path
    path=$(object "$1")
    shift
    busctl --timeout=60 -- call org.lodge1 "$path" org.lodge1.Machine "$@"
}

get() { # get NAME PROPERTY: the value without its type; strings without quotes
    local value
    value=$(busctl get-property org.lodge1 "$(object "$1")" org.lodge1.Machine "$2") || return
    value=${value#* }
    value=${value#\"}
    echo "${value%\"}"
}

has() { # has NAME PROPERTY VALUE
    [[ $(get "$1" "$2") == "$3" ]]
}

# reason NAME [DETAIL]: the code of StateReason; "message" or the name of a detail gives that, nothing if there is none
reason() {
    busctl --json=short get-property org.lodge1 "$(object "$1")" org.lodge1.Machine StateReason |
        python3 -c '
import json, sys
code, message, details = json.load(sys.stdin)["data"]
values = {"code": code, "message": message} | {key: value["data"] for key, value in details.items()}
print(values.get(sys.argv[1], ""))' "${2:-code}"
}

# create NAME IMAGE [KEY=VALUE...] [-- COMMAND...]: with an empty IMAGE give RootDirectory=
create() {
    local name=$1 image=$2 settings=() n=0
    shift 2
    while [[ $# -gt 0 && $1 != -- ]]; do
        settings+=("${1%%=*}" s "${1#*=}")
        n=$((n + 1))
        shift
    done
    if [[ ${1:-} == -- ]]; then
        shift
        settings+=(Command as $# "$@")
        n=$((n + 1))
    fi
    call CreateMachine 'ssa{sv}' "$name" "$image" "$n" "${settings[@]}" >/dev/null
}

known() { call GetMachine s "$1" 2>/dev/null; }
unknown() { ! known "$1"; }
start() { call StartMachine 'sa{sv}' "$1" 0; }
stop() { call StopMachine 'sa{sv}' "$1" 0; }
remove() { call RemoveMachine 'sa{sv}' "$1" 0; }

# run_idle NAME [KEY=VALUE...]: a busybox machine that runs and ends when asked to
run_idle() {
    create "$1" busybox "${@:2}" -- "${IDLE[@]}"
    start "$1"
}

# refused ERROR REGEX METHOD ARG...: the manager's method must fail with org.lodge1.Error.ERROR and such a sentence. gdbus
# prints the error's name, which busctl keeps to itself; the arguments are GVariant text.
refused() {
    local error=$1 regex=$2 method=$3
    shift 3
    expect 1 gdbus call --system --timeout 30 --dest org.lodge1 --object-path /org/lodge1 --method "org.lodge1.Manager.$method" -- "$@"
    matches "$method $*" "GDBus\.Error:org\.lodge1\.Error\.$error: .*($regex)" "$ERR"
}

reloads() { # how often systemd has read its units, once it does so no more
    local last='' now
    until [[ $last == "${now:-none}" ]]; do
        last=${now:-}
        sleep 1
        journalctl --sync
        now=$(journalctl -q -b -o cat _PID=1 | grep -c '^Reloading' || true)
    done
    echo "$now"
}

daemon_pid() {
    local pid
    pid=$(systemctl show --property MainPID --value lodged.service)
    [[ $pid -gt 1 ]] || fail 'lodged does not run'
    echo "$pid"
}

# --- machines ----------------------------------------------------------------------------------------------------

inside() { lodgectl exec "$@" </dev/null; } # inside NAME COMMAND...

cgroup_of() { # cgroup_of NAME: the unit's directory
    echo "/sys/fs/cgroup$(systemctl show --property ControlGroup --value "lodge@$1.service")"
}

new_tree() { # new_tree NAME [IMAGE]: prints the directory of a writable copy of an image, a valid image by itself
    cp -a "$IMAGES/${2:-busybox}" "$TREES/$TEST-$1"
    echo "$TREES/$TEST-$1"
}

# A machine that has ended leaves nothing but its definition.
nothing_runs() { # nothing_runs NAME
    local unit=lodge@$1.service
    matches "state of $unit" '^(inactive|failed)$' "$(systemctl show --property ActiveState --value "$unit")"
    absent "/run/lodge/unit/$1" "/var/lib/lodge/machines/$1"
    [[ -z $(find /sys/fs/cgroup -type d -name "$unit") ]] || fail "the cgroup of $unit is still there"
    equal "mounts that name $1" '' "$(grep -F "/machines/$1/" /proc/1/mountinfo || true)"
}

trap cleanup EXIT
trap 'echo "FAIL: ${BASH_SOURCE[0]##*/}:$LINENO: \"$BASH_COMMAND\" exited with $?" >&2' ERR
