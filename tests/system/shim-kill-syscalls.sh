#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 600
# The supervisor is killed at a system call of a start: the machine is gone within a second and says so, nothing stays
# mounted, locked or lying around, and the next start works the first time. 25 of the calls, spread over the start; with
# LODGE_TEST_FULL=1 200 times, every call at least once where there are not more.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
POINTS=25
[[ -z ${LODGE_TEST_FULL:-} ]] || POINTS=200

locks() { find /run/systemd/nspawn-uid -mindepth 1 | sort; }

# The unit's main process becomes strace, which with -D becomes the shim and is traced by a grandchild; without words in
# the file it becomes the shim at once.
printf '#!/bin/bash\nread -ra words <%q\nexec "${words[@]}" /usr/lib/lodge/lodge-shim "$1"\n' "$WORK/words" >"$WORK/main"
chmod 755 "$WORK/main"
dropin=/run/systemd/system/lodge@$m.service.d
at_exit 'rm -rf "$dropin"; systemctl daemon-reload'
mkdir -p "$dropin"
printf '[Service]\nExecStart=\nExecStart=%s %%i\n' "$WORK/main" >"$dropin/strace.conf"
systemctl daemon-reload

locks_before=$(locks)
create "$m" busybox WritableLayer=stop -- "${IDLE[@]}"
echo "strace -D -s 64 -o $WORK/calls" >"$WORK/words"
start "$m"
stop "$m"
nothing_runs "$m"
mapfile -t calls < <(sed -n '/^sendto.*"READY=1/ { s/(.*//p; q }; s/^\([a-z0-9_]*\)(.*/\1/p' "$WORK/calls")
equal 'the last call of a start' sendto "${calls[-1]}"
[[ ${#calls[@]} -ge 100 ]] || fail "a start that is traced has only ${#calls[@]} system calls: $(head "$WORK/calls")"

gone() {
    [[ $(systemctl show --property ActiveState --value "lodge@$m.service") =~ ^(inactive|failed)$ ]] &&
        [[ $(get "$m" State) =~ ^(stopped|failed)$ ]]
}

# nothing_left WHAT: beyond what nothing_runs() looks at
nothing_left() {
    local begin=${EPOCHREALTIME/./}
    wait_for 1 "$1: the machine is gone" gone
    wait_for 1 "$1: its layer is gone" absent_quietly "/var/lib/lodge/machines/$m"
    nothing_runs "$m"
    matches "$1: reason" "^(failed|lost)\$" "$(reason "$m")"
    [[ -n $(reason "$m" message) ]] || fail "$1: no sentence about it"
    equal "$1: locks" "$locks_before" "$(locks)"
    equal "$1: what is left of exit records" '' "$(find /run/lodge/exit -name '.*' -printf '%f ')"
    [[ $(((${EPOCHREALTIME/./} - begin) / 1000)) -le 3000 ]] || fail "$1: it took too long"
}

absent_quietly() { [[ ! -e $1 ]]; }

# kill_at INDEX: kill the shim at that call of the recorded start; fails if the start had no such call
kill_at() {
    local name=${calls[$1]} i nth=0
    for ((i = 0; i <= $1; i++)); do
        [[ ${calls[i]} != "$name" ]] || nth=$((nth + 1))
    done
    echo "strace -D -o /dev/null --inject=$name:signal=KILL:when=$nth" >"$WORK/words"
    what="killed at call $1, $name number $nth"
    if start "$m" >/dev/null 2>"$WORK/err"; then
        stop "$m" >/dev/null
        return 1
    fi
    matches "$what: the error" "$m" "$(<"$WORK/err")"
    nothing_left "$what"
}

# how often the shim polls, and reads what turns out not to be there, differs from start to start: then the call before
missed=0
for ((point = 0; point < POINTS; point++)); do
    index=$((1 + point * (${#calls[@]} - 1) / (POINTS - 1))) # the first call is strace's own execve(2)
    [[ $index -lt ${#calls[@]} ]] || index=$((${#calls[@]} - 1))
    until kill_at "$index"; do
        index=$((index - 1))
        missed=$((missed + 1))
    done
    echo >"$WORK/words"
    start "$m" >/dev/null || fail "$what: the next start failed: $(reason "$m" message)"
    equal "$what: State after the next start" ready "$(get "$m" State)"
    stop "$m" >/dev/null
done
[[ $missed -le $((POINTS / 10)) ]] || fail "$missed of $POINTS kills did not happen"
echo "$POINTS kills over ${#calls[@]} system calls, $missed tried again"
