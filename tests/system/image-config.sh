#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What an image says of how to run it, what a machine says instead, and what a hostile one says in vain.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/store.bash"

make_layer "$IMAGES/busybox"
busybox=$LAYER
mkdir -p "$WORK/tree/srv" "$WORK/tree/bin"
cat >"$WORK/tree/bin/entry" <<'SCRIPT'
#!/bin/sh
echo "entry[$*] $(id -u):$(id -g) $PWD $A $B"
SCRIPT
chmod 0755 "$WORK/tree/bin/entry"
make_layer "$WORK/tree"
top=$LAYER

image() { make_image "$TEST-$1" "$2" "$busybox" "$top"; }
says() { # says WHAT WANTED RUN_ARGUMENT...
    local what=$1 want=$2
    shift 2
    equal "$what" "$want" "$(lodgectl run "$@" </dev/null)"
}

image full $'Entrypoint=/bin/entry "one word"\nCommand=c d\nEnvironment=A=1\nEnvironment="B=2 3"\nUser=user\nWorkingDirectory=/srv/'
i=$TEST-full
says 'all of the image' 'entry[one word c d] 1000:1000 /srv 1 2 3' "$i"
says 'another command' 'entry[one word x] 1000:1000 /srv 1 2 3' "$i" x
says 'another user, directory and variable' 'entry[one word c d] 65534:65534 / 7 2 3' --user nobody -w / -E A=7 "$i"
says 'another entrypoint' '' --entrypoint 'echo' "$i"
says 'another entrypoint and command' 'x y' --entrypoint 'echo x' "$i" y
says 'no entrypoint' 'y' --entrypoint '' "$i" echo y

# numbers, an unknown name, what is no user at all
image numbers $'Command=entry\nUser=7:8'
says 'a user by number' 'entry[] 7:8 /  ' "$TEST-numbers"
image unknown $'Command=entry\nUser=nemo'
expect 126 lodgectl run "$TEST-unknown"
matches 'the message' "nemo" "$ERR"
for user in 4294967296 -1 0x0 '1 1' 65536; do
    image wrong $'Command=entry\nUser="'"$user\""
    expect 125 lodgectl run "$TEST-wrong"
    matches "the message about user $user" "image '$TEST-wrong' has User '$user'" "$ERR"
done

# the stop signal
image signal $'Command=/bin/sh -c "trap \'echo usr1; exit 5\' USR1; trap \'\' TERM; sleep 1000 & wait"\nStopSignal=SIGUSR1'
m=$TEST-signal
create "$m" "$TEST-signal"
start "$m"
within 5 stop "$m"
equal 'its end, not by the deadline' stopped "$(reason "$m")"

create "$m-other" "$TEST-signal" StopSignal=SIGINT -- /bin/sh -c 'trap "exit 0" INT; trap "" USR1 TERM; sleep 1000 & wait'
start "$m-other"
within 5 stop "$m-other"
equal 'its end by another signal' stopped "$(reason "$m-other")"

# health and labels: those of the image, others, none
image health $'Command=/bin/sh -c "trap \'exit 0\' TERM; touch /well; sleep 1000 & wait"\nHealthcheck=CMD-SHELL "test -e /well"
HealthcheckIntervalSec=100ms\nHealthcheckRetries=1\nLabel=a=1\nLabel="b=2 3"'
m=$TEST-health
create "$m" "$TEST-health" Label='b=4 c=5'
start "$m"
wait_for 5 'it is well, as the image sees it' has "$m" Health healthy
inside "$m" rm /well
wait_for 5 'it is ill' has "$m" Health unhealthy
equal 'its labels' "a=1${NL}b=4${NL}c=5" "$(lodgectl show --effective -p Label "$m" | sed -n 's/^Label=\([^ ]*\).*/\1/p')"
stop "$m"
create "$m-other" "$TEST-health" Healthcheck=false HealthcheckIntervalSec=100ms HealthcheckRetries=1
start "$m-other"
wait_for 5 'it is ill, by another check' has "$m-other" Health unhealthy
stop "$m-other"
create "$m-none" "$TEST-health" Healthcheck='""'
start "$m-none"
equal 'without a check' none "$(get "$m-none" Health)"
stop "$m-none"

# ports that the image exposes: shown, and opened if that is wanted
image ports $'Command=/bin/sh -c "hostname >/tmp/name; trap \'exit 0\' TERM; httpd -f -p 18080 -h /tmp & wait"
ExposedPort=18080/tcp\nExposedPort=18081\nExposedPort=18053/udp'
m=$TEST-ports
page() { curl -s -m 3 "http://127.0.0.1:$1/name"; }
ports() { lodgectl port ls "$1" -o csv --no-legend; }
create "$m" "$TEST-ports" Network=private
start "$m"
equal 'ports that nobody has opened' '' "$(ports "$m")"
stop "$m"
remove "$m"
create "$m" "$TEST-ports" Network=private PublishExposed=yes Publish=18090:18081
matches 'what counts' 'Publish=18080:18080 18053:18053/udp +# image' "$(lodgectl show --effective "$m")"
start "$m"
wait_for 5 'the page is there' page 18080
equal 'the page' "$m" "$(page 18080)"
equal 'ports of host and machine' '18053 18080 18090' "$(lodgectl port ls "$m" -o json | python3 -c 'import json, sys
print(*sorted({row["HostPort"] for row in json.load(sys.stdin)}))')"
systemctl restart lodged.service
equal 'the page, when lodged has been restarted' "$m" "$(page 18080)"
expect 125 lodgectl run --network=private --publish-all "$TEST-ports" true
matches 'a second machine with these ports' "ort 127.0.0.1:18(053|080)/(tcp|udp) is published by machine '$m'" "$ERR"
stop "$m"
lodgectl run --network=private -P -d --name="$TEST-run" "$TEST-ports" </dev/null
wait_for 5 'the page of another' page 18080
equal 'the page of another' "$TEST-run" "$(page 18080)"
lodgectl stop "$TEST-run"
image sctp $'Command=true\nExposedPort=80/sctp'
expect 125 lodgectl run --network=private -P "$TEST-sctp"
matches 'a port that cannot be' "image '$TEST-sctp' has ExposedPorts '80/sctp'" "$ERR"

# nothing to run; an init to boot
image empty ''
m=$TEST-empty
create "$m" "$TEST-empty"
refused 'InvalidOption|StartFailed' 'nothing to run' StartMachine "'$m'" '{}'
mkdir -p "$WORK/init/sbin"
rm -rf "$WORK/init/sbin" && mkdir -p "$WORK/init/bin"
printf '#!/bin/sh\ntrap "exit 0" TERM\necho booted >/booted\nsleep 1000 & wait\n' >"$WORK/init/init"
chmod 0755 "$WORK/init/init"
make_layer "$WORK/init"
make_image "$TEST-init" '' "$busybox" "$LAYER"
m=$TEST-init
create "$m" "$TEST-init"
start "$m"
wait_for 5 'its init runs' inside "$m" test -e /booted
inside "$m" grep -q ' /tmp .* - tmpfs' /proc/self/mountinfo
stop "$m"

# --- hostile -----------------------------------------------------------------------------------------------------

canary=$WORK/canary
mkdir "$canary"
echo untouched >"$canary/file"
digest() { (cd "$canary" && find . -printf '%p %y %m %U %l %T@\n' | sort && cat file) | md5sum; }
before=$(digest)
mounts=$(wc -l </proc/1/mountinfo)
untouched() {
    equal "the canary, $1" "$before" "$(digest)"
    equal "mounts of the host, $1" "$mounts" "$(wc -l </proc/1/mountinfo)"
}

# paths that lead up are no paths
image up-volume $'Command=entry\nVolume=/../../..'"$canary"
expect 125 lodgectl run "$TEST-up-volume"
matches 'a volume that leads up' "has a volume at '/../../..$canary'" "$ERR"
image up-directory $'Command=entry\nWorkingDirectory=../../..'"$canary"
expect 125 lodgectl run "$TEST-up-directory"
matches 'a directory that leads up' "has WorkingDir '../../..$canary'" "$ERR"
for n in $(seq 3 40); do
    image fd "Command=/bin/ls ../../../../../../..$canary${NL}WorkingDirectory=/proc/self/fd/$n"
    OUT=$(lodgectl run "$TEST-fd" 2>&1) && fail "from descriptor $n: $OUT"
    lacks "what is seen from descriptor $n" '^file' "$OUT"
done
untouched 'paths that lead up'

# symbolic links of the image: followed inside, and nowhere else
links=$WORK/links
mkdir "$links"
ln -s "$canary" "$links/absolute"
ln -s "../../../../../..$canary" "$links/relative"
ln -s /proc/self "$links/in-proc"
ln -s ../sys/fs "$links/in-sys"
ln -s /dev "$links/in-dev"
ln -s run/host "$links/in-run"
ln -s circle "$links/circle"
ln -s /tmp "$links/in-tmp"
make_layer "$links"
for link in absolute relative; do
    make_image "$TEST-links" "Volume=/$link" "$busybox" "$LAYER"
    m=$TEST-$link
    create "$m" "$TEST-links" -- "${IDLE[@]}"
    refused StartFailed "mount at '/$link'" StartMachine "'$m'" '{}'
    nothing_runs "$m"
    remove "$m"
    # below it there is a directory of that name in the guest, or there is not: never the host's
    create "$m" "$TEST-links" "Tmpfs=/$link/below" -- "${IDLE[@]}"
    refused StartFailed "mount at '/$link" StartMachine "'$m'" '{}'
    remove "$m"
    untouched "a volume at a link that is $link"
    create "$m" "$TEST-links" 'Volume=' "Bind=/etc:/$link" WorkingDirectory="/$link" -- "${IDLE[@]}"
    refused StartFailed "mount at" StartMachine "'$m'" '{}'
    remove "$m"
done
for link in in-proc in-sys in-dev in-run circle; do
    make_image "$TEST-links" "Volume=/$link" "$busybox" "$LAYER"
    m=$TEST-$link
    create "$m" "$TEST-links" -- "${IDLE[@]}"
    refused StartFailed "mount at '/$link': a symbolic link of the machine" StartMachine "'$m'" '{}'
    nothing_runs "$m"
    remove "$m"
done
make_image "$TEST-links" 'Volume=/in-tmp/a/b' "$busybox" "$LAYER"
create "$TEST-in-tmp" "$TEST-links" -- "${IDLE[@]}"
start "$TEST-in-tmp"
inside "$TEST-in-tmp" grep -q ' /tmp/a/b ' /proc/self/mountinfo
stop "$TEST-in-tmp"
remove "$TEST-in-tmp"
untouched 'links into the guest'

# names that are exchanged while machines start: a directory of one machine is bound into others
shared=/var/lib/machines/$TEST-shared
mkdir -p "$shared/dir/x"
ln -s "$canary" "$shared/link"
at_exit "rm -rf --one-file-system $shared"
cp "$PROGRAMS/probe" "$WORK/"
"$WORK/probe" swap "$shared/dir" "$shared/link" &
swapper=$!
create "$TEST-swap" busybox "Bind=$shared:/s" 'Tmpfs=/s/dir/x/y' -- "${IDLE[@]}"
for _ in $(seq 30); do
    start "$TEST-swap" 2>/dev/null || true
    stop "$TEST-swap"
done
kill "$swapper"
wait "$swapper" 2>/dev/null || true
untouched 'a bind whose names are exchanged all the time'

# what a record of a stranger says is checked again
printf '[Image]\nName=%s\nLayer=../../etc\n' "$TEST-bad" >"$STORE/images/$TEST-bad.oci"
at_exit "rm -f $STORE/images/$TEST-bad.oci"
create "$TEST-bad" "$TEST-bad" -- true 2>/dev/null || true
expect 125 lodgectl run "$TEST-bad" true
matches 'a bad record' 'Layer= is no sha256 digest' "$ERR"
