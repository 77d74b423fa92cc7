# SPDX-License-Identifier: LGPL-2.1-or-later
# What all kinds of test hosts have in common: who may start, stop and clear one, and the verbs of the command line.
# To be sourced after common.bash by a tool that sets RUN_DIR, DISKS, KIND and BOOT_SECONDS and has
#   root_of SUITE                       prints the cached root, makes it if need be
#   prepare_disk ID ROOT                makes the writable parts in DISKS/ID
#   add_destdir|add_image|add_bind ID VALUE
#   boot ID                             starts it, writes RUN_DIR/ID/init (see identify)
#   in_host ID COMMAND...               runs a command there; on a terminal if IN_HOST_TERMINAL is set
#   power_off_signal ID                 asks it to power off
#   after_power_off ID                  makes ready for another boot
#   clear_host ID                       kills and removes all that is left of it
# shellcheck shell=bash

start_time_of() { # field 22 of stat, counted after the command name, which may contain anything
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    stat=${stat##*) }
    # shellcheck disable=SC2086
    set -- $stat
    echo "${20}"
}

# identify PID: prints "PID START_TIME", which names a process for good
identify() {
    local start
    start=$(start_time_of "$1") || return 1
    echo "$1 $start"
}

# is_same_process FILE: whether the process that FILE identifies is still there
is_same_process() {
    local pid start
    read -r pid start 2>/dev/null <"$1" || return 1
    [[ -n $start ]] || return 1
    [[ $(start_time_of "$pid") == "$start" ]]
}

is_running() { [[ -e $RUN_DIR/$1/init ]] && is_same_process "$RUN_DIR/$1/init"; }

# claim ID: makes this process the only one that starts, stops or clears the host. A claim ends with the process that
# holds it, so a killed harness blocks nobody. Waits while somebody else holds it.
claim() {
    local tries
    for ((tries = 0; tries < 600; tries++)); do
        ! try_claim "$1" || return 0
        sleep 0.05
    done
    die "host $1 has been busy for 30 s, held by PID $(cut -d' ' -f1 "$RUN_DIR/$1/busy" 2>/dev/null); try again later"
}

# try_claim ID [CONDITION]: CONDITION is a function of the ID that must hold at the moment of the claim
try_claim() (
    mkdir -p "$RUN_DIR"
    exec 9>"$RUN_DIR/lock"
    flock 9
    ! is_same_process "$RUN_DIR/$1/busy" || exit 1
    "${2:-true}" "$1" || exit 1
    mkdir -p "$RUN_DIR/$1"
    identify $$ >"$RUN_DIR/$1/busy"
)

release() { rm -f "$RUN_DIR/$1/busy"; }

# Whether the host is left over: dead, half started by a process that is gone, or its owner is gone.
is_leftover() {
    is_running "$1" || return 0
    is_gone "$RUN_DIR/$1/owner" || is_gone "$RUN_DIR/$1/busy"
}

is_gone() { [[ -e $1 ]] && ! is_same_process "$1"; }

# Every ID of which anything is left. State is made first and removed last; a disk without state is from before a reboot.
# A cgroup without state is not ours: it belongs to somebody who sees the same cgroups but another /run.
all_ids() {
    local path
    for path in "$RUN_DIR"/*/ "$DISKS"/*/; do
        [[ -d $path ]] || continue
        path=${path%/}
        echo "${path##*/}"
    done | sort -u
}

clear_leftovers() {
    local id
    for id in $(all_ids); do
        try_claim "$id" is_leftover || continue
        say "clearing host $id: it or the process that owned it is gone"
        clear_host "$id"
    done
}

init_pid() {
    local pid rest
    is_running "$1" || die "host $1 is not running; see: $KIND list"
    read -r pid rest <"$RUN_DIR/$1/init"
    echo "$pid"
}

power_off() {
    local tries
    power_off_signal "$1"
    for ((tries = 0; tries < BOOT_SECONDS * 10; tries++)); do
        is_running "$1" || return 0
        sleep 0.05
    done
    return 1
}

stop_host() {
    ! is_running "$1" || power_off "$1" || say "host $1 did not power off within $((BOOT_SECONDS / 2)) s; killing it"
    clear_host "$1"
}

wait_running() {
    local id=$1 state='' deadline=$((SECONDS + BOOT_SECONDS))
    while [[ $SECONDS -lt $deadline ]]; do
        is_running "$id" || die "host $id ended while booting: $(tail -n 3 "$RUN_DIR/$id/log")"
        state=$(in_host "$id" systemctl is-system-running --wait 2>/dev/null) || true
        case $state in
            running) return 0 ;;
            degraded | maintenance) report_degraded "$id" "$state" ;;
        esac
        sleep 0.05
    done
    die "host $id is still \"$state\" after $BOOT_SECONDS s: $(tail -n 3 "$RUN_DIR/$id/log")"
}

report_degraded() {
    in_host "$1" systemctl --no-pager --plain --no-legend --failed >&2 || true
    in_host "$1" journalctl --no-pager -p warning -n 20 >&2 || true
    die "host $1 is $2: the units above failed; KEEP_FAILED=1 keeps such a host up to look at"
}

# --- verbs -------------------------------------------------------------------------------------------------------

usage() {
    cat <<USAGE
usage: $KIND build SUITE                     build the cached root of SUITE (bookworm, trixie, sid) and print where it is
       $KIND start SUITE [OPTION...]         boot a host, print its ID
            --name ID          choose the ID
            --destdir DIR      lay a \`meson install --destdir DIR\` tree over the root (copied; may be repeated)
            --image NAME       put the cached image NAME (see \`images\`) to /var/lib/lodge/images/NAME (may be repeated)
            --ro SOURCE:PATH   show SOURCE read-only at PATH in the host (may be repeated)
            --owner PID        clear the host at the next start once this process is gone
       $KIND run [-u USER] [-t] [-E VAR=VALUE] ID COMMAND...
                                             run a command in a unit of its own; its exit status, 255 after a signal
       $KIND enter ID                        interactive root shell
       $KIND pid ID                          PID of the host's main process as seen outside
       $KIND reboot ID                       power off and boot again with the same disk
       $KIND console ID                      the end of what its kernel has said, where it has one of its own
       $KIND list                            the hosts there are
       $KIND stop ID... | --all              power off, and clear all that is left
USAGE
}

verb_start() {
    local suite=${1:-} id='' owner='' root extras=()
    [[ -n $suite ]] || die "start: which suite? (bookworm, trixie or sid)"
    check_suite "$suite"
    shift
    while [[ $# -gt 0 ]]; do
        [[ $# -gt 1 ]] || die "start: option $1 needs a value"
        case $1 in
            --name) id=$2 ;;
            --owner) owner=$2 ;;
            --destdir | --image | --ro) extras+=("$1" "$2") ;;
            *) die "start: unknown option \"$1\"; see: $KIND help" ;;
        esac
        shift 2
    done
    check_extras "${extras[@]}"
    id=${id:-$suite-$(od -An -N3 -tx1 /dev/urandom | tr -d ' \n')}
    check_id "$id"
    root=$(root_of "$suite")
    clear_leftovers
    claim_new "$id" "$owner"
    trap 'start_failed "$?" '"$id" EXIT
    echo "$suite" >"$RUN_DIR/$id/suite"
    echo "$id" >"$RUN_DIR/$id/id"
    mkdir -p "$DISKS"
    prepare_disk "$id" "$root"
    add_extras "$id" "${extras[@]}"
    boot "$id"
    wait_running "$id"
    trap - EXIT
    release "$id"
    echo "$id"
}

check_extras() {
    local name
    while [[ $# -gt 0 ]]; do
        case $1 in
            --destdir)
                [[ -d $2 ]] || die "--destdir $2: no such directory; run: meson install --destdir $2"
                for name in bin sbin lib lib32 lib64; do
                    [[ ! -e $2/$name ]] ||
                        die "--destdir $2 has /$name, which would hide the root's link to /usr/$name; use -Dprefix=/usr"
                done
                ;;
            --ro)
                [[ $2 == /*:/* && -d ${2%%:*} ]] ||
                    die "--ro \"$2\": want SOURCE:PATH with an existing directory as SOURCE, both absolute"
                ;;
        esac
        shift 2
    done
}

add_extras() {
    local id=$1
    shift
    while [[ $# -gt 0 ]]; do
        case $1 in
            --destdir) add_destdir "$id" "$2" ;;
            --image) add_image "$id" "$2" ;;
            --ro) add_bind "$id" "$2" ;;
        esac
        shift 2
    done
}

claim_new() { # claim_new ID OWNER_PID
    claim "$1"
    if is_running "$1"; then
        release "$1"
        die "host $1 is running already; stop it with: $KIND stop $1"
    fi
    [[ -z $2 ]] || identify "$2" >"$RUN_DIR/$1/owner" || die "--owner $2: no such process"
}

# A host that failed to boot is cleared, unless KEEP_FAILED=1 asks to look at it.
start_failed() {
    if [[ $1 -eq 0 || -n ${KEEP_FAILED:-} ]]; then
        release "$2"
    else
        clear_host "$2"
    fi
}

verb_run() {
    local options=() mode=--pipe id unit status=0
    while [[ ${1:-} == -* ]]; do
        case $1 in
            -u) options+=("--uid=$2"); shift ;;
            -E) options+=("--setenv=$2"); shift ;;
            -t) mode=--pty; export IN_HOST_TERMINAL=1 ;;
            *) die "run: unknown option \"$1\"; see: $KIND help" ;;
        esac
        shift
    done
    [[ $# -gt 1 ]] || die "run: want an ID and a command; see: $KIND help"
    id=$1
    shift
    init_pid "$id" >/dev/null
    unit=lodge-test-run-$$-$RANDOM.service
    # systemd expands variables in the arguments of a unit; "$$" is how it spells a plain dollar
    set -- "${@//\$/\$\$}"
    # systemd-run does not end its unit when it is interrupted itself. It runs in the background, with our stdin, since
    # bash runs a trap only between two commands.
    trap 'end_run "$id" "$unit" 130' INT
    trap 'end_run "$id" "$unit" 143' TERM HUP
    in_host "$id" systemd-run --quiet --wait --collect "$mode" --unit="$unit" --working-directory=/ \
        --setenv=LANG=C.UTF-8 --setenv=TERM="${TERM:-dumb}" \
        --setenv=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${options[@]}" -- "$@" <&0 &
    wait $! || status=$?
    exit "$status"
}

end_run() {
    trap '' INT TERM HUP
    in_host "$1" systemctl stop "$2" </dev/null >/dev/null 2>&1 || true
    exit "$3"
}

verb_enter() {
    [[ $# -eq 1 ]] || die "enter: want one ID; see: $KIND list"
    verb_run -t -E HOME=/root "$1" /bin/bash -l
}

verb_reboot() {
    local id=${1:?which host?}
    init_pid "$id" >/dev/null
    claim "$id"
    power_off "$id" || die "host $id did not power off within $((BOOT_SECONDS / 2)) s; kill it with: $KIND stop $id"
    after_power_off "$id"
    boot "$id"
    release "$id" # it can be used, also if a unit of its own fails
    wait_running "$id"
}

verb_console() { tail -n 60 "$RUN_DIR/${1:?which host?}/console" 2>/dev/null || true; }

verb_list() {
    local id
    for id in $(all_ids); do
        if is_running "$id"; then
            printf '%-24s %-9s pid %s\n' "$id" "$(<"$RUN_DIR/$id/suite")" "$(init_pid "$id")"
        else
            printf '%-24s dead; the next start clears it\n' "$id"
        fi
    done
}

verb_stop() {
    local id
    [[ $# -gt 0 ]] || die "stop: want an ID or --all; see: $KIND list"
    if [[ $1 == --all ]]; then
        # shellcheck disable=SC2046
        set -- $(all_ids)
    fi
    for id; do
        check_id "$id"
        claim "$id"
        stop_host "$id"
    done
}

main() {
    local verb=${1:-help}
    [[ $# -eq 0 ]] || shift
    case $verb in
        help | -h | --help) usage; return 0 ;;
    esac
    need_root
    case $verb in
        build) root_of "${1:?which suite? (bookworm, trixie or sid)}" ;;
        pid) init_pid "${1:?which host?}" ;;
        start | run | enter | reboot | console | list | stop) "verb_$verb" "$@" ;;
        *) usage >&2; die "unknown verb \"$verb\"" ;;
    esac
}
