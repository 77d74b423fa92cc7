#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine that is committed stands still while what it has written is read: so what belongs together is together in the
# image. It runs on whatever becomes of the job, and of whoever was to see to that.
. "$(dirname "$0")/lib.bash"

# Two files that differ by one at most; between them in the archive is much that takes its time.
# shellcheck disable=SC2016
WRITER='trap "exit 0" TERM; i=0; while :; do i=$((i + 1)); for f in a z; do echo $i >/data/$f.new; mv /data/$f.new /data/$f; done; done'
at_exit 'for image in $(lodgectl images -q 2>/dev/null | grep "$TEST"); do lodgectl image rm -f "$image"; done >/dev/null 2>&1'
job_get() { busctl get-property org.lodge1 "/org/lodge1/job/$1" org.lodge1.Job "$2" | cut -d' ' -f2- | tr -d '"'; }
job_has() { [[ $(job_get "$1" "$2") == "$3" ]]; }
tick() { inside "$1" cat /data/a; }
# runs NAME: it does something again
runs() {
    local before
    before=$(tick "$1")
    wait_for 10 "$1 runs on" eval "[[ \$(tick '$1') -gt $before ]]"
    equal "State of $1" ready "$(get "$1" State)"
}
frozen() { grep -q "^frozen $2" "$(cgroup_of "$1")/payload/cgroup.events"; }
fill() { inside "$1" dd if=/dev/urandom of=/data/m bs=1M count="$2" 2>/dev/null; }

m=$TEST-m
create "$m" busybox -- /bin/sh -c "mkdir /data; $WRITER"
start "$m"
wait_for 10 'it writes' inside "$m" test -e /data/z
fill "$m" 32

# what is in the image, and what is told
told() { # told WHAT: how often
    journalctl --sync 2>/dev/null || true
    journalctl -o cat -u lodged | grep -c "^Machine '$m' $1" || true
}
has_told() { [[ $(told "$1") == "$2" ]]; }
lodgectl commit --progress=none -q "$m" "$TEST-image" >/dev/null
runs "$m"
expect 0 lodgectl run -q "$TEST-image" /bin/cat /data/a /data/z
read -rd '' first last <<<"$OUT" || true
[[ $first -gt 0 && $((first - last)) -ge 0 && $((first - last)) -le 1 ]] || fail "the image has $first and $last"
wait_for 10 'a pause is told' has_told 'is paused' 1
wait_for 10 'its end is told' has_told 'runs on' 1
# without a pause there is none to be told
lodgectl commit --progress=none -q --no-pause "$m" "$TEST-running" >/dev/null
lodgectl pause "$m" # so that there is something to wait for
wait_for 10 'the second pause is that one' has_told 'is paused' 2
lodgectl resume "$m"

# one that was paused before stays so
lodgectl pause "$m"
lodgectl commit --progress=none -q -f "$m" "$TEST-image" >/dev/null
equal 'State of one that was paused' paused "$(get "$m" State)"
lodgectl resume "$m"
runs "$m"

# --- in the middle of one ----------------------------------------------------------------------------------------

# in_commit: $job is one in mid-read, whose worker is stopped
in_commit() {
    local size
    for size in 32 64 128 256; do
        job=$(lodgectl commit --progress=none --detach -f "$m" "$TEST-image")
        unit=lodge-export@$job.service
        until frozen "$m" 1 || ! job_has "$job" State running; do :; done
        systemctl kill --signal=SIGSTOP "$unit" 2>/dev/null || true
        if job_has "$job" State running && sleep 0.2 && frozen "$m" 1; then
            wait_for 10 'lodged knows it' has "$m" State paused
            return
        fi
        systemctl kill --signal=SIGCONT "$unit" 2>/dev/null || true
        wait_for 60 'the commit ends' eval '! job_has "$job" State running'
        fill "$m" "$size"
    done
    fail 'a commit is over before it can be stopped'
}

# nobody else lets it run, and what is asked for meanwhile counts afterwards
in_commit
expect 4 lodgectl resume "$m"
matches 'a resume' 'paused for a job that reads' "$ERR"
frozen "$m" 1 || fail 'it runs though it was not to'
lodgectl pause "$m"
systemctl kill --signal=SIGCONT "$unit"
expect 0 lodgectl job wait "$job"
equal 'State of one that was paused meanwhile' paused "$(get "$m" State)"
lodgectl resume "$m"
runs "$m"

# the worker is killed, the job cancelled, lodged killed
in_commit
systemctl kill --signal=SIGKILL "$unit"
wait_for 10 'it runs on' frozen "$m" 0
runs "$m"
equal 'a job whose worker was killed' failed "$(job_get "$job" State)"
in_commit
lodgectl job cancel "$job" >/dev/null
wait_for 10 'it runs on' frozen "$m" 0
runs "$m"
in_commit
kill -KILL "$(daemon_pid)"
wait_for 10 'it runs on' frozen "$m" 0
wait_for 30 'the next lodged knows it' has "$m" State ready
runs "$m"
wait_for 10 'nothing is left of the job' eval '[[ -z $(ls /var/lib/lodge/incoming) ]]'

# a stop comes first, and says so to who commits
in_commit
within 20 stop "$m"
equal 'State' stopped "$(get "$m" State)"
wait_for 10 'the job has failed' job_has "$job" State failed
matches "its error" "was stopped, or has ended" "$(job_get "$job" ErrorMessage)"
wait_for 10 'nothing is left of the job' eval '[[ -z $(ls /var/lib/lodge/incoming) ]]'
