#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A root of many layers: the upper ones win, what they take away is gone, and no layer in use can be locked by who wants
# to throw it away.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/store.bash"

layer() { # layer NUMBER: a small tree that changes some of those below it
    local dir=$WORK/layer-$1
    mkdir -p "$dir/n"
    echo "$1" >"$dir/top"
    echo "$1" >"$dir/n/$1"
    [[ $1 -ne 7 ]] || mknod "$dir/n/5" c 0 0 # takes it away
    if [[ $1 -eq 9 ]]; then
        mkdir "$dir/opaque"
        setfattr -n user.overlay.opaque -v y "$dir/opaque"
        echo 9 >"$dir/opaque/9"
    elif [[ $1 -lt 9 ]]; then
        mkdir "$dir/opaque"
        echo "$1" >"$dir/opaque/$1"
    fi
    chown -R 7:8 "$dir/n"
    make_layer "$dir"
}

make_layer "$IMAGES/busybox"
busybox=$LAYER
chain=("$busybox")
for ((i = 1; i < 127; i++)); do
    layer "$i"
    chain+=("$LAYER")
done

for n in 2 20 62 63 100 127; do
    m=$TEST-$n
    make_image "$m" 'Command=/bin/sh' "${chain[@]:0:n}"
    create "$m" "$m" -- "${IDLE[@]}"
    start "$m"
    equal "the topmost of $n layers" "$((n - 1))" "$(inside "$m" cat /top)"
    equal 'a file of the layer above the lowest' 1 "$(inside "$m" cat /n/1)"
    equal 'its owner' '7 8' "$(inside "$m" stat -c '%u %g' /n/1)"
    equal 'files of all layers' "$((n - 1 - (n > 7)))" "$(inside "$m" sh -c 'ls /n | wc -l')"
    if [[ $n -gt 9 ]]; then
        refuses "$m" test -e /n/5
        equal 'an opaque directory' 9 "$(inside "$m" ls /opaque)"
    fi
    inside "$m" sh -c 'echo mine >/n/1; rm /top; rm -r /opaque'
    for layer in "${chain[@]:0:n}"; do
        ! flock --nonblock --exclusive "$STORE/layers/${layer/:/-}" true || fail "layer $layer is not locked"
    done
    stop "$m"
    for layer in "${chain[@]:0:n}"; do
        flock --nonblock --exclusive "$STORE/layers/${layer/:/-}" true || fail "layer $layer is still locked"
    done
done
# a layer that hides all that is below it
dir=$WORK/whole
cp -a "$IMAGES/busybox" "$dir"
make_layer "$dir"
: >"$STORE/layers/${LAYER/:/-}/opaque"
make_image "$TEST-opaque" 'Command=/bin/sh' "${chain[@]:0:5}" "$LAYER" "${chain[9]}"
create "$TEST-opaque" "$TEST-opaque" -- "${IDLE[@]}"
start "$TEST-opaque"
equal 'files above and below an opaque root' 9 "$(inside "$TEST-opaque" ls /n)"
stop "$TEST-opaque"

equal 'a layer that was written over' 1 "$(<"$STORE/layers/${chain[1]/:/-}/tree/n/1")"

# one that is missing, or not what it should be, has a name
m=$TEST-20
layer=${chain[3]/:/-}
mv "$STORE/layers/$layer" "$WORK/away"
refused StartFailed "image layer '$layer'" StartMachine "'$m'" '{}'
ln -s "$WORK/away" "$STORE/layers/$layer"
refused StartFailed "image layer '$layer'" StartMachine "'$m'" '{}'
rm "$STORE/layers/$layer"
mv "$WORK/away" "$STORE/layers/$layer"
mv "$STORE/layers/$layer/tree" "$WORK/tree"
ln -s / "$STORE/layers/$layer/tree"
refused StartFailed "image layer '$layer'" StartMachine "'$m'" '{}'
rm "$STORE/layers/$layer/tree"
mv "$WORK/tree" "$STORE/layers/$layer/tree"

# somebody is about to throw it away
flock --exclusive "$STORE/layers/$layer" sleep 2 &
wait_for 1 'the lock is taken' eval "! flock --nonblock --shared $STORE/layers/$layer true"
refused StartFailed "image layer '$layer'" StartMachine "'$m'" '{}'
wait
start "$m"
nothing_runs "$TEST-2"

# a reboot from inside keeps the locks
create "$TEST-reboot" "$TEST-2" Capability=CAP_SYS_BOOT -- /bin/sh -c 'trap "exit 0" TERM; sleep 1; reboot -f; sleep 100'
start "$TEST-reboot"
wait_for 10 'a second boot' eval "[[ \$(get $TEST-reboot BootCount) -ge 2 ]]"
! flock --nonblock --exclusive "$STORE/layers/${busybox/:/-}" true || fail 'not locked after a reboot'
