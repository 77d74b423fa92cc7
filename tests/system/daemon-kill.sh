#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 1500
# lodged is killed at random moments while machines start, stop, end by themselves and run commands. No machine that is to
# run stops or changes, each call is done or ends with what the machine is like, each status is the right one, nothing is
# left. 12 machines and 40 kills; LODGE_TEST_FULL=1: 50 machines and 300 kills. LODGE_TEST_SEED repeats the random choices.
. "$(dirname "$0")/lib.bash"

MACHINES=12 KILLS=40
[[ -z ${LODGE_TEST_FULL:-} ]] || MACHINES=50 KILLS=300
SEED=${LODGE_TEST_SEED:-$((BASHPID % 10000))}
LIMIT=90 # s that no command may take

# locked ones: the files of others, which nobody holds, go when lodged is started
locks() { "$TESTS/lib/leaks" | grep -c "^uid range lock" || true; }
shim_fds() { find "/proc/$(get "$1" Supervisor)/fd" -mindepth 1 | wc -l; }
wrong() { echo "$*" >>"$WORK/wrong"; }
has_ended() { [[ -e $WORK/end ]]; }
count() { echo >>"$WORK/count-$1"; }
counted() { wc -l 2>/dev/null <"$WORK/count-$1" || echo 0; }
pause() { sleep "$((RANDOM % 2)).$((RANDOM % 900 + 100))"; }

ask() { # ask NAME PROPERTY: whenever lodged is there
    local i
    for ((i = 0; i < 100; i++)); do
        get "$@" 2>/dev/null && return
        sleep 0.2
    done
    wrong "$1: nobody tells $2"
}

# does VERB NAME: lodgectl succeeds, or says what the machine is like, or that nobody could be asked
does() {
    local error status=0
    error=$(timeout $LIMIT lodgectl "$@" 2>&1 >/dev/null) || status=$?
    if [[ $status -eq 0 ]]; then
        count "done"
    elif [[ $error =~ lodged\ was\ restarted\ before.*\ is\ [a-z]+\ now|lodged\ does\ not\ answer ]]; then
        count told
    else
        wrong "lodgectl $*: status $status: $error"
    fi
    return $status
}

churn() { # churn NAME: start, restart, stop; each as the state asks for
    local state verb want
    while ! has_ended; do
        state=$(ask "$1" State)
        case $state in
            stopped) verb=start want='running|ready' ;;
            running | ready) if ((RANDOM % 3)); then verb=stop want=stopped; else verb=restart want='running|ready'; fi ;;
            starting | stopping) # a call that could not be delivered follows one that could
                sleep 0.2
                continue
                ;;
            *)
                wrong "$1 is $state: $(reason "$1" message 2>&1)"
                return
                ;;
        esac
        if does "$verb" "$1"; then
            state=$(ask "$1" State)
            [[ $state =~ ^($want)$ ]] || wrong "$1 is $state after $verb"
        fi
        pause
    done
}

end_by_itself() { # end_by_itself NAME STATUS
    local out status started=''
    while ! has_ended; do
        ! does start "$1" || started=1
        status=0
        out=$(timeout $LIMIT lodgectl wait "$1" 2>&1) || status=$?
        if [[ $status -ne 0 && $out =~ lodged\ does\ not\ answer ]]; then
            count told
        elif [[ $status -ne 0 || ($out != "$2" && -n $started) ]]; then
            wrong "wait for $1: status $status, '$out' instead of $2"
        else
            count waited
        fi
        if [[ -n $started && $(ask "$1" State) == stopped && $(ask "$1" StateReason) != *"\"PID 1 exited with status $2\""* ]]; then
            wrong "$1 has ended as $(ask "$1" StateReason) instead of with status $2"
        fi
        pause
    done
}

execute() { # execute NAME
    local out want status
    while ! has_ended; do
        want=$((RANDOM % 100 + 3)) status=0
        out=$(timeout $LIMIT lodgectl exec "$1" /bin/sh -c "sleep 0.$((RANDOM % 10)); exit $want" 2>&1 </dev/null) || status=$?
        if [[ $status -eq $want ]]; then
            count executed
        elif [[ $status -eq 125 && $out =~ lodged\ does\ not\ answer ]]; then
            count told
        else
            wrong "exec in $1: status $status instead of $want: $out"
        fi
        pause
    done
}

# --- before ------------------------------------------------------------------------------------------------------

locks_before=$(locks)
steady=() others=()
for ((i = 0; i < MACHINES; i++)); do
    m=$TEST-$i
    case $((i % 3)) in
        0) run_idle "$m" && steady+=("$m") ;;
        1) create "$m" busybox -- "${IDLE[@]}" && others+=("$m") ;;
        2) create "$m" busybox -- /bin/sh -c "sleep 0.$((i % 10)); exit $((i + 1))" && others+=("$m") ;;
    esac
done
declare -A before fds_before
identity() { for p in Leader Supervisor StartedTimestamp BootCount; do ask "$1" $p; done; call GetMachine s "$1"; }
for m in "${steady[@]}"; do
    before[$m]=$(identity "$m")
    fds_before[$m]=$(shim_fds "$m")
done

# --- kills -------------------------------------------------------------------------------------------------------

workers=()
for ((i = 0; i < MACHINES; i++)); do
    RANDOM=$((SEED + i))
    case $((i % 3)) in
        0) execute "$TEST-$i" & ;;
        1) churn "$TEST-$i" & ;;
        2) end_by_itself "$TEST-$i" $((i + 1)) & ;;
    esac
    workers+=($!)
done
at_exit 'touch "$WORK/end"; wait'

RANDOM=$SEED
for ((killed = 0; killed < KILLS; )); do
    sleep "0.$((RANDOM % 900 + 100))"
    pid=$(systemctl show --property MainPID --value lodged.service)
    [[ $pid -gt 1 ]] || continue
    kill -KILL "$pid" 2>/dev/null || continue
    killed=$((killed + 1))
    for m in "${steady[@]}"; do
        [[ -d /proc/${before[$m]%%$'\n'*} ]] || fail "seed $SEED, kill $killed: PID 1 of $m is gone"
    done
    [[ ! -e $WORK/wrong ]] || fail "seed $SEED, kill $killed: $(<"$WORK/wrong")"
done
touch "$WORK/end"
wait "${workers[@]}"
[[ ! -e $WORK/wrong ]] || fail "seed $SEED: $(<"$WORK/wrong")"

# --- afterwards --------------------------------------------------------------------------------------------------

settled() { [[ $(get "$1" State) =~ ^(ready|running|stopped)$ ]]; }
for m in "${steady[@]}"; do
    equal "$m" "${before[$m]}" "$(identity "$m")"
    equal "State of $m" ready "$(get "$m" State)"
    equal "descriptors of the shim of $m" "${fds_before[$m]}" "$(shim_fds "$m")"
    equal "exec in $m" in "$(inside "$m" echo in)"
done
for m in "${others[@]}"; do
    wait_for 5 "$m is settled" settled "$m"
done
for ((i = 0; i < MACHINES; i++)); do
    within 5 stop "$TEST-$i"
    nothing_runs "$TEST-$i"
done
for m in "${steady[@]}"; do equal "reason of $m" stopped "$(reason "$m")"; done
equal 'locks on ranges of user ids' "$locks_before" "$(locks)"
equal 'runtime directories' '' "$(find /run/lodge/unit -mindepth 1 -printf '%f ')"
equal 'reserved records' '' "$(find /run/lodge/exit -name '.*' -printf '%f ')"
equal 'units of machines' '' "$(systemctl --no-legend --plain list-units --state=active,activating,deactivating "lodge@$TEST-*")"
daemon_fds=$(find "/proc/$(daemon_pid)/fd" -mindepth 1 | wc -l)
[[ $daemon_fds -le 40 ]] || fail "lodged has $daemon_fds descriptors while nothing runs"
for what in "done" waited executed; do [[ $(counted $what) -ge $((KILLS / 4)) ]] || fail "only $(counted $what) calls were $what"; done
echo "$KILLS kills, $MACHINES machines; calls done $(counted "done"), waits $(counted waited), execs $(counted executed)," \
    "and $(counted told) that told why not"
