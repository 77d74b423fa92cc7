# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests of hostile guests share: to be sourced after lib.bash.
# shellcheck shell=bash

attack_seconds=1
[[ ! ${LODGE_TEST_FULL:-} ]] || attack_seconds=10

user=$TEST-user
useradd --no-create-home "$user" 2>/dev/null || true
at_exit "userdel $user"

# A tree with the program that attacks, for any number of machines
hostile_tree() {
    [[ -d $TREES/$TEST-hostile ]] || install -m 755 "$PROGRAMS/hostile" "$(new_tree hostile)/bin/"
}

memory_of() { awk '/^(RssAnon|RssShmem):/ { n += $2 } END { print n }' "/proc/$1/status"; }

# Nothing that is printed about NAME carries what a terminal would obey. A prompt: without the colors of a terminal.
prints_clean() { # prints_clean NAME
    {
        lodgectl list
        lodgectl status "$1" || true
        lodgectl show "$1"
        lodgectl logs -n 200 "$1"
        busctl introspect --full org.lodge1 "$(object "$1")"
        systemctl --no-pager --full status "lodge@$1.service" || true
        # as they are, not as journalctl would show them
        journalctl --no-pager --all --output=cat --lines=2000 "LODGE_MACHINE=$1" + "UNIT=lodge@$1.service" + "_SYSTEMD_UNIT=lodge@$1.service"
    } >"$WORK/printed" 2>&1
    python3 - "$WORK/printed" <<'PYTHON' || fail "what is printed about $1 is not clean"
import sys, unicodedata
text = open(sys.argv[1], encoding='utf-8').read()
bad = [line for line in text.split('\n') if any(unicodedata.category(c) == 'Cc' or c in '\u202e\u2066\ufffe' for c in line)]
sys.exit('\n'.join(repr(line) for line in bad[:5]) if bad else 0)
PYTHON
}

# under_attack NAME WHAT: while NAME does its worst, lodged answers root and a user, and does not grow
under_attack() {
    local daemon before after
    daemon=$(daemon_pid)
    before=$(memory_of "$daemon")
    echo "$2, as root and as a user:"
    "$TESTS/clients/latency" "$attack_seconds" "$1" || fail "$2: lodged does not answer root"
    setpriv --reuid "$user" --clear-groups "$TESTS/clients/latency" "$attack_seconds" "$1" || fail "$2: lodged does not answer a user"
    prints_clean "$1"
    equal "lodged, $2" "$daemon" "$(daemon_pid)"
    after=$(memory_of "$daemon")
    echo "$2, lodged: $before KiB before, $after KiB after"
    [[ $after -le $((before + 2048)) ]] || fail "$2: lodged has grown from $before to $after KiB"
}

stops_in_time() { # stops_in_time NAME [SECONDS]
    within "${2:-5}" stop "$1"
    nothing_runs "$1"
}
