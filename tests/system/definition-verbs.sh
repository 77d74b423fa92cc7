#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Definitions by the command line: apply, cat, set, edit, verify, show --effective, with a machine that runs meanwhile.
. "$(dirname "$0")/lib.bash"

m=$TEST-web
file=$WORK/$m.machine
etc=/etc/lodge/machines/$m.machine

cat >"$file" <<'FILE'
# kept as it is
[Machine]
Image=busybox
Description=first

[Exec]
Command=/bin/sh -c 'trap "exit 0" TERM INT; echo "$GREETING"; sleep 100000 & wait'
Environment="GREETING=hello there"
StopTimeoutSec=5s
FILE

# apply: created, unchanged, changed
expect 0 lodgectl verify "$file"
equal 'what verify finds' '' "$OUT"
expect 0 lodgectl apply --dry-run "$file"
matches 'what it would do' "$m: would be created" "$OUT"
unknown "$m" || fail '--dry-run has made a machine'
expect 0 lodgectl apply "$file"
matches 'what it did' "$m: created$NL.*[+] Image=busybox" "$OUT"
start "$m"
wait_for 5 'its output' eval "lodgectl logs $m | grep -x 'hello there'"
for n in 1 2; do
    expect 0 lodgectl apply "$WORK"
    equal "time $n" "$m: unchanged" "$OUT"
done
id=$(lodgectl show -p MachineID --value "$m")
sed -i 's/hello there/good bye/' "$file"
expect 0 lodgectl apply --dry-run "$file"
matches 'what would change' "$m: would be changed$NL  - Environment=\"GREETING=hello there\"$NL  [+] Environment=\"GREETING=good bye\"" "$OUT"
matches 'the definition so far' 'hello there' "$(lodgectl cat "$m")"
matches 'what would wait' "Would count at the next start of '$m': Environment;" "$ERR"
expect 0 lodgectl apply "$file"
equal 'what waits for a restart' "Counts at the next start of '$m': Environment; to have it now: lodgectl restart $m" "$ERR"
expect 0 lodgectl apply "$file"
equal 'afterwards' "$m: unchanged" "$OUT"
matches 'its comment' '# kept as it is' "$(lodgectl cat "$m")"
equal 'its machine-id' "$id" "$(lodgectl show -p MachineID --value "$m")"
equal 'State' ready "$(get "$m" State)"
lodgectl restart "$m"
wait_for 5 'its output' eval "lodgectl logs $m | grep -x 'good bye'"

# what is broken changes nothing
cp "$etc" "$WORK/before"
printf '[Machine]\nImage=busybox\n[Exec]\nStopTimeoutSec=soon\nBooot=no\n' >"$WORK/bad.machine"
mv "$WORK/bad.machine" "$WORK/$TEST-bad.machine"
expect 2 lodgectl apply "$WORK"
matches 'what is wrong' "$TEST-bad.machine:4:16: error: StopTimeoutSec='soon'" "$ERR"
matches 'what is odd' "$TEST-bad.machine:5:1: warning: .*Booot" "$ERR"
equal 'the other' "$m: unchanged" "$OUT"
unknown "$TEST-bad" || fail 'a broken file has made a machine'
rm "$WORK/$TEST-bad.machine"

# set
expect 0 lodgectl set "$m" Description='second one' Environment=A=1 'Environment=B=2 3'
matches 'what waits for a restart' "Counts at the next start of '$m': .*Environment" "$ERR"
matches 'the file' 'Description=second one' "$(<"$etc")"
matches 'its comment' '# kept as it is' "$(<"$etc")"
expect 0 lodgectl set --runtime "$m" stop-timeout-sec=7s
matches 'where it is from' "StopTimeoutSec=7s +# /run/lodge/machines/$m.machine.d/95-runtime.conf:" "$(lodgectl show --effective "$m")"
lacks 'the file' 7s "$(<"$etc")"
cp "$etc" "$WORK/before"
expect 2 lodgectl set "$m" StopTimeoutSec=soon
matches 'why not' "StopTimeoutSec='soon' is not valid" "$ERR"
expect 0 lodgectl set --dry-run "$m" Description=third
cmp "$etc" "$WORK/before" || fail 'a refused or tried change has changed the file'
equal 'a setting as the next start finds it' 'second one' "$(lodgectl show --effective -p Description --value "$m")"

# limits by what people call them, at once
limits() { systemctl show --property MemoryMax,TasksMax,CPUQuotaPerSecUSec "lodge@$m.service" | sort | cut -d= -f2 | paste -sd' '; }
before=$(limits)
expect 0 lodgectl set "$m" memory=96M pids=77 cpu=50%
equal 'nothing waits' '' "$ERR"
equal 'the new limits' '500ms 100663296 77' "$(limits)"
for line in MemoryMax=96M TasksMax=77 CPUQuota=50%; do
    grep -qx "$line" "$etc" || fail "$line is not in the file: $(<"$etc")"
done
expect 2 lodgectl set "$m" memory=much
matches 'why not' "MemoryMax='much' is not valid" "$ERR"
expect 0 lodgectl set "$m" memory= pids= cpu=
equal 'as they were before' "$before" "$(limits)"

# edit, as somebody with an editor that is a script
export SYSTEMD_EDITOR=$WORK/editor
printf '#!/bin/sh\nsed -i "s/second one/third one/" "$1"\n' >"$SYSTEMD_EDITOR"
chmod +x "$SYSTEMD_EDITOR"
expect 0 lodgectl edit "$m"
matches 'the file' 'Description=third one' "$(<"$etc")"
cp "$etc" "$WORK/before"
printf '#!/bin/sh\necho "Description=wrong place" >>"$1"\n' >"$SYSTEMD_EDITOR"
expect 2 lodgectl edit "$m"
matches 'what is wrong' "$m.machine:[0-9]*:1: error: Description= belongs in \\[Machine\\]" "$ERR"
kept=$(sed -nE 's/.*what you wrote is in (.*)/\1/p' <<<"$ERR")
grep -q 'wrong place' "$kept" || fail 'what was written is lost'
rm -r "${kept%/*}"
cmp "$etc" "$WORK/before" || fail 'a broken definition has got in'
stop "$m"

# by name, with what a drop-in says
mkdir -p "$etc.d"
at_exit "rm -rf $etc.d"
printf '[Exec]\nUser=\n[Nonsense]\n' >"$etc.d/50-a.conf"
expect 0 lodgectl verify "$m"
matches 'a section that is not known' "$etc.d/50-a.conf:3:[0-9]*: warning:" "$OUT"
expect 0 lodgectl cat "$m"
matches 'the files' "# $etc$NL.*# $etc.d/50-a.conf$NL" "$OUT"
printf '[Exec]\nStopSignal=SIGNOTHING\n' >"$etc.d/50-a.conf"
expect 1 lodgectl verify "$etc.d/50-a.conf"
matches 'a drop-in' "$etc.d/50-a.conf:2:[0-9]*: error:" "$OUT"
