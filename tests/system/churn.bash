# SPDX-License-Identifier: LGPL-2.1-or-later
# What many runs of machines may not leave behind, beside what tests/lib/leaks looks for. To be sourced after lib.bash.
# shellcheck shell=bash

# glibc gives memory back to the kernel when 128 KiB at the top of its heap are free (M_TRIM_THRESHOLD): what it keeps may
# differ by that much between two moments, and what one page more at its edges holds together as much again. Over the
# 2,000 runs of the full size this is 131 bytes a run, less than any object of lodged's takes.
MEMORY_NOISE_KIB=256

of_lodged() { # of_lodged FIELD: in KiB
    awk -v field="$1:" '$1 == field { print $2 }' "/proc/$(daemon_pid)/smaps_rollup"
}

count_open() { # count_open NAME PID: kinds of its descriptors; what is open for the moment of one call only is not counted
    find "/proc/$2/fd" -mindepth 1 -printf '%l\n' 2>/dev/null | sed 's/[:/].*//' | sort | uniq -c | sed "s/^ */$1 has open: /"
}

leases() { grep -rhsoE "$TEST-[0-9]+" /var/lib/lodge/networks /run/lodge/leases || true; }

what_is_there() {
    count_open lodged "$(daemon_pid)"
    ps -eo stat=,comm= | sed -n 's/^Z[^ ]* */zombie: /p'
    # the services of the network come and go by themselves
    ps -eo comm= | sed -n '/^lodge-\(net\|relay\)$/d; s|^lodge.*|process: &|p' | sort | uniq -c
    ip -o link | sed -n 's/^[0-9]*: \([^@:]*\).*/link: \1/p'
    nft list ruleset | sed -n 's/^table /rules: &/p'
    sed 's/^/name: /' /run/lodge/hosts 2>/dev/null || true
    grep -o '/run/lodge/.*' /proc/net/unix | sort | uniq -c | sed 's/^ */socket: /'
    systemctl --no-pager --plain --no-legend --all list-units "lodge@$TEST-*" | sed 's/^/unit: /'
    find /run/systemd/nspawn-uid -type f -printf 'uid range: %f\n'
    find /run/lodge /var/lib/lodge/machines /var/lib/lodge/trash -name "$TEST-*" -printf 'file: %p\n'
    leases | sed 's/^/lease: /'
    find /sys/fs/cgroup -type d -name "lodge@$TEST-*" -printf 'cgroup: %p\n'
    busctl --no-pager --list tree org.lodge1 | grep "^/org/lodge1/machine/" | sed 's/^/object: /' || true
}

unchanged() { [[ $(what_is_there) == "$1" ]]; }

# without_traces WARM_UP N KIND: N runs of that kind, 8 at a time, leave everything as it was after the first WARM_UP
without_traces() {
    local before pss rss tries=0
    "$TESTS/clients/churn" "$3" "$TEST" "$1" 8 >/dev/null
    wait_for 60 'the trash is empty' eval '[[ -z $(ls /var/lib/lodge/trash) ]]'
    wait_for 60 'no lease of theirs is left' eval '[[ -z $(leases) ]]'
    sleep 5 # lodged is connected to PID 1 for three seconds more than it has something to ask: REST_USEC
    before=$(what_is_there) pss=$(of_lodged Pss) rss=$(of_lodged Rss)
    "$TESTS/clients/churn" "$3" "$TEST" "$2" 8
    # what is being cleared up in a moment: lodge-work, cgroups, units
    until unchanged "$before" || [[ $((++tries)) -gt 50 ]]; do sleep 0.1; done
    equal "what is there after $2 runs" "$before" "$(what_is_there)"
    echo "lodged: PSS $pss KiB before, $(of_lodged Pss) after; RSS $rss before, $(of_lodged Rss) after; $(wc -l <<<"$before") things before and after"
    [[ $(of_lodged Pss) -le $((pss + MEMORY_NOISE_KIB)) ]] || fail "lodged has grown from $pss to $(of_lodged Pss) KiB (PSS)"
    [[ $(of_lodged Rss) -le $((rss + MEMORY_NOISE_KIB)) ]] || fail "lodged has grown from $rss to $(of_lodged Rss) KiB (RSS)"
}
