#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every method of the live introspection with random, huge and ill-typed arguments, as root and as an ordinary user: no
# crash, every call answered, and the user's calls change nothing.
# With LODGE_TEST_FULL=1 120,000 calls.
# timeout: 3600
. "$(dirname "$0")/lib.bash"

m=$TEST-a
rounds=3 calls=600
[[ ! ${LODGE_TEST_FULL:-} ]] || rounds=20 calls=3000
begin=$(date +%s)

# What a user must not change: objects with their properties, definitions, what runs, our files. What root has run in the
# machine ends meanwhile and is forgotten, and so are its jobs.
snapshot() {
    busctl --json=short call org.lodge1 /org/lodge1 org.freedesktop.DBus.ObjectManager GetManagedObjects | python3 -c '
import json, sys
for path, interfaces in sorted(json.load(sys.stdin)["data"][0].items()):
    if "/process/" not in path and "/job/" not in path:
        print(path, json.dumps(interfaces, sort_keys=True, indent=1))'
    find /etc/lodge /run/lodge /var/lib/lodge/{machines,volumes} -printf '%p %y %m %U %s %T@\n' | sort
    cat /etc/lodge/machines/*
    systemctl list-units --all --plain --no-legend 'lodge@*' | sort
    pgrep -f lodge-shim
    systemctl show --property ExecMainStatus,NRestarts lodged.service
}

useradd --create-home "$TEST-user" 2>/dev/null || true
at_exit "userdel --remove $TEST-user 2>/dev/null"
lodgectl images -q >"$WORK/images"
at_exit remove_what_root_made
remove_what_root_made() {
    local image
    lodgectl list -q | xargs -r lodgectl rm --force >/dev/null
    lodgectl network ls -q | sed /^default$/d | xargs -r lodgectl network rm
    lodgectl prune --force --all --volumes >/dev/null
    for image in $(lodgectl images -q | grep -vxFf "$WORK/images"); do
        lodgectl image read-only "$image" no >/dev/null 2>&1 || true
        lodgectl image rm --force "$image" >/dev/null
    done
}

# What root has begun is not the user's.
end_jobs() {
    local job
    for job in $(lodgectl job ls -q); do lodgectl job cancel "$job" >/dev/null 2>&1 || true; done
    wait_for 20 'no worker runs' eval '[[ -z $(systemctl list-units --plain --no-legend "lodge-import@*" "lodge-export@*" "lodge-copy@*" "lodge-files@*" "lodge-work@*") ]]'
}

# call_all USER SEED: so that a failure can be repeated
call_all() {
    echo "random-calls as $1: $m $2 $calls"
    setpriv --reuid "$1" --clear-groups "$TESTS/clients/random-calls" "$m" "$2" "$calls" ||
        fail "as $1: tests/clients/random-calls $m $2 $calls"
}

run_idle "$m"
daemon=$(daemon_pid)
for ((i = 0; i < rounds; i++)); do
    seed=${LODGE_TEST_SEED:-$RANDOM}
    call_all root "$seed"
    equal 'lodged after the calls of root' "$daemon" "$(daemon_pid)"
    end_jobs
    remove_what_root_made
    run_idle "$m"
    snapshot >"$WORK/before"
    call_all "$TEST-user" "$seed"
    snapshot >"$WORK/after"
    diff "$WORK/before" "$WORK/after" || fail 'the calls of a user have changed something'
    equal 'lodged after the calls of a user' "$daemon" "$(daemon_pid)"
done

equal 'the machine answers' 'still here' "$(inside "$m" echo still here)"
within 5 stop "$m"
files=$(find "/proc/$daemon/fd" -mindepth 1 | wc -l)
[[ $files -lt 40 ]] || fail "lodged has $files files open: $(ls -l "/proc/$daemon/fd")"
equal 'crashes in the journal' '' "$(journalctl --no-pager --since "@$begin" | grep -E 'Sanitizer|runtime error:|code=dumped|Assertion' || true)"
