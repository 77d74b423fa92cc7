#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 600
# lodged, lodge-net, lodge-relay and supervisors are killed at random moments while machines with networks and ports start and
# stop: afterwards each can be started and is reached, and nothing is left of any. LODGE_TEST_SEED repeats the random choices.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/network.bash"

MACHINES=4 KILLS=20
[[ -z ${LODGE_TEST_FULL:-} ]] || MACHINES=10 KILLS=200
SEED=${LODGE_TEST_SEED:-$((BASHPID % 10000))}
LIMIT=60

has_ended() { [[ -e $WORK/end ]]; }

hung() { # hung VERB NAME
    echo "$1 of $2 hung; $(systemctl show --property ActiveState,SubState,StatusText,Job "lodge@$2.service" | xargs); $(systemctl list-jobs --no-legend | xargs)" >>"$WORK/wrong"
}

churn() { # churn NAME: start and stop, whatever becomes of it
    while ! has_ended; do
        timeout $LIMIT lodgectl start "$1" >>"$WORK/log.$1" 2>&1 || [[ $? -ne 124 ]] || hung start "$1"
        sleep "0.$((RANDOM % 300 + 100))"
        timeout $LIMIT lodgectl stop "$1" >>"$WORK/log.$1" 2>&1 || [[ $? -ne 124 ]] || hung stop "$1"
        systemctl reset-failed "lodge@$1.service" 2>/dev/null || true
    done
}

victim() { # victim WHAT: a PID of it, if there is one now
    case $1 in
        shim) pgrep -x lodge-shim | sed -n "$((RANDOM % 3 + 1))p" ;;
        *) pgrep -x "$1" ;;
    esac
}

machines=()
new_network "$TEST-two"
for ((i = 0; i < MACHINES; i++)); do
    m=$TEST-$i
    create "$m" busybox "Network=default $TEST-two" "Publish=$((8100 + i)):80" Bandwidth=in=100M,out=100M -- "${WEB[@]}"
    machines+=("$m")
done
workers=()
for m in "${machines[@]}"; do
    RANDOM=$((SEED + ${#workers[@]}))
    churn "$m" &
    workers+=($!)
done
at_exit 'touch "$WORK/end"; wait "${workers[@]}"'

RANDOM=$SEED
declare -A killed=()
for ((n = 0; n < KILLS; )); do
    sleep "0.$((RANDOM % 500 + 50))"
    what=$(printf '%s\n' lodged lodge-net lodge-relay shim | sed -n "$((RANDOM % 4 + 1))p")
    pid=$(victim "$what") || continue
    [[ -n $pid ]] || continue
    kill -KILL "$pid" 2>/dev/null || continue
    n=$((n + 1))
    killed[$what]=$((${killed[$what]:-0} + 1))
    [[ ! -e $WORK/wrong ]] || fail "seed $SEED, kill $n: $(<"$WORK/wrong")"
done
touch "$WORK/end"
wait "${workers[@]}"
[[ ! -e $WORK/wrong ]] || fail "seed $SEED: $(<"$WORK/wrong")"

# each works
settled() { [[ $(get "$1" State) =~ ^(ready|stopped|failed)$ ]]; }
for ((i = 0; i < MACHINES; i++)); do
    m=$TEST-$i
    wait_for 10 "seed $SEED: $m is settled" settled "$m"
    systemctl reset-failed "lodge@$m.service" 2>/dev/null || true
    has "$m" State ready || start "$m" || fail "seed $SEED: $m does not start; $(tail -n 3 "$WORK/log.$m")"
done
for ((i = 0; i < MACHINES; i++)); do
    wait_for 5 "seed $SEED: the published port of $TEST-$i" eval "[[ \$(curl -s -m 1 http://127.0.0.1:$((8100 + i))/name) == $TEST-$i ]]"
    wait_for 5 "seed $SEED: the name of $TEST-$i" fetch "$TEST-0" "$TEST-$i/name"
    ping -q -c 1 -W 2 "$(address "$TEST-$i" 4 "$TEST-two")" >/dev/null || fail "seed $SEED: $TEST-$i has no second network"
done

# nothing stays
for m in "${machines[@]}"; do
    within 10 stop "$m"
    nothing_runs "$m"
done
nothing_left
echo "seed $SEED: $KILLS kills: $(for what in "${!killed[@]}"; do echo "$what ${killed[$what]}"; done | xargs)"
