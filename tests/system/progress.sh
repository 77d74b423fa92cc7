#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Progress on a real terminal, tmux's: a line a layer that is drawn again, rate and time left, C-c; what a pipe gets.
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/lib/registry.bash
. "$TESTS/lib/registry.bash"

OCI=$TESTS/lib/oci.py
slow=$FLAKY/slow/$TEST
at_exit 'remove_all'
remove_all() {
    lodgectl -q images "$FLAKY/*" 2>/dev/null | while read -r name; do lodgectl image rm --force "$name"; done
    lodgectl prune --force >/dev/null 2>&1
}
mkdir "$WORK/one" "$WORK/two"
head -c 6000000 /dev/urandom >"$WORK/one/noise"
head -c 4000000 /dev/urandom >"$WORK/two/noise"
"$OCI" image --ref latest "$WORK/layout" "$WORK/one,none" "$WORK/two,none"
start_flaky "$WORK/layout"

server=$TEST
terminal() { tmux -L "$server" -f /dev/null "$@"; }
at_exit 'terminal kill-server 2>/dev/null || true'
terminal new-session -d -x 100 -y 30 env LANG=C.UTF-8 'PS1=ready> ' bash --norc --noprofile
screen() { terminal capture-pane -p | sed -e 's/ *$//' -e '/^$/d'; }
screen_has() { [[ $(screen) =~ $1 ]]; }
until_screen() { wait_for 20 "the terminal to show '$1', instead of: $(screen)" screen_has "$1"; }
at_prompt() { [[ $(screen | tail -n 1) == *'ready>' ]]; }
type_line() { # type_line COMMAND: on a cleared screen
    terminal send-keys C-l
    wait_for 10 'a prompt' at_prompt
    terminal send-keys -l "$1"
    terminal send-keys Enter
}
status_is() {
    wait_for 30 "a prompt, instead of: $(screen)" at_prompt
    terminal send-keys -l 'echo status=$?'
    terminal send-keys Enter
    until_screen "(^|$NL)status=$1($NL|$)"
}
wait_for 10 'a prompt' at_prompt

# two layers, two lines, drawn in place
type_line "lodgectl pull $slow:latest"
until_screen "[0-9a-f]{12}  [a-z]+ +\[=+> *\] [0-9.]+[KM] / [0-9.]+M"
until_screen "pull $slow:latest  [a-z]+  [0-9]+%  [0-9.]+[KM]/s  [0-9]+s left"
sleep 1
equal 'lines of layers' 2 "$(screen | grep -cE '^[0-9a-f]{12}  ')"
equal 'lines of the whole' 1 "$(screen | grep -cE "^pull $slow")"
until_screen "pull $slow:latest  done"
status_is 0
matches 'the name is printed' "(^|$NL)$slow:latest($NL|$)" "$(screen)"
lodgectl image rm "$slow:latest" && lodgectl prune --force >/dev/null

# a narrow window, and a low one: no line is folded
terminal resize-window -x 60 -y 4
type_line "lodgectl pull $slow:latest"
until_screen 'and 1 more|pull'
sleep 1
equal 'lines of the whole' 1 "$(screen | grep -cE '^pull ')"
terminal send-keys C-c
terminal resize-window -x 100 -y 30
until_screen 'was cancelled'
status_is 130
expect 3 lodgectl image status "$slow:latest"

# C-c twice: its end is not waited for
type_line "lodgectl pull $slow:latest"
until_screen '[0-9a-f]{12}  '
terminal send-keys C-c C-c
status_is 130

# not on a terminal: a line a phase, no control characters; JSON, a line an object; nothing
expect 0 lodgectl pull "$slow:latest"
lacks 'control characters' $'[\033\r]' "$ERR"
equal 'a line a phase' "$(sort -u "$WORK/err" | wc -l)" "$(wc -l <"$WORK/err")"
lodgectl image rm "$slow:latest" && lodgectl prune --force >/dev/null
expect 0 lodgectl pull --progress=json "$slow:latest"
python3 - "$WORK/err" <<'PY' || fail 'the progress is no JSON'
import json, sys
jobs = [json.loads(line) for line in open(sys.argv[1])]
done = [job['Bytes'] for job in jobs if 'Bytes' in job]
assert done == sorted(done) and len(set(done)) > 3, done
assert jobs[-1]['State'] == 'done' and len(jobs[-1]['Items']) == 2, jobs[-1]
PY
expect 0 lodgectl pull --progress=none "$slow:latest"
equal 'nothing' '' "$ERR"
